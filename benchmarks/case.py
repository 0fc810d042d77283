"""One thing to measure, as data that can be handed to a process of its own."""

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Case"]


@dataclass(frozen=True)
class Case:
    """A training whose step is measured, or that is measured otherwise.

    Attributes:
        shape: Name of a model shape; see `benchmarks.models.SHAPES`.
        rows: Rows B of the mixed batch of one update, over all processes.
        shots: Rows K of the oracle batch.
        tokens: Length of every row.
        languages: Target languages that have shots.
        accumulation: Micro-batches of one update.
        precision: ``"fp32"`` or ``"bf16"`` (mixed precision).
        processes: Processes that share the batch.
        rounds: Steps that are measured of each variant.
        variants: Names of `benchmarks.variants.VARIANTS`, the first ones being compared with.

    Example:
        >>> Case(shape="e5", rows=8).title
        'e5, B=8, K=5, 32 tokens, 12 languages, 1 micro-batch, fp32, 1 process'
    """

    shape: str = "e5-12k"
    rows: int = 32
    shots: int = 5
    tokens: int = 32
    languages: int = 12
    accumulation: int = 1
    precision: str = "fp32"
    processes: int = 1
    rounds: int = 10
    variants: tuple[str, ...] = ("plain B", "plain B+K", "plain B, K", "ours", "flattened")

    @property
    def title(self) -> str:
        """All dimensions in one line."""
        parts = [
            self.shape,
            f"B={self.rows}",
            f"K={self.shots}",
            f"{self.tokens} tokens",
            f"{self.languages} language{'s' * (self.languages > 1)}",
            f"{self.accumulation} micro-batch{'es' * (self.accumulation > 1)}",
            self.precision,
            f"{self.processes} process{'es' * (self.processes > 1)}",
        ]
        return ", ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> "Case":
        """Return the case of `to_json`.

        Example:
            >>> Case.from_json(Case(rows=8).to_json()) == Case(rows=8)
            True
        """
        return cls(**fields | {"variants": tuple(fields["variants"])})

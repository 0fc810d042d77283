"""What surgery did, per language: counted in `TrainerState`, so that it survives a resume."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from transformers import TrainerState

# Trainer writes `stateful_callbacks` to trainer_state.json and reads it back; an unknown key at the top level of that
# file would stop a plain Trainer from resuming our checkpoints (transformers 5.23).
_KEY = "GradientMix"


class SurgeryStatistics:
    """Counts of one training, kept as plain JSON in ``state``.

    Example:
        >>> statistics = SurgeryStatistics(TrainerState())
        >>> statistics.record([("sw", -0.5), ("de", 0.1)])
        >>> statistics.record([("sw", None)])
        >>> statistics.to_dict()["conflict_rate"], statistics.to_dict()["skipped"]
        (0.5, 1)
    """

    def __init__(self, state: TrainerState) -> None:
        self._kept: dict[str, Any] = state.stateful_callbacks  # type: ignore[assignment]
        fresh = {"total": _empty(), "since_log": _empty(), "languages": {}, "aggregator": {}}
        self._data: dict[str, Any] = self._kept.get(_KEY, fresh)

    @property
    def aggregator_state(self) -> dict[str, Any]:
        """What the aggregator must remember between steps."""
        return self._data["aggregator"]

    @aggregator_state.setter
    def aggregator_state(self, state: dict[str, Any]) -> None:
        self._kept[_KEY] = self._data
        self._data["aggregator"] = state

    def record(self, cosines: Iterable[tuple[str, float | None]]) -> None:
        """Count one surgery: each drawn language and its cosine in [-1, 1], or None if its gradient was of no use."""
        # Created at the first surgery, so that a training without surgery has nothing of it in its state.
        self._kept[_KEY] = self._data
        cosines = list(cosines)
        for counts in (self._data["total"], self._data["since_log"]):
            counts["steps"] += 1
        for language, cosine in cosines:
            own = self._data["languages"].setdefault(language, _empty())
            own["steps"] += 1
            for counts in (self._data["total"], self._data["since_log"], own):
                _add(counts, cosine)

    def since_last_log(self) -> dict[str, float]:
        """Return the log entries for the steps since the last call, and start anew."""
        counts = self._data["since_log"]
        self._data["since_log"] = _empty()
        entries = {"surgery/conflict_rate": _conflict_rate(counts), "surgery/cosine": _mean_cosine(counts)}
        return entries | ({"surgery/skipped": counts["skipped"]} if counts["skipped"] else {})

    def of_training(self) -> dict[str, float]:
        """Return the log entries for the whole training, with those of every language."""
        total = self._data["total"]
        entries = {"surgery/conflict_rate": _conflict_rate(total), "surgery/cosine": _mean_cosine(total)}
        for language, counts in sorted(self._data["languages"].items()):
            entries[f"surgery/draws/{language}"] = counts["steps"]
            entries[f"surgery/conflict_rate/{language}"] = _conflict_rate(counts)
            entries[f"surgery/cosine/{language}"] = _mean_cosine(counts)
        return entries

    def to_dict(self) -> dict[str, Any]:
        """Return the totals as plain JSON: steps, skipped draws, conflict rate, mean cosine; the same by language."""
        total = self._data["total"]
        return {
            "steps": total["steps"],
            "skipped": total["skipped"],
            "conflict_rate": _conflict_rate(total),
            "cosine": _mean_cosine(total),
            "languages": {
                language: {
                    "draws": counts["steps"],
                    "conflicts": counts["conflicts"],
                    "cosine": _mean_cosine(counts),
                }
                for language, counts in sorted(self._data["languages"].items())
            },
        }


@contextmanager
def set_aside(state: TrainerState) -> Iterator[None]:
    """Take the counts out of ``state`` for a while.

    Example:
        >>> state = TrainerState(stateful_callbacks={"GradientMix": {}})
        >>> with set_aside(state):
        ...     list(state.stateful_callbacks)
        []
        >>> list(state.stateful_callbacks)
        ['GradientMix']
    """
    kept: dict[str, Any] = state.stateful_callbacks  # type: ignore[assignment]
    data = kept.pop(_KEY, None)
    try:
        yield
    finally:
        if data is not None:
            kept[_KEY] = data


def _empty() -> dict[str, Any]:
    return {"steps": 0, "measured": 0, "conflicts": 0, "skipped": 0, "cosine_sum": 0.0}


def _add(counts: dict[str, Any], cosine: float | None) -> None:
    if cosine is None:
        counts["skipped"] += 1
    else:
        counts["measured"] += 1
        counts["conflicts"] += cosine < 0
        counts["cosine_sum"] += cosine


def _conflict_rate(counts: dict[str, Any]) -> float:
    return counts["conflicts"] / counts["measured"] if counts["measured"] else 0.0


def _mean_cosine(counts: dict[str, Any]) -> float:
    return counts["cosine_sum"] / counts["measured"] if counts["measured"] else 0.0

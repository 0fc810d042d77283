"""Draws the shots of one language after another: by seed, from a file, or from published buckets."""

from collections.abc import Hashable, Mapping
from pathlib import Path

from datasets import Dataset

from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.data.published_shots import read_bucket, rows_alike
from hf_mixtrain.data.shot_keys import countable, shot_keys
from hf_mixtrain.data.shots import sample_shots, shortage
from hf_mixtrain.data.shots_file import ShotsFile, read_shots
from hf_mixtrain.data.sources import Source
from hf_mixtrain.data.task import ShotsPer, Task
from hf_mixtrain.errors import InputError
from hf_mixtrain.shot_count import ALL_SHOTS, count_of


class Draw:
    """Draws shots.

    Args:
        task: The task.
        shots: K; `ALL_SHOTS` for all rows there are; or K for each language.
        seed: The seed, or the number of the published bucket.
        per: What K counts.
        path: A file of shots, or a folder of published buckets, or None to draw by the seed.
        strict: Whether fewer than K of something is an error.
    """

    def __init__(
        self, task: Task, shots: int, seed: int, per: ShotsPer, path: str | Path | None, *, strict: bool = False
    ):
        self.task, self.shots, self.seed, self.per, self.strict = task, shots, seed, per, strict
        self.buckets = Path(path) if path is not None and Path(path).is_dir() else None
        self.file: ShotsFile | None = None
        #: What there were fewer of than K, one sentence for each language.
        self.warnings: list[str] = []
        if path is not None and self.buckets is None and shots:
            self.file = read_shots(path)
            self.per = self.file.shots_per
        elif self.buckets:
            self.per = "class" if KINDS[task.kind].shots_per == "class" else "entity"

    @property
    def from_file(self) -> bool:
        """Whether the shots are given and not drawn."""
        return self.file is not None or self.buckets is not None

    def rows(self, source: Source, language: str) -> tuple[Dataset, list[int]]:
        """Return the shots, and their numbers among the rows of the split that they are drawn from.

        Raises:
            InputError: If there is no row that can be a shot, or, with ``strict``, fewer than K of something.
        """
        task, k = self.task, count_of(self.shots, language)
        if self.buckets:
            shots = read_bucket(self.buckets, task, language, self.seed, k)
            return shots, rows_alike(shots, source.read(language, "dev")) if task.shots_split == "dev" else []
        pool = source.read(language, task.shots_split)
        picked = self.file.rows(task, pool, language, k) if self.file else self._drawn(pool, language, k)
        return pool.select(picked), picked

    def _drawn(self, pool: Dataset, language: str, k: int) -> list[int]:
        task = self.task
        keys = shot_keys(task, pool, self.per)
        per: ShotsPer = self.per
        if task.problem_type == "multi_label_classification" and per == "class":
            per = "entity"  # a text counts for each of its labels
        if k == ALL_SHOTS:
            anything = [None if key is None else 0 for key in keys]
            picked = sample_shots(anything, len(keys), seed=self.seed, task=task.name, language=language)
        else:
            picked = sample_shots(keys, k, seed=self.seed, task=task.name, language=language, per=per)
            self._tell(shortage(keys, k, per=per, kinds=countable(task, self.per)), language, k)
        if not picked:
            raise InputError(
                f"{language}: expected rows that can be shots, found none among {len(pool)}. Leave {language!r} out "
                "of `languages`."
            )
        return picked

    def _tell(self, short: Mapping[Hashable, int], language: str, k: int) -> None:
        if not short:
            return
        found = ", ".join(f"{count} {name}" for name, count in short.items())
        if self.strict:
            raise InputError(
                f"{language}: expected at least {k} for {k} shots, found only {found}. Lower "
                f"`shots`, leave {language!r} out of `languages`, or leave out `strict_shots` to use all there are."
            )
        self.warnings.append(f"{language}: fewer than {k} shots, found only {found}.")

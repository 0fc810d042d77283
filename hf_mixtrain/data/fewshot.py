"""The data of one run: source train set, shots, dev sets and test sets, by language."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from datasets import Dataset, concatenate_datasets

from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.data.published_shots import read_bucket, rows_alike
from hf_mixtrain.data.shot_keys import shot_keys
from hf_mixtrain.data.shots import rank_rows, sample_shots
from hf_mixtrain.data.shots_file import ShotsFile, read_shots
from hf_mixtrain.data.sources import Source, open_source
from hf_mixtrain.data.task import ShotsPer, Split, Task, load_task
from hf_mixtrain.errors import InputError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FewShotData:
    """Raw rows by language; see `load_fewshot`.

    Attributes:
        task: The task.
        source_language: The language with the full training set.
        shots_per_language: K; 0 for zero-shot.
        seed: The seed of the shots.
        shots_per: What K counts.
        train: The training set of the source language.
        shots: The shots of each target language; empty for zero-shot.
        dev: The dev set of the source language; those of the targets only if they were asked for.
        test: The test sets, the source language's first.
        origin: What the rows came from and in which revision, as far as that is known.
    """

    task: Task
    source_language: str
    shots_per_language: int
    seed: int
    train: Dataset
    shots: Mapping[str, Dataset]
    dev: Mapping[str, Dataset]
    test: Mapping[str, Dataset]
    shots_per: ShotsPer = "example"
    origin: Mapping[str, str] = field(default_factory=dict)

    @property
    def languages(self) -> list[str]:
        """All languages: the source, then the targets."""
        return list(self.test)

    @property
    def shot_ids(self) -> dict[str, list[str]]:
        """The ids of the shots of each target language."""
        return {language: list(rows["id"]) for language, rows in self.shots.items()}

    def mixed(self) -> Dataset:
        """Return the source train set and all shots in one data set; ``language`` tells the rows apart."""
        return concatenate_datasets([self.train, *self.shots.values()])


def load_fewshot(
    task: str | Path | Task,
    *,
    shots: int,
    seed: int,
    languages: Sequence[str] | None = None,
    source: str | Path = "hub",
    source_language: str = "en",
    target_dev: bool = False,
    max_source_examples: int | None = None,
    max_eval_examples: int | None = None,
    shots_per: ShotsPer | None = None,
    shots_file: str | Path | None = None,
) -> FewShotData:
    """Read a task's rows and draw the shots.

    Where shots come from dev sets (``xnli``), they are taken out of their language's dev set, and if dev sets are
    translations of one another, the same rows are taken out of the source language's.

    Args:
        task: A task, its name, or the path of a task's YAML file.
        shots: K, shots of each target language; 0 for zero-shot.
        seed: Decides the shots, together with task and language alone.
        languages: Target languages. Default: all of the task that the source has.
        source: ``"hub"``, ``"demo"``, or a folder in XTREME's layout.
        source_language: The language with the full training set.
        target_dev: Whether to read the dev sets of the target languages too.
        max_source_examples: Most rows of the source train set; a fixed random choice, in their own order.
        max_eval_examples: Most rows of each dev and each test set, chosen likewise.
        shots_per: What K counts. Default: the task's.
        shots_file: Shots to use instead of drawing them: a file from `write_shots`, or a folder of the published
            buckets of Zhao et al. (2021) such as ``buckets/panx/4-shots``, where ``seed`` is the bucket's number.

    Returns:
        The rows by language. ``dev`` is empty if the task has no dev rows.

    Raises:
        InputError: If something is missing or not as expected; one line with what to do.

    Example:
        >>> data = load_fewshot("panx", shots=5, seed=1, languages=["de", "sw"], source="demo")
        >>> data.languages, len(data.shots["sw"])
        (['en', 'de', 'sw'], 5)
    """
    task = task if isinstance(task, Task) else load_task(task)
    if shots < 0:
        raise InputError(f"`shots` must be 0 or more. Got {shots}. Use 0 for zero-shot.")
    rows = open_source(source, task, source_language)
    targets = _targets(rows, task, languages, source_language, shots)
    draw = _Draw(task, shots, seed, shots_per or task.shots_per, shots_file)
    drawn: dict[str, Dataset] = {}
    taken: dict[str, list[int]] = {}
    for language in targets if shots else []:
        drawn[language], taken[language] = draw.rows(rows, language)

    def evaluation_rows(language: str, split: Split) -> Dataset:
        dataset = rows.read(language, split)
        if split == "dev" and task.shots_split == "dev":
            dataset = _without_shots(dataset, language, taken, rows, parallel=task.parallel)
        return capped(dataset, max_eval_examples, task.name, language, split)

    with_dev = [source_language, *(targets if target_dev else [])] if rows.has(source_language, "dev") else []
    return FewShotData(
        task=task,
        source_language=source_language,
        shots_per_language=shots,
        seed=seed,
        train=capped(rows.read(source_language, "train"), max_source_examples, task.name, source_language, "train"),
        shots=drawn,
        dev={language: evaluation_rows(language, "dev") for language in with_dev},
        test={language: evaluation_rows(language, "test") for language in (source_language, *targets)},
        shots_per=draw.per,
        origin=rows.origin,
    )


class _Draw:
    """Takes the shots of one language after another: by seed, from a file, or from published buckets."""

    def __init__(self, task: Task, shots: int, seed: int, per: ShotsPer, path: str | Path | None):
        self.task, self.shots, self.seed, self.per = task, shots, seed, per
        self.buckets = Path(path) if path is not None and Path(path).is_dir() else None
        self.file: ShotsFile | None = None
        if path is not None and self.buckets is None and shots:
            self.file = read_shots(path)
            self.per = self.file.shots_per
        elif self.buckets:
            self.per = "class" if KINDS[task.kind].shots_per == "class" else "entity"

    def rows(self, source: Source, language: str) -> tuple[Dataset, list[int]]:
        """Return the shots, and their numbers among the rows of the split that they are drawn from."""
        task = self.task
        if self.buckets:
            shots = read_bucket(self.buckets, task, language, self.seed, self.shots)
            return shots, rows_alike(shots, source.read(language, "dev")) if task.shots_split == "dev" else []
        pool = source.read(language, task.shots_split)
        if self.file:
            picked = self.file.rows(task, pool, language, self.shots)
        else:
            keys = shot_keys(task, pool, self.per)
            picked = sample_shots(keys, self.shots, seed=self.seed, task=task.name, language=language, per=self.per)
        return pool.select(picked), picked


def _targets(rows: Source, task: Task, languages: Sequence[str] | None, source_language: str, shots: int) -> list[str]:
    if languages is not None:
        return [language for language in dict.fromkeys(languages) if language != source_language]
    needed: list[Split] = ["test", *([task.shots_split] if shots else [])]
    targets = [
        language
        for language in task.languages
        if language != source_language and all(rows.has(language, split) for split in needed)
    ]
    if not targets:
        raise InputError(
            f"Expected {' and '.join(needed)} files of languages of {task.name!r}, found none. Check `data_source`, "
            "name the `languages`, or set `shots` to 0 for zero-shot."
        )
    return targets


def _without_shots(
    dataset: Dataset, language: str, taken: Mapping[str, list[int]], rows: Source, *, parallel: bool
) -> Dataset:
    """Take out the rows that are shots, and those that are translations of the shots of other languages."""
    out = set(taken.get(language, []))
    if language not in taken and parallel:
        apart = []
        for other, numbers in taken.items():
            if _row_by_row(dataset, rows.read(other, "dev")):
                out |= set(numbers)
            else:
                apart.append(other)
        if apart:
            logger.warning(
                "The dev rows of %s do not go row by row with those of %s, so translations of shots may be among them.",
                language,
                ", ".join(apart),
            )
    return dataset.select([row for row in range(len(dataset)) if row not in out]) if out else dataset


def _row_by_row(one: Dataset, other: Dataset) -> bool:
    """Whether two data sets can be translations of one another: as many rows, and the same labels."""
    return len(one) == len(other) and ("label" not in one.features or one["label"][:] == other["label"][:])


def capped(dataset: Dataset, most: int | None, *what: object) -> Dataset:
    """Keep ``most`` rows, chosen by hash, in their own order: the same rows whatever the seed."""
    if most is None or len(dataset) <= most:
        return dataset
    if most < 1:
        raise InputError(f"`max_source_examples` and `max_eval_examples` must be 1 or more. Got {most}.")
    return dataset.select(sorted(rank_rows(len(dataset), "cap", *what)[:most]))

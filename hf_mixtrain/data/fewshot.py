"""The data of one run: source train set, shots, dev sets and test sets, by language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from datasets import Dataset, concatenate_datasets

from ..errors import InputError
from .shots import rank_rows, sample_shots
from .sources import Source, open_source
from .task import ShotsPer, Split, Task, load_task

__all__ = ["FewShotData", "load_fewshot"]


@dataclass(frozen=True)
class FewShotData:
    """Raw rows by language; see `load_fewshot`.

    Attributes:
        task: The task.
        source_language: The language with the full training set.
        shots_per_language: K; 0 for zero-shot.
        seed: The seed of the shots.
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
    task: str | Task,
    *,
    shots: int,
    seed: int,
    languages: Sequence[str] | None = None,
    source: str = "hub",
    source_language: str = "en",
    target_dev: bool = False,
    max_source_examples: int | None = None,
    max_eval_examples: int | None = None,
    shots_per: ShotsPer | None = None,
) -> FewShotData:
    """Read a task's rows and draw the shots.

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

    Returns:
        The rows by language.

    Raises:
        InputError: If something is missing or not as expected; one line with what to do.

    Example:
        >>> data = load_fewshot("panx", shots=5, seed=1, languages=["de", "sw"], source="demo")
        >>> data.languages, len(data.shots["sw"])
        (['en', 'de', 'sw'], 5)
    """
    task = task if isinstance(task, Task) else load_task(task)
    rows = open_source(source, task, source_language)
    targets = _targets(rows, task, languages, source_language, shots)
    per = shots_per or task.shots_per

    drawn = {}
    for language in targets if shots else []:
        pool = rows.read(language, task.shots_split)
        picked = sample_shots([0] * len(pool), shots, seed=seed, task=task.name, language=language, per=per)
        drawn[language] = pool.select(picked)
    dev_languages = [source_language, *(targets if target_dev else [])]
    return FewShotData(
        task=task,
        source_language=source_language,
        shots_per_language=shots,
        seed=seed,
        train=_capped(rows.read(source_language, "train"), max_source_examples, task.name, source_language, "train"),
        shots=drawn,
        dev={
            language: _capped(rows.read(language, "dev"), max_eval_examples, task.name, language, "dev")
            for language in dev_languages
        },
        test={
            language: _capped(rows.read(language, "test"), max_eval_examples, task.name, language, "test")
            for language in (source_language, *targets)
        },
        origin=rows.origin,
    )


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
            f"Expected {' and '.join(needed)} files of languages of {task.name!r}, found none. Check `data_source`, or "
            "name the `languages`."
        )
    return targets


def _capped(dataset: Dataset, most: int | None, *what: object) -> Dataset:
    """Keep ``most`` rows, chosen by hash, in their own order: the same rows whatever the seed."""
    if most is None or len(dataset) <= most:
        return dataset
    return dataset.select(sorted(rank_rows(len(dataset), "cap", *what)[:most]))

"""The data of one run: source train set, shots, dev sets and test sets, by language."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from datasets import Dataset, concatenate_datasets

from hf_mixtrain.data.drawing import Draw
from hf_mixtrain.data.folder_names import unsafe
from hf_mixtrain.data.overlap import overlaps
from hf_mixtrain.data.readers import NOWHERE
from hf_mixtrain.data.shots import rank_rows
from hf_mixtrain.data.sources import AnySource, Source, open_source
from hf_mixtrain.data.task import ShotsPer, Split, Task
from hf_mixtrain.data.task_file import load_task
from hf_mixtrain.data.translated_rows import DevWithoutShots
from hf_mixtrain.data.unanswerable import unanswerable
from hf_mixtrain.data.untrained_labels import untrained_labels
from hf_mixtrain.errors import InputError
from hf_mixtrain.shot_count import count_of, refuse_other_languages, shot_count
from hf_mixtrain.source_languages import source_languages

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FewShotData:
    """Raw rows by language; see `load_fewshot`.

    Attributes:
        task: The task.
        source_language: The language with the full training set, of several the first.
        shots_per_language: K; 0 for zero-shot, `ALL_SHOTS` for all rows there are, or K for each language.
        seed: The seed of the shots.
        shots_per: What K counts.
        train: The training set of the source language, of several source languages one after the other.
        shots: The shots of each target language; empty for zero-shot.
        dev: The dev sets of the source languages; those of the targets only if they were asked for.
        test: The test sets, the source languages' first.
        origin: What the rows came from and in which revision, as far as that is known.
        source_languages: All source languages.
        targets: All target languages, also those that have shots and no test set, or a test set and no shots.
        warnings: What a reader of the scores should know: fewer shots than K, test rows among the training rows,
            questions left out, labels that are in no training row; one sentence each.

    Example:
        >>> from hf_mixtrain.data import load_fewshot
        >>> data = load_fewshot("panx", shots=1, seed=1, languages=["sw"], source="demo")
        >>> data.source_language, data.targets, list(data.dev), list(data.test)
        ('en', ('sw',), ['en'], ['en', 'sw'])
        >>> data.shots["sw"].column_names
        ['id', 'language', 'tokens', 'tags']
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
    source_languages: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "source_languages", self.source_languages or (self.source_language,))

    @cached_property
    def train_by_language(self) -> dict[str, Dataset]:
        """The training set of each source language."""
        if len(self.source_languages) == 1:
            return {self.source_language: self.train}
        return by_language(self.train, self.source_languages)

    @property
    def languages(self) -> list[str]:
        """All languages that are tested: the source languages, then the targets."""
        return list(self.test)

    @property
    def unseen(self) -> list[str]:
        """The tested languages of which nothing was trained on, though there are shots of others."""
        seen = {*self.shots, *self.source_languages}
        return [language for language in self.test if language not in seen] if self.shots else []

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
    shots: int | str | Mapping[str, int | str],
    seed: int,
    languages: Sequence[str] | str | None = None,
    source: AnySource = "hub",
    source_language: str | Sequence[str] = "en",
    target_dev: bool = False,
    max_source_examples: int | None = None,
    max_eval_examples: int | None = None,
    shots_per: ShotsPer | None = None,
    shots_file: str | Path | None = None,
    strict_shots: bool = False,
) -> FewShotData:
    """Read a task's rows and draw the shots.

    Where shots come from dev sets (``xnli``), they are taken out of their language's dev set, and if dev sets are
    translations of one another, the same rows are taken out of those of all languages.

    A target may lack a test set, or shots: it is then trained on alone, or tested alone (`FewShotData.unseen`).

    Args:
        task: A task, its name, or the path of a task's YAML file.
        shots: K, shots of each target language; 0 for zero-shot; ``"all"`` for all rows there are; or K for each target
            by hand, such as ``{"de": 5, "sw": 20}``: 0 for a language without shots.
        seed: Decides the shots, together with task and language alone.
        languages: Target languages. Default: all of the task that the source has.
        source: ``"hub"``, ``"demo"``, a folder, a folder from `datasets.DatasetDict.save_to_disk`, or data sets; see
            `hf_mixtrain.data.open_source`.
        source_language: The language with the full training set, or several: a list, or with commas between.
        target_dev: Whether to read the dev sets of the target languages too.
        max_source_examples: Most rows of each source train set; a fixed random choice, in their own order.
        max_eval_examples: Most rows of each dev and each test set, chosen likewise.
        shots_per: What K counts. Default: the task's.
        shots_file: Shots to use instead of drawing them: a file from `write_shots`, or a folder of the published
            buckets of Zhao et al. (2021) such as ``buckets/panx/4-shots``, where ``seed`` is the bucket's number.
        strict_shots: Whether fewer than K of something is an error. Else all there are is taken, and
            `FewShotData.warnings` says so.

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
    count = _count(shots)
    sources = source_languages(source_language)
    languages = languages.split(",") if isinstance(languages, str) else languages
    rows = open_source(source, task, sources)
    targets = _targets(rows, task, languages, sources, count)
    draw = Draw(task, count, seed, shots_per or task.shots_per, shots_file, strict=strict_shots)
    drawn: dict[str, Dataset] = {}
    taken: dict[str, list[int]] = {}
    refuse_other_languages(count, targets)
    for language in targets if count else []:
        if count_of(count, language) == 0:
            continue
        if draw.from_file or rows.has(language, task.shots_split):
            drawn[language], taken[language] = draw.rows(rows, language)
    dev = DevWithoutShots(rows, taken if task.shots_split == "dev" else {}, parallel=task.parallel)

    def evaluation_rows(language: str, split: Split) -> Dataset:
        dataset = rows.read(language, split)
        dataset = dev.rows(dataset, language) if split == "dev" else dataset
        return capped(dataset, max_eval_examples, task.name, language, split)

    with_dev = [language for language in sources if rows.has(language, "dev")]
    with_dev += targets if target_dev and with_dev else []
    tested = [*sources, *(language for language in targets if rows.has(language, "test"))]
    train, left_out = _train(rows, task, sources, max_source_examples)
    test = {language: evaluation_rows(language, "test") for language in tested}
    dev_sets = {language: evaluation_rows(language, "dev") for language in with_dev}
    training = [train, *drawn.values()]
    warnings = (
        *left_out,
        *draw.warnings,
        *_overlap_warning(task, training, test),
        *_unanswerable_warning(task, training, test),
        *_label_warning(task, training, dev_sets, test),
    )
    for warning in warnings:
        logger.warning("%s", warning)
    return FewShotData(
        task=task,
        source_language=sources[0],
        shots_per_language=count,
        seed=seed,
        train=train,
        shots=drawn,
        dev=dev_sets,
        test=test,
        shots_per=draw.per,
        origin=rows.origin,
        source_languages=sources,
        targets=tuple(targets),
        warnings=warnings,
    )


def _count(shots: int | str | Mapping[str, int | str]) -> int:
    try:
        count = shot_count(shots)
    except InputError as error:
        if isinstance(shots, Mapping) or "=" in str(shots):
            raise InputError(f"`shots`: {error}") from None
        count = -1
    if count < 0:
        raise InputError(f"`shots` must be 0 or more. Got {shots!r}. Use 0 for zero-shot, or 'all'.")
    return count


def _targets(
    rows: Source, task: Task, languages: Sequence[str] | None, sources: Sequence[str], shots: int
) -> list[str]:
    """Return the target languages: those named, or those of the task that have test rows or can have shots."""
    for language in (*sources, *(languages or ())):
        if reason := unsafe(language):
            raise InputError(f"Expected codes of languages, found {language!r}: {reason}. Use codes such as 'de'.")
    needed: list[Split] = ["test", *([task.shots_split] if shots else [])]
    if languages is not None:
        targets = [language for language in dict.fromkeys(languages) if language not in sources]
        for language in targets:
            if not any(rows.has(language, split) for split in ("test", task.shots_split)):
                rows.read(language, "test")  # says what is missing
        return targets
    targets = [
        language
        for language in task.languages
        if language not in sources and any(rows.has(language, split) for split in needed)
    ]
    if not targets:
        raise InputError(
            f"Expected {' and '.join(needed)} files of languages of {task.name!r}, found none. Check `data_source`, "
            "name the `languages`, or set `shots` to 0 for zero-shot."
        )
    return targets


def _train(rows: Source, task: Task, sources: Sequence[str], most: int | None) -> tuple[Dataset, list[str]]:
    """Return the source rows that can be trained on, and what is to be said of the others."""
    parts, warnings = [], []
    for language in sources:
        dataset = rows.read(language, "train")
        if "answers" in dataset.features:
            kept = [row for row, answers in enumerate(dataset["answers"]) if is_trainable(answers)]
            if nowhere := len(dataset) - len(kept):
                warnings.append(
                    f"{language}: {nowhere} of {len(dataset)} training questions are left out: their answers do not "
                    "occur in their texts."
                )
                dataset = dataset.select(kept)
        parts.append(capped(dataset, most, task.name, language, "train"))
    return (parts[0] if len(parts) == 1 else concatenate_datasets(parts)), warnings


def by_language(rows: Dataset, languages: Sequence[str]) -> dict[str, Dataset]:
    """Return the rows of each language, in their order, by the column ``language``."""
    places: dict[str, list[int]] = {language: [] for language in languages}
    for row, language in enumerate(rows["language"]):
        places[language].append(row)
    return {language: rows.select(its) for language, its in places.items()}


def is_trainable(answers: Mapping[str, Sequence[object]]) -> bool:
    """Whether a question can be trained on: its answer is in its text, or it is known to have none.

    Example:
        >>> is_trainable({"text": ["Bonn"], "answer_start": [-1]}), is_trainable({"text": [], "answer_start": []})
        (False, True)
    """
    starts = answers["answer_start"]
    return not starts or any(start != NOWHERE for start in starts)


def _overlap_warning(task: Task, training: Sequence[Dataset], test: Mapping[str, Dataset]) -> list[str]:
    found = overlaps(task, training, test)
    if not found:
        return []
    counts = ", ".join(f"{language} {count} of {len(test[language])}" for language, count in sorted(found.items()))
    return [f"Test rows that are training rows too: {counts}."]


def _unanswerable_warning(task: Task, training: Sequence[Dataset], test: Mapping[str, Dataset]) -> list[str]:
    if task.kind != "question-answering":
        return []
    return [
        f"test of {language}: {len(names)} questions without an answer, such as {names[0]!r}, and none in training: "
        "the model has not learnt to leave an answer empty. They are scored by SQuAD v2.0's rule."
        for language, names in sorted(unanswerable(training, test).items())
    ]


def _label_warning(task: Task, training: Sequence[Dataset], *evaluated: Mapping[str, Dataset]) -> list[str]:
    found = untrained_labels(task, training, evaluated)
    if not found:
        return []
    where = "; ".join(f"{label!r} ({', '.join(languages)})" for label, languages in found.items())
    return [f"Labels of dev or test rows that no training row has, in any language: {where}. No model learns them."]


def capped(dataset: Dataset, most: int | None, *what: object) -> Dataset:
    """Keep ``most`` rows, chosen by hash, in their own order: the same rows whatever the seed."""
    if most is None:
        return dataset
    if not isinstance(most, int) or most < 1:
        raise InputError(f"`max_source_examples` and `max_eval_examples` must be 1 or more. Got {most!r}.")
    if len(dataset) <= most:
        return dataset
    return dataset.select(sorted(rank_rows(len(dataset), "cap", *what)[:most]))

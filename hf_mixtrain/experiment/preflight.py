"""Everything that can be known before a training, looked at first: all faults at once, one line each."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

from datasets import Dataset

from hf_mixtrain.data import FewShotData, Source, Task, load_fewshot, open_source
from hf_mixtrain.data.task import Split
from hf_mixtrain.data.task_file import DATA_DEFAULTS
from hf_mixtrain.errors import CombinedInputError, InputError, did_you_mean
from hf_mixtrain.experiment.input_limit import longest_input
from hf_mixtrain.experiment.settings import Settings
from hf_mixtrain.methods import METHODS
from hf_mixtrain.shot_count import ALL_SHOTS, ShotsByLanguage

logger = logging.getLogger(__name__)

_SAMPLE = 500


def check_before_training(settings: Settings, *, online: bool = True) -> None:
    """Look at task, data and model, and say everything that is wrong with them.

    Args:
        settings: Those of the grid.
        online: Whether data and models may be fetched. Else those that are not on this machine are not looked at.

    Raises:
        CombinedInputError: With one line for each fault.
    """
    faults = list(default_faults(settings.task))
    faults += _length_faults(settings, online=online)
    if online or settings.run.data_source != "hub":
        # What is not a fault is said by the run, or the dry run, when it reads the data for each K and seed.
        with _quiet():
            faults += _data_faults(settings)
    if faults:
        raise CombinedInputError(faults)


@contextmanager
def _quiet() -> Iterator[None]:
    package = logging.getLogger("hf_mixtrain.data")
    before = package.level
    package.setLevel(logging.ERROR)
    try:
        yield
    finally:
        package.setLevel(before)


def default_faults(task: Task) -> Iterator[str]:
    """Yield a line for each setting under ``defaults`` of a task that nothing reads."""
    from hf_mixtrain import GradientMixTrainingArguments

    ours = ("global_batch_size", *DATA_DEFAULTS)
    known = [*(field.name for field in fields(GradientMixTrainingArguments) if field.init), *ours]
    for key in task.defaults:
        if key not in known:
            yield (
                f"Task {task.name!r}: expected training arguments, {', '.join(ours)} in `defaults`. Found "
                f"{key!r}, which nothing reads.{did_you_mean(str(key), known)}"
            )


def _length_faults(settings: Settings, *, online: bool) -> Iterator[str]:
    name = settings.run.model_name_or_path
    wanted = int(settings.run.max_length or settings.task.defaults.get("max_length", 128))
    limit = _limit_of(name) if online or Path(name).is_dir() else None
    if limit is not None and wanted > limit:
        yield (
            f"--max_length {wanted}: expected at most {limit} tokens, which is what {name} reads. Set --max_length "
            f"{limit} or less; longer texts are cut into pieces, and nothing is lost."
        )


def _limit_of(name: str) -> int | None:
    from transformers import AutoConfig, AutoTokenizer

    from hf_mixtrain.encoders import resolve_model

    try:
        folder = resolve_model(name)
        return longest_input(AutoConfig.from_pretrained(folder), AutoTokenizer.from_pretrained(folder).model_max_length)
    except (OSError, ValueError, ImportError):
        return None  # a model that cannot be loaded is named where it is loaded


def _data_faults(settings: Settings) -> list[str]:
    run, task = settings.run, settings.task
    needs_shots = any(METHODS[method].uses_shots for method in run.method)
    # Of all shots there are never too few, so that with --strict_shots the largest number is looked at.
    counts = [k for k in run.shots if k != ALL_SHOTS] if run.strict_shots else []
    by_language = [k for k in run.shots if isinstance(k, ShotsByLanguage)]
    looked_at = dict.fromkeys([*by_language, max(counts or run.shots)]) if needs_shots else [0]
    wants_dev = run.select_on == "target-dev" or any(METHODS[method].uses_target_dev for method in run.method)
    try:
        source = open_source(run.data_source, task, settings.source_languages)
    except InputError as error:
        return [str(error)]
    languages = [*settings.source_languages, *(run.languages or task.languages)]
    faults = [fault for language in dict.fromkeys(languages) for fault in _file_faults(source, language, settings)]
    if faults:
        return faults
    try:
        for shots in looked_at:
            data = load_fewshot(
                task, shots=shots, seed=run.seeds[0], languages=run.languages, source=run.data_source,
                source_language=settings.source_languages, target_dev=wants_dev, shots_per=run.shots_per,
                max_source_examples=run.max_source_examples, max_eval_examples=run.max_eval_examples,
                shots_file=run.shots_file, strict_shots=run.strict_shots,
            )  # fmt: skip
    except InputError as error:
        return getattr(error, "faults", [str(error)])
    return [*_empty_faults(data, settings, wants_dev=wants_dev), *_gold_faults(data, settings)]


def _file_faults(source: Source, language: str, settings: Settings) -> Iterator[str]:
    """Read each file of a language that there is; those that may be missing are not asked for."""
    of_target: tuple[Split, ...] = ("test", settings.task.shots_split)
    splits: tuple[Split, ...] = ("train", "dev", "test") if language in settings.source_languages else of_target
    named = language in (*settings.source_languages, *(settings.run.languages or ()))
    if named and not any(source.has(language, split) for split in splits):
        yield from _said(partial(source.read, language, "test"))
        return
    for split in dict.fromkeys(splits):
        if source.has(language, split):
            yield from _said(partial(source.read, language, split))


def _said(read: Callable[[], Any]) -> Iterator[str]:
    try:
        read()
    except InputError as error:
        yield from getattr(error, "faults", [str(error)])


def _empty_faults(data: FewShotData, settings: Settings, *, wants_dev: bool) -> Iterator[str]:
    sources = settings.source_languages
    needed = [*sources, *data.shots] if wants_dev else [*sources] if settings.run.select_on == "source-dev" else []
    for language in needed:
        if language not in data.dev:
            yield (
                f"--data_source {settings.run.data_source}: expected dev data of {language} to select a model on, "
                f"found none for {data.task.name}. Use --select_on last, and no method that needs target dev data."
            )
    parts = {"train": data.train, **{f"test of {name}": rows for name, rows in data.test.items()}}
    parts |= {f"dev of {name}": data.dev[name] for name in needed if name in data.dev}
    for name, rows in parts.items():
        if not len(rows):
            yield f"--data_source {settings.run.data_source}: {name} of {data.task.name} has no rows. Add some."


def _gold_faults(data: FewShotData, settings: Settings) -> Iterator[str]:
    """Score right answers as if they were predictions: a test set on which they do not score 100 measures nothing."""
    for language, rows in data.test.items():
        if not len(rows):
            continue
        sample = rows.select(range(min(len(rows), _SAMPLE)))
        try:
            score = _gold_score(data.task, sample)
            if score < 99.9 and len(sample) < len(rows):
                score = _gold_score(data.task, rows)
        except InputError as error:
            yield f"test of {language}: {error}"
            continue
        if score < 99.9:
            said = (
                f"test of {language}: expected right answers to score 100 in {data.task.metric}, found {score:.1f}: "
                "nothing in it can be right or wrong, as if it had no entity, or one label alone. Check its labels, or "
                f"leave {language!r} out of --languages."
            )
            if settings.run.max_eval_examples is None:
                yield said
            else:
                logger.warning("%s", said)


def _gold_score(task: Task, rows: Dataset) -> float:
    from hf_mixtrain.evaluation.scores import gold_of, score_predictions

    gold = gold_of(task, rows)
    if task.kind == "question-answering":
        gold = [answers[0] if answers else "" for answers in gold]
    return score_predictions(task, rows, gold)[task.metric]

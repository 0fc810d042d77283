"""What is to be predicted, as files have it: labels, tags, numbers or answers, checked."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.data.readers.answer_spans import placed_answers
from hf_mixtrain.data.readers.label_values import DROPPED, LabelReader, TagReader, is_masked, no_labels
from hf_mixtrain.data.task import Task
from hf_mixtrain.errors import InputError


def gold_column(values: list[Any], places: list[str], task: Task, order: Sequence[str], path: Path | str) -> list[Any]:
    """Return what is to be predicted, checked and as numbers; None for rows that are to be left out.

    Args:
        values: As the file has it, for each row.
        places: Where each row is, for messages.
        task: Its kind and labels.
        order: Names for labels that are numbers, if the file or the task says them.
        path: The file, for messages.
    """
    if KINDS[task.kind].gold == "answers":
        if values and not any(answers["text"] for answers in values):
            raise no_labels(path)
        return values
    if KINDS[task.kind].gold == "tags":
        tags = TagReader(task, path, order)
        for sentence, where in zip(values, places, strict=True):
            for tag in sentence:
                if tag not in tags.first:
                    tags.first[tag] = where
        if is_masked(list(tags.first)) and not any(tags.known(str(tag)) for tag in tags.first):
            raise no_labels(path)
        return tags.ids(values)
    unknown = is_masked(values) and str(values[0]) not in (*task.labels, *map(str, task.label_map))
    if len(values) > 1 and (unknown or not any(value != [] for value in values)):
        raise no_labels(path)
    if task.problem_type == "regression":
        return [_number(value, where) for value, where in zip(values, places, strict=True)]
    ids: dict[str | None, Any] = {label: number for number, label in enumerate(task.labels)} | {DROPPED: DROPPED}
    reader = LabelReader(task, order)
    if task.problem_type == "multi_label_classification":
        return [_several(value, reader, ids, where) for value, where in zip(values, places, strict=True)]
    return [ids[reader.name(value, where)] for value, where in zip(values, places, strict=True)]


def _several(value: Any, reader: LabelReader, ids: Mapping[str | None, Any], where: str) -> list[int] | None:
    """Return the numbers of all labels of one text: of a list, or of a text with commas, semicolons or bars between."""
    if isinstance(value, str):
        gap = next((gap for gap in ("|", ";", ",") if gap in value), ",")
        value = [part.strip() for part in value.split(gap) if part.strip()]
    if not isinstance(value, list):
        raise InputError(f"{where}: expected a list of labels, found {value!r:.60}. Correct it.")
    found = {ids[reader.name(one, where)] for one in value}
    if len(set(map(str, value))) < len(value):
        raise InputError(
            f"{where}: expected each label of a text once, found {value!r:.60}. Write the names of the labels that the "
            "text has, and not 0 or 1 for each label."
        )
    return None if DROPPED in found else sorted(found)


def _number(value: Any, where: str) -> float:
    try:
        number = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if not abs(number) < float("inf"):
        raise InputError(f"{where}: expected a number as label for regression, found {value!r:.60}. Correct it.")
    return number


def answers_of(row: Mapping[str, Any], where: str) -> dict[str, list[Any]]:
    """Return the answers of a row: as SQuAD has them, or one text, or a list of texts."""
    answers, starts = row["answers"], row["answer_start"]
    if isinstance(answers, str):
        answers = [answers] if answers else []
    if isinstance(answers, list) and all(isinstance(answer, str) for answer in answers):
        starts = starts if isinstance(starts, list) else [starts] * len(answers)
        answers = {"text": answers, "answer_start": [_start(start) for start in starts]}
    return placed_answers(row["context"], answers, where)


def _start(value: Any) -> Any:
    """Return the place of an answer: as a number, or None if the file has none."""
    if isinstance(value, str):
        return int(value) if value.strip().lstrip("-").isdecimal() else None if not value.strip() else value
    return value

"""What one raw row looks like, for each kind of task."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from datasets import ClassLabel, Features, List, Value

from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.data.task import Task

logger = logging.getLogger(__name__)

_BATCH = 1000


def row_features(task: Task) -> Features:
    """Return the columns of a raw data set: ``id``, ``language``, and those of the kind of task.

    Example:
        >>> from hf_mixtrain.data import load_task
        >>> list(row_features(load_task("panx")))
        ['id', 'language', 'tokens', 'tags']
    """
    text = Value("string")
    columns: dict[str, Any] = {"id": text, "language": text}
    kind = KINDS[task.kind]
    columns |= {name: List(text) if name == "tokens" else text for name in kind.texts}
    if kind.gold == "answers":
        columns["answers"] = {"text": List(text), "answer_start": List(Value("int32"))}
    elif task.problem_type == "regression":
        columns["label"] = Value("float64")
    else:
        label = ClassLabel(names=list(task.labels))
        several = kind.gold == "tags" or task.problem_type == "multi_label_classification"
        columns[kind.gold] = List(label) if several else label
    return Features(columns)


def batches(columns: Mapping[str, list[Any]], language: str, split: str) -> Iterator[dict[str, list[Any]]]:
    """Cut whole columns into batches, with ``language``, and with ``id`` if a reader found none.

    An id made here says split, language and the row's number from 0, such as ``train-de-57``.
    """
    rows = len(next(iter(columns.values())))
    ids = unique_ids(columns["id"]) if "id" in columns else [f"{split}-{language}-{row}" for row in range(rows)]
    for start in range(0, rows, _BATCH):
        stop = min(start + _BATCH, rows)
        batch = {name: values[start:stop] for name, values in columns.items()}
        yield batch | {"id": ids[start:stop], "language": [language] * (stop - start)}


def unique_ids(ids: list[str]) -> list[str]:
    """Tell repeated ids apart by a number: XTREME's copy of TyDiQA has such ids, and each row needs one of its own.

    Example:
        >>> unique_ids(["7", "8", "7"])
        ['7', '8', '7#2']
    """
    taken = set(ids)
    if len(taken) < len(ids):
        logger.warning("%d of %d ids are repeats; they get numbers of their own.", len(ids) - len(taken), len(ids))
    seen: set[str] = set()
    unique = []
    for original in ids:
        name, count = original, 1
        while name in seen or (count > 1 and name in taken):
            count += 1
            name = f"{original}#{count}"
        seen.add(name)
        unique.append(name)
    return unique

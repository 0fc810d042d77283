"""Labels of dev and test rows that no training row has: the model cannot learn them."""

from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc
from datasets import Dataset

from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.data.task import Task


def untrained_labels(
    task: Task, training: Iterable[Dataset], evaluated: Iterable[Mapping[str, Dataset]]
) -> dict[str, list[str]]:
    """Return the labels that rows of dev or test have and no row that is trained on has, of whatever language.

    Args:
        task: The task of the rows.
        training: Everything that is trained on: source rows and shots.
        evaluated: Dev rows and test rows, each by language.

    Returns:
        The languages in which there is such a label, by label; labels in the task's order. Nothing for tasks without
        labels.

    Example:
        >>> from hf_mixtrain.data import load_fewshot
        >>> data = load_fewshot("panx", shots=1, seed=1, languages=["de"], source="demo")
        >>> nothing = data.train.select([])
        >>> untrained_labels(data.task, [data.train], [data.test])
        {}
        >>> untrained_labels(data.task, [nothing], [data.test])["O"]
        ['en', 'de']
    """
    if not task.labels:
        return {}
    known = {label for rows in training for label in _labels(task, rows)}
    found: dict[int, dict[str, None]] = {}
    for by_language in evaluated:
        for language, rows in by_language.items():
            for label in _labels(task, rows) - known:
                found.setdefault(label, {})[language] = None
    return {task.labels[label]: list(found[label]) for label in sorted(found)}


def _labels(task: Task, rows: Dataset) -> set[int]:
    """Return the numbers of the labels that occur."""
    if not len(rows):
        return set()
    # The table itself where it has just these rows: a data set in another format is made slowly.
    table = rows.data.table if rows._indices is None else rows.with_format("arrow")[:]
    column = table[KINDS[task.kind].gold]
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        column = pc.list_flatten(column)
    return {label for label in pc.unique(column).to_pylist() if label is not None and label >= 0}

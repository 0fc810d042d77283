"""Test rows that are training rows too: a score on them measures memory."""

from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc
from datasets import Dataset

from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.data.task import Task

_GAP = "\x1f"


def overlaps(task: Task, training: Iterable[Dataset], test: Mapping[str, Dataset]) -> dict[str, int]:
    """Count, for each language, the test rows whose texts are those of a training row.

    Args:
        task: Its kind says which columns are texts.
        training: Everything that is trained on: source rows and shots.
        test: The test rows by language.

    Returns:
        The number by language, of those that have any.

    Example:
        >>> from hf_mixtrain.data import load_fewshot
        >>> data = load_fewshot("panx", shots=1, seed=1, languages=["de"], source="demo")
        >>> overlaps(data.task, [data.test["de"]], data.test)["de"] == len(data.test["de"])
        True
    """
    trained = pa.chunked_array([_texts(task, rows) for rows in training], pa.large_string())
    found = {}
    # Once for all languages, as the set of training rows is made anew for each call.
    texts = {language: _texts(task, rows) for language, rows in test.items()}
    both = pc.is_in(pa.chunked_array(list(texts.values()), pa.large_string()), value_set=trained)
    start = 0
    for language, rows in texts.items():
        if count := both.slice(start, len(rows)).to_pylist().count(True):
            found[language] = count
        start += len(rows)
    return found


def _texts(task: Task, rows: Dataset) -> pa.Array:
    """Return the texts of each row as one text."""
    names = KINDS[task.kind].texts
    if not len(rows):
        return pa.array([], pa.large_string())
    # The table itself where it has just these rows: a data set in another format is made slowly.
    table = rows.data.table if rows._indices is None else rows.with_format("arrow")[:]
    columns = [table[name].combine_chunks() for name in names]
    if names == ("tokens",):
        return pc.binary_join(columns[0], _GAP).cast(pa.large_string())
    return pc.binary_join_element_wise(
        *(column.cast(pa.large_string()) for column in columns), pa.scalar(_GAP, pa.large_string())
    )

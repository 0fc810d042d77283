"""The shots by language: from a dict of data sets, or from one data set with a language column."""

from collections.abc import Mapping, Sequence
from typing import Any

import datasets
import torch

from hf_mixtrain.errors import InputError


class OracleRows:
    """Some rows of a map-style data set: those of one language."""

    def __init__(self, dataset: Any, rows: Sequence[int]) -> None:
        self.dataset = dataset
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def select(self, numbers: Sequence[int]) -> list[Any]:
        """Return the examples with these numbers, counted within the language."""
        return [self.dataset[self.rows[number]] for number in numbers]


def group_by_language(
    oracle_dataset: Any, train_dataset: Any, *, language_column: str, source_language: str, include_source: bool
) -> dict[str, OracleRows]:
    """Find the rows of every language that can be an oracle.

    Args:
        oracle_dataset: ``{language: data set}``, a data set with a language column, or None: then ``train_dataset``
            is used if it has that column.
        train_dataset: The mixed training set.
        language_column: Name of the column.
        source_language: Left out unless ``include_source``.
        include_source: Whether source rows are wanted too; a dict without them is completed from ``train_dataset``.

    Returns:
        The rows of each language, sorted by language; empty if there is nothing to draw from.

    Raises:
        InputError: If an oracle data set is empty, has no language column where one is needed, or cannot be indexed.

    Example:
        >>> rows = [{"language": "en"}, {"language": "sw"}, {"language": "sw"}]
        >>> found = group_by_language(None, rows, language_column="language", source_language="en",
        ...                           include_source=False)
        >>> {language: len(group) for language, group in found.items()}
        {'sw': 2}
    """
    if isinstance(oracle_dataset, Mapping):
        groups = {language: _all_rows(language, rows) for language, rows in oracle_dataset.items()}
        if include_source and source_language not in groups:
            groups.update(_by_column(train_dataset, language_column, only=source_language))
    elif oracle_dataset is not None:
        groups = _by_column(oracle_dataset, language_column)
        if not groups:
            raise InputError(
                f"`oracle_dataset` must be a dict of data sets or have a column {language_column!r}. "
                f"Found columns: {', '.join(_columns(oracle_dataset)) or 'none'}. "
                "Set `language_column`, or pass {language: data set}."
            )
    else:
        groups = _by_column(train_dataset, language_column)
        if set(groups) <= {source_language}:
            return {}
    if not include_source:
        groups.pop(source_language, None)
    if not groups:
        raise InputError(
            f"`oracle_dataset` must hold a language other than the source {source_language!r}. Found none. "
            "Set `source_language`, or `oracle_include_source=True`."
        )
    return dict(sorted(groups.items()))


def _all_rows(language: str, dataset: Any) -> OracleRows:
    if isinstance(dataset, torch.utils.data.IterableDataset | datasets.IterableDataset) or not hasattr(
        dataset, "__getitem__"
    ):
        raise InputError(
            f"`oracle_dataset[{language!r}]` must be indexable, as shots are drawn by number. "
            f"Found {type(dataset).__name__}. Pass a list or a map-style data set."
        )
    if len(dataset) == 0:
        raise InputError(
            f"`oracle_dataset[{language!r}]` must have at least one row. Found none. Leave the language out."
        )
    return OracleRows(dataset, range(len(dataset)))


def _by_column(dataset: Any, column: str, only: str | None = None) -> dict[str, OracleRows]:
    """Row numbers by language, read from the column alone; empty for a data set without it."""
    if column not in _columns(dataset):
        return {}
    # An Arrow column is read without decoding the rows; other data sets are walked once.
    values = (
        dataset.with_format(None)[column] if isinstance(dataset, datasets.Dataset) else [row[column] for row in dataset]
    )
    rows: dict[str, list[int]] = {}
    for number, language in enumerate(values):
        if only is None or language == only:
            rows.setdefault(language, []).append(number)
    return {language: OracleRows(dataset, numbers) for language, numbers in rows.items()}


def _columns(dataset: Any) -> list[str]:
    if isinstance(dataset, datasets.Dataset):
        return dataset.column_names
    is_stream = isinstance(dataset, torch.utils.data.IterableDataset | datasets.IterableDataset)
    if dataset is None or is_stream or not hasattr(dataset, "__getitem__") or len(dataset) == 0:
        return []
    first = dataset[0]
    return list(first) if isinstance(first, Mapping) else []

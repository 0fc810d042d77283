"""The column that says the language of a row: found and read without touching the rest of the rows where possible."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import datasets
import numpy as np
import torch
from torch.utils.data import ConcatDataset, IterableDataset, Subset


def as_language(value: Any) -> str | None:
    """Return a language as a string, whatever it was; None for what names no language.

    Example:
        >>> as_language("sw"), as_language(np.int64(3)), as_language(torch.tensor(True)), as_language(float("nan"))
        ('sw', '3', 'True', None)
    """
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray | np.generic) and value.size == 1:
        value = value.item()
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    if value is None or value != value or value == "":
        return None
    return str(value)


def is_indexable(dataset: Any) -> bool:
    """Whether rows can be had by number."""
    is_stream = isinstance(dataset, IterableDataset | datasets.IterableDataset)
    return not is_stream and hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__")


def column_names(dataset: Any) -> list[str]:
    """Return the columns of a data set, those of its first row where it does not say; empty if there are none.

    Example:
        >>> column_names([{"input_ids": [1], "language": "sw"}])
        ['input_ids', 'language']
    """
    if isinstance(dataset, datasets.Dataset):
        return list(dataset.column_names)
    if isinstance(dataset, datasets.IterableDataset):
        return list(dataset.column_names or [])
    if isinstance(dataset, Subset):
        return column_names(dataset.dataset)
    if isinstance(dataset, ConcatDataset):
        return column_names(dataset.datasets[0]) if dataset.datasets else []
    if isinstance(dataset, Mapping):
        return column_names(next(iter(dataset.values()), None))
    if dataset is None or not is_indexable(dataset) or len(dataset) == 0:
        return []
    first = dataset[0]
    return [str(name) for name in first] if isinstance(first, Mapping) else []


def languages_of(dataset: Any, column: str) -> Iterable[str | None]:
    """Read the language of every row, in order; nothing if there is no such column.

    An Arrow column is read alone, without decoding or transforming rows. Other data sets are asked for the rows from
    0 to ``len() - 1``, one at a time.

    Example:
        >>> list(languages_of([{"language": 1}, {"language": None}], "language"))
        ['1', None]
    """
    if column not in column_names(dataset):
        return []
    if isinstance(dataset, datasets.Dataset):
        return _of_arrow(dataset, column)
    if isinstance(dataset, Subset):
        every = list(languages_of(dataset.dataset, column))
        return [every[index] for index in dataset.indices]
    if isinstance(dataset, ConcatDataset):
        return [language for part in dataset.datasets for language in languages_of(part, column)]
    return _of_rows(dataset, column)


def source_name(source_language: Any, dataset: Any, column: str) -> str:
    """Return the source language as `languages_of` says it: a number of a `datasets.ClassLabel` by its name."""
    feature = dataset.features.get(column) if isinstance(dataset, datasets.Dataset) else None
    source = str(as_language(source_language))
    if isinstance(feature, datasets.ClassLabel) and source not in feature.names and source.isdecimal():
        return feature.names[int(source)] if int(source) < feature.num_classes else source
    return source


def says_several_languages(dataset: Any, column: str, *, looks: int = 100) -> bool:
    """Whether a data set with this column names more than one language, by a look at ``looks`` rows spread over it.

    Example:
        >>> says_several_languages([{"language": "en"}] * 500 + [{"language": "sw"}], "language")
        True
    """
    return len(languages_seen(dataset, column, looks=looks)) > 1


def languages_seen(dataset: Any, column: str, *, looks: int = 100) -> set[str]:
    """Return the languages that a data set names, all of an Arrow column, else those of ``looks`` rows spread over it.

    Example:
        >>> languages_seen([{"language": "en"}] * 3 + [{"language": "sw"}], "language") == {"en", "sw"}
        True
    """
    if not is_indexable(dataset) or column not in column_names(dataset):
        return set()
    if isinstance(dataset, datasets.Dataset):
        values = dataset.with_format(None).unique(column)
        feature = dataset.features.get(column)
        if isinstance(feature, datasets.ClassLabel):
            values = [feature.names[value] for value in values if value is not None]
    else:
        rows = {round(i * (len(dataset) - 1) / max(looks - 1, 1)) for i in range(looks)}
        values = [dataset[row].get(column) for row in sorted(rows)] if len(dataset) else []
    return {language for value in values if (language := as_language(value)) is not None}


def _of_arrow(dataset: datasets.Dataset, column: str) -> Iterator[str | None]:
    feature = dataset.features.get(column)
    values = dataset.with_format(None)[column][:]
    if isinstance(feature, datasets.ClassLabel):
        names = feature.names
        return (names[value] if value is not None and 0 <= value < len(names) else None for value in values)
    return (as_language(value) for value in values)


def _of_rows(dataset: Any, column: str) -> Iterator[str | None]:
    return (as_language(dataset[number].get(column)) for number in range(len(dataset)))

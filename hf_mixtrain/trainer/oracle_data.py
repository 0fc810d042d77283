"""The shots by language: from a dict of data sets, or from one data set with a language column."""

import logging
import re
from collections.abc import Mapping, Sequence, Set
from typing import Any

from torch.utils.data import ConcatDataset, Subset

from hf_mixtrain.errors import InputError
from hf_mixtrain.language_spelling import same_language
from hf_mixtrain.trainer.language_column import as_language, column_names, is_indexable, languages_of, languages_seen

logger = logging.getLogger(__name__)


class OracleRows:
    """Some rows of a map-style data set: those of one language."""

    def __init__(self, dataset: Any, rows: Sequence[int]) -> None:
        self.dataset = dataset
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def select(self, numbers: Sequence[int]) -> list[Any]:
        """Return the examples with these numbers, counted within the language."""
        rows = [self.rows[number] for number in numbers]
        # As torch's loader fetches them: a data set may read a whole batch faster than its rows.
        fetch = getattr(self.dataset, "__getitems__", None)
        return list(fetch(rows)) if fetch is not None else [self.dataset[row] for row in rows]

    def as_dataset(self) -> Any:
        """Return these rows as a data set of the kind that they come from, in their order."""
        if self.rows == range(len(self.dataset)):
            return self.dataset
        if hasattr(self.dataset, "select"):
            return self.dataset.select(self.rows)
        if isinstance(self.dataset, list | tuple):
            return [self.dataset[row] for row in self.rows]
        return Subset(self.dataset, list(self.rows))


def group_by_language(
    oracle_dataset: Any, train_dataset: Any, *, language_column: str, source_language: str, include_source: bool
) -> dict[str, OracleRows]:
    """Find the rows of every language that can be an oracle.

    Languages are strings, whatever they were: the names of a `datasets.ClassLabel`, else ``str()`` of the value. Rows
    that say no language (None, NaN, an empty string) belong to none.

    Args:
        oracle_dataset: ``{language: data set}``, a data set with a language column, or None: then ``train_dataset``
            is used, if it has that column or is itself a dict by language.
        train_dataset: The mixed training set.
        language_column: Name of the column.
        source_language: Its name, as `source_name` returns it. Left out unless ``include_source``.
        include_source: Whether source rows are wanted too; a dict without them is completed from ``train_dataset``.

    Returns:
        The rows of each language, sorted by language; empty if there is nothing to draw from.

    Raises:
        InputError: If an oracle data set is empty, has no language column where one is needed, or cannot be indexed;
            or if the source would be drawn because it is spelled otherwise.

    Example:
        >>> rows = [{"language": "en"}, {"language": "sw"}, {"language": "sw"}]
        >>> found = group_by_language(None, rows, language_column="language", source_language="en",
        ...                           include_source=False)
        >>> {language: len(group) for language, group in found.items()}
        {'sw': 2}
    """
    source = source_language
    if isinstance(oracle_dataset, Mapping):
        groups = _by_name(oracle_dataset)
        if include_source and source not in groups:
            groups |= {
                name: rows for name, rows in _of_training(train_dataset, language_column).items() if name == source
            }
    elif oracle_dataset is not None:
        groups = _by_column(oracle_dataset, language_column)
        if not groups and language_column in column_names(oracle_dataset):
            raise InputError(
                f"`oracle_dataset` must say the language of its rows in column {language_column!r}. None of "
                f"{len(oracle_dataset)} rows does. Fill that column in, or pass {{language: data set}}."
            )
        if not groups:
            raise InputError(
                f"`oracle_dataset` must be a dict of data sets or have a column {language_column!r} that says the "
                f"language of its rows. Found columns: {', '.join(column_names(oracle_dataset)) or 'none'}. "
                "Set `language_column`, or pass {language: data set}."
            )
    else:
        groups = _of_training(train_dataset, language_column)
        if set(groups) <= {source}:
            return {}
        if source not in groups and not include_source:
            raise InputError(
                f"`source_language` must be a language of the training set. No row says {source!r}, found: "
                f"{', '.join(sorted(groups))}. Set `source_language` to the one with the full training set, or pass "
                "`oracle_dataset={language: data set}`."
            )
    if not include_source:
        groups.pop(source, None)
        _refuse_source_spelled_otherwise(groups, source)
        if oracle_dataset is not None:
            _refuse_region_of_source(groups, source, languages_seen(train_dataset, language_column))
    if not groups:
        raise InputError(
            f"`oracle_dataset` must hold a language other than the source {source!r}. Found none. "
            "Set `source_language`, or `oracle_include_source=True`."
        )
    return dict(sorted(groups.items()))


def why_nothing_to_draw(train_dataset: Any, *, language_column: str, source_language: str) -> str:
    """Say, in one line, why `group_by_language` found no rows in the training set, and what to do."""
    way_out = "Pass `oracle_dataset={language: data set of shots}`, or set `surgery='none'`."
    if train_dataset is None:
        return f"there is no training set and no `oracle_dataset`. {way_out}"
    if not is_indexable(train_dataset) and not isinstance(train_dataset, Mapping):
        return (
            f"shots cannot be picked out of a training set that is a stream ({type(train_dataset).__name__}). {way_out}"
        )
    columns = column_names(train_dataset)
    if language_column not in columns:
        return (
            f"the training set has no column {language_column!r} that says the language of a row (found: "
            f"{', '.join(columns) or 'none'}). Keep that column when rows are tokenized or packed, or name it by "
            f"`language_column`. {way_out}"
        )
    return f"column {language_column!r} names no language but the source {source_language!r}. {way_out}"


def _refuse_source_spelled_otherwise(groups: Mapping[str, OracleRows], source: str) -> None:
    alike = [language for language in groups if same_language(language, source)]
    if alike:
        raise InputError(
            f"`source_language` must be spelled as in the data, or the source would be drawn as an oracle. Got "
            f"{source!r}, found: {', '.join(sorted(groups))}. Set `source_language={alike[0]!r}`, or "
            "`oracle_include_source=True` if it is to be drawn."
        )


def _refuse_region_of_source(groups: Mapping[str, OracleRows], source: str, trained: Set[str]) -> None:
    """Refuse ``en-US`` as an oracle where training rows say it, and none says the source ``en``."""
    alike = [language for language in groups if re.split("[-_]", language)[0].casefold() == source.casefold()]
    if alike and alike[0] in trained and source not in trained:
        raise InputError(
            f"`source_language` must be a language of the training set, or the source would be drawn as an oracle. No "
            f"row says {source!r}, found: {', '.join(sorted(trained))}. Set `source_language={alike[0]!r}`, or "
            "`oracle_include_source=True` if it is to be drawn."
        )
    if trained and source not in trained:
        logger.warning(
            "No row of the training set says the source language %r, found: %s. All of `oracle_dataset` is drawn.",
            source,
            ", ".join(sorted(trained)),
        )


def _by_name(dataset: Mapping[Any, Any]) -> dict[str, OracleRows]:
    groups: dict[str, OracleRows] = {}
    for key, rows in dataset.items():
        language = as_language(key)
        if language is None or language in groups:
            raise InputError(
                f"`oracle_dataset` must have one name for each language. Found {', '.join(map(repr, dataset))}. "
                "Name every language once, by a string."
            )
        groups[language] = _all_rows(language, rows)
    return groups


def _all_rows(language: str, dataset: Any) -> OracleRows:
    if not is_indexable(dataset):
        raise InputError(
            f"`oracle_dataset[{language!r}]` must be indexable, as shots are drawn by number. "
            f"Found {type(dataset).__name__}. Pass a list or a map-style data set."
        )
    if len(dataset) == 0:
        raise InputError(
            f"`oracle_dataset[{language!r}]` must have at least one row. Found none. Leave the language out."
        )
    return OracleRows(dataset, range(len(dataset)))


def _of_training(dataset: Any, column: str) -> dict[str, OracleRows]:
    if isinstance(dataset, Mapping):  # several data sets, as sentence-transformers takes them
        named = {as_language(name): rows for name, rows in dataset.items()}
        return {name: OracleRows(rows, range(len(rows))) for name, rows in named.items() if name and is_indexable(rows)}
    return _by_column(dataset, column)


def _by_column(dataset: Any, column: str) -> dict[str, OracleRows]:
    """Row numbers by language; empty for a data set without the column."""
    if isinstance(dataset, ConcatDataset) and len({column in column_names(part) for part in dataset.datasets}) > 1:
        return {}
    rows: dict[str, list[int]] = {}
    nameless = 0
    for number, language in enumerate(languages_of(dataset, column)):
        if language is None:
            nameless += 1
        else:
            rows.setdefault(language, []).append(number)
    if nameless:
        logger.warning("%d rows say no language in column %r: they are never drawn as oracles.", nameless, column)
    return {language: OracleRows(dataset, numbers) for language, numbers in rows.items()}

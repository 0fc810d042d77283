"""Rows as mappings, from JSON, tables or parquet files: checked, and put into raw columns."""

import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet
from datasets import ClassLabel, Features

from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.data.readers.gold_values import answers_of, gold_column
from hf_mixtrain.data.readers.json_rows import Record
from hf_mixtrain.data.readers.label_values import DROPPED, no_labels
from hf_mixtrain.data.readers.languages_in_file import language_key, of_language, rows_by_id, without_prefix
from hf_mixtrain.data.task import Task
from hf_mixtrain.errors import InputError

_BATCH = 1000
_DOCSTART = "-DOCSTART-"
# What CoNLL's files have in the other columns of such a line, which some converters take for a word.
_EMPTY = re.compile(r"-X-|_|O|\(.*\)")


def read_parquet(content: bytes, path: Path, column: str) -> tuple[Iterator[Record], list[str]]:
    """Return the rows of a parquet file, and the names of the label numbers in ``column`` if the file says them.

    Raises:
        InputError: If it is no parquet file.
    """
    try:
        file = pyarrow.parquet.ParquetFile(io.BytesIO(content))
        features = Features.from_arrow_schema(file.schema_arrow)
        stored = stored_labels(features, column)
    except (pyarrow.ArrowException, OSError, ValueError, TypeError, KeyError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(f"{path}: expected a parquet file, found: {reason:.80}. Check how it was made.") from error
    rows = parquet_records(file, str(path))
    key = language_key(file.schema_arrow.names)
    return (with_names(rows, key, names) if (names := stored_labels(features, key)) else rows), stored


def with_names(records: Iterable[Record], key: str, names: Sequence[str]) -> Iterator[Record]:
    """Yield rows with the names of the numbers under ``key``."""
    for where, row in records:
        number = row.get(key)
        yield where, ({**row, key: names[number]} if isinstance(number, int) and 0 <= number < len(names) else row)


def stored_labels(features: Features, column: str) -> list[str]:
    """Return the names of the label numbers in ``column``, if its type says them."""
    kind = features.get(column)
    kind = getattr(kind, "feature", kind)
    return list(kind.names) if isinstance(kind, ClassLabel) else []


def parquet_records(file: pyarrow.parquet.ParquetFile, name: str) -> Iterator[Record]:
    """Yield the rows of an open parquet file, with where each is."""
    number = 0
    try:
        for batch in file.iter_batches(batch_size=_BATCH):
            for row in batch.to_pylist():
                yield f"{name}: row {number}", row
                number += 1
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(f"{name}: expected a parquet file, found: {reason:.80}. Check how it was made.") from error


def columns_of(
    records: Iterable[Record],
    task: Task,
    columns: Mapping[str, str | int],
    order: Sequence[str] = (),
    *,
    path: Path | str,
    language: str = "",
) -> dict[str, list[Any]]:
    """Put rows into the raw columns of ``task``.

    Args:
        records: The rows, with where each is.
        task: Its kind and labels.
        columns: Keys of the rows, where not those of the raw columns.
        order: Names for labels that are numbers in the rows, if the file or the task says them.
        path: The file, for messages.
        language: The language wanted, where the rows have a column of languages. Default: every row is wanted.

    Raises:
        InputError: If a row lacks a key, or has a label that is not the task's.
    """
    kind = KINDS[task.kind]
    names = {name: str(columns.get(name, name)) for name in ("id", *kind.columns, "answer_start")}
    single = kind.gold == "label" and "hypothesis" not in columns and ("premise" in columns or "label" in columns)
    found: dict[str, list[Any]] = {name: [] for name in ("id", *kind.columns)}
    places: list[str] = []
    unlabelled: list[tuple[str, Mapping[str, Any]]] = []
    column = str(columns.get("language", ""))
    for where, record in of_language(records, path, language, column, taken=names.values()):
        row: dict[str, Any] = {name: record.get(key) for name, key in names.items()}
        if single or (kind.gold == "label" and not columns and _is_single(record)):
            row["hypothesis"] = ""
        if "tokens" in names and not _without_document_start(row):
            continue
        _check_texts(row, record, names, kind.texts, where)
        if record.get("is_impossible") is True and kind.gold == "answers":
            row["answers"] = []  # SQuAD v2.0: what else is there does not answer the question
        if _is_unlabelled(row[kind.gold]):
            unlabelled.append((where, record))
            continue
        if kind.gold == "tags":
            _check_tags(row, where)
        for name, values in found.items():
            values.append(row[name] if name != "answers" else answers_of(row, where))
        places.append(where)
    if unlabelled:
        raise _no_label(*unlabelled[0], name=kind.gold, key=names[kind.gold], path=path, some=bool(places))
    if kind.gold == "answers" and (kept := rows_by_id(found["id"], path, language)) != range(len(places)):
        found = {name: [values[row] for row in kept] for name, values in found.items()}
        places = [places[row] for row in kept]
    if kind.gold == "tags":
        found["tokens"] = without_prefix(found["tokens"], path, language)
    found[kind.gold] = gold_column(found[kind.gold], places, task, order, path)
    return _without_dropped(found, kind.gold)


def _without_dropped(found: dict[str, list[Any]], gold: str) -> dict[str, list[Any]]:
    kept = [number for number, value in enumerate(found[gold]) if value is not DROPPED]
    if len(kept) < len(found[gold]):
        found = {name: [values[number] for number in kept] for name, values in found.items()}
    if any(value is None for value in found["id"]):
        del found["id"]
    else:
        found["id"] = [str(value) for value in found["id"]]
    return found


def _is_single(record: Mapping[str, Any]) -> bool:
    """Whether a row is one text with its label: anything more may be a second text under another name."""
    return set(record) - {"id", language_key(record)} == {"premise", "label"}


def _is_unlabelled(value: Any) -> bool:
    return value is None or (isinstance(value, list) and bool(value) and all(one is None for one in value))


def _no_label(
    where: str, record: Mapping[str, Any], *, name: str, key: str, path: Path | str, some: bool
) -> InputError:
    """Return the error for rows without label: all of a file, or this one."""
    if key in record and not some:
        return no_labels(path)
    if key in record:
        return InputError(f"{where}: expected a value in {key!r}, found none. Add it, or take the row out.")
    return _no_key(where, record, name, key, "; a file whose labels were taken off cannot be used")


def _no_key(where: str, record: Mapping[str, Any], name: str, key: str, more: str = "") -> InputError:
    keys = ", ".join(map(repr, record))
    return InputError(
        f"{where}: expected the key {key!r}, found {keys:.80}. Say under `columns` of the task which key holds "
        f"`{name}`{more}."
    )


def _check_texts(
    row: dict[str, Any], record: Mapping[str, Any], names: Mapping[str, str], texts: Sequence[str], where: str
) -> None:
    for name in texts:
        if row[name] is None and names[name] not in record:
            raise _no_key(where, record, name, names[name])
        if name == "tokens":
            _check_tokens(row, where)
        elif not isinstance(row[name], str):
            raise InputError(f"{where}: expected text in {names[name]!r}, found {row[name]!r:.60}. Correct it.")


def _check_tokens(row: dict[str, Any], where: str) -> None:
    tokens = row["tokens"]
    if isinstance(tokens, str) and isinstance(row["tags"], str):
        # Words in one field with blanks between, and tags likewise, as tables have them.
        row["tokens"], row["tags"] = tokens.split(), row["tags"].split()
    elif not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        raise InputError(f"{where}: expected a list of texts as tokens, found {tokens!r:.60}. Correct it.")
    if row["tags"] == [] and row["tokens"]:
        row["tags"] = None


def _check_tags(row: dict[str, Any], where: str) -> None:
    tokens, tags = row["tokens"], row["tags"]
    if not isinstance(tags, list) or len(tags) != len(tokens):
        raise InputError(
            f"{where}: expected a tag for each of the {len(tokens)} tokens, found {tags!r:.60}. Correct it."
        )
    if not all(isinstance(tag, str | int) for tag in tags):
        raise InputError(f"{where}: expected names or numbers as tags, found {tags!r:.60}. Correct it.")


def _without_document_start(row: dict[str, Any]) -> bool:
    """Take CoNLL's ``-DOCSTART-`` off the words of a row; return whether it is a sentence then."""
    tokens, tags = row["tokens"], row["tags"]
    if not isinstance(tokens, list) or not tokens or not str(tokens[0]).startswith(_DOCSTART):
        return True
    row["tokens"] = tokens[1:]
    row["tags"] = tags[1:] if isinstance(tags, list) else tags
    return not all(_EMPTY.fullmatch(str(token)) for token in row["tokens"])

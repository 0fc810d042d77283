"""Rows as mappings, from JSON, tables or parquet files: checked, and put into raw columns."""

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet
from datasets import ClassLabel, Features

from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.data.readers.answer_spans import placed_answers
from hf_mixtrain.data.readers.label_values import DROPPED, LabelReader, TagReader, is_masked, no_labels
from hf_mixtrain.data.readers.languages_in_file import of_language
from hf_mixtrain.data.readers.lines import decode, numbered_lines
from hf_mixtrain.data.task import Task
from hf_mixtrain.errors import InputError

#: Where a row is, for messages, and the row.
Record = tuple[str, Mapping[str, Any]]

_BATCH = 1000
_DOCSTART = "-DOCSTART-"


def load_json(content: bytes, path: Path) -> Any:
    """Return what a JSON file says.

    Raises:
        InputError: If it is no JSON; it names the line.
    """
    return _parsed(decode(content, path), path, 1)


def read_records(content: bytes, path: Path) -> Iterator[Record]:
    """Yield the objects of a JSON file: one list of them, one object a line, or one object with the list in ``data``.

    Raises:
        InputError: If it is neither.
    """
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"[":
        yield from _listed(load_json(content, path), path)
        return
    if start == b"{" and (rows := _inside(content, path)) is not None:
        yield from _listed(rows, path)
        return
    for number, line in numbered_lines(content, path):
        if not line.strip():
            continue
        yield f"{path}:{number}", _mapping(_parsed(line, path, number), f"{path}:{number}")


def _listed(rows: list[Any], path: Path) -> Iterator[Record]:
    for number, row in enumerate(rows):
        yield f"{path}: row {number}", _mapping(row, f"{path}: row {number}")


def _inside(content: bytes, path: Path) -> list[Any] | None:
    """Return the rows of a file that is one object around a list of objects; None for one object a line."""
    first = next((line for _, line in numbered_lines(content, path) if line.strip()), "")
    try:
        first_line = json.loads(first)
    except (json.JSONDecodeError, RecursionError):
        first_line = None
    whole = first_line if first_line is not None and content.strip().count(b"\n") == 0 else None
    if first_line is None:
        whole = load_json(content, path)
    lists = [rows for rows in whole.values() if _is_rows(rows)] if isinstance(whole, dict) else []
    if len(lists) == 1:
        return lists[0]
    if isinstance(whole, dict) and "data" in whole and _is_rows(whole["data"]):
        rows: list[Any] = whole["data"]
        return rows
    if first_line is None:
        raise InputError(
            f"{path}: expected a list of objects, one object a line, or an object with the list under 'data', found "
            f"{whole!r:.60}. Correct the file."
        )
    return None


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, Mapping) for row in value)


def read_parquet(content: bytes, path: Path, column: str) -> tuple[Iterator[Record], list[str]]:
    """Return the rows of a parquet file, and the names of the label numbers in ``column`` if the file says them.

    Raises:
        InputError: If it is no parquet file.
    """
    try:
        file = pyarrow.parquet.ParquetFile(io.BytesIO(content))
        stored = stored_labels(Features.from_arrow_schema(file.schema_arrow), column)
    except (pyarrow.ArrowException, OSError, ValueError, TypeError, KeyError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(f"{path}: expected a parquet file, found: {reason:.80}. Check how it was made.") from error
    return parquet_records(file, str(path)), stored


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
    for where, record in of_language(records, path, language, str(columns.get("language", ""))):
        row: dict[str, Any] = {name: record.get(key) for name, key in names.items()}
        if single or (kind.gold == "label" and not columns and set(record) == {"premise", "label"}):
            row["hypothesis"] = ""
        if _is_document_start(row.get("tokens")):
            continue
        _check_keys(row, record, names, kind.columns, where)
        _check_texts(row, names, kind.texts, where)
        for name, values in found.items():
            values.append(row[name] if name != "answers" else _answers(row, where))
        places.append(where)
    found[kind.gold] = gold_column(found[kind.gold], places, task, order, path)
    return _without_dropped(found, kind.gold)


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
        if tags.first and set(tags.first) <= {-1, "", "_"} and not any(tags.known(str(tag)) for tag in tags.first):
            raise no_labels(path)
        return tags.ids(values)
    unknown = is_masked(values) and str(values[0]) not in (*task.labels, *map(str, task.label_map))
    if unknown and task.problem_type != "regression" and len(values) > 1:
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
    return None if DROPPED in found else sorted(found)


def _number(value: Any, where: str) -> float:
    try:
        number = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if not abs(number) < float("inf"):
        raise InputError(f"{where}: expected a number as label for regression, found {value!r:.60}. Correct it.")
    return number


def _without_dropped(found: dict[str, list[Any]], gold: str) -> dict[str, list[Any]]:
    kept = [number for number, value in enumerate(found[gold]) if value is not DROPPED]
    if len(kept) < len(found[gold]):
        found = {name: [values[number] for number in kept] for name, values in found.items()}
    if any(value is None for value in found["id"]):
        del found["id"]
    else:
        found["id"] = [str(value) for value in found["id"]]
    return found


def _check_keys(
    row: dict[str, Any], record: Mapping[str, Any], names: Mapping[str, str], needed: Sequence[str], where: str
) -> None:
    for name in needed:
        if row[name] is None:
            keys = ", ".join(map(repr, record))
            raise InputError(
                f"{where}: expected the key {names[name]!r}, found {keys:.80}. Say under `columns` of the task which "
                f"key holds `{name}`."
            )


def _check_texts(row: dict[str, Any], names: Mapping[str, str], texts: Sequence[str], where: str) -> None:
    for name in texts:
        if name == "tokens":
            _check_tokens(row, where)
        elif not isinstance(row[name], str):
            raise InputError(f"{where}: expected text in {names[name]!r}, found {row[name]!r:.60}. Correct it.")


def _check_tokens(row: dict[str, Any], where: str) -> None:
    tokens, tags = row["tokens"], row["tags"]
    if isinstance(tokens, str) and isinstance(tags, str):
        # Words in one field with blanks between, and tags likewise, as tables have them.
        row["tokens"], row["tags"] = tokens.split(), tags.split()
        tokens, tags = row["tokens"], row["tags"]
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        raise InputError(f"{where}: expected a list of texts as tokens, found {tokens!r:.60}. Correct it.")
    if not isinstance(tags, list) or len(tags) != len(tokens):
        raise InputError(
            f"{where}: expected a tag for each of the {len(tokens)} tokens, found {tags!r:.60}. Correct it."
        )
    if not all(isinstance(tag, str | int) for tag in tags):
        raise InputError(f"{where}: expected names or numbers as tags, found {tags!r:.60}. Correct it.")


def _is_document_start(tokens: Any) -> bool:
    return isinstance(tokens, list) and len(tokens) == 1 and str(tokens[0]).startswith(_DOCSTART)


def _answers(row: Mapping[str, Any], where: str) -> dict[str, list[Any]]:
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


def _parsed(text: str, path: Path, first_line: int) -> Any:
    try:
        value = json.loads(text)
        if "\\ud" in text.lower():
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        raise InputError(f"{path}:{line}: expected JSON, found: {error.msg}. Correct the file.") from error
    except (RecursionError, ValueError) as error:
        if isinstance(error, UnicodeEncodeError):
            code = f"\\u{ord(error.object[error.start]):04x}"
            line = first_line + text[: text.lower().find(code)].count("\n")
            raise InputError(
                f"{path}:{line}: expected Unicode text, found {code}, which is half of a character. Correct the file."
            ) from error
        # Brackets in brackets a thousand deep, or a number of thousands of digits.
        where = f"{path}:{first_line}"
        raise InputError(f"{where}: expected rows as JSON, found: {error!s:.80}. Correct the file.") from error
    return value


def _mapping(row: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(row, Mapping):
        raise InputError(f"{where}: expected an object with keys, found {row!r:.60}. Correct the file.")
    return row

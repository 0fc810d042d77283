"""Rows of JSON files: a list of objects, one object a line, an object around them, or columns."""

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from hf_mixtrain.data.readers.lines import decode, numbered_lines
from hf_mixtrain.errors import InputError

#: Where a row is, for messages, and the row.
Record = tuple[str, Mapping[str, Any]]


def load_json(content: bytes, path: Path) -> Any:
    """Return what a JSON file says.

    Raises:
        InputError: If it is no JSON; it names the line.
    """
    return _parsed(decode(content, path), path, 1)


def read_records(content: bytes, path: Path, of_words: Collection[str] = ("tokens", "words")) -> Iterator[Record]:
    """Yield the objects of a JSON file: one list of them, one object a line, or one object with the list in ``data``.

    Columns are read too: an object with a list of values under each key, as `datasets.Dataset.to_dict` gives it, what
    pandas writes with any ``orient``, and the rows of the Hub's viewer.

    Args:
        content: The file's bytes.
        path: The file, for messages.
        of_words: Keys of lists that are one sentence, and no column of single words.

    Raises:
        InputError: If it is none of these.
    """
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"[":
        yield from _listed(load_json(content, path), path)
        return
    if start == b"{" and (rows := _inside(content, path, of_words)) is not None:
        yield from _listed(rows, path)
        return
    for number, line in numbered_lines(content, path):
        if not line.strip():
            continue
        yield f"{path}:{number}", _mapping(_parsed(line, path, number), f"{path}:{number}")


def _listed(rows: list[Any], path: Path) -> Iterator[Record]:
    for number, row in enumerate(rows):
        if isinstance(row, Mapping) and "row_idx" in row and isinstance(row.get("row"), Mapping):
            row = row["row"]  # as the Hub's viewer gives them
        yield f"{path}: row {number}", _mapping(row, f"{path}: row {number}")


def _inside(content: bytes, path: Path, of_words: Collection[str]) -> list[Any] | None:
    """Return the rows of a file that is one object around a list of objects; None for one object a line."""
    first = next((line for _, line in numbered_lines(content, path) if line.strip()), "")
    try:
        first_line = json.loads(first)
    except (json.JSONDecodeError, RecursionError):
        first_line = None
    whole = first_line if first_line is not None and content.strip().count(b"\n") == 0 else None
    if first_line is None:
        whole = load_json(content, path)
    if isinstance(whole, dict) and (by_column := _of_columns(whole, of_words)):
        return by_column
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


def _of_columns(whole: dict[str, Any], of_words: Collection[str]) -> list[dict[str, Any]] | None:
    """Return the rows of an object that has a column under each key; None if it is something else."""
    names, data = whole.get("columns"), whole.get("data")
    if isinstance(names, list) and isinstance(data, list) and all(isinstance(row, list) for row in data):
        return [dict(zip(map(str, names), row, strict=False)) for row in data]
    values = list(whole.values())
    if values and all(isinstance(value, dict) and value for value in values):
        if all(key.isdecimal() for value in values for key in value):
            return [{name: column.get(key) for name, column in whole.items()} for key in values[0]]
        return values if all(key.isdecimal() for key in whole) else None
    if (
        len(values) < 2
        or all(map(_is_rows, values))
        or not all(isinstance(value, list) and len(value) == len(values[0]) for value in values)
    ):
        return None
    if any(isinstance(value[0], str | int) for key, value in whole.items() if key in of_words and value):
        return None  # the words of one sentence
    return [dict(zip(whole, row, strict=True)) for row in zip(*values, strict=True)]


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, Mapping) for row in value)


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

"""Reader for pairs of texts: ``premise<TAB>hypothesis<TAB>label``, as Python's ``csv`` writes it for XTREME."""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hf_mixtrain.data.readers.lines import decode
from hf_mixtrain.errors import InputError

_USUAL = ("premise", "hypothesis", "label")


class _Quoted(csv.excel_tab):
    strict = True


class _Unquoted(_Quoted):
    quoting = csv.QUOTE_NONE


def read_pairs(
    content: bytes, path: Path, labels: tuple[str, ...], columns: Mapping[str, str | int], *, quoted: bool
) -> dict[str, list[Any]]:
    r"""Read pairs of texts, or single texts, with a label each.

    Args:
        content: The file's bytes.
        path: Its path, for messages.
        labels: The labels that may occur.
        columns: Where ``premise``, ``hypothesis`` and ``label`` are: numbers counted from 0, or, for a file whose
            first line is a header, names. Without ``hypothesis`` the texts are single. Empty for XTREME's own order.
        quoted: Whether a field that holds a double quote is wrapped in quotes, its own doubled.

    Returns:
        Columns ``premise``, ``hypothesis`` (empty texts for single texts) and ``label``, its place in ``labels``.

    Raises:
        InputError: If a line has too few or too many fields, or an unknown label.

    Example:
        >>> line = b'"She said ""no""."\tShe agreed.\tcontradiction\r\n'
        >>> read_pairs(line, Path("dev-en.tsv"), ("contradiction", "entailment"), {}, quoted=True)["premise"]
        ['She said "no".']
    """
    ids = {label: index for index, label in enumerate(labels)}
    lines = _fields(content, path, quoted=quoted)
    places: dict[str, int] = {name: place for place, name in enumerate(_USUAL)}
    if columns:
        places = _places(columns, lines, path)
    rows: dict[str, list[Any]] = {name: [] for name in _USUAL}
    for number, fields in lines:
        if len(fields) <= max(places.values()) or (not columns and len(fields) != len(_USUAL)):
            expected = "premise<TAB>hypothesis<TAB>label" if not columns else f"{max(places.values()) + 1} fields"
            raise InputError(
                f"{path}:{number}: expected {expected}, found {len(fields)} fields: {' | '.join(fields)!r:.60}. "
                "Correct the line; if double quotes in the file stand for themselves, set `quoted: false` for the task."
            )
        label = fields[places["label"]]
        if label not in ids:
            raise InputError(
                f"{path}:{number}: expected a label out of {', '.join(labels)}, found {label!r:.60}. "
                "Correct the line, or add the label to `labels` in the task's YAML file."
            )
        rows["premise"].append(fields[places["premise"]])
        rows["hypothesis"].append(fields[places["hypothesis"]] if "hypothesis" in places else "")
        rows["label"].append(ids[label])
    if not rows["label"]:
        raise InputError(f"{path}: expected rows, found an empty file. Check how it was made.")
    return rows


def _fields(content: bytes, path: Path, *, quoted: bool) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of a row's first line, and its fields; lines of spaces are no rows."""
    text = io.StringIO(decode(content, path), newline="")
    dialect = _Quoted if quoted else _Unquoted
    reader = csv.reader(text, dialect)
    number = 1
    while True:
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise InputError(
                f"{path}:{number}: expected fields with tabs between, found: {error}. Close the double quote; if "
                "quotes in the file stand for themselves, set `quoted: false` for the task."
            ) from error
        if fields is None:
            return
        if len(fields) > 1 or (fields and fields[0].strip()):
            yield number, fields
        number = reader.line_num + 1


def _places(columns: Mapping[str, str | int], lines: Iterator[tuple[int, list[str]]], path: Path) -> dict[str, int]:
    if missing := [name for name in ("premise", "label") if name not in columns]:
        raise InputError(f"{path}: expected {missing[0]!r} in `columns` of the task, found nothing. Add it.")
    wanted = {name: column for name, column in columns.items() if name in _USUAL}
    if all(isinstance(column, int) for column in wanted.values()):
        return {name: int(column) for name, column in wanted.items()}
    _, header = next(lines, (1, []))
    for column in wanted.values():
        if column not in header:
            raise InputError(
                f"{path}:1: expected a header with {column!r}, as `columns` of the task says. Found {header!r:.80}."
            )
    return {name: header.index(str(column)) for name, column in wanted.items()}

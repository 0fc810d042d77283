"""Reader for tables in text: fields with tabs or commas between, quoted or not, with or without a header."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from hf_mixtrain.data.readers.label_values import no_labels
from hf_mixtrain.data.readers.languages_in_file import language_key
from hf_mixtrain.data.readers.lines import decode
from hf_mixtrain.errors import InputError

# What headers call columns, in files whose task says nothing of a header.
_HEADS = {
    "context", "passage", "question", "answer", "answers", "answer_text", "answer_start", "id", "premise", "hypothesis",
    "sentence1", "sentence2", "text", "label", "labels", "gold_label",
}  # fmt: skip

#: The number of a row's first line, and its fields.
Fields = tuple[int, list[str]]


def read_table(
    content: bytes,
    path: Path,
    columns: Mapping[str, str | int],
    *,
    separator: str,
    usual: Sequence[str],
    quoted: bool | None,
) -> Iterator[tuple[str, dict[str, str]]]:
    r"""Yield where each row of a table is, and its fields by the names of raw columns.

    A field that holds a double quote is read as Python's ``csv`` writes it (wrapped in quotes, its own doubled) if that
    fits the whole file, and otherwise as it stands. A quote that would join several rows to one is never taken for one.

    Args:
        content: The file's bytes.
        path: Its path, for messages.
        columns: Raw columns by their names in the header, or by their numbers from 0. Empty for the usual ones.
        separator: What stands between fields.
        usual: The columns of a file without header whose task names none.
        quoted: Whether fields are quoted; None to find out.

    Raises:
        InputError: If a row has too few or too many fields, or the header is not as ``columns`` says.

    Example:
        >>> line = b'"She said ""no""."\tShe agreed.\tneutral\r\n'
        >>> usual = ("premise", "hypothesis", "label")
        >>> [(_, row)] = read_table(line, Path("dev.tsv"), {}, separator="\t", usual=usual, quoted=None)
        >>> row["premise"]
        'She said "no".'
    """
    text = decode(content, path)
    named = bool(columns) and not all(isinstance(column, int) for column in columns.values())
    lines = [(number, line.removesuffix("\r")) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    first = cells_of(lines[0][1], separator) if lines else []
    header = first if named or (not columns and set(usual) <= set(first)) else None
    wanted = {name: column for name, column in columns.items() if named or isinstance(column, int)}
    if header is not None:
        places = _by_name(wanted or {name: name for name in usual}, header, path)
        size: int | None = len(header)
        if "language" not in places and (key := language_key(header, taken=columns.values())):
            places["language"] = header.index(key)
    else:
        places = {name: int(column) for name, column in wanted.items()} or {n: p for p, n in enumerate(usual)}
        size = None if columns else len(usual)
        header = _unasked_header(first, places, path, columns)
    rows = _rows(text, lines, path, separator, size, quoted)[header is not None :]
    last = max(places, key=lambda name: places[name])
    if last == usual[-1] and len(rows) > 1 and all(len(fields) == places[last] for _, fields in rows):
        raise no_labels(path)
    for number, fields in rows:
        if len(fields) <= max(places.values()) or (size is not None and len(fields) != size):
            gap = "<TAB>" if separator == "\t" else separator
            expected = gap.join(usual) if not columns else f"{size or max(places.values()) + 1} fields"
            raise InputError(
                f"{path}:{number}: expected {expected}, found {len(fields)} fields: {' | '.join(fields)!r:.60}. "
                "Correct the line; if double quotes in the file stand for themselves, set `quoted: false` for the task."
            )
        yield f"{path}:{number}", {name: fields[place] for name, place in places.items()}


def _unasked_header(
    first: list[str], places: Mapping[str, int], path: Path, columns: Mapping[str, str | int]
) -> list[str] | None:
    """Return the first line if it is a header, where the task says by numbers, or not at all, where columns are."""
    heads = [first[place].strip().casefold() for place in places.values() if place < len(first)]
    if not heads or not set(heads) <= _HEADS:
        return None
    if columns:
        return first
    raise InputError(
        f"{path}:1: expected a row, found what looks like a header: {first!r:.80}. Say under `columns` of the task "
        f"what each is, such as `columns: {{{next(iter(places))}: {first[0]}, …}}`."
    )


def _by_name(columns: Mapping[str, str | int], header: list[str], path: Path) -> dict[str, int]:
    for name, column in columns.items():
        if isinstance(column, str) and column not in header:
            more = " A file whose labels were taken off cannot be used." if name in ("label", "answers") else ""
            raise InputError(
                f"{path}:1: expected a header with {column!r}, as `columns` of the task says. Found {header!r:.80}. "
                f"Correct the one or the other.{more}"
            )
    return {name: column if isinstance(column, int) else header.index(column) for name, column in columns.items()}


def _rows(
    text: str, lines: list[tuple[int, str]], path: Path, separator: str, size: int | None, quoted: bool | None
) -> list[Fields]:
    literal = [(number, line.split(separator)) for number, line in lines]
    if quoted is False or '"' not in text:
        return literal
    if quoted:
        return list(_quoted_rows(text, path, separator))
    as_lines = len({len(fields) for _, fields in literal} | ({size} if size else set())) <= 1
    if not as_lines:
        rows = list(_quoted_rows(text, path, separator))
        _refuse_swallowed_rows(rows, path, separator)
        return rows
    if not all(_is_quoted(field) for _, fields in literal for field in fields if field[:1] == '"'):
        return _unless_quoted_elsewhere(literal, path)
    return list(_quoted_rows(text, path, separator))


def _is_quoted(field: str) -> bool:
    return len(field) > 1 and field[0] == field[-1] == '"' and '"' not in field[1:-1].replace('""', "")


def _unless_quoted_elsewhere(rows: list[Fields], path: Path) -> list[Fields]:
    """Return the rows as they stand; refuse a file in which other fields are plainly quoted."""
    for number, fields in rows:
        if any(_is_quoted(field) and '""' in field[1:-1] for field in fields):
            raise InputError(
                f"{path}:{number}: expected double quotes that either wrap fields everywhere or nowhere, found both in "
                "this file. Set `quoted: true` or `quoted: false` for the task, and correct the other lines."
            )
    return rows


def _quoted_rows(text: str, path: Path, separator: str) -> Iterator[Fields]:
    """Yield the number of a row's first line, and its fields, as Python's ``csv`` reads them."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 1
    while True:
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise InputError(
                f"{path}:{number}: expected fields with {'tabs' if separator == chr(9) else repr(separator)} between, "
                f"found: {error}. Close the double quote; if quotes in the file stand for themselves, set "
                "`quoted: false` for the task."
            ) from error
        if fields is None:
            return
        if len(fields) > 1 or (fields and fields[0].strip()):
            yield number, fields
        number = reader.line_num + 1


def _refuse_swallowed_rows(rows: list[Fields], path: Path, separator: str) -> None:
    """Refuse a field that holds whole rows: a double quote that nothing closes has taken them in."""
    for number, fields in rows:
        inner = [line for field in fields if "\n" in field for line in field.split("\n")[1:-1]]
        if any(line.count(separator) == len(fields) - 1 for line in inner) and len(fields) > 1:
            raise InputError(
                f"{path}:{number}: expected a row on each line, found a double quote that takes in the rows after it. "
                "Close it; if quotes in the file stand for themselves, set `quoted: false` for the task, and "
                "`quoted: true` if texts have several lines."
            )


def found_separator(content: bytes, path: Path, separator: str) -> str:
    r"""Return what stands between fields: what the file's ending says, or tabs or semicolons where that is nowhere.

    Example:
        >>> found_separator(b"text;label\nA, b;yes\nC;no\n", Path("a.csv"), ",")
        ';'
    """
    lines = [line for line in decode(content, path).split("\n") if line.strip()]
    for other in ("\t", ";"):
        first = lines[0].count(other) if lines and separator not in lines[0] else 0
        if first and all(len(cells_of(line.removesuffix("\r"), other)) == first + 1 for line in lines):
            return other
    return separator


def cells_of(line: str, separator: str) -> list[str]:
    """Return the cells of one line, between tabs or commas (there quoted where needed), or between blanks.

    Example:
        >>> cells_of('",",O', ","), cells_of("Anna  B-PER ", " ")
        ([',', 'O'], ['Anna', 'B-PER'])
    """
    if separator == " ":
        return [cell for cell in line.split(" ") if cell]
    if '"' not in line:
        return line.split(separator)
    try:
        return next(csv.reader([line], delimiter=separator, strict=True), [])
    except csv.Error:
        return line.split(separator)

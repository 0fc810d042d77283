"""Reader for tagged sentences: one ``token<TAB>tag`` a line, an empty line between sentences."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hf_mixtrain.data.readers.lines import numbered_lines
from hf_mixtrain.errors import InputError


def read_tagged(
    content: bytes, path: Path, labels: tuple[str, ...], columns: Mapping[str, str | int]
) -> dict[str, list[Any]]:
    r"""Read sentences from the text of a file in XTREME's form.

    Tokens are kept as they are, those without a visible character too: each has a tag, so each has a place. Several
    empty lines in a row, or lines of spaces, separate two sentences as one does.

    Args:
        content: The file's bytes.
        path: Its path, for messages.
        labels: The tags that may occur.
        columns: Place of ``tokens`` and ``tags`` on a line, counted from 0, where not 0 and 1.

    Returns:
        Columns ``tokens`` and ``tags``; a tag is its place in ``labels``.

    Raises:
        InputError: If a line has no tab or an unknown tag.

    Example:
        >>> read_tagged(b"Bonn\tB-LOC\n", Path("dev-de.tsv"), ("O", "B-LOC"), {})
        {'tokens': [['Bonn']], 'tags': [[1]]}
    """
    token_at, tag_at = (_place(path, columns.get(name, usual)) for name, usual in (("tokens", 0), ("tags", 1)))
    needed = max(token_at, tag_at) + 1
    ids = {label: index for index, label in enumerate(labels)}
    sentences: list[list[str]] = [[]]
    tags: list[list[int]] = [[]]
    for number, line in numbered_lines(content, path):
        if "\t" not in line and not line.strip():
            if sentences[-1]:
                sentences.append([])
                tags.append([])
            continue
        cells = line.split("\t")
        if len(cells) < needed or (len(cells) != 2 and not columns):
            raise InputError(
                f"{path}:{number}: expected {'token<TAB>tag' if not columns else f'{needed} columns with tabs between'}"
                f", found {line!r:.60}. Put one tab between token and tag, and an empty line between sentences."
            )
        tag = ids.get(cells[tag_at])
        if tag is None:
            raise InputError(
                f"{path}:{number}: expected a tag out of {', '.join(labels)}, found {cells[tag_at]!r:.60}. "
                "Correct the line, or add the tag to `labels` in the task's YAML file."
            )
        sentences[-1].append(cells[token_at])
        tags[-1].append(tag)
    if not sentences[-1]:
        sentences.pop()
        tags.pop()
    if not sentences:
        raise InputError(f"{path}: expected sentences, found an empty file. Check how it was made.")
    return {"tokens": sentences, "tags": tags}


def _place(path: Path, column: str | int) -> int:
    if not isinstance(column, int) or column < 0:
        raise InputError(
            f"{path}: expected the number of a column, counted from 0, as the file has no header. "
            f"Found {column!r} in `columns` of the task."
        )
    return column

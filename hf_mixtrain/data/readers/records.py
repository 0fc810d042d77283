"""Rows as mappings, from JSON files or a parquet file's columns: checked, and put into raw columns."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.data.readers.answer_spans import placed_answers
from hf_mixtrain.data.readers.lines import decode, numbered_lines
from hf_mixtrain.data.task import Task
from hf_mixtrain.errors import InputError

#: Where a row is, for messages, and the row.
Record = tuple[str, Mapping[str, Any]]


def load_json(content: bytes, path: Path) -> Any:
    """Return what a JSON file says.

    Raises:
        InputError: If it is no JSON; it names the line.
    """
    return _parsed(decode(content, path), path, 1)


def read_records(content: bytes, path: Path) -> Iterator[Record]:
    """Yield the objects of a JSON file: one list of them, or one object a line.

    Raises:
        InputError: If it is neither.
    """
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        for number, row in enumerate(load_json(content, path)):
            yield f"{path}: row {number}", _mapping(row, f"{path}: row {number}")
        return
    for number, line in numbered_lines(content, path):
        if not line.strip():
            continue
        yield f"{path}:{number}", _mapping(_parsed(line, path, number), f"{path}:{number}")


def columns_of(
    records: Iterable[Record], task: Task, columns: Mapping[str, str | int], stored_labels: Sequence[str] = ()
) -> dict[str, list[Any]]:
    """Put rows into the raw columns of ``task``.

    Args:
        records: The rows, with where each is.
        task: Its kind and labels.
        columns: Keys of the rows, where not those of the raw columns.
        stored_labels: Names for labels that are numbers in the rows. Default: the task's.

    Raises:
        InputError: If a row lacks a key, or has a label that is not the task's.
    """
    needed = KINDS[task.kind].columns
    names = {name: str(columns.get(name, name)) for name in ("id", *needed)}
    single = task.kind == "text-classification" and columns and "hypothesis" not in columns
    stored = list(stored_labels or task.labels)
    ids = {label: index for index, label in enumerate(task.labels)}

    def label_of(value: Any, where: str) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(stored):
            value = stored[value]
        if not isinstance(value, str) or value not in ids:
            raise InputError(
                f"{where}: expected a label out of {', '.join(task.labels)}, found {value!r:.60}. "
                "Correct it, or add it to `labels` in the task's YAML file."
            )
        return ids[value]

    found: dict[str, list[Any]] = {name: [] for name in ("id", *needed)}
    for where, record in records:
        row: dict[str, Any] = {name: record.get(key) for name, key in names.items()}
        if single:
            row["hypothesis"] = ""
        for name in needed:
            if row[name] is None:
                keys = ", ".join(map(repr, record))
                raise InputError(
                    f"{where}: expected the key {names[name]!r}, found {keys:.80}. Say under `columns` of the task "
                    f"which key holds `{name}`."
                )
        if task.kind == "token-classification":
            _check_tokens(row, where)
            row["tags"] = [label_of(tag, where) for tag in row["tags"]]
        elif task.kind == "text-classification":
            row["label"] = label_of(row["label"], where)
        else:
            row["answers"] = placed_answers(row["context"], row["answers"], where)
        for name in ("premise", "hypothesis", "context", "question"):
            if name in row and not isinstance(row[name], str):
                raise InputError(f"{where}: expected text in {names[name]!r}, found {row[name]!r:.60}. Correct it.")
        for name, values in found.items():
            values.append(row[name])
    if None in found["id"]:
        del found["id"]
    else:
        found["id"] = [str(value) for value in found["id"]]
    return found


def _parsed(text: str, path: Path, first_line: int) -> Any:
    try:
        value = json.loads(text)
        if "\\ud" in text.lower():
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        raise InputError(f"{path}:{line}: expected JSON, found: {error.msg}. Correct the file.") from error
    except UnicodeEncodeError as error:
        code = f"\\u{ord(error.object[error.start]):04x}"
        line = first_line + text[: text.lower().find(code)].count("\n")
        raise InputError(
            f"{path}:{line}: expected Unicode text, found {code}, which is half of a character. Correct the file."
        ) from error
    return value


def _mapping(row: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(row, Mapping):
        raise InputError(f"{where}: expected an object with keys, found {row!r:.60}. Correct the file.")
    return row


def _check_tokens(row: Mapping[str, Any], where: str) -> None:
    tokens, tags = row["tokens"], row["tags"]
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        raise InputError(f"{where}: expected a list of texts as tokens, found {tokens!r:.60}. Correct it.")
    if not isinstance(tags, list) or len(tags) != len(tokens):
        raise InputError(
            f"{where}: expected a tag for each of the {len(tokens)} tokens, found {tags!r:.60}. Correct it."
        )

"""Readers: the bytes of one file to raw columns, or one line that says what is wrong where."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.data.readers.answer_spans import NOWHERE
from hf_mixtrain.data.readers.conllu import holds_multiword_tokens, read_conllu
from hf_mixtrain.data.readers.json_rows import Record, read_records
from hf_mixtrain.data.readers.languages_in_file import language_key
from hf_mixtrain.data.readers.lines import read_bytes, unpacked
from hf_mixtrain.data.readers.records import columns_of, read_parquet
from hf_mixtrain.data.readers.squad import is_squad, read_squad
from hf_mixtrain.data.readers.text_classification import read_texts
from hf_mixtrain.data.readers.token_classification import languages_of_sentences, read_tagged
from hf_mixtrain.data.task import Task
from hf_mixtrain.errors import InputError

__all__ = ["NOWHERE", "columns_of", "languages_in", "read_bytes", "read_rows"]

#: Endings of files whose rows are mappings.
_OF_RECORDS = (".json", ".jsonl", ".ndjson", ".parquet")


def read_rows(content: bytes, path: Path, task: Task, language: str) -> dict[str, list[Any]]:
    """Read the raw columns of one file; the kind of task and the file's ending say how.

    ``.json`` is SQuAD's form for question answering, else a list of objects; ``.jsonl`` and ``.ndjson`` (and ``.json``)
    may have one object a line. ``.conllu`` is Universal Dependencies, as is a file of another name with multiword
    tokens. ``.parquet`` is what it says. ``.csv`` has commas. Anything else is text with tabs, or, for tagged words,
    with blanks. Each may be packed (``.gz``).

    Args:
        content: The file's bytes.
        path: Its path, for the ending and for messages.
        task: Kind, labels and columns.
        language: The rows' language. Of a file that holds several, only its rows are read.

    Returns:
        The columns of `hf_mixtrain.data.rows.row_features`, but for ``language``, and for ``id`` if the file has none.

    Raises:
        InputError: If something in the file is not as expected; it names file, line and remedy.
    """
    content, ending = unpacked(content, path)
    rows = _read(content, ending, path, task, language)
    if not next(iter(rows.values())):
        raise InputError(f"{path}: expected rows, found none. Check how the file was made.")
    return rows


def languages_in(content: bytes, path: Path, task: Task) -> list[str]:
    """Return what the column of languages of a file says, each value once, in the file's order.

    Raises:
        InputError: If the file has no such column, or cannot be read.
    """
    content, ending = unpacked(content, path)
    kind = KINDS[task.kind]
    if kind.gold == "tags" and ending not in _OF_RECORDS:
        return languages_of_sentences(content, path, task, separator=_separator(ending))
    records, _ = _records(content, ending, path, task)
    rows = [record for _, record in records]
    column = str(task.columns.get("language", "") or language_key(rows[0] if rows else ()))
    return list(dict.fromkeys(str(record.get(column, "")) for record in rows))


def _read(content: bytes, ending: str, path: Path, task: Task, language: str) -> dict[str, list[Any]]:
    kind = KINDS[task.kind]
    if ending == ".json" and kind.gold == "answers" and is_squad(content):
        return read_squad(content, path, language)
    tagged = kind.gold == "tags" and ending not in _OF_RECORDS
    if ending == ".conllu" or (tagged and not task.columns and holds_multiword_tokens(content)):
        if kind.gold != "tags":
            raise InputError(f"{path}: expected another form than CoNLL-U for {task.kind}. Change the task.")
        return read_conllu(content, path, task, language)
    if tagged:
        return read_tagged(content, path, task, language, separator=_separator(ending))
    records, order = _records(content, ending, path, task)
    names = task.columns if ending in _OF_RECORDS else {name: name for name in task.columns}
    return columns_of(records, task, names, order, path=path, language=language)


def _records(content: bytes, ending: str, path: Path, task: Task) -> tuple[Iterable[Record], Sequence[str]]:
    """Return the rows of a file as mappings, and the names of label numbers if the file says them."""
    gold = KINDS[task.kind].gold
    if ending == ".parquet":
        return read_parquet(content, path, str(task.columns.get(gold, gold)))
    if ending in _OF_RECORDS:
        return read_records(content, path, {"tokens", "words", str(task.columns.get("tokens", "tokens"))}), ()
    return read_texts(content, path, task, separator=_separator(ending)), ()


def _separator(ending: str) -> str:
    return "," if ending == ".csv" else "\t"

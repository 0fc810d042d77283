"""Readers: the bytes of one file to raw columns, or one line that says what is wrong where."""

from pathlib import Path
from typing import Any

from hf_mixtrain.data.readers.answer_spans import NOWHERE
from hf_mixtrain.data.readers.conllu import read_conllu
from hf_mixtrain.data.readers.lines import read_bytes
from hf_mixtrain.data.readers.records import columns_of, read_records
from hf_mixtrain.data.readers.squad import read_squad
from hf_mixtrain.data.readers.text_classification import read_pairs
from hf_mixtrain.data.readers.token_classification import read_tagged
from hf_mixtrain.data.task import Task
from hf_mixtrain.errors import InputError

__all__ = ["NOWHERE", "columns_of", "read_bytes", "read_rows"]


def read_rows(content: bytes, path: Path, task: Task, language: str) -> dict[str, list[Any]]:
    """Read the raw columns of one file; the kind of task and the file's ending say how.

    ``.json`` is SQuAD's form for question answering, else a list of objects; ``.jsonl`` (and ``.json``) may have one
    object a line. ``.conllu`` is Universal Dependencies. Anything else is text with tabs.

    Args:
        content: The file's bytes.
        path: Its path, for the ending and for messages.
        task: Kind, labels and columns.
        language: The rows' language.

    Returns:
        The columns of `hf_mixtrain.data.rows.row_features`, but for ``language``, and for ``id`` if the file has none.

    Raises:
        InputError: If something in the file is not as expected; it names file, line and remedy.
    """
    if path.suffix == ".json" and task.kind == "question-answering" and not task.columns:
        return read_squad(content, path)
    if path.suffix in {".json", ".jsonl"}:
        rows = columns_of(read_records(content, path), task, task.columns)
        if not next(iter(rows.values())):
            raise InputError(f"{path}: expected rows, found none. Check how the file was made.")
        return rows
    if task.kind == "token-classification":
        if path.suffix == ".conllu":
            return read_conllu(content, path, task.labels, language)
        return read_tagged(content, path, task.labels, task.columns)
    if task.kind == "text-classification":
        return read_pairs(content, path, task.labels, task.columns, quoted=task.quoted)
    raise InputError(f"{path}: expected a .json or .jsonl file for question answering. Change `folder` of the task.")

"""Readers: the bytes of one file to raw columns, or one line that says what is wrong where."""

from pathlib import Path
from typing import Any

from ...errors import InputError
from ..task import Task
from .lines import read_bytes
from .tagging import read_tagged

__all__ = ["read_bytes", "read_rows"]


def read_rows(content: bytes, path: Path, task: Task) -> dict[str, list[Any]]:
    """Read the raw columns of one file; the kind of task and the file's ending say how.

    Args:
        content: The file's bytes.
        path: Its path, for the ending and for messages.
        task: Kind, labels and columns.

    Returns:
        The columns of `hf_mixtrain.data.rows.row_features`, but for ``language``, and for ``id`` unless the file has
        ids.

    Raises:
        InputError: If something in the file is not as expected; it names file, line and remedy.
    """
    if task.kind == "token-classification":
        return read_tagged(content, path, task.labels, task.columns)
    raise InputError(f"{path}: cannot be read for {task.kind}.")

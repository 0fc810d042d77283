"""Rows of the made-up corpus that comes with the package."""

from collections.abc import Sequence
from pathlib import Path

from hf_mixtrain.data.sources.folder import FolderSource
from hf_mixtrain.data.task import Task
from hf_mixtrain.errors import InputError

DEMO_FOLDER = Path(__file__).parents[1] / "demo"


def demo_source(task: Task, source_languages: Sequence[str] = ("en",)) -> FolderSource:
    """Return the rows of the demo corpus; it has named entities only, in the labels and layout of ``panx``.

    Raises:
        InputError: For any other task.
    """
    if task.name != "panx":
        raise InputError(
            f"Expected the task 'panx' for the demo data, which has named entities only. Found {task.name!r}. "
            "Use `data_source` hub or a folder."
        )
    return FolderSource(DEMO_FOLDER, task, source_languages)

"""Sources: where the raw rows of a task come from."""

from typing import Protocol

from datasets import Dataset

from ..task import Split, Task
from .demo import demo_source
from .folder import FolderSource

__all__ = ["FolderSource", "Source", "open_source"]


class Source(Protocol):
    """Rows by language and split."""

    @property
    def origin(self) -> dict[str, str]:
        """What the rows came from, and in which revision, as far as that is known."""

    def languages(self) -> list[str]:
        """Return the languages that are there, those of the task first and in its order."""

    def has(self, language: str, split: Split) -> bool:
        """Whether the rows of a language and split are there."""

    def read(self, language: str, split: Split) -> Dataset:
        """Return the rows of a language and split."""


def open_source(source: str, task: Task, source_language: str = "en") -> Source:
    """Open ``"hub"``, ``"demo"``, or a folder in XTREME's layout.

    Raises:
        InputError: If the folder is missing, or the source has nothing for this task.

    Example:
        >>> from hf_mixtrain.data import load_task
        >>> open_source("demo", load_task("panx")).has("en", "train")
        True
    """
    if source == "demo":
        return demo_source(task, source_language)
    return FolderSource(source, task, source_language)

"""Sources: where the raw rows of a task come from."""

from pathlib import Path

from hf_mixtrain.data.sources.demo import demo_source
from hf_mixtrain.data.sources.dev_split import CarvedSource
from hf_mixtrain.data.sources.folder import FolderSource
from hf_mixtrain.data.sources.hub import HubSource
from hf_mixtrain.data.sources.source import Source
from hf_mixtrain.data.sources.treebanks import TreebankSource
from hf_mixtrain.data.task import Task

__all__ = ["Source", "open_source"]


def open_source(source: str | Path, task: Task, source_language: str = "en") -> Source:
    """Open ``"hub"``, ``"demo"``, or a folder in XTREME's layout.

    Args:
        source: Which.
        task: Says which files or repositories, and how they are read.
        source_language: The language that files without a language in their name belong to.

    Returns:
        The rows by language and split. For a task without dev files they are taken out of train.

    Raises:
        InputError: If the folder is missing, or the source has nothing for this task.

    Example:
        >>> from hf_mixtrain.data import load_task
        >>> open_source("demo", load_task("panx")).has("en", "train")
        True
    """
    found: Source
    if source == "hub":
        found = TreebankSource(task) if "treebanks" in task.hub else HubSource(task)
    elif source == "demo":
        found = demo_source(task, source_language)
    else:
        found = FolderSource(source, task, source_language)
    return CarvedSource(found, task) if task.dev_from_train else found

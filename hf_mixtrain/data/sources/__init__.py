"""Sources: where the raw rows of a task come from."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hf_mixtrain.data.sources.datasets_objects import ObjectSource, is_saved, saved
from hf_mixtrain.data.sources.demo import demo_source
from hf_mixtrain.data.sources.dev_split import CarvedSource
from hf_mixtrain.data.sources.folder import FolderSource
from hf_mixtrain.data.sources.hub import HubSource
from hf_mixtrain.data.sources.source import Source
from hf_mixtrain.data.sources.treebanks import TreebankSource
from hf_mixtrain.data.task import Task
from hf_mixtrain.errors import InputError
from hf_mixtrain.source_languages import source_languages

__all__ = ["AnySource", "Source", "open_source"]

#: What can be opened: a name, a folder, or data sets.
AnySource = str | Path | Mapping[str, Any]


def open_source(source: AnySource, task: Task, source_language: str | Sequence[str] = "en") -> Source:
    """Open ``"hub"``, ``"demo"``, a folder, or data sets of the library `datasets`.

    Args:
        source: Which. A folder holds files as ``folder`` of the task says, or is what
            `datasets.DatasetDict.save_to_disk` wrote. Data sets are a `datasets.DatasetDict` (splits) whose rows say
            their ``language``, or a mapping from languages to such mappings from splits.
        task: Says which files or repositories, and how they are read.
        source_language: The language that files without a language in their name belong to, or several: a list, or
            with commas between.

    Returns:
        The rows by language and split. For a task without dev files they are taken out of train.

    Raises:
        InputError: If the folder is missing, or the source has nothing for this task.

    Example:
        >>> from hf_mixtrain.data import load_task
        >>> open_source("demo", load_task("panx")).has("en", "train")
        True
    """
    languages = source_languages(source_language)
    found: Source
    if isinstance(source, Mapping):
        found = ObjectSource(source, task)
    elif not isinstance(source, str | Path):
        raise InputError(
            f"`source`: expected 'hub', 'demo', a folder, or data sets, found {type(source).__name__}. Data sets "
            "are given as {'en': {'train': dataset, …}, …}, or as {'train': dataset, …} with a column of languages."
        )
    elif source == "hub":
        found = TreebankSource(task) if "treebanks" in task.hub else HubSource(task)
    elif source == "demo":
        found = demo_source(task, languages)
    elif is_saved(Path(source).expanduser()):
        found = ObjectSource(saved(Path(source).expanduser()), task)
    else:
        found = FolderSource(source, task, languages)
    carved = task.dev_from_train or task.test_from_train
    return CarvedSource(found, task, languages) if carved else found

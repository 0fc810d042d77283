"""Data: task → source → shots → features. Knows nothing of training."""

from .features import data_collator, featurize
from .fewshot import FewShotData, load_fewshot
from .languages import LANGUAGES, Language
from .shots import sample_shots
from .shots_file import ShotsFile, read_shots, write_shots
from .sources import Source, open_source
from .task import Task, list_tasks, load_task

__all__ = [
    "LANGUAGES",
    "FewShotData",
    "Language",
    "ShotsFile",
    "Source",
    "Task",
    "data_collator",
    "featurize",
    "list_tasks",
    "load_fewshot",
    "load_task",
    "open_source",
    "read_shots",
    "sample_shots",
    "write_shots",
]

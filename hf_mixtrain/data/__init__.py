"""Data: task → source → shots → features. Knows nothing of training."""

from hf_mixtrain.data.features import data_collator, featurize
from hf_mixtrain.data.fewshot import FewShotData, load_fewshot
from hf_mixtrain.data.languages import LANGUAGES, Language
from hf_mixtrain.data.shots import sample_shots
from hf_mixtrain.data.shots_file import ShotsFile, read_shots, write_shots
from hf_mixtrain.data.sources import Source, open_source
from hf_mixtrain.data.task import Task
from hf_mixtrain.data.task_file import list_tasks, load_task

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

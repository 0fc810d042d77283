"""Data: task → source → shots → features. Knows nothing of training."""

from typing import TYPE_CHECKING

from hf_mixtrain.lazy import lazy_names

if TYPE_CHECKING:
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

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "FewShotData": "hf_mixtrain.data.fewshot",
        "LANGUAGES": "hf_mixtrain.data.languages",
        "Language": "hf_mixtrain.data.languages",
        "ShotsFile": "hf_mixtrain.data.shots_file",
        "Source": "hf_mixtrain.data.sources",
        "Task": "hf_mixtrain.data.task",
        "data_collator": "hf_mixtrain.data.features",
        "featurize": "hf_mixtrain.data.features",
        "list_tasks": "hf_mixtrain.data.task_file",
        "load_fewshot": "hf_mixtrain.data.fewshot",
        "load_task": "hf_mixtrain.data.task_file",
        "open_source": "hf_mixtrain.data.sources",
        "read_shots": "hf_mixtrain.data.shots_file",
        "sample_shots": "hf_mixtrain.data.shots",
        "write_shots": "hf_mixtrain.data.shots_file",
    },
)

"""Experiments: settings → cells of a grid → trainings → results files."""

from typing import TYPE_CHECKING

from hf_mixtrain.experiment.cells import Cell, grid
from hf_mixtrain.experiment.run_arguments import RunArguments
from hf_mixtrain.experiment.settings import Settings
from hf_mixtrain.lazy import lazy_names

if TYPE_CHECKING:
    from hf_mixtrain.experiment.summary import summary_table

__all__ = ["Cell", "RunArguments", "Settings", "grid", "summary_table"]

__getattr__, __dir__ = lazy_names(__name__, {"summary_table": "hf_mixtrain.experiment.summary"})

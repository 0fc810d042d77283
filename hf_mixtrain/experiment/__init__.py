"""Experiments: settings → cells of a grid → trainings → results files."""

from hf_mixtrain.experiment.cells import Cell, grid
from hf_mixtrain.experiment.settings import RunArguments, Settings
from hf_mixtrain.experiment.summary import summary_table

__all__ = ["Cell", "RunArguments", "Settings", "grid", "summary_table"]

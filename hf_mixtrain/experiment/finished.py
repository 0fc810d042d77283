"""Which cells are finished: those whose results are made from what the grid would make them from."""

from collections.abc import Mapping
from typing import Any

from hf_mixtrain.errors import InputError
from hf_mixtrain.experiment.cells import Cell
from hf_mixtrain.experiment.context import GridContext
from hf_mixtrain.experiment.identity import CellIdentity
from hf_mixtrain.experiment.settings import Settings
from hf_mixtrain.results import RESULTS_FILE, read_results


def finished_results(cell: Cell, settings: Settings, context: GridContext | None) -> Mapping[str, Any] | None:
    """Return the results of a finished cell, None if it is to be run.

    Args:
        cell: The cell.
        settings: The grid's settings.
        context: Its data and models; None where neither may be read: then only settings are compared.

    Raises:
        InputError: If there are results that were made from something else: they would be taken for those of this grid.
            With ``--overwrite``, such a cell is to be run instead.
    """
    path = cell.folder(settings.output_dir) / RESULTS_FILE
    if not path.exists():
        return None
    try:
        results = read_results(path)
        different = CellIdentity(cell, settings, context).difference(results)
    except InputError:
        if not settings.run.overwrite:
            raise
        return None
    if different is None:
        return results
    if settings.run.overwrite:
        return None
    raise InputError(
        f"{path}: made with {different}. Use another --output_dir, or --overwrite to make it again, or delete the "
        "folder of this cell."
    )

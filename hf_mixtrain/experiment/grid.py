"""A grid: its cells one after the other, finished ones skipped, failed ones reported at the end."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accelerate import PartialState

from hf_mixtrain.errors import InputError
from hf_mixtrain.experiment.cell_run import run_cell, try_card
from hf_mixtrain.experiment.cells import Cell, grid, is_finished, share
from hf_mixtrain.experiment.locks import in_use, one_at_a_time, remove_unused
from hf_mixtrain.experiment.material import Material
from hf_mixtrain.experiment.plan import costs
from hf_mixtrain.experiment.progress import Progress
from hf_mixtrain.experiment.publishing import Publisher
from hf_mixtrain.experiment.settings import Settings
from hf_mixtrain.experiment.training_store import Stages
from hf_mixtrain.results import find_results, read_results

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What came of a grid.

    Attributes:
        results: Those of all its finished cells, whoever ran them, in the order of the grid.
        failed: The error of each cell that failed.
        missing: Cells that others are to run (``--cell_index``).
        not_pushed: Of each finished cell that is not on the Hub as it should be (``--push_to_hub``), why.
    """

    results: list[dict[str, Any]]
    failed: dict[Cell, Exception]
    missing: list[Cell]
    not_pushed: dict[Cell, str]


def run_grid(settings: Settings) -> Outcome:
    """Run the cells of a grid that have no results yet.

    Args:
        settings: What to run.

    Returns:
        The results, and which cells failed.

    Raises:
        InputError: If the data, the model or the results that are there already do not fit; before any training.
    """
    output_dir = Path(settings.training.get("output_dir", "out"))
    stages_folder = output_dir / settings.task.name / ".stages"
    cells = grid(settings.run, settings.task.name)
    publisher = Publisher(settings, cells)
    material = Material(settings, stages_folder)
    done = [cell for cell in cells if is_finished(cell, settings, material.languages)]
    own = share(cells, settings.run.cell_index, settings.run.cell_count)
    mine = [cell for cell in own if cell not in done]
    if done:
        logger.info("%d of %d cells are finished already.", len(done), len(cells))
    failed: dict[Cell, Exception] = {}
    is_main = PartialState().is_main_process
    if mine:
        with in_use(stages_folder):
            material.check()
            progress = Progress(costs(mine, material), len(mine))
            stages = Stages(material, stages_folder, progress)
            for cell in mine:
                progress.cell(str(cell))
                error = _run(cell, settings, material, stages, output_dir)
                if error is not None:
                    failed[cell] = error
                elif is_main:
                    publisher.push(cell)
    done = [cell for cell in cells if is_finished(cell, settings, material.languages)]
    if len(done) == len(cells):
        _tidy(settings, stages_folder, output_dir, done)
    if is_main:
        # Those of earlier runs, those that failed, and when the grid is complete all, as their cards have changed.
        for cell in done if len(done) == len(cells) else [cell for cell in own if cell in done]:
            publisher.push(cell)
    results = [read_results(cell.folder(output_dir)) for cell in done]
    return Outcome(
        results, failed, [cell for cell in cells if cell not in done and cell not in failed], publisher.failed
    )


def _run(cell: Cell, settings: Settings, material: Material, stages: Stages, output_dir: Path) -> Exception | None:
    folder = cell.folder(output_dir)
    lock = output_dir / cell.task / ".stages" / f"{cell}.lock".replace(" ", "-")
    try:
        with one_at_a_time(lock):
            if not is_finished(cell, settings, material.languages):
                run_cell(cell, material, stages, folder)
    except Exception as error:
        if PartialState().num_processes > 1 and not isinstance(error, InputError):
            raise  # the other processes wait for this one, and would for ever
        logger.warning("      failed: %s", _line(error))
        logger.debug("", exc_info=error)
        return error
    return None


def _line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, InputError) else f"{type(error).__name__}: {text}"


def _tidy(settings: Settings, stages_folder: Path, output_dir: Path, cells: list[Cell]) -> None:
    """When all cells are there: give the cards what the others found, and drop models that nobody asked to keep."""
    if not PartialState().is_main_process:
        return
    siblings = find_results(output_dir / settings.task.name)
    for cell in cells:
        try_card(cell.folder(output_dir), siblings=siblings, task=settings.task)
    if settings.run.save_models == "none":
        remove_unused(stages_folder)

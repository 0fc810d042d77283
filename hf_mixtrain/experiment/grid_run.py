"""A grid: its cells one after the other, finished ones skipped, failed ones reported at the end."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accelerate import PartialState

from hf_mixtrain.errors import InputError
from hf_mixtrain.evaluation.predictions import PREDICTIONS_FILE
from hf_mixtrain.experiment.cell_run import drop_own_trainings, run_cell, try_card
from hf_mixtrain.experiment.cells import Cell, grid, share
from hf_mixtrain.experiment.claims import ClaimLostError
from hf_mixtrain.experiment.context import GridContext
from hf_mixtrain.experiment.finished import finished_results
from hf_mixtrain.experiment.grid_data import GridData
from hf_mixtrain.experiment.identity import training_key
from hf_mixtrain.experiment.kept_models import keep_best_models
from hf_mixtrain.experiment.locks import forget_ended, in_use, on_main_process, remove_unused
from hf_mixtrain.experiment.models import Models
from hf_mixtrain.experiment.plan import all_chains, costs
from hf_mixtrain.experiment.progress import Progress
from hf_mixtrain.experiment.publishing import Publisher
from hf_mixtrain.experiment.queue import Queue
from hf_mixtrain.experiment.queue_records import queue_folder
from hf_mixtrain.experiment.settings import Settings
from hf_mixtrain.experiment.stopping import StopSignals, stop_on_signals
from hf_mixtrain.experiment.training_store import TrainedElsewhereError, TrainingStore
from hf_mixtrain.files import no_room, require_writable
from hf_mixtrain.results import find_results

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

    results: list[Mapping[str, Any]]
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
        StoppedError: If a signal stopped it.
        InputError: If the data, the model or the results that are there already do not fit, or nothing can be written;
            before any training.
    """
    with stop_on_signals() as stop, _room_for(settings.output_dir):
        return _run_cells(settings, stop)


def _run_cells(settings: Settings, stop: StopSignals) -> Outcome:
    cells = grid(settings.run, settings.task.name)
    publisher = Publisher(settings, cells)
    context = prepared(settings)
    context.stop = stop
    for place in [
        context.store.root,
        queue_folder(settings.output_dir, settings.task.name),
        *(cell.folder(settings.output_dir) for cell in cells),
    ]:
        on_main_process(require_writable, place)
    done = {cell: results for cell in cells if (results := finished_results(cell, settings, context)) is not None}
    if done:
        logger.info("%d of %d cells are finished already.", len(done), len(cells))
    _say_without_predictions(done, settings)
    own = cells
    if settings.run.cell_count > 1:
        works = {cell: costs([cell], settings, context.data) for cell in cells}
        own = share(works, settings.run.cell_index, settings.run.cell_count)
    failed: dict[Cell, Exception] = {}
    on_main_process(forget_ended, context.store.root)
    if mine := [cell for cell in own if cell not in done]:
        with in_use(context.store.root):
            context.data.check()
            _ = context.models.tokenizer
            with closing(_queue(mine, context)) as queue:
                for cell in queue:
                    stop.check()
                    try:
                        done[cell] = run_cell(cell, context)
                        if settings.run.save_models == "best":
                            on_main_process(keep_best_models, cells, settings.output_dir)
                        publisher.push(cell)
                    except (TrainedElsewhereError, ClaimLostError) as error:
                        logger.debug("%s: %s", cell, error)  # another launch is at it
                    except Exception as error:
                        failed[cell] = _noted(error)
                        queue.fail(cell, _line(error))
            failed = {cell: failed.get(cell, RuntimeError(error)) for cell, error in queue.failed.items()}
    # Others may have run theirs meanwhile.
    for cell in cells:
        if cell not in done and (results := finished_results(cell, settings, context)) is not None:
            done[cell] = results
    if len(done) == len(cells):
        on_main_process(_tidy, context, cells)
    # Those of earlier runs, those that failed, and when the grid is complete all, as their cards have changed.
    for cell in cells if len(done) == len(cells) else [cell for cell in own if cell in done]:
        publisher.push(cell)
    missing = [cell for cell in cells if cell not in done and cell not in failed]
    return Outcome([done[cell] for cell in cells if cell in done], failed, missing, publisher.failed)


def _say_without_predictions(done: Iterable[Cell], settings: Settings) -> None:
    if not settings.run.save_predictions:
        return
    for cell in done:
        folder = cell.folder(settings.output_dir)
        if not (folder / PREDICTIONS_FILE).is_file():
            logger.warning(
                "%s is finished, without predictions. Make them from its model: hf-mixtrain evaluate %s --task %s "
                "--data_source %s --predictions %s",
                cell, folder, settings.run.task, settings.run.data_source, folder / PREDICTIONS_FILE,
            )  # fmt: skip


def prepared(settings: Settings) -> GridContext:
    """Return what the parts of a grid share; nothing is read yet."""
    folder, data = settings.output_dir / settings.task.name / ".stages", GridData(settings)
    return GridContext(settings, data, Models(settings, data, folder), TrainingStore(folder), Progress({}, 0))


def _queue(cells: list[Cell], context: GridContext) -> Queue:
    """Return the queue of some cells, which tells of its progress."""
    settings = context.settings
    data = {cell: context.data.of(cell.shots, cell.seed) for cell in cells}
    works = {cell: costs([cell], settings, context.data) for cell in cells}
    chains = {cell: all_chains(cell, rows.languages, rows.shots) for cell, rows in data.items()}
    keys = {cell: [training_key(chain, context) for chain in its] for cell, its in chains.items()}
    queue = Queue(
        queue_folder(settings.output_dir, settings.task.name),
        {cell: sum(its.values()) for cell, its in works.items()},
        is_finished=lambda cell: finished_results(cell, settings, context) is not None,
        is_blocked=lambda cell: any(map(context.store.is_claimed, keys[cell])),
        on_cell=lambda cell, left: context.progress.cell(str(cell), works[cell], [works[one] for one in left]),
    )
    context.progress.expect({work: cost for its in works.values() for work, cost in its.items()}, len(cells))
    context.progress.tell = queue.note
    return queue


@contextmanager
def _room_for(output_dir: Path) -> Iterator[None]:
    """Say in one line that there is no room for what a grid writes, whichever library found out."""
    try:
        yield
    except Exception as error:
        reason = None if isinstance(error, InputError) else no_room(error)
        if reason is None:
            raise
        raise InputError(
            f"{output_dir}: a file could not be written: {reason}. What is finished is kept: correct this and run the "
            "same command again."
        ) from error


def _noted(error: Exception) -> Exception:
    """Return the error of a cell that failed; raise it if the other cells would fail too."""
    if PartialState().num_processes > 1 and not isinstance(error, InputError):
        raise error  # the other processes wait for this one, and would for ever
    if no_room(error) or (error.__cause__ is not None and no_room(error.__cause__)):
        raise error
    logger.warning("      failed: %s", _line(error))
    logger.debug("", exc_info=error)
    return error


def _line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, InputError) else f"{type(error).__name__}: {text}"


def _tidy(context: GridContext, cells: list[Cell]) -> None:
    """When all cells are there: give the cards what the others found, and drop what nobody asked to keep."""
    settings = context.settings
    siblings = find_results(settings.output_dir / settings.task.name)
    for cell in cells:
        drop_own_trainings(cell, context)
        try_card(cell.folder(settings.output_dir), siblings=siblings, task=settings.task, license=settings.run.license)
    if settings.run.save_models != "all":
        remove_unused(context.store.root)

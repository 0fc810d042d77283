"""How far the grids in a folder are, from what their launches write: results, claims, failures and plans."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hf_mixtrain.errors import InputError
from hf_mixtrain.experiment.cells import Cell
from hf_mixtrain.experiment.claims import PATIENCE, Holder, holders
from hf_mixtrain.experiment.progress import duration
from hf_mixtrain.experiment.queue_records import cell_key, planned_cells, queue_folder, read_failure
from hf_mixtrain.results import RESULTS_FILE, read_results
from hf_mixtrain.shot_count import shot_count

State = Literal["running", "finished", "failed", "to do"]
_STATES: tuple[State, ...] = ("finished", "running", "failed", "to do")


@dataclass(frozen=True)
class CellStatus:
    """How far one cell is.

    Attributes:
        cell: The cell.
        state: Its state.
        detail: Its score, who runs it and how far it is, or why it failed.
    """

    cell: Cell
    state: State
    detail: str = ""


def grid_status(output_dir: str | Path) -> list[CellStatus]:
    """Return the status of all cells in a folder: those of every grid that was started there, and any with results.

    Args:
        output_dir: The ``--output_dir`` of one or more grids.

    Raises:
        InputError: If there is no such folder, or no grid was started in it.
    """
    output_dir = Path(output_dir)
    if not output_dir.is_dir():
        raise InputError(f"{output_dir}: no such folder. Expected the --output_dir of a run.")
    found: list[CellStatus] = []
    for folder in sorted(path for path in output_dir.iterdir() if path.is_dir() and not path.name.startswith(".")):
        queue = queue_folder(output_dir, folder.name)
        cells = dict.fromkeys(planned_cells(queue, folder.name), folder)
        for path in folder.glob(f"*/k*/seed*/{RESULTS_FILE}"):
            cells |= _cell_of(path, folder.name)
        running = holders(queue / "claims")
        found += [_status(cell, output_dir, queue, running.get(f"cell-{cell_key(cell)}")) for cell in sorted(cells)]
    if not found:
        raise InputError(f"{output_dir}: no grid was started here. Expected the --output_dir of a run.")
    return found


def status_text(cells: Iterable[CellStatus]) -> str:
    """Return a table: how many cells are in which state, and a line for each.

    Example:
        >>> print(status_text([CellStatus(Cell("panx", "mix-ft", 5, 1), "finished", "f1 71.20")]))
        1 finished, 0 running, 0 failed, 0 to do
        panx/mix-ft/k5/seed1  finished  f1 71.20
    """
    cells = list(cells)
    counts = Counter(cell.state for cell in cells)
    names = [cell.cell.folder("").as_posix() for cell in cells]
    width = max(map(len, names), default=0)
    lines = [
        f"{name.ljust(width)}  {cell.state.ljust(8)}  {cell.detail}".rstrip()
        for name, cell in zip(names, cells, strict=True)
    ]
    return "\n".join([", ".join(f"{counts[state]} {state}" for state in _STATES), *lines])


def _cell_of(path: Path, task: str) -> dict[Cell, Path]:
    method, shots, seed = path.parts[-4:-1]
    try:
        return {Cell(task, method, shot_count(shots.removeprefix("k")), int(seed.removeprefix("seed"))): path}
    except ValueError:
        return {}


def _status(cell: Cell, output_dir: Path, queue: Path, holder: Holder | None) -> CellStatus:
    path = cell.folder(output_dir) / RESULTS_FILE
    if path.is_file():
        try:
            results = read_results(path)
        except InputError as error:
            return CellStatus(cell, "failed", str(error))
        return CellStatus(cell, "finished", f"{results['metric']} {results['average']:.2f}")
    if holder is not None and not holder.over and holder.silent_seconds < PATIENCE:
        return CellStatus(cell, "running", _running(holder))
    failure = read_failure(queue, cell)
    if failure is not None:
        return CellStatus(cell, "failed", f"{failure.error} (on {failure.host})")
    if holder is not None and not holder.over:
        return CellStatus(cell, "to do", f"was running on {holder.host}, silent for {duration(holder.silent_seconds)}")
    return CellStatus(cell, "to do")


def _running(holder: Holder) -> str:
    note = holder.note
    parts = [f"on {holder.host}", note.get("work", "")]
    if note.get("updates"):
        parts.append(f"{note['update']} of {note['updates']}")
    if note.get("seconds_left") is not None:
        parts.append(f"about {duration(note['seconds_left'])} left")
    return ", ".join(part for part in parts if part)

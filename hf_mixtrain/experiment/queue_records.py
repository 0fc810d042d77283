"""What launches write beside the claims of a queue: which cells they want, and which of them failed."""

import hashlib
import json
import logging
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from hf_mixtrain.experiment.cells import Cell
from hf_mixtrain.files import atomic_write_text, remove
from hf_mixtrain.methods import METHODS
from hf_mixtrain.shot_count import shot_count, written_count

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Failure:
    """Why a cell failed, and where.

    Attributes:
        error: In one line.
        host: Name of the machine.
        token: Tells this failure from another of the same cell.
    """

    error: str
    host: str
    token: str


def queue_folder(output_dir: str | Path, task: str) -> Path:
    """Return the folder of a task's queue: hidden, and shared by all launches on ``output_dir``."""
    return Path(output_dir, task, ".queue")


def cell_key(cell: Cell) -> str:
    """Return a cell's name in its task's queue.

    Example:
        >>> cell_key(Cell("panx", "mix-ft", 5, 1))
        'mix-ft-k5-seed1'
    """
    return f"{cell.method_name}-k{cell.shots}-seed{cell.seed}"


def write_plan(folder: Path, cells: Iterable[Cell]) -> None:
    """Write down which cells a grid has; the same grid gives the same file."""
    rows = [[cell.method_name, written_count(cell.shots), cell.seed] for cell in sorted(cells)]
    text = json.dumps(rows)
    path = folder / "plans" / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"
    if _read(path) != rows:
        if path.is_dir():
            remove(path)
        atomic_write_text(path, text + "\n")


def planned_cells(folder: Path, task: str) -> list[Cell]:
    """Return the cells of all grids that were started on a queue's folder, in order; a damaged plan says nothing."""
    found: set[Cell] = set()
    for path in folder.glob("plans/*.json"):
        try:
            cells = {Cell(task, str(name), shot_count(shots), int(seed)) for name, shots, seed in _read(path)}
        except (ValueError, TypeError, OverflowError):
            logger.warning("%s is damaged: its cells are not shown until its grid is started again.", path)
        else:
            found |= {cell for cell in cells if cell.method_name in METHODS}
    return sorted(found)


def write_failure(folder: Path, cell: Cell, error: str) -> None:
    """Write down that a cell failed."""
    record = {"error": error, "host": platform.node(), "token": uuid4().hex}
    atomic_write_text(_failure_path(folder, cell), json.dumps(record, ensure_ascii=False) + "\n")


def read_failure(folder: Path, cell: Cell) -> Failure | None:
    """Return why a cell failed when it was last tried; None if it did not, or the record is damaged."""
    record = _read(_failure_path(folder, cell))
    try:
        return Failure(str(record["error"]), str(record["host"]), str(record["token"]))
    except (LookupError, TypeError):
        return None


def forget_failure(folder: Path, cell: Cell) -> None:
    """Note that a cell is tried again, or has succeeded."""
    remove(_failure_path(folder, cell))


def _read(path: Path) -> Any:
    """What is in a JSON file; None if it is not there or cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def _failure_path(folder: Path, cell: Cell) -> Path:
    return folder / "failures" / f"{cell_key(cell)}.json"

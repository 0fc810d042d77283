"""The queue of a grid: any number of launches on one folder take the next free cell, the longest first."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from accelerate import PartialState

from hf_mixtrain.experiment.cells import Cell
from hf_mixtrain.experiment.claims import Claim, Claims
from hf_mixtrain.experiment.locks import on_main_process
from hf_mixtrain.experiment.queue_records import (
    Failure,
    cell_key,
    forget_failure,
    read_failure,
    write_failure,
    write_plan,
)

logger = logging.getLogger(__name__)

# Seconds until it is checked again what other launches have done, if they work on all that is left.
_POLL = 2.0


class Queue:
    """The cells that this launch may run.

    Args:
        folder: See `hf_mixtrain.experiment.queue_records.queue_folder`.
        costs: The cells and what each costs, in any unit.
        is_finished: Whether a cell has results by now.
        is_blocked: Whether a cell needs a training that another launch is doing: others come first.
        on_cell: Is told of a cell that comes now, and of all that are left.
        poll: Seconds until it is checked again what other launches have done.

    Attributes:
        claims: The claims in the folder.
        left: The cells that are neither finished nor failed, the longest first, as of the last look.
        failed: Why cells failed since this queue was made, here or in another launch.
    """

    def __init__(
        self,
        folder: Path,
        costs: Mapping[Cell, float],
        is_finished: Callable[[Cell], bool],
        is_blocked: Callable[[Cell], bool] = lambda cell: False,
        on_cell: Callable[[Cell, list[Cell]], None] = lambda cell, left: None,
        poll: float = _POLL,
    ) -> None:
        self.claims = Claims(folder / "claims")
        self.failed: dict[Cell, str] = {}
        self._folder, self._poll = folder, poll
        self.left = sorted(costs, key=lambda cell: -costs[cell])  # of equal ones, the first of the grid first
        self._is_finished, self._is_blocked, self._on_cell = is_finished, is_blocked, on_cell
        self._before = {cell: read_failure(folder, cell) for cell in costs}
        self._claim: Claim | None = None
        self._cell: Cell | None = None
        if PartialState().is_main_process:
            write_plan(folder, costs)

    def __iter__(self) -> Iterator[Cell]:
        """Give one cell after the other, each claimed until the next is asked for.

        All processes of a launch get the same cells. The end comes when every cell is finished or has failed, whoever
        ran it. A cell that the caller gives up, because what it needs is being trained elsewhere, comes again.
        """
        said = False
        while self._take_next():
            if self._cell is not None:
                self._on_cell(self._cell, self.left)
                yield self._cell
                self.close()
                continue
            if not said:
                logger.info("Waiting for other processes, which work on the cells that are left.")
                said = True
            time.sleep(self._poll)

    def close(self) -> None:
        """Give back the cell at hand; it is finished, has failed, or is left to others."""
        if self._claim is not None:
            self._claim.release()
            self._claim = None

    def _take_next(self) -> bool:
        """Claim a cell, if one is free; return whether any is left. All processes of a launch find the same."""
        self.left, self.failed, self._cell = on_main_process(self._look)
        return bool(self.left)

    def _look(self) -> tuple[list[Cell], dict[Cell, str], Cell | None]:
        left = [cell for cell in self.left if not self._is_over(cell)]
        for cell in left:
            if self._is_blocked(cell):
                continue
            self._claim = self.claims.take(f"cell-{cell_key(cell)}")
            if self._claim is None:
                continue
            if not self._is_over(cell):  # which it may have become before the claim
                forget_failure(self._folder, cell)
                return left, self.failed, cell
            self.close()
        return left, self.failed, None

    def fail(self, cell: Cell, error: str) -> None:
        """Note that a cell failed: all launches that are running leave it alone, and the next run tries it again."""
        self.failed[cell] = error
        if PartialState().is_main_process:
            try:
                write_failure(self._folder, cell, error)
            except OSError as problem:  # such as a full disk, which may be why the cell failed
                logger.debug("No record of a failure: %s", problem)

    def note(self, **values: object) -> None:
        """Show others how far the cell at hand is; raise `ClaimLostError` if they took it over."""
        if self._claim is not None:
            self._claim.check()
            self._claim.note(**values)

    def _is_over(self, cell: Cell) -> bool:
        if cell in self.failed or self._is_finished(cell):
            return True
        failure = read_failure(self._folder, cell)
        if failure is None or failure == self._before[cell]:
            return False
        self.failed[cell] = _told(failure)
        return True


def _told(failure: Failure) -> str:
    return f"{failure.error} (on {failure.host})"

"""The queue of a grid: any number of launches on one folder take the next free cell, the longest first."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from accelerate import PartialState
from accelerate.utils import broadcast_object_list

from hf_mixtrain.experiment.cells import Cell
from hf_mixtrain.experiment.claims import Claim, Claims
from hf_mixtrain.experiment.queue_records import (
    Failure,
    cell_key,
    forget_failure,
    read_failure,
    write_failure,
    write_plan,
)

logger = logging.getLogger(__name__)

# Seconds between two looks at what others have done, where all that is left is in their hands.
_POLL = 2.0
_WAIT = "wait"


class Queue:
    """The cells that this launch may run.

    Args:
        folder: See `hf_mixtrain.experiment.queue_records.queue_folder`.
        costs: The cells and what each costs, in any unit.
        is_finished: Whether a cell has results by now.
        is_blocked: Whether a cell needs a training that another launch is doing: others come first.
        poll: Seconds between two looks at what others have done.

    Attributes:
        claims: The claims in the folder.
        failed: Why cells failed since this queue was made, here or in another launch.
    """

    def __init__(
        self,
        folder: Path,
        costs: Mapping[Cell, float],
        is_finished: Callable[[Cell], bool],
        is_blocked: Callable[[Cell], bool] = lambda cell: False,
        poll: float = _POLL,
    ) -> None:
        self.claims = Claims(folder / "claims")
        self.failed: dict[Cell, str] = {}
        self._folder, self._poll = folder, poll
        self._cells = sorted(costs, key=lambda cell: -costs[cell])  # of equal ones, the first of the grid first
        self._is_finished, self._is_blocked = is_finished, is_blocked
        self._before = {cell: read_failure(folder, cell) for cell in self._cells}
        self._claim: Claim | None = None
        if PartialState().is_main_process:
            write_plan(folder, self._cells)

    def __iter__(self) -> Iterator[Cell]:
        """Give one cell after the other, each claimed until the next is asked for.

        All processes of a launch get the same cells. The end comes when every cell is finished or has failed, whoever
        ran it. A cell that the caller gives up, because what it needs is being trained elsewhere, comes again.
        """
        said = False
        try:
            while (choice := self._shared(self._choose)) is not None:
                if isinstance(choice, Cell):
                    yield choice
                    self._release()
                    continue
                if not said:
                    logger.info("Waiting for other processes, which work on the cells that are left.")
                    said = True
                time.sleep(self._poll)
        finally:
            self._release()

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

    def _choose(self) -> "Cell | str | None":
        """Claim the next cell; `_WAIT` if others hold all that are left, None if none is left."""
        left = [cell for cell in self._cells if not self._is_over(cell)]
        for cell in left:
            if self._is_blocked(cell):
                continue
            self._claim = self.claims.take(f"cell-{cell_key(cell)}")
            if self._claim is None:
                continue
            if not self._is_over(cell):  # which it may have become before the claim
                forget_failure(self._folder, cell)
                return cell
            self._release()
        return _WAIT if left else None

    def _is_over(self, cell: Cell) -> bool:
        if cell in self.failed or self._is_finished(cell):
            return True
        failure = read_failure(self._folder, cell)
        if failure is None or failure == self._before[cell]:
            return False
        self.failed[cell] = _told(failure)
        return True

    def _release(self) -> None:
        if self._claim is not None:
            self._claim.release()
            self._claim = None

    def _shared(self, choose: Callable[[], "Cell | str | None"]) -> "Cell | str | None":
        """Let the main process choose, and tell the others; they may wait for minutes, and no longer."""
        if PartialState().num_processes == 1:
            return choose()
        return broadcast_object_list([choose() if PartialState().is_main_process else None])[0]


def _told(failure: Failure) -> str:
    return f"{failure.error} (on {failure.host})"

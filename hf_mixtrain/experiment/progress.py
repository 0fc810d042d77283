"""How far a grid is: which cell of how many, and how long is left."""

import logging
import time
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence

logger = logging.getLogger(__name__)

# Seconds between two lines about one piece of work.
_QUIET = 15.0


class Progress:
    """Says how far a grid is, in lines for a screen or a log file.

    Args:
        costs: What each piece of work costs, in any unit: time is taken to be proportional to it.
        cells: Number of cells.
        clock: Seconds, from any start.

    Attributes:
        tell: Is called with what is done and how far it is, often.

    Example:
        >>> progress = Progress({"train": 1.0, "evaluate": 3.0}, cells=1, clock=iter([0.0, 100.0]).__next__)
        >>> progress.begin("train", "training on mixed")
        >>> progress.end()
        >>> progress.left()
        'about 5 min left'
    """

    def __init__(
        self, costs: Mapping[Hashable, float], cells: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._costs, self._cells, self._clock = dict(costs), cells, clock
        self._start = self._said = clock()
        self._done = 0.0
        self._number = 0
        self._now: tuple[Hashable, str] = ("", "")
        self._works: set[Hashable] = set()
        self.tell: Callable[..., None] = lambda **values: None

    def expect(self, costs: Mapping[Hashable, float], cells: int) -> None:
        """Begin anew, with this work and so many cells."""
        self._costs, self._cells = dict(costs), cells

    def cell(
        self, what: str, works: Collection[Hashable] = (), left: Sequence[Collection[Hashable]] | None = None
    ) -> None:
        """Announce the next cell.

        Args:
            what: The cell.
            works: The pieces of work that it needs.
            left: Those of each cell that is left, this one included: others may have run some cells meanwhile.
        """
        self._number += 1
        if left is not None:
            self._number = self._cells - len(left) + 1
            needed = set().union(*left)
            self._costs = {work: cost for work, cost in self._costs.items() if work in needed}
        self._works = set(works)
        said = self.left()
        logger.info("[%d/%d] %s%s", self._number, self._cells, what, f", {said}" if said else "")

    def say(self, what: str) -> None:
        """Say what comes now."""
        self._said = self._clock()
        logger.info("      %s", what)

    def begin(self, work: Hashable, what: str) -> None:
        """Begin a piece of work; it is mentioned only when it takes long."""
        self._now = (work, what)
        self.tell(work=what)

    def step(self, step: int, steps: int) -> None:
        """Note that ``step`` of ``steps`` are done, and say so now and then."""
        now = self._clock()
        part = self._costs.get(self._now[0], 0.0) * step / max(steps, 1)
        self.tell(work=self._now[1], update=step, updates=steps, seconds_left=self._seconds(self._works, part))
        if now - self._said < _QUIET:
            return
        self._said = now
        logger.info("      %s: %d of %d, %s", self._now[1], step, steps, self.left(part))

    def end(self) -> None:
        """End the piece of work that was begun."""
        self._done += self._costs.pop(self._now[0], 0.0)

    def known(self, work: Hashable) -> None:
        """Take out a piece of work that turned out to be done already."""
        self._costs.pop(work, None)

    def left(self, part: float = 0.0) -> str:
        """Return how long is left in all, or an empty text while nothing is known.

        Args:
            part: How much of the piece of work at hand is done.
        """
        seconds = self._seconds(self._costs.keys(), part)
        return "" if seconds is None else f"about {duration(seconds)} left"

    def _seconds(self, works: Collection[Hashable], part: float) -> float | None:
        done = self._done + part
        if not done:
            return None
        left = sum(cost for work, cost in self._costs.items() if work in works) - part
        return max(left, 0.0) * (self._clock() - self._start) / done


def duration(seconds: float) -> str:
    """Return a time for people.

    Example:
        >>> duration(42.3), duration(200), duration(9000)
        ('42 s', '3 min', '2.5 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"

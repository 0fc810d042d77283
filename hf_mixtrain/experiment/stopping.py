"""Signals that ask a grid to stop: a training saves a checkpoint first, everything else is made again."""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

logger = logging.getLogger(__name__)

# Ctrl-C; what clusters and container engines send before they kill; what Slurm sends with --signal=USR1@90.
_SIGNALS = ("SIGINT", "SIGTERM", "SIGUSR1")


class StoppedError(KeyboardInterrupt):
    """A signal stopped the run; what is done so far is kept, and the same command goes on.

    It is an interrupt and not an `Exception`: no cell has failed.

    Attributes:
        exit_status: That of the command: EX_TEMPFAIL, "try again later".
    """

    exit_status = 75


class StopSignals:
    """Whether a signal has asked this process to stop.

    Attributes:
        requested: Whether one came.
    """

    def __init__(self) -> None:
        self.requested = False
        self._deferred = 0
        self._pid = os.getpid()

    def receive(self, number: int, frame: FrameType | None = None) -> None:
        """Take a signal: stop at once, or when a piece of work that can save itself has done so.

        Raises:
            StoppedError: If nothing defers it, or if it is the second signal.
        """
        if os.getpid() != self._pid:  # a process that loads data: the one that trains decides
            return
        again, self.requested = self.requested, True
        if again or not self._deferred:
            raise StoppedError("stopped; the same command goes on")
        logger.info("      %s: stopping after this update", signal.Signals(number).name)

    def check(self) -> None:
        """Stop here if that was asked for.

        Raises:
            StoppedError: If it was.
        """
        if self.requested and not self._deferred:
            raise StoppedError("stopped; the same command goes on")

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Let what follows end by itself when a signal comes: it looks at `requested`."""
        self._deferred += 1
        try:
            yield
        finally:
            self._deferred -= 1
        self.check()


_current: StopSignals | None = None


@contextmanager
def stop_on_signals() -> Iterator[StopSignals]:
    """Let signals stop what follows in order; in another thread than the main one, signals stay as they are.

    Example:
        >>> with stop_on_signals() as stop:
        ...     stop.requested
        False
    """
    global _current
    if _current is not None:
        yield _current
        return
    before: dict[int, Any] = {}
    _current = StopSignals()
    try:
        if threading.current_thread() is threading.main_thread():
            for name in _SIGNALS:
                if hasattr(signal, name):
                    number = getattr(signal, name)
                    before[number] = signal.signal(number, _current.receive)
        yield _current
    finally:
        _current = None
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)

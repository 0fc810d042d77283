"""Who does what when several processes share an output folder."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from accelerate import PartialState
from filelock import FileLock, Timeout

__all__ = ["one_at_a_time"]

logger = logging.getLogger(__name__)


@contextmanager
def one_at_a_time(path: Path) -> Iterator[bool]:
    """Let one launch at a time do what follows; all processes of that launch do it together.

    Args:
        path: The lock file. The system releases it when its process ends, however it ends.

    Yields:
        Whether this is the launch's main process, the one that writes files. The others start when all have come this
        far, and leave when it has left.

    Example:
        >>> import tempfile
        >>> with one_at_a_time(Path(tempfile.mkdtemp(), "work.lock")) as is_main:
        ...     is_main
        True
    """
    state = PartialState()
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    if state.is_main_process:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            logger.info("Waiting for another process that works on %s.", path.stem)
            lock.acquire()
    try:
        state.wait_for_everyone()
        yield state.is_main_process
        state.wait_for_everyone()
    finally:
        lock.release()

"""Who does what when several processes share an output folder."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from accelerate import PartialState
from filelock import FileLock, Timeout

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


@contextmanager
def in_use(folder: Path) -> Iterator[None]:
    """Keep `remove_unused` from removing a folder while this lasts, whichever process calls it.

    Args:
        folder: The folder; it is made if it is not there.
    """
    if not PartialState().is_main_process:
        yield
        return
    with _gate(folder):
        folder.mkdir(exist_ok=True)
        lock = FileLock(folder / f"in-use-{uuid4().hex}.lock")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)


def remove_unused(folder: Path) -> None:
    """Remove a folder, unless a process that is alive has it `in_use`: then it stays.

    Args:
        folder: The folder. Its lock lies beside it, and stays there.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp(), "models")
        >>> with in_use(folder):
        ...     remove_unused(folder)
        ...     folder.is_dir()
        True
        >>> remove_unused(folder)
        >>> folder.is_dir()
        False
    """
    with _gate(folder):
        for path in folder.glob("in-use-*.lock"):
            lock = FileLock(path)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                logger.info("%s stays: another process works with it.", folder)
                return
            lock.release()
        shutil.rmtree(folder, ignore_errors=True)


def _gate(folder: Path) -> FileLock:
    folder.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(folder.with_name(folder.name + ".lock"))

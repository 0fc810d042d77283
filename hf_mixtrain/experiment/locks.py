"""Who does what when several processes share an output folder."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from accelerate import PartialState
from accelerate.utils import broadcast_object_list
from filelock import FileLock, Timeout

from hf_mixtrain.files import remove

logger = logging.getLogger(__name__)

T = TypeVar("T")


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


def on_main_process(do: Callable[..., T], *args: Any) -> T:
    """Do something in the launch's main process alone, and give what came of it to all; they wait for it.

    Example:
        >>> on_main_process(max, 1, 2)
        2
    """
    state = PartialState()
    if state.num_processes == 1:
        return do(*args)
    done: list[Any] = [None, None]
    if state.is_main_process:
        try:
            done[0] = do(*args)
        except Exception as error:
            done[1] = error  # else the others would wait for ever
    broadcast_object_list(done)
    if done[1] is not None:
        raise done[1]
    result: T = done[0]
    return result


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
        for _ in _held(folder):
            pass  # looking removes the files of those that are dead
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
        if any(_held(folder)):
            logger.info("%s stays: another process works with it.", folder)
            return
        remove(folder)


def _held(folder: Path) -> Iterator[Path]:
    """Yield the files of the processes that have a folder in use; those of dead ones are removed."""
    for path in folder.glob("in-use-*.lock"):
        if not path.is_file():
            continue
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            yield path
            continue
        lock.release()
        path.unlink(missing_ok=True)


def _gate(folder: Path) -> FileLock:
    folder.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(folder.with_name(folder.name + ".lock"))

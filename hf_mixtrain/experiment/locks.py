"""Who does what when several launches share an output folder, and several processes are one launch."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from accelerate import PartialState
from accelerate.utils import broadcast_object_list

from hf_mixtrain.experiment.claims import Claims
from hf_mixtrain.files import remove

logger = logging.getLogger(__name__)

T = TypeVar("T")

# Seconds until it is checked again whether another launch has finished.
_POLL = 0.5
_IN_USE = "in-use-"


@cache
def claims_in(folder: Path) -> Claims:
    """Return the claims in a folder, the same object for all who ask."""
    return Claims(folder)


@contextmanager
def one_at_a_time(path: Path) -> Iterator[bool]:
    """Let one launch at a time do what follows; all processes of that launch do it together.

    Args:
        path: The folder of its claims; see `hf_mixtrain.experiment.claims`.

    Yields:
        Whether this is the launch's main process, the one that writes files. The others start when all have come this
        far, and leave when it has left.

    Example:
        >>> import tempfile
        >>> with one_at_a_time(Path(tempfile.mkdtemp(), "work")) as is_main:
        ...     is_main
        True
    """
    state = PartialState()
    claim = None
    while True:
        if state.is_main_process:
            claim = claims_in(path.parent).take(path.name)
        if on_main_process(bool, claim):
            break
        time.sleep(_POLL)
    try:
        yield state.is_main_process
        state.wait_for_everyone()
    finally:
        if claim is not None:
            claim.release()


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
    """Keep `remove_unused` from removing a folder while this lasts, whichever launch calls it.

    Args:
        folder: The folder; it is made if it is not there.
    """
    if not PartialState().is_main_process:
        yield
        return
    claims, name = _claims_beside(folder), f"{_IN_USE}{uuid4().hex}"
    try:
        with claims.wait("gate"):
            folder.mkdir(parents=True, exist_ok=True)
            _users(claims)
            claims.take(name)
        yield
    finally:
        claims.forget(name)


def forget_ended(folder: Path) -> None:
    """Remove what launches that were killed left of saying that a folder was `in_use`.

    Args:
        folder: The folder; it need not be there.
    """
    claims = _claims_beside(folder)
    if claims.folder.is_dir():
        with claims.wait("gate"):
            _users(claims)


def remove_unused(folder: Path) -> None:
    """Remove a folder, unless a launch that is alive has it `in_use`: then it stays.

    Args:
        folder: The folder. The claims on it lie beside it, and stay there.

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
    claims = _claims_beside(folder)
    with claims.wait("gate"):
        if _users(claims):
            logger.info("%s stays: another process works with it.", folder)
        else:
            remove(folder)


def _users(claims: Claims) -> list[str]:
    """The claims of launches that are alive; those of others are removed. To be called with the gate held."""
    alive = []
    for path in claims.folder.glob(f"{_IN_USE}*"):
        if claims.is_free(path.name):
            claims.forget(path.name)
        else:
            alive.append(path.name)
    return alive


def _claims_beside(folder: Path) -> Claims:
    return claims_in(folder.parent / ".queue" / "users")

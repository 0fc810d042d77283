"""The program ``hf-mixtrain``: Ctrl-C leaves one line, also before its command has begun and after it has ended."""

import atexit
import os
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType
from typing import Any

# This module imports little: until it is loaded, Ctrl-C ends in Python's own traceback.

_STOPPED = "stopped; run the same command again to go on"
# Exit statuses of a command that was stopped; see `hf_mixtrain.commands.main.main`.
_STATUSES = (75, 130)


def script(argv: Sequence[str] | None = None) -> None:
    """Call `hf_mixtrain.commands.main.main` and end the process.

    Args:
        argv: The command's name and its arguments; default: those of this process.
    """
    signal.signal(signal.SIGINT, _leave)  # nothing has begun yet, and a half-imported library may hide the signal
    ends: list[int] = []
    atexit.register(_end, ends)
    from hf_mixtrain.commands.main import main

    sys.unraisablehook = _unraisable
    status = 130
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        status = main(argv)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # there is nothing left to stop
    except KeyboardInterrupt:  # a second Ctrl-C, while the first one was being reported
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    # gloo (torch 2.13) now and then aborts a process of several while it shuts down, though all work is done.
    if status in _STATUSES or os.environ.get("WORLD_SIZE", "1") != "1":
        ends.append(status)
    sys.exit(status)


def _leave(number: int, frame: FrameType | None) -> None:
    os.write(2, f"{_STOPPED}\n".encode())
    os._exit(130)


def _unraisable(unraisable: Any) -> None:
    """Python drops what is raised where nothing can catch it, such as in ``__del__``: press Ctrl-C once more then."""
    if isinstance(unraisable.exc_value, KeyboardInterrupt):
        threading.Timer(0.05, signal.raise_signal, [signal.SIGINT]).start()
    else:
        sys.__unraisablehook__(unraisable)


def _end(statuses: Sequence[int]) -> None:
    """End the process with its status at once; registered first, so that all others have cleaned up before.

    Python kills itself with SIGINT at its end if Ctrl-C came while it executed a text, as `dataclasses` does.
    """
    for status in statuses:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(status)

"""`worker`, with everything imported that a run needs, and programs that press Ctrl-C at a chosen moment."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any


def press_at(file: str, function: str, count: int = 1, number: int = signal.SIGINT) -> None:
    """Press Ctrl-C, or send another signal, when a function is called for the ``count``-th time.

    Args:
        file: The end of the path of the function's module; with an empty one, any function of that name, and with an
            empty name, any function.
        function: Its name.
        count: Which call.
        number: The signal.
    """
    left, pid = count, os.getpid()

    def profile(frame: FrameType, event: str, _arg: Any) -> None:
        nonlocal left
        code = frame.f_code
        if event != "call" or (function and code.co_name != function) or not code.co_filename.endswith(file):
            return
        left -= 1
        if left == 0 and os.getpid() == pid:
            sys.setprofile(None)
            os.kill(pid, number)

    threading.setprofile(profile)
    sys.setprofile(profile)


def calls_of(do: Callable[[], object]) -> int:
    """Return how many calls of Python functions the main thread makes in a program that ends with status 0."""
    calls = 0

    def profile(_frame: FrameType, event: str, _arg: Any) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(profile)
    try:
        do()
    except SystemExit as end:
        if end.code:
            raise
    finally:
        sys.setprofile(None)
    return calls


if __name__ == "__main__":
    import importlib

    for name in ("experiment.grid_run", "experiment.preflight", "experiment.summary", "commands.status", "report.write",
                 "commands.predict", "prediction.command", "commands.recipe_parser", "cards"):  # fmt: skip
        importlib.import_module(f"hf_mixtrain.{name}")
    # As a script, its own folder is the first place for modules.
    importlib.import_module("worker").main()

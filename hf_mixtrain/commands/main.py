"""``hf-mixtrain COMMAND …``: finds the command and turns errors into one line."""

import importlib
import os
import sys
from collections.abc import Callable, Sequence

from hf_mixtrain.errors import InputError
from hf_mixtrain.escaping import terminal

_COMMANDS = {
    "init": "look at a folder of files and write the task and the recipe for them",
    "run": "train methods x K x seeds, evaluate every language, make a report",
    "predict": "find entities, tags, labels or answers in ordinary text, with a trained model",
    "evaluate": "score a trained model on the files of a task, language by language",
    "report": "make the tables and figures again, from the results files alone",
    "status": "show which cells of a grid are finished, running, failed and to do",
    "similarity": "heat map of the cosines between the gradients of languages",
    "push": "upload the folder of a finished cell to the Hub",
    "download": "fetch a released model from the Hub",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: Its name and its arguments; default: those of this process.

    Returns:
        The exit status: 0, 1 if something failed, 2 if the input cannot be used, 75 if a run was
        stopped and is to be continued, 130 if another command was stopped by Ctrl-C.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    if not argv or argv[0] in ("-h", "--help"):
        print(_usage())
        return 0
    name, *rest = argv
    if name not in _COMMANDS:
        print(f"error: unknown command {name!r}. Expected one of {', '.join(_COMMANDS)}.", file=sys.stderr)
        return 2
    return call(importlib.import_module(f"hf_mixtrain.commands.{name}").main, rest)


def call(command: Callable[[Sequence[str]], int], argv: Sequence[str]) -> int:
    """Call a command's function; an `InputError` becomes one line and exit status 2.

    Example:
        >>> call(lambda argv: 0, [])
        0
    """
    # Read when torch is loaded, which is later. Threads that wait for one another spin by default, and on cores that
    # are busy with something else, two threads are then ten times slower than one (measured with torch 2.13).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        return command(argv)
    except InputError as error:
        if os.environ.get("LOCAL_RANK", "0") == "0":  # all processes of a launch come to the same error
            for fault in getattr(error, "faults", [str(error)]):
                print(f"error: {terminal(' '.join(fault.split()))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as interrupt:
        # A run that a signal has stopped says how far it is, and a cluster that it is to be started again.
        if os.environ.get("LOCAL_RANK", "0") == "0":
            print(str(interrupt) or "stopped; run the same command again to go on", file=sys.stderr)
        return getattr(interrupt, "exit_status", 130)


def _usage() -> str:
    width = max(map(len, _COMMANDS))
    lines = [f"  {name.ljust(width)}  {what}" for name, what in _COMMANDS.items()]
    return "\n".join(["usage: hf-mixtrain COMMAND ...", "", *lines, "", "hf-mixtrain COMMAND --help says more."])

"""``hf-mixtrain COMMAND …``: finds the command and turns errors into one line."""

import difflib
import importlib
import os
import platform
import select
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import metadata

import hf_mixtrain
from hf_mixtrain.commands.recipe import recipe_names
from hf_mixtrain.errors import InputError
from hf_mixtrain.escaping import terminal
from hf_mixtrain.files import no_room

_COMMANDS = {
    "init": "look at your files and write task.yaml and recipe.yaml for them",
    "run": "train every combination of method, number of shots and seed; evaluate each language; report",
    "predict": "label ordinary text with a trained model: entities, tags, classes or answers",
    "evaluate": "score a trained model on labelled files, language by language",
    "report": "make the tables and figures again, from the results files alone",
    "status": "show what is finished, running, failed and still to do",
    "similarity": "show which languages' gradients are in conflict, as a heat map",
    "diagnose": "is surgery worth it on my data? conflicts, memorized shots, progress on held-out text",
    "push": "upload the folder of a finished cell to the Hub",
    "download": "fetch a released model from the Hub",
    "completion": "let the shell complete commands, flags and values",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: Its name and its arguments; default: those of this process.

    Returns:
        The exit status: 0, 1 if something failed, 2 if the input cannot be used, 75 if a run was
        stopped and is to be continued, 130 if another command was stopped by Ctrl-C.
    """
    if "_ARGCOMPLETE" in os.environ:  # the shell asks for completions of the line
        from hf_mixtrain.commands.completion import complete

        complete(_COMMANDS)
    argv = list(sys.argv[1:] if argv is None else argv)
    if argv and argv[0] == "help":  # `help run` is `run --help`
        argv = [*argv[1:2], "--help"]
    if not argv or argv[0] in ("-h", "--help"):
        print(_usage())
        return 0
    name, *rest = argv
    if "--version" in (name, *rest[:1]) or name == "-V":
        print(_version())
        return 0
    if name not in _COMMANDS:
        print(f"error: {terminal(_unknown(name))}", file=sys.stderr)
        return 2
    # Imported inside, as Ctrl-C during the seconds that this takes is one line too.
    return call(lambda words: importlib.import_module(f"hf_mixtrain.commands.{name}").main(words), rest)


def call(command: Callable[[Sequence[str]], int], argv: Sequence[str]) -> int:
    """Call a command's function; an `InputError`, an `OSError` or a full disk becomes one line and exit status 2.

    Example:
        >>> call(lambda argv: 0, [])
        0
    """
    # Read when torch is loaded, which is later. Threads that wait for one another spin by default, and on cores that
    # are busy with something else, two threads are then ten times slower than one (measured with torch 2.13).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        status = command(argv)
        try:
            sys.stdout.flush()  # what cannot be shown is told below, and not by the interpreter when it ends
        except BrokenPipeError:
            _print_no_more()
        return status
    except InputError as error:
        if os.environ.get("LOCAL_RANK", "0") == "0":  # all processes of a launch come to the same error
            for fault in getattr(error, "faults", [str(error)]):
                print(f"error: {terminal(' '.join(fault.split()))}", file=sys.stderr)
        return 2
    except Exception as error:  # a full disk, a folder that may not be written, a file system that went away
        if isinstance(error, BrokenPipeError) and _screen_is_closed():
            _print_no_more()
            return 128 + signal.SIGPIPE  # as a program that the system stops for this
        if not isinstance(error, OSError) and no_room(error) is None:
            raise
        print(f"error: {terminal(_of_the_system(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as interrupt:
        # A run that a signal has stopped says how far it has come. Its exit status tells a cluster to start it again.
        if os.environ.get("LOCAL_RANK", "0") == "0":
            print(str(interrupt) or "stopped; run the same command again to go on", file=sys.stderr)
        return getattr(interrupt, "exit_status", 130)


def _screen_is_closed() -> bool:
    """Whether what is printed goes to a pipe that nobody reads any more, as with `| head`."""
    screen = select.poll()
    with suppress(OSError, ValueError):  # no file: a notebook, a test
        screen.register(sys.stdout, 0)
    return any(event & select.POLLERR for _, event in screen.poll(0))


def _print_no_more() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _of_the_system(error: Exception) -> str:
    """Say in one line what the system refused, and where."""
    where = getattr(error, "filename", None)
    reason = no_room(error) or getattr(error, "strerror", None) or " ".join(str(error).split())
    return f"{f'{where}: ' if where else ''}{reason}. Look at the disk and the permissions, and run again."


def _version() -> str:
    """The versions that a report of a fault should have; read from what is installed, without importing it."""
    parts = [f"Python {platform.python_version()}"]
    for library in ("torch", "transformers"):
        with suppress(metadata.PackageNotFoundError):
            parts.append(f"{library} {metadata.version(library)}")
    return f"hf_mixtrain {hf_mixtrain.__version__} ({', '.join(parts)})"


def _unknown(name: str) -> str:
    if name.endswith((".yaml", ".yml")) or name in recipe_names():
        return f"{name!r} is a recipe, not a command. To run it: hf-mixtrain run {name}"
    near = difflib.get_close_matches(name, _COMMANDS, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"unknown command {name!r}.{hint} Expected one of {', '.join(_COMMANDS)}."


def _usage() -> str:
    width = max(map(len, _COMMANDS))
    lines = [f"  {name.ljust(width)}  {what}" for name, what in _COMMANDS.items()]
    last = "hf-mixtrain COMMAND --help says more; hf-mixtrain --version tells the version."
    return "\n".join(["usage: hf-mixtrain COMMAND ...", "", *lines, "", last])

"""``completion``: lets the shell complete commands, flags and values; and the answers that the shell then asks for."""

import argparse
import importlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from hf_mixtrain.commands.parser import CommandParser

# What `--data_source` may be besides a folder.
_DATA = ("demo", "hub")


def command_parser() -> CommandParser:
    """Return the parser of the command line."""
    parser = CommandParser(
        "completion",
        "Print the lines that make a shell complete hf-mixtrain's commands, flags and values on Tab.",
        'eval "$(hf-mixtrain completion bash)"\nhf-mixtrain completion bash >> ~/.bashrc\n'
        "hf-mixtrain completion fish > ~/.config/fish/completions/hf-mixtrain.fish",
    )
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="the shell that reads the lines")
    return parser


def main(argv: Sequence[str]) -> int:
    """Print what the shell is to read; `InputError` for another shell."""
    shell = command_parser().parse_args(argv).shell
    import argcomplete

    print(argcomplete.shellcode(["hf-mixtrain"], shell=shell))
    return 0


def complete(commands: Mapping[str, str]) -> None:
    """Answer the shell, which has put the line so far into the environment, and end the process.

    Args:
        commands: What each command does.
    """
    import argcomplete

    root = argparse.ArgumentParser(prog="hf-mixtrain", allow_abbrev=False)
    root.add_argument("--version", action="store_true", help="tell the version")
    subparsers = root.add_subparsers()
    line = os.environ.get("COMP_LINE", "").split()
    for name, what in commands.items():
        # Of the others only the names are needed.
        parents = [_parser_of(name, line)] if name in line else []
        subparsers.add_parser(name, help=what, parents=parents, add_help=not parents, allow_abbrev=False)
    subparsers.add_parser("help", help="show the help of a command").add_argument("command", choices=list(commands))
    argcomplete.autocomplete(root, always_complete_options=False)


def _parser_of(command: str, line: Sequence[str]) -> argparse.ArgumentParser:
    parser = (
        _run_parser(line)
        if command == "run"
        else importlib.import_module(f"hf_mixtrain.commands.{command}").command_parser()
    )
    completers = _completers()
    action: Any  # which argcomplete gives an attribute more
    for action in parser._actions:
        if action.dest in completers:
            action.completer = completers[action.dest]
    return parser


def _run_parser(line: Sequence[str]) -> argparse.ArgumentParser:
    """The flags of a run as the shell needs them: nothing is checked, so that a range such as 1-5 is no error."""
    from hf_mixtrain.commands.run_help import flags_of_run

    parser = argparse.ArgumentParser(prog="hf-mixtrain run", allow_abbrev=False)
    if not "".join(line[2:3]).startswith("-"):  # a recipe comes before all flags, or not at all
        parser.add_argument("recipe", nargs="?")
    for flag in flags_of_run().values():
        nargs = "?" if flag.is_switch else "*" if flag.kind.startswith("list") else None
        action: Any = parser.add_argument(f"--{flag.name}", nargs=nargs, help=" ".join(flag.help.split()))
        choices = ("true", "false") if flag.is_switch else ("all",) if flag.name == "shots" else flag.choices
        if choices:
            action.completer = _one_of(choices)
    return parser


def _completers() -> dict[str, Callable[..., Iterable[str]]]:
    from argcomplete.completers import DirectoriesCompleter, FilesCompleter

    from hf_mixtrain.commands.recipe import recipe_names
    from hf_mixtrain.data.task_file import list_tasks
    from hf_mixtrain.methods import METHODS

    def either(names: Iterable[str], files: Callable[..., Iterable[str]]) -> Callable[..., Iterable[str]]:
        return lambda prefix, **rest: [*names, *files(prefix=prefix, **rest)]

    yaml_files = FilesCompleter(("yaml", "yml"))
    return {
        "recipe": either(recipe_names(), yaml_files),
        "task": either(list_tasks(), yaml_files),
        "data_source": either(_DATA, DirectoriesCompleter()),
        "method": _one_of(METHODS),
        "baseline": _one_of(METHODS),
        "languages": _languages,
    }


def _one_of(values: Iterable[str]) -> Callable[..., Iterable[str]]:
    return lambda **_: values


def _languages(parsed_args: argparse.Namespace, **_: Any) -> Iterable[str]:
    """The languages of the task that the line names, itself or by its recipe."""
    from hf_mixtrain.commands.recipe import find_recipe, read_recipe
    from hf_mixtrain.data.task_file import load_task
    from hf_mixtrain.errors import InputError

    given = vars(parsed_args)
    with suppress(InputError):
        recipe = read_recipe(find_recipe(given["recipe"])) if given.get("recipe") else {}
        if task := given.get("task") or recipe.get("task"):
            return load_task(task).languages
    return ()

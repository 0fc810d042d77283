"""The parser of the smaller commands: errors are one line, help ends with commands that can be pasted.

``main`` of each of them takes the command line without the command's name and returns the exit status.
"""

import argparse
import difflib
from typing import Any, NoReturn

from hf_mixtrain.commands.values import refuse_commas
from hf_mixtrain.errors import InputError


class CommandParser(argparse.ArgumentParser):
    """`argparse.ArgumentParser` whose errors are `InputError`.

    Args:
        name: The command's name.
        description: What it does.
        examples: Commands, one a line.

    Example:
        >>> CommandParser("report", "Make tables.", "hf-mixtrain report out").parse_args(["--no"])
        Traceback (most recent call last):
        hf_mixtrain.errors.InputError: unknown flag --no. See hf-mixtrain report --help.
    """

    def __init__(self, name: str, description: str, examples: str) -> None:
        indented = "\n".join(f"  {line}" for line in examples.splitlines())
        super().__init__(
            prog=f"hf-mixtrain {name}",
            description=description,
            epilog=f"Examples:\n{indented}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, with a suggestion for a misspelt flag and a hint where commas stand between values."""
        found, unknown = self.parse_known_args(args, namespace)
        flags = [action.option_strings[-1] for action in self._actions if action.option_strings]
        for word in unknown:
            flag = word.split("=")[0]
            near = difflib.get_close_matches(flag, flags, n=1) if word.startswith("-") else []
            kind = "flag" if word.startswith("-") else "argument"
            hint = f" Did you mean {near[0]}?" if near else f" See {self.prog} --help."
            raise InputError(f"unknown {kind} {flag}.{hint}")
        for action in self._actions:
            values = getattr(found, action.dest, None)
            if action.nargs == "+" and action.option_strings and isinstance(values, list):
                for value in values:
                    if isinstance(value, str) and "," in value:
                        refuse_commas(action.option_strings[-1], value)
        return found

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and leaving."""
        raise InputError(f"{message}. See {self.prog} --help.")

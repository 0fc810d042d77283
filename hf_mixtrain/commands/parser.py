"""The parser of the smaller commands: errors are one line, help ends with commands that can be pasted.

``main`` of each of them takes the command line without the command's name and returns the exit status.
"""

import argparse
from typing import NoReturn

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
        hf_mixtrain.errors.InputError: unrecognized arguments: --no. See hf-mixtrain report --help.
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

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and leaving."""
        raise InputError(f"{message}. See {self.prog} --help.")

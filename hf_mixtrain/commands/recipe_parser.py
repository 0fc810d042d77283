"""Flags and recipes: ``hf-mixtrain run recipe.yaml --shots 10``."""

import difflib
from argparse import ArgumentTypeError
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any, NoReturn

from transformers import HfArgumentParser

from hf_mixtrain.commands.recipe import find_recipe, read_recipe, words_of
from hf_mixtrain.commands.values import READ, spread
from hf_mixtrain.errors import InputError

# Two ways to say one thing: a flag for one of them beats the other in a recipe.
_INSTEAD = {
    "global_batch_size": "gradient_accumulation_steps",
    "gradient_accumulation_steps": "global_batch_size",
}


class RecipeParser(HfArgumentParser):
    """A parser of dataclasses whose first argument may be a recipe; flags win over it.

    Errors are `InputError`: one line, which the full usage of `TrainingArguments` would hide.

    Args:
        dataclass_types: Dataclasses whose fields are the flags.
        kwargs: For `argparse.ArgumentParser`.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass
        ... class Flags:
        ...     shots: int = 5
        >>> RecipeParser(Flags).parse(["--shots", "10"])
        {'shots': 10}
        >>> RecipeParser(Flags).parse(["--shot", "10"])
        Traceback (most recent call last):
        hf_mixtrain.errors.InputError: unknown flag --shot. Did you mean --shots?
    """

    def __init__(self, dataclass_types: Any, **kwargs: Any) -> None:
        super().__init__(dataclass_types, allow_abbrev=False, **kwargs)
        self._origin = ""
        for action in self._actions:
            if action.dest in READ:
                action.type = _as_argument(READ[action.dest])

    def parse(self, argv: Sequence[str], defaults: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Parse a recipe, if there is one, and flags.

        Args:
            argv: The command line, without the program's name.
            defaults: Values for flags that neither the recipe nor the command line gives.

        Returns:
            The value of every flag.

        Raises:
            InputError: If the recipe cannot be read, or a key, a flag or a value is wrong.
        """
        argv = list(argv)
        recipe: list[str] = []
        if argv and not argv[0].startswith("-"):
            path = find_recipe(argv.pop(0))
            given = {word.split("=")[0][2:].replace("-", "_") for word in argv if word.startswith("--")}
            recipe = self._recipe_as_flags(path, without={_INSTEAD[name] for name in given & _INSTEAD.keys()} - given)
            self._origin = f"{path}: "
            self._parse_flags(recipe)  # so that an error in the recipe names the file
            self._origin = ""
        self.set_defaults(**(defaults or {}))
        return vars(self._parse_flags(recipe + argv))

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and leaving."""
        raise InputError(f"{self._origin}{message.removeprefix('argument ')}")

    def _parse_flags(self, argv: list[str]) -> Any:
        try:
            argv = list(spread(argv))
        except InputError as error:
            self.error(str(error))
        namespace, unknown = self.parse_known_args(argv)
        flags = [word.split("=")[0] for word in unknown if word.startswith("--")]
        if flags:
            near = self._near(flags[0][2:].replace("-", "_"))
            self.error(f"unknown flag {flags[0]}." + (f" Did you mean --{near}?" if near else " See --help."))
        if unknown:
            several = ("--source_language", unknown[0]) in zip(argv, argv[2:], strict=False)
            form = "--flags; a recipe file comes first"
            expected = "several source languages with commas, as in en,de" if several else form
            self.error(f"unexpected argument {unknown[0]!r}. Expected {expected}.")
        return namespace

    def _near(self, name: str) -> str | None:
        known = [action.dest for action in self._actions]
        return next(iter(difflib.get_close_matches(name, known, n=1)), None)

    def _recipe_as_flags(self, path: str, without: Set[str]) -> list[str]:
        # As flags, so that the values of a recipe are checked and converted just as those of the command line.
        known = {action.dest for action in self._actions}
        flags: list[str] = []
        for key, value in read_recipe(path).items():
            if key not in known:
                near = self._near(key)
                raise InputError(f"{path}: unknown key {key!r}." + (f" Did you mean {near!r}?" if near else ""))
            if value is not None and key not in without:
                flags += [f"--{key}", *words_of(key, value)]
        return flags


def _as_argument(read: Callable[[str], Any]) -> Callable[[str], Any]:
    def checked(word: str) -> Any:
        try:
            return read(word)
        except InputError as error:
            raise ArgumentTypeError(str(error)) from None

    return checked

"""Flags and recipe files: ``script.py recipe.yaml --shots 10``."""

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import yaml
from transformers import HfArgumentParser

from hf_mixtrain.errors import InputError
from hf_mixtrain.yaml_text import load_yaml


class RecipeParser(HfArgumentParser):
    """A parser of dataclasses whose first argument may be a YAML file; flags win over the file.

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
        if argv and argv[0].endswith((".yaml", ".yml")):
            path = argv.pop(0)
            recipe = self._recipe_as_flags(path)
            self._origin = f"{path}: "
            self._parse_flags(recipe)  # so that an error in the recipe names the file
            self._origin = ""
        self.set_defaults(**(defaults or {}))
        return vars(self._parse_flags(recipe + argv))

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and leaving."""
        raise InputError(f"{self._origin}{message.removeprefix('argument ')}")

    def _parse_flags(self, argv: list[str]) -> Any:
        namespace, unknown = self.parse_known_args(argv)
        flags = [word.split("=")[0] for word in unknown if word.startswith("--")]
        if flags:
            near = self._near(flags[0][2:].replace("-", "_"))
            self.error(f"unknown flag {flags[0]}." + (f" Did you mean --{near}?" if near else " See --help."))
        if unknown:
            self.error(f"unexpected argument {unknown[0]!r}. Expected --flags; a recipe file comes first.")
        return namespace

    def _near(self, name: str) -> str | None:
        known = [action.dest for action in self._actions]
        return next(iter(difflib.get_close_matches(name, known, n=1)), None)

    def _recipe_as_flags(self, path: str) -> list[str]:
        # As flags, so that the values of a recipe are checked and converted just as those of the command line.
        known = {action.dest for action in self._actions}
        flags: list[str] = []
        for key, value in read_recipe(path).items():
            if key not in known:
                near = self._near(key)
                raise InputError(f"{path}: unknown key {key!r}." + (f" Did you mean {near!r}?" if near else ""))
            if value is not None:
                flags += [f"--{key}", *_words(value)]
        return flags


def read_recipe(path: str | Path) -> dict[str, Any]:
    """Read a recipe: a YAML file with one ``flag: value`` a line.

    Args:
        path: The file.

    Returns:
        The values by flag; empty for an empty file.

    Raises:
        InputError: If there is no such file, or it is not such YAML.
    """
    try:
        recipe = load_yaml(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such recipe. Expected a YAML file; see the folder recipes/.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}). Expected a YAML file in UTF-8.") from None
    except yaml.YAMLError as error:
        raise InputError(
            f"{_place(path, error)}: not YAML ({_problem(error)}). Expected `flag: value` lines."
        ) from None
    if recipe is None:
        return {}
    if not isinstance(recipe, dict) or not all(isinstance(key, str) for key in recipe):
        raise InputError(f"{path}: expected `flag: value` lines, found {type(recipe).__name__}.")
    return recipe


def _place(path: str | Path, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f"{path}:{mark.line + 1}" if mark else str(path)


def _problem(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or error).splitlines()[0]


def _words(value: Any) -> Iterable[str]:
    if isinstance(value, list):
        return [word for item in value for word in _words(item)]
    if isinstance(value, dict):
        return [json.dumps(value)]
    if isinstance(value, bool):
        return [str(value).lower()]
    return [str(value)]

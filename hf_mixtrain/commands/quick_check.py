"""A look at the command line of ``run`` before torch is imported, so that a typo is told at once."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import fields
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hf_mixtrain.commands.declared import surgery_flags, training_flags
from hf_mixtrain.commands.recipe import find_recipe, read_recipe, words_of
from hf_mixtrain.commands.values import READ, spread
from hf_mixtrain.data.task_file import load_task
from hf_mixtrain.errors import InputError
from hf_mixtrain.experiment.run_arguments import RunArguments
from hf_mixtrain.methods import METHODS


def check_words(argv: Sequence[str]) -> None:
    """Look for unknown recipes, keys, flags, methods, tasks, choices, and numbers that are none.

    What passes is parsed once more, in full.

    Args:
        argv: The command line, without the program's name.

    Raises:
        InputError: If one is found.
    """
    argv = list(argv)
    if argv and not argv[0].startswith("-"):
        path = find_recipe(argv.pop(0))
        for key, value in read_recipe(path).items():
            if (known := _known()) and key not in known:
                raise InputError(f"{path}: unknown key {key!r}." + _near(key, known, "{!r}"))
            if value is not None:
                _check_values(key, words_of(key, value), f"{path}: ")
    name, values = "", list[str]()
    for word in spread(argv):
        if word.startswith("--"):
            _check_values(name, values, "")
            name, values = _known_flag(word), word.split("=", 1)[1:]
        else:
            values.append(word)
    _check_values(name, values, "")


def _known() -> set[str]:
    """All flags; none if those of transformers cannot be read."""
    if not training_flags():
        return set()
    names = {field.name for field in fields(RunArguments)} | surgery_flags().keys() | training_flags().keys()
    return names | {f"no_{name}" for name in names} | {"help"}


def _known_flag(word: str) -> str:
    name = word[2:].split("=")[0].replace("-", "_")
    if (known := _known()) and name not in known:
        raise InputError(f"unknown flag {word.split('=')[0]}." + (_near(name, known, "--{}") or " See --help."))
    return name


def _near(name: str, known: Iterable[str], shown: str) -> str:
    likely = sorted(word for word in known if not word.startswith("no_") or name.startswith("no_"))
    near = difflib.get_close_matches(name, likely, n=1)
    return f" Did you mean {shown.format(near[0])}?" if near else ""


def _check_values(name: str, values: Sequence[str], origin: str) -> None:
    kinds = get_type_hints(RunArguments)
    if name not in kinds:
        return
    values = list(spread([f"--{name}", *values]))[1:]
    number, choices = _number_of(kinds[name]), _choices_of(kinds[name])
    for value in values:
        if name in READ:
            try:
                READ[name](value)
            except InputError as error:
                raise InputError(f"{origin}--{name}: {error}") from None
        elif number is not None:
            try:
                number(value)
            except ValueError:
                raise InputError(f"{origin}--{name}: invalid {number.__name__} value: {value!r}") from None
        if choices and value not in choices:
            expected = f"Expected one of {', '.join(choices)}."
            raise InputError(f"{origin}--{name}: unknown value {value!r}. {expected}" + _near(value, choices, "{!r}"))
        if name == "method" and value not in METHODS:
            expected = f"Expected one of {', '.join(METHODS)}."
            raise InputError(f"--method: unknown method {value!r}. {expected}" + _near(value, METHODS, "{!r}"))
    if name == "task" and values:
        load_task(values[0])


def _parts(kind: Any) -> list[Any]:
    if get_origin(kind) in (Union, UnionType, list):
        return [part for inner in get_args(kind) for part in _parts(inner)]
    return [kind]


def _number_of(kind: Any) -> type | None:
    return next((part for part in _parts(kind) if part in (int, float)), None)


def _choices_of(kind: Any) -> tuple[str, ...]:
    return next((get_args(part) for part in _parts(kind) if get_origin(part) is Literal), ())

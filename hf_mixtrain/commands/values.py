"""Values of flags that take several: ranges of numbers, and lists with commas by mistake."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from hf_mixtrain.errors import InputError
from hf_mixtrain.shot_count import shot_count

#: How to read flags whose values can be more than their type says.
READ: Mapping[str, Callable[[str], int]] = {"shots": shot_count}

_NUMBERS = ("shots", "seeds")
_LISTS = ("method", "languages", *_NUMBERS)


def spread(words: Iterable[str]) -> Iterator[str]:
    """Replace ranges on a command line by their numbers: ``--seeds 1-5`` is ``--seeds 1 2 3 4 5``.

    Args:
        words: The command line, without the program's name.

    Raises:
        InputError: If a range runs backwards, or values are separated by commas.

    Example:
        >>> list(spread(["--seeds", "1-3", "7", "--task", "panx"]))
        ['--seeds', '1', '2', '3', '7', '--task', 'panx']
        >>> list(spread(["--languages", "de,sw"]))
        Traceback (most recent call last):
        hf_mixtrain.errors.InputError: --languages: expected spaces between values: --languages de sw. Got 'de,sw'.
    """
    flag = ""
    for word in words:
        value = word
        if word.startswith("--"):
            name, equals, value = word.partition("=")
            flag = name[2:].replace("-", "_")
            if flag not in _LISTS or not equals:
                yield word
                continue
            yield name
        by_language = flag == "shots" and "=" in value  # de=5,sw=20 is one value
        yield from _values(flag, value) if flag in _LISTS and not by_language else [value]


def _values(flag: str, word: str) -> list[str]:
    if "," in word:
        refuse_commas(f"--{flag}", word)
    found = re.fullmatch(r"(\d+)-(\d+)", word) if flag in _NUMBERS else None
    if found is None:
        return [word]
    first, last = int(found[1]), int(found[2])
    if last < first:
        raise InputError(f"--{flag}: expected a range such as {last}-{first}. Got {word!r}.")
    return [str(number) for number in range(first, last + 1)]


def refuse_commas(flag: str, word: str) -> None:
    """Raise `InputError` with the flag as it should be."""
    values = " ".join(value.strip() for value in word.split(",") if value.strip())
    raise InputError(f"{flag}: expected spaces between values: {flag} {values}. Got {word!r}.")

"""K: a number of shots, or all that there are."""

import sys
from typing import Any

from hf_mixtrain.errors import InputError

_ALL = "all"


class _AllShots(int):
    """More than any number, written as a word."""

    def __str__(self) -> str:
        return _ALL

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return format(_ALL, spec)

    def __reduce__(self) -> str:
        return "ALL_SHOTS"


#: K for all rows there are: larger than every number, and ``all`` in text.
ALL_SHOTS = _AllShots(sys.maxsize)


def shot_count(value: Any) -> int:
    """Return K as programs compare it.

    Args:
        value: A number, a number in words, or ``"all"``.

    Raises:
        InputError: If it is something else.

    Example:
        >>> shot_count("5"), shot_count("all"), shot_count("all") > 10**9, f"k{shot_count('all')}"
        (5, all, True, 'kall')
    """
    if value == _ALL or (value == ALL_SHOTS and not isinstance(value, float)):
        return ALL_SHOTS
    try:
        if isinstance(value, int | str) and not isinstance(value, bool):
            return int(value)
    except ValueError:
        pass
    raise InputError(f"expected a number of shots, or {_ALL}. Got {value!r}.")


def written_count(shots: int) -> int | str:
    """Return K as files have it, JSON and YAML.

    Example:
        >>> written_count(5), written_count(ALL_SHOTS)
        (5, 'all')
    """
    return _ALL if shots == ALL_SHOTS else int(shots)

"""K: a number of shots, all that there are, or a number for each language."""

import hashlib
import re
import sys
from collections.abc import Mapping
from typing import Any

from hf_mixtrain.errors import InputError

_ALL = "all"
_EXPECTED = "expected a number of shots, or all, or a number for each language such as de=5,sw=20"
_LONGEST = 200  # a folder is called so


class _NamedCount(int):
    """A number beyond those that anybody asks for, written in words: it sorts after the others."""

    name: str

    def __str__(self) -> str:
        return self.name

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return format(self.name, spec)

    def __reduce__(self) -> tuple[Any, ...]:
        return shot_count, (self.name,)


class ShotsByLanguage(_NamedCount):
    """K for each language, by hand; text has it as ``de=5,sw=20``, in the alphabet's order.

    Attributes:
        by_language: K of each language; 0 for none, `ALL_SHOTS` for all rows there are.

    Example:
        >>> shot_count("sw=20,de=5").by_language, f"k{shot_count({'sw': 20, 'de': 5})}"
        ({'de': 5, 'sw': 20}, 'kde=5,sw=20')
    """

    by_language: Mapping[str, int]


#: K for all rows there are: larger than every number, and ``all`` in text.
ALL_SHOTS = _NamedCount(sys.maxsize)
ALL_SHOTS.name = _ALL


def shot_count(value: Any) -> int:
    """Return K as programs compare it.

    Args:
        value: A number, a number in words, ``"all"``, ``{"de": 5, "sw": 20}`` or ``"de=5,sw=20"``.

    Raises:
        InputError: If it is something else.

    Example:
        >>> shot_count("5"), shot_count("all"), shot_count("all") > 10**9, f"k{shot_count('all')}"
        (5, all, True, 'kall')
        >>> shot_count("de=5,sw=all"), shot_count({"de": 5}) == shot_count("de=5"), shot_count("de=5") == 5
        (de=5,sw=all, True, False)
    """
    if isinstance(value, ShotsByLanguage):
        return value
    if isinstance(value, Mapping):
        return _by_language(list(value.items()), value)
    if isinstance(value, str) and "=" in value:
        pairs = [part.split("=") for part in value.split(",")]
        if not all(len(pair) == 2 for pair in pairs):
            raise InputError(f"{_EXPECTED}. Got {value!r}.")
        return _by_language([(language.strip(), count.strip()) for language, count in pairs], value)
    if value == _ALL or (value == ALL_SHOTS and not isinstance(value, float)):
        return ALL_SHOTS
    try:
        if isinstance(value, int | str) and not isinstance(value, bool):
            return int(value)
    except ValueError:
        pass
    raise InputError(f"{_EXPECTED}. Got {value!r}.")


def _by_language(pairs: list[tuple[Any, Any]], given: Any) -> ShotsByLanguage:
    counts = {str(language): shot_count(count) for language, count in pairs}
    named = all(re.fullmatch(r"[A-Za-z][\w-]*", language, re.ASCII) for language in counts)
    plain = not any(isinstance(count, ShotsByLanguage) for count in counts.values())
    if not named or not plain or len(counts) < len(pairs) or min(counts.values(), default=-1) < 0:
        raise InputError(f"{_EXPECTED}, each language once. Got {given!r}.")
    if not any(counts.values()):
        raise InputError(f"{_EXPECTED}, one of them 1 or more. Got {given!r}.")
    counts = {language: counts[language] for language in sorted(counts)}
    name = ",".join(f"{language}={count}" for language, count in counts.items())
    if len(name) > _LONGEST:
        raise InputError(
            f"{_EXPECTED}: at most {_LONGEST} characters, as a folder is called so. Got {len(name)} of them. Take "
            "fewer languages, or put the shots of each into its files and use all."
        )
    # Equal only to the same numbers for the same languages; between every plain number and all.
    made = ShotsByLanguage(2**60 + int.from_bytes(hashlib.blake2b(name.encode(), digest_size=7).digest(), "big"))
    made.name, made.by_language = name, counts
    return made


def is_whole_number(value: Any) -> bool:
    """Whether a value is a number such as K or a seed, and no truth value."""
    return isinstance(value, int) and not isinstance(value, bool)


def count_of(shots: int, language: str) -> int:
    """Return K of one language.

    Example:
        >>> count_of(5, "de"), count_of(shot_count("de=5,sw=20"), "sw")
        (5, 20)
    """
    return shots.by_language.get(language, 0) if isinstance(shots, ShotsByLanguage) else shots


def refuse_other_languages(shots: int, targets: list[str]) -> None:
    """Check that K is said for the target languages and for no other.

    Raises:
        InputError: If it is not; it names the languages.
    """
    if not isinstance(shots, ShotsByLanguage):
        return
    missing = [language for language in targets if language not in shots.by_language]
    others = [language for language in shots.by_language if language not in targets]
    if not missing and not others:
        return
    found = [f"none for {', '.join(missing)}"] * bool(missing)
    found += [f"{', '.join(others)}, no target of this run"] * bool(others)
    raise InputError(
        f"`shots` {shots}: expected a number for each target language, with commas between, found "
        f"{'; and '.join(found)}. Add or take out what is said, 0 for none, or name the targets by `languages`."
    )


def written_count(shots: int) -> int | str | dict[str, int | str]:
    """Return K as files have it, JSON and YAML.

    Example:
        >>> written_count(5), written_count(ALL_SHOTS), written_count(shot_count("sw=20,de=5"))
        (5, 'all', {'de': 5, 'sw': 20})
    """
    if isinstance(shots, ShotsByLanguage):
        return {language: _written(count) for language, count in shots.by_language.items()}
    return _written(shots)


def _written(count: int) -> int | str:
    return _ALL if count == ALL_SHOTS else int(count)

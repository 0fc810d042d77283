"""One language's rows out of a file that holds several."""

import logging
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from hf_mixtrain.data.languages import LANGUAGES
from hf_mixtrain.errors import InputError
from hf_mixtrain.language_spelling import same_language

logger = logging.getLogger(__name__)

_USUAL = ("language", "lang", "language_code", "lang_code", "language_id", "lang_id", "locale")
_NAMES = {language.name.casefold() for language in LANGUAGES.values()}


def language_key(keys: Iterable[Any], taken: Collection[Any] = ()) -> str:
    """Return the key that says a row's language by its usual name, or an empty string.

    Args:
        keys: All keys.
        taken: Keys that are something else.

    Example:
        >>> language_key(["text", "Locale"]), language_key(["text", "language"], taken=["language"])
        ('Locale', '')
    """
    usual = {str(key).strip().casefold(): key for key in keys if key not in taken}
    return str(next((usual[name] for name in _USUAL if name in usual), ""))


def of_language(
    records: Iterable[tuple[str, Mapping[str, Any]]],
    path: Path | str,
    language: str,
    column: str,
    taken: Collection[Any] = (),
) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """Return the rows of one language, or all rows if none of them says its language.

    Args:
        records: Where each row is, and the row.
        path: The file, for messages.
        language: The language's code; empty for all rows.
        column: The key that says a row's language. Empty: ``language``, ``lang``, ``locale`` and the like, if the rows
            have such a key. A file whose rows all say the same may then say it in a way of its own.
        taken: Keys that are something else, whatever they are called.

    Raises:
        InputError: If the file has rows of several languages, or names its column, and has none of the one wanted.
    """
    records = iter(records)
    first = next(records, None)
    if first is None:
        return []
    key = column or language_key(first[1], taken)
    everything: Iterator[tuple[str, Mapping[str, Any]]] = chain([first], records)
    if not key or not language:
        return everything
    rows = list(everything)
    found = Counter(str(record.get(key)) for _, record in rows)
    wanted = called(found, language)
    if not wanted and not column and len(found) == 1:
        return rows
    if not wanted:
        raise _not_there(path, language, list(found))
    kept = [(where, record) for where, record in rows if str(record.get(key)) in wanted]
    _tell_left_out(path, language, len(rows) - len(kept))
    return kept


def rows_by_id(ids: Sequence[Any], path: Path | str, language: str) -> Sequence[int]:
    """Return the rows of one language, if each id begins with a language's name, as in TyDiQA's own files.

    Raises:
        InputError: If there are several languages, and not the one wanted.

    Example:
        >>> rows_by_id(["english-7", "swahili-3"], "train.json", "sw"), rows_by_id(["7", "8"], "train.json", "sw")
        ([1], range(0, 2))
    """
    names = [str(name).partition("-")[0].casefold() for name in ids]
    if not language or len(set(names)) < 2 or not set(names) <= _NAMES:
        return range(len(ids))
    kept = [row for row, name in enumerate(names) if is_called(name, language)]
    if not kept:
        raise _not_there(path, language, sorted(set(names)))
    _tell_left_out(path, language, len(ids) - len(kept))
    return kept


def called(values: Iterable[str], language: str) -> set[str]:
    """Return those values that mean a language; one with a region only where no other could be meant.

    Example:
        >>> sorted(called(["de", "DE", "de-AT"], "de")), called(["en-US", "de-DE"], "de")
        (['DE', 'de'], {'de-DE'})
        >>> called(["pt-BR", "pt-PT"], "pt")
        set()
    """
    values = list(values)
    exact = {value for value in values if is_called(value, language)}
    of_region = {value for value in values if is_called(re.split("[-_]", value)[0], language)}
    return exact or (of_region if len(of_region) == 1 else set())


def is_called(value: str, language: str) -> bool:
    """Whether a file calls a language so: by its code, in whatever spelling, or its English name.

    Example:
        >>> [is_called(value, "de") for value in ("DE", "German", "deu", "deu_Latn", "nl")]
        [True, True, True, True, False]
    """
    name = LANGUAGES[language].name if language in LANGUAGES else language
    value = value.strip()
    return value.casefold() in (language.casefold(), name.casefold()) or same_language(value, language)


def without_prefix(sentences: list[list[str]], path: Path | str, language: str) -> list[list[str]]:
    """Take WikiANN's ``en:`` off, if it stands before every token of the file."""
    first = next((tokens for tokens in sentences if tokens), [""])
    prefix, colon, _ = first[0].partition(":")
    if not colon or prefix not in (language, language.split("-")[0], *LANGUAGES):
        return sentences
    prefix += ":"
    if not all(token.startswith(prefix) for tokens in sentences for token in tokens):
        return sentences
    logger.info("%s: %r before every token is taken off.", path, prefix)
    return [[token[len(prefix) :] for token in tokens] for tokens in sentences]


def _not_there(path: Path | str, language: str, found: Sequence[str]) -> InputError:
    return InputError(
        f"{path}: expected rows of {language!r}, found those of {', '.join(map(repr, found[:20]))}. Use the "
        "codes of the file as `languages`, or leave the language out."
    )


def _tell_left_out(path: Path | str, language: str, count: int) -> None:
    if count:
        logger.info("%s: %d rows of other languages than %s are left out.", path, count, language)

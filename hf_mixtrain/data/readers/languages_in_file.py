"""One language's rows out of a file that holds several."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from hf_mixtrain.data.languages import LANGUAGES
from hf_mixtrain.errors import InputError

logger = logging.getLogger(__name__)

_USUAL = ("language", "lang")


def of_language(
    records: Iterable[tuple[str, Mapping[str, Any]]], path: Path | str, language: str, column: str
) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """Return the rows of one language, or all rows if none of them says its language.

    Args:
        records: Where each row is, and the row.
        path: The file, for messages.
        language: The language's code; empty for all rows.
        column: The key that says a row's language. Empty: ``language`` or ``lang``, if the rows have such a key. A file
            whose rows all say the same may then say it in a way of its own, as ``deu_Latn``.

    Raises:
        InputError: If the file has rows of several languages, or names its column, and has none of the one wanted.
    """
    records = iter(records)
    first = next(records, None)
    if first is None:
        return []
    key = column or next((key for key in _USUAL if isinstance(first[1].get(key), str)), "")
    everything: Iterator[tuple[str, Mapping[str, Any]]] = chain([first], records)
    if not key or not language:
        return everything
    rows = list(everything)
    found = Counter(str(record.get(key)) for _, record in rows)
    wanted = {value for value in found if is_called(value, language)}
    if not wanted and not column and len(found) == 1:
        return rows
    if not wanted:
        raise InputError(
            f"{path}: expected rows of {language!r}, found those of {', '.join(map(repr, list(found)[:20]))}. Use the "
            "codes of the file as `languages`, or leave the language out."
        )
    kept = [(where, record) for where, record in rows if str(record.get(key)) in wanted]
    if len(kept) < len(rows):
        logger.info("%s: %d rows of other languages than %s are left out.", path, len(rows) - len(kept), language)
    return kept


def is_called(value: str, language: str) -> bool:
    """Whether a file calls a language so: by its code or its English name.

    Example:
        >>> is_called("DE", "de"), is_called("German", "de"), is_called("nl", "de")
        (True, True, False)
    """
    name = LANGUAGES[language].name if language in LANGUAGES else language
    return value.strip().casefold() in (language.casefold(), name.casefold())

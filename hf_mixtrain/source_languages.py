"""The source languages of a run: mostly one, or several with commas between them."""

from collections.abc import Mapping, Sequence
from typing import Any

from hf_mixtrain.errors import InputError


def source_languages(given: str | Sequence[str]) -> tuple[str, ...]:
    """Return the source languages that a setting names, each once, the first one first.

    Args:
        given: One code, several with commas between them, or a list of codes.

    Raises:
        InputError: If there is nothing between two commas, or nothing at all.

    Example:
        >>> source_languages("en"), source_languages("en, de"), source_languages(["en", "de"])
        (('en',), ('en', 'de'), ('en', 'de'))
    """
    codes = [code.strip() for code in ([*given] if isinstance(given, list | tuple) else str(given).split(","))]
    if not codes or not all(codes):
        raise InputError(f"--source_language: expected a language, or several such as en,de. Got {given!r}.")
    return tuple(dict.fromkeys(codes))


def sources_of(results: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the source languages of results.

    Example:
        >>> sources_of({"settings": {"source_language": "en,de"}}), sources_of({"settings": {}})
        (('en', 'de'), ('en',))
    """
    named = str(results.get("settings", {}).get("source_language", "en")).split(",")
    return tuple(code.strip() for code in named if code.strip()) or ("en",)

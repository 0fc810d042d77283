"""Hand-written parts of a card: they stand between markers, and a rewrite leaves them as they are."""

import re
from pathlib import Path

from hf_mixtrain.errors import InputError

_MARKER = re.compile(r"^<!-- (/?)keep: ([\w-]+) -->[ \t]*$", re.MULTILINE)


def keep_sections(text: str, path: str | Path = "README.md") -> dict[str, str]:
    r"""Find the hand-written sections of a card.

    A section is all that stands between a line ``<!-- keep: NAME -->`` and a line ``<!-- /keep: NAME -->``.

    Args:
        text: The card.
        path: Name of the file, for messages.

    Returns:
        ``{name: text between the markers}``, in the order of the card.

    Raises:
        InputError: If a marker has no partner, or a name is used twice; the message names file and line.

    Example:
        >>> keep_sections("# A\n<!-- keep: notes -->\nMine.\n<!-- /keep: notes -->\n")
        {'notes': '\nMine.\n'}
    """
    sections: dict[str, str] = {}
    opened: re.Match[str] | None = None
    for marker in _MARKER.finditer(text):
        closes, name = bool(marker[1]), marker[2]
        place = f"{path}:{text.count(chr(10), 0, marker.start()) + 1}"
        if closes != bool(opened) or (opened and opened[2] != name):
            raise InputError(f"{place}: expected the markers of a kept section in pairs, found {marker[0]!r} alone.")
        if not closes and name in sections:
            raise InputError(f"{place}: the kept section {name!r} is there twice. Give the second another name.")
        if opened:
            sections[name] = text[opened.end() : marker.start()]
        opened = None if closes else marker
    if opened:
        place = f"{path}:{text.count(chr(10), 0, opened.start()) + 1}"
        raise InputError(f"{place}: {opened[0]!r} is never closed. End the section with `<!-- /keep: {opened[2]} -->`.")
    return sections


def restore_sections(text: str, sections: dict[str, str]) -> str:
    r"""Put hand-written sections into a new card, each between its markers; those without a place go to the end.

    Args:
        text: The new card, with markers.
        sections: What `keep_sections` found in the old one.

    Returns:
        The card with the old text between the markers.

    Example:
        >>> restore_sections("<!-- keep: a -->\n<!-- /keep: a -->\n", {"a": "\nOld.\n"})
        '<!-- keep: a -->\nOld.\n<!-- /keep: a -->\n'
    """
    for name, kept in sections.items():
        begin, end = f"<!-- keep: {name} -->", f"<!-- /keep: {name} -->"
        if begin in text and end in text:
            head, rest = text.split(begin, 1)
            text = f"{head}{begin}{kept}{end}{rest.split(end, 1)[1]}"
        else:
            text = f"{text.rstrip()}\n\n{begin}{kept}{end}\n"
    return text

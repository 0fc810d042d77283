"""Which names can be those of folders: names from files become parts of paths."""

import re

_RESERVED = {"con", "prn", "aux", "nul", *(f"{name}{number}" for name in ("com", "lpt") for number in range(1, 10))}


def unsafe(name: str) -> str:
    """Return why a name cannot be one of a folder, on any system, or an empty text.

    Example:
        >>> unsafe("../evil"), unsafe("pt-BR")
        ("it holds '/'", '')
    """
    if not isinstance(name, str) or not name.strip():
        return "it is empty"
    if found := re.search(r'[/\\\\:*?"<>|\x00-\x1f\x7f]', name):
        return f"it holds {found[0]!r}"
    if name[0] in ". " or name[-1] in ". ":
        return "it begins or ends with a dot or a blank"
    if name.split(".")[0].lower() in _RESERVED:
        return "Windows keeps this name for a device"
    return "it is longer than 100 characters" if len(name) > 100 else ""

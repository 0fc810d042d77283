"""Public names that are imported only when they are used: torch and datasets take seconds, which no typo waits for."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(package: str, homes: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` for a package whose public names are in other modules.

    Args:
        package: The package's ``__name__``.
        homes: ``{public name: module that has it}``.

    Example:
        >>> __getattr__, __dir__ = lazy_names("hf_mixtrain.lazy", {"loads": "json"})
        >>> __getattr__("loads")("[1]")
        [1]
    """

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(homes[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *homes})

    return get, names

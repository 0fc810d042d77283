"""Let the site show the ``Example:`` of our docstrings as code: its parser knows ``Examples:`` alone."""

import re
from typing import Any

import griffe

_HEADING = re.compile(r"^( *)Example:$", re.MULTILINE)
_MATH = re.compile(r":math:`([^`]*)`")


class ExampleSections(griffe.Extension):
    """Renames the heading, and shows Sphinx's ``:math:`` as code."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Change the docstring of one object."""
        if obj.docstring:
            text = _HEADING.sub(r"\1Examples:", obj.docstring.value)
            obj.docstring.value = _MATH.sub(r"`\1`", text)

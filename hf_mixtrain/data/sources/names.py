"""What to say of a language that is not there."""

import difflib
from collections.abc import Sequence

from hf_mixtrain.data.languages import LANGUAGES


def unknown_language(language: str, there: Sequence[str], where: str) -> str:
    """Return a message with the languages that are there, and the one that was probably meant.

    Example:
        >>> unknown_language("German", ["de", "en"], "in the task 'panx'")
        "Expected a language in the task 'panx': de, en. Found 'German'. Did you mean 'de'?"
    """
    names = {LANGUAGES[code].name.lower(): code for code in there if code in LANGUAGES}
    near = difflib.get_close_matches(language.lower(), [*there, *names], n=1, cutoff=0.5)
    meant = f" Did you mean {names.get(near[0], near[0])!r}?" if near else " Leave it out."
    return f"Expected a language {where}: {', '.join(there)}. Found {language!r}.{meant}"

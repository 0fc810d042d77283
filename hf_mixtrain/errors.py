"""The one error that a user's input can cause, and what helps in its message."""

import difflib
from collections.abc import Iterable, Sequence


class InputError(ValueError):
    """Input that cannot be used: a file, a flag, a name.

    The message is one line and says what was expected, what was found and what to do. The command line prints it
    without a traceback and exits with status 2; in Python it is a `ValueError` like those of `transformers`.

    Example:
        >>> raise InputError("`shots` must be 0 or more. Got -1. Use 0 for zero-shot.")
        Traceback (most recent call last):
        hf_mixtrain.errors.InputError: `shots` must be 0 or more. Got -1. Use 0 for zero-shot.
    """


class CombinedInputError(InputError):
    """Several faults of one input, found together: one line each.

    Args:
        faults: The lines.

    Example:
        >>> CombinedInputError(["a.tsv:1: no tag.", "b.tsv: no such file."]).faults
        ['a.tsv:1: no tag.', 'b.tsv: no such file.']
    """

    def __init__(self, faults: Sequence[str]) -> None:
        #: The lines, each a message as of one `InputError`.
        self.faults = list(dict.fromkeys(faults))
        super().__init__("\n".join(self.faults))


def did_you_mean(found: str, allowed: Iterable[str]) -> str:
    """Return a sentence with the name that was probably meant, or an empty text.

    Example:
        >>> did_you_mean("max_lenght", ["max_length", "seed"])
        " Did you mean 'max_length'?"
    """
    near = difflib.get_close_matches(found, list(allowed), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""

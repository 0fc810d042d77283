"""The one error that a user's input can cause."""


class InputError(ValueError):
    """Input that cannot be used: a file, a flag, a name.

    The message is one line and says what was expected, what was found and what to do. The command line prints it
    without a traceback and exits with status 2; in Python it is a `ValueError` like those of `transformers`.

    Example:
        >>> raise InputError("`shots` must be 0 or more. Got -1. Use 0 for zero-shot.")
        Traceback (most recent call last):
        hf_mixtrain.errors.InputError: `shots` must be 0 or more. Got -1. Use 0 for zero-shot.
    """

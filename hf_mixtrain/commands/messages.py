"""What a command shows besides its output: this package's progress, and of other libraries only what matters."""

import contextlib
import logging
import sys

from hf_mixtrain.escaping import terminal


def set_up_messages(*, verbose: bool = False, is_main: bool = True) -> None:
    """Send this package's messages to the screen, and hide bars, logs and hints of the libraries below it.

    Args:
        verbose: Show those too.
        is_main: Whether this is the process that speaks for all.
    """
    import datasets
    import transformers

    handler = _Screen() if is_main else logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    package = logging.getLogger("hf_mixtrain")
    package.handlers[:] = [handler]
    package.propagate = False
    package.setLevel(logging.DEBUG if verbose else logging.WARNING)
    if verbose:
        return
    for name in ("commands", "experiment"):
        logging.getLogger(f"hf_mixtrain.{name}").setLevel(logging.INFO)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    datasets.disable_progress_bars()


class _Screen(logging.Handler):
    """Writes to what is standard error at that moment, also where it was replaced (notebooks, tests)."""

    def emit(self, record: logging.LogRecord) -> None:
        # Names in a message may come from files of others. A screen that has gone, such as that of a connection that
        # broke, stops no training.
        with contextlib.suppress(OSError):
            print("\n".join(map(terminal, self.format(record).split("\n"))), file=sys.stderr)

"""One policy for requests that huggingface_hub does not try again itself."""

import json
import logging
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import httpx2
from huggingface_hub import constants
from huggingface_hub.errors import HfHubHTTPError

logger = logging.getLogger(__name__)

T = TypeVar("T")

WAITS = (1.0, 2.0, 4.0, 8.0)  # seconds before the second, third, … try
LONGEST_WAIT = 300.0  # a server that asks for more is not waited for
_STATUSES = {408, 425, 429, 500, 502, 503, 504}


def with_retries(call: Callable[[], T], what: str) -> T:
    """Call until it works, while what goes wrong may pass: 5xx, 429, a connection that breaks.

    huggingface_hub 2.4 gives up at once on ``create_repo``, ``validate-yaml``, the commit without Xet, 5xx on the body
    of a download, and a connection reset during a download. ``Retry-After`` is obeyed.

    Args:
        call: What to do; it is done again from the start, so it must be safe to repeat after a lost answer.
        what: What is being done, for the log.

    Returns:
        What ``call`` returns.

    Raises:
        Exception: The last error of ``call``, if it does not pass or does so too late.

    Example:
        >>> with_retries(lambda: 1, "counting")
        1
    """
    for wait in WAITS:
        try:
            return call()
        except Exception as error:
            pause = max(wait, _retry_after(error))
            if not is_passing(error) or pause > LONGEST_WAIT:
                raise
            logger.warning("%s: %s. Trying again in %g s.", what, _first_line(error), pause)
            time.sleep(pause)
    return call()


def is_passing(error: BaseException) -> bool:
    """Tell whether an error may be gone at the next try.

    Example:
        >>> is_passing(httpx2.ReadError("reset")), is_passing(ValueError("bad name"))
        (True, False)
    """
    for cause in causes(error):
        if isinstance(cause, HfHubHTTPError):
            # The address to upload to is signed for a while; asking again gives a new one.
            expired = cause.response.status_code == 403 and not str(cause.response.url).startswith(constants.ENDPOINT)
            return expired or cause.response.status_code in _STATUSES
        if isinstance(cause, httpx2.TransportError):
            return not isinstance(cause, httpx2.ProxyError | httpx2.UnsupportedProtocol)
        # `validate-yaml` reads the answer before its status: an error page of a gateway is then "not JSON".
        if isinstance(cause, json.JSONDecodeError):
            return True
    return False


def causes(error: BaseException) -> Iterator[BaseException]:
    """Go through an error and what caused it: the client wraps what it catches in errors of its own."""
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:
        seen.append(cause)
        yield cause
        cause = cause.__cause__ or cause.__context__


def _retry_after(error: BaseException) -> float:
    for cause in causes(error):
        if isinstance(cause, HfHubHTTPError):
            header = cause.response.headers.get("Retry-After", "")
            return float(header) if header.isdecimal() else 0.0
    return 0.0


def _first_line(error: BaseException) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)

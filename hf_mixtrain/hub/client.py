"""How the Hub is asked: by one client, again while what goes wrong may pass, and in the end with one line of error."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from huggingface_hub import HfApi, constants, get_session, set_client_factory
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import _http

from hf_mixtrain import __version__
from hf_mixtrain.compat import httpx
from hf_mixtrain.errors import InputError

logger = logging.getLogger(__name__)

T = TypeVar("T")

WAITS = (1.0, 2.0, 4.0, 8.0)  # seconds before the second, third, … try
LONGEST_WAIT = 300.0  # a server that asks for more is not waited for
# Seconds to wait for a connection, and for the next bytes of an answer. Downloads have HF_HUB_DOWNLOAD_TIMEOUT.
CONNECT_LIMIT, READ_LIMIT = 10.0, 30.0
STALLED = 120.0  # no retry of an unanswered request after so many seconds
_STATUSES = {408, 425, 429, 500, 502, 503, 504}


def hub_api(token: str | None = None) -> HfApi:
    """Return the client. Where the Hub is comes from the environment, and who asks too, unless a token is given.

    Requests of huggingface_hub, which has no limits but for downloads, get limits in this process from now on, unless
    somebody has set some: a server that accepts a connection and says nothing would be waited for without end.
    """
    if get_session().timeout.read is None:
        make = getattr(_http, "_GLOBAL_CLIENT_FACTORY", _http.default_client_factory)
        set_client_factory(lambda: _with_limits(make()))
    return HfApi(library_name="hf_mixtrain", library_version=__version__, token=token)


def _with_limits(client: Any) -> Any:
    client.timeout = httpx.Timeout(READ_LIMIT, connect=CONNECT_LIMIT)
    return client


def within(seconds: float, call: Callable[[], T], what: str) -> T:
    """Wait for a call so long and no longer; what it is doing then goes on by itself and ends with the process.

    Args:
        seconds: How long.
        call: What to do, in a thread.
        what: What is being done, for the message.

    Raises:
        HubError: If it has not ended in time; else what ``call`` raises.

    Example:
        >>> within(60, lambda: 1, "counting")
        1
    """
    done: list[tuple[T | None, BaseException | None]] = []

    def work() -> None:
        try:
            done.append((call(), None))
        except BaseException as error:
            done.append((None, error))

    # A daemon thread, because Python waits for the threads of concurrent.futures when it exits.
    thread = threading.Thread(target=work, name=what, daemon=True)
    thread.start()
    thread.join(seconds)
    if not done:
        raise HubError(f"{what}: not done after {seconds:.0f} s. Look at the network, and run again.")
    value, error = done[0]
    if error is not None:
        raise error
    return value  # type: ignore[return-value]  # None only where `call` returns that


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
    started = time.monotonic()
    for wait in WAITS:
        try:
            return call()
        except Exception as error:
            pause = max(wait, _retry_after(error))
            stalled = any(isinstance(cause, httpx.TimeoutException) for cause in causes(error))
            if not is_passing(error) or pause > LONGEST_WAIT or (stalled and time.monotonic() - started > STALLED):
                raise
            logger.warning("%s: %s. Trying again in %g s.", what, _first_line(error), pause)
            time.sleep(pause)
    return call()


def is_passing(error: BaseException) -> bool:
    """Tell whether an error may be gone at the next try.

    Example:
        >>> is_passing(httpx.ReadError("reset")), is_passing(ValueError("bad name"))
        (True, False)
    """
    for cause in causes(error):
        if isinstance(cause, HfHubHTTPError):
            # The address to upload to is signed for a while; asking again gives a new one.
            expired = cause.response.status_code == 403 and not str(cause.response.url).startswith(constants.ENDPOINT)
            return expired or cause.response.status_code in _STATUSES
        if isinstance(cause, httpx.TransportError):
            return not isinstance(cause, httpx.ProxyError | httpx.UnsupportedProtocol)
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


class HubError(InputError):
    """The Hub or the way to it failed; nothing on the local disk was lost, and the same call can be made again.

    Example:
        >>> from hf_mixtrain.errors import InputError
        >>> issubclass(HubError, InputError)
        True
    """


@contextmanager
def explained(repo_id: str, revision: str | None = None) -> Iterator[None]:
    """Turn errors of the client into one line.

    Args:
        repo_id: The repository that is talked about.
        revision: The revision that is asked for.

    Raises:
        HubError: In place of what the client raised.

    Example:
        >>> with explained("me/ner"):
        ...     raise httpx.ConnectError("refused")
        Traceback (most recent call last):
        hf_mixtrain.hub.client.HubError: me/ner: cannot reach ...
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        message = next(filter(None, (_explain(cause, repo_id, revision) for cause in causes(error))), None)
        raise HubError(message or _explain_other(error, repo_id)) from error


def _explain(error: BaseException, repo_id: str, revision: str | None) -> str | None:
    match error:
        case HFValidationError():
            return f"{repo_id!r} is no name of a repository. Expected `name/model`, as in `my-name/my-model`."
        case ValueError() if str(error).startswith("Invalid metadata in README.md"):
            return f"{repo_id}: {' '.join(str(error).split())}. Correct the lines between `---` and push again."
        case GatedRepoError():
            return f"{repo_id}: access must be granted first. Ask for it on {_url(repo_id)}, then run `hf auth login`."
        case RepositoryNotFoundError():
            return (
                f"{repo_id}: no such repository, or it is private. Check the name; to use a private one, run "
                "`hf auth login` or set HF_TOKEN to a token of an account that may read it."
            )
        case RevisionNotFoundError():
            return f"{repo_id}: no revision {revision!r}. See {_url(repo_id)}/tree/main for those that are there."
        case OfflineModeIsEnabled():
            return f"{repo_id}: HF_HUB_OFFLINE is set, so the Hub is not asked. Unset it and run again."
        case HfHubHTTPError():
            return _explain_status(error, repo_id)
        case httpx.RequestError() | httpx.InvalidURL() | httpx.StreamError() | ConnectionError():  # hf_xet: the last
            return f"{repo_id}: cannot reach {constants.ENDPOINT} ({_what(error)}). Run again when there is a network."
        case LocalEntryNotFoundError() if error.__cause__ is None:
            return f"{repo_id}: not in the cache, and the network was not to be used. Run once with the network."
    return None


def _explain_other(error: Exception, repo_id: str) -> str:
    if isinstance(error, OSError):
        return f"{repo_id}: {_what(error)}. Look at the folder or the disk that this names, and run again."
    # The client does not check the form of an answer, so an unexpected one can raise almost any error.
    return (
        f"{repo_id}: {constants.ENDPOINT} answered something else than a Hub does ({_what(error)}). Look at "
        "HF_ENDPOINT and at what is between here and there."
    )


def _explain_status(error: HfHubHTTPError, repo_id: str) -> str:
    status, said = error.response.status_code, error.server_message or ""
    said = " ".join(said.split()) or f"status {status}"
    if status == 401:
        return f"{repo_id}: the Hub does not accept the token ({said}). Run `hf auth login` or set HF_TOKEN anew."
    if status == 403:
        namespace = repo_id.split("/")[0]
        return f"{repo_id}: the token may not do this ({said}). Use one with write permission for {namespace}."
    if status == 409:
        return f"{repo_id}: there is already something of that name ({said}). Choose another name."
    if status == 412:
        return f"{repo_id}: somebody else has pushed in the meantime. Look at {_url(repo_id)} and run again."
    if status == 429:
        return f"{repo_id}: too many requests for the Hub. Wait some minutes and run again."
    if status >= 500:
        return f"{repo_id}: {constants.ENDPOINT} has a problem of its own ({said}). Run again later."
    return f"{repo_id}: the Hub refused the request with status {status} ({said})."


def _what(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}" if str(error) else type(error).__name__


def _url(repo_id: str) -> str:
    return f"{constants.ENDPOINT}/{repo_id}"

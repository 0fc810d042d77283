"""What went wrong with the Hub, in one line that says what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from huggingface_hub import constants
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from hf_mixtrain.errors import InputError
from hf_mixtrain.hub.retry import causes


class HubError(InputError):
    """The Hub or the way to it failed; nothing on the local disk was lost, and the same call can be made again."""


@contextmanager
def explained(repo_id: str, revision: str | None = None) -> Iterator[None]:
    """Turn errors of the client into one line; other errors pass unchanged.

    Args:
        repo_id: The repository that is talked about.
        revision: The revision that is asked for.

    Raises:
        HubError: In place of what the client raised.

    Example:
        >>> with explained("me/ner"):
        ...     raise httpx2.ConnectError("refused")
        Traceback (most recent call last):
        hf_mixtrain.hub.explain.HubError: me/ner: cannot reach ...
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        message = next(filter(None, (_explain(cause, repo_id, revision) for cause in causes(error))), None)
        if message is None:
            raise
        raise HubError(message) from error


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
        case httpx2.TransportError() | ConnectionError():  # the second is what hf_xet raises
            return f"{repo_id}: cannot reach {constants.ENDPOINT} ({_what(error)}). Run again when there is a network."
        case LocalEntryNotFoundError() if error.__cause__ is None:
            return f"{repo_id}: not in the cache, and the network was not to be used. Run once with the network."
    return None


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

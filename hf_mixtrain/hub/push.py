"""A trained model to the Hub: checked, in one commit, tagged, and looked at again afterwards."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token

from hf_mixtrain.cards import CARD_FILE, published_card
from hf_mixtrain.errors import InputError
from hf_mixtrain.hub.client import HubError, explained, hub_api, with_retries
from hf_mixtrain.hub.listing import Content, Difference, compare, sha256
from hf_mixtrain.hub.release_files import check_labels, release_files
from hf_mixtrain.hub.secrets import refuse_secrets

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Release:
    """What stands on the Hub after a push.

    Attributes:
        repo_id: The repository.
        commit: The commit that holds the files; None after a dry run.
        tag: Its tag, if one was asked for.
        url: Page of the commit, or of the pull request.
        changed: Whether this push made a commit; a push of what is there already makes none.
        sha256: SHA-256 of every file as it was uploaded.

    Example:
        >>> release = Release("me/panx-5", None, "v1.0", "https://huggingface.co/me/panx-5", changed=False, sha256={})
        >>> release.commit is None  # a dry run
        True
    """

    repo_id: str
    commit: str | None
    tag: str | None
    url: str
    changed: bool
    sha256: Mapping[str, str] = field(repr=False)


def push_release(
    folder: str | Path,
    repo_id: str,
    *,
    revision: str | None = None,
    tag: str | None = None,
    private: bool | None = None,
    create_pr: bool = False,
    dry_run: bool = False,
    message: str | None = None,
) -> Release:
    """Push a folder as one commit that holds all of a release or nothing of it.

    Only files of an allow list go up, after a search for pickles, broken weights and access tokens. Files of an older
    release that the folder no longer has are deleted by the same commit. Requests that fail in passing are repeated,
    and a push that was cut off is completed by running it again. Nothing in the folder is changed. The token comes
    from HF_TOKEN or ``hf auth login``.

    Args:
        folder: The trained model, its tokenizer and its card; see `release_files`.
        repo_id: ``name/model``, or ``model`` in the account of the token; made if it is missing.
        revision: Branch; made if it is missing. Default: ``main``.
        tag: Name for the commit, such as ``"v1.0"``. A tag is never moved.
        private: Whether a new repository is private; default: as the account is set. One that is there must agree.
        create_pr: Open a pull request instead of committing; for repositories of others.
        dry_run: Check the folder and stop; needs no network and no token.
        message: Title of the commit.

    Returns:
        What stands on the Hub.

    Raises:
        InputError: If the folder cannot be released.
        HubError: If the Hub refuses, or cannot be reached; one line that says what to do.

    Example:
        >>> push_release("out/panx/mix-ft/k5/seed1", "me/panx-5", tag="v1.0")  # doctest: +SKIP
        Release(repo_id='me/panx-5', commit='5c3f…', tag='v1.0', url='https://huggingface.co/me/panx-5/commit/…', …)
    """
    files = release_contents(folder, repo_id, tag or revision)
    check_labels(folder)
    refuse_secrets({}, {"repository": repo_id, "branch": revision, "tag": tag, "title of the commit": message})
    api = hub_api()
    if dry_run:
        return Release(repo_id, None, tag, f"{api.endpoint}/{repo_id}", False, _hashes(files))
    if get_token() is None:
        raise HubError(f"{repo_id}: pushing needs a token. Run `hf auth login`, or set HF_TOKEN to one that may write.")
    if "/" not in repo_id:
        with explained(repo_id):
            account = with_retries(lambda: api.whoami()["name"], f"look-up of the account for {repo_id}")
        repo_id = f"{account}/{repo_id}"
        files = release_contents(folder, repo_id, tag or revision)
    message = message or f"Release {Path(folder).resolve().name}" + (f" as {tag}" if tag else "")
    with explained(repo_id, revision):
        if not create_pr:
            _prepare(api, repo_id, revision, private)
        tagged = _tagged_already(api, repo_id, tag, files)
        push = _Push(api, repo_id, revision or "main", files, message, create_pr)
        commit = push.until_done()
        if tag and not tagged:
            with_retries(lambda: _tag(api, repo_id, tag, commit), f"tag {tag} of {repo_id}")
            # An answer of 200 is not yet a tag.
            if with_retries(lambda: _tags(api, repo_id), f"check of {repo_id}").get(tag) != commit:
                raise HubError(f"{repo_id}: the tag {tag!r} was not set. Run again; nothing else is sent.")
    return Release(
        repo_id, commit, tag, push.url or f"{api.endpoint}/{repo_id}/commit/{commit}", push.changed, _hashes(files)
    )


def push_files(
    api: HfApi, repo_id: str, files: Mapping[str, Content], *, branch: str, message: str, prune: bool = True
) -> str:
    """Push files that have been checked to a repository that is there; what `push_release` does at its core.

    Args:
        api: The client.
        repo_id: The repository.
        files: ``{path in the repository: file or its content}``.
        branch: The branch; it must be there.
        message: Title of the commit.
        prune: Whether files of an older release that are not among these are deleted.

    Returns:
        The commit that holds the files.

    Raises:
        InputError: If a file, the title or the branch holds what looks like a token.
        HubError: As `push_release`.
    """
    token = api.token if isinstance(api.token, str) else None
    refuse_secrets(files, {"repository": repo_id, "branch": branch, "title of the commit": message}, [token])
    with explained(repo_id, branch):
        return _Push(api, repo_id, branch, files, message, prune=prune).until_done()


def release_contents(
    folder: str | Path, repo_id: str, revision: str | None, *, tokenizer: bool = True
) -> dict[str, Content]:
    """Return the files of a release as they are uploaded: checked, and the card with the name of the repository."""
    files: dict[str, Content] = dict(release_files(folder, tokenizer=tokenizer))
    card = Path(folder) / CARD_FILE
    try:
        text = card.read_text(encoding="utf-8")
    except ValueError:
        raise InputError(f"{card}: expected UTF-8. Write the card again, or save it in that encoding.") from None
    published = published_card(text, repo_id, revision).encode()
    refuse_secrets({CARD_FILE: published}, {})
    return files | {CARD_FILE: published}


def verify_release(folder: str | Path, repo_id: str, *, revision: str | None = None, tag: str | None = None) -> Release:
    """Check by hashes that a revision holds just what pushing the folder would put there.

    Args:
        folder: The folder that was pushed.
        repo_id: The repository.
        revision: The branch that was given to `push_release`.
        tag: The tag that was given to `push_release`.

    Returns:
        What stands on the Hub.

    Raises:
        HubError: If a file differs, is missing, or is left over from an older release; or as `push_release` does.

    Example:
        >>> verify_release("out/panx/mix-ft/k5/seed1", "me/panx-5", tag="v1.0").changed  # doctest: +SKIP
        False
    """
    files = release_contents(folder, repo_id, tag or revision)
    api, wanted = hub_api(), tag or revision or "main"
    with explained(repo_id, wanted):
        commit = str(with_retries(lambda: api.repo_info(repo_id, revision=wanted).sha, f"look-up of {repo_id}"))
        if left := with_retries(lambda: compare(files, api, repo_id, commit), f"check of {repo_id}"):
            raise HubError(f"{repo_id} at {wanted}: {_names(left)} differ from {folder}. Push again with a new tag.")
    return Release(repo_id, commit, tag, f"{api.endpoint}/{repo_id}/commit/{commit}", False, _hashes(files))


class _Push:
    """One push that can be tried again: each try asks anew what is missing, so a lost answer makes no second commit."""

    def __init__(
        self,
        api: HfApi,
        repo_id: str,
        branch: str,
        files: Mapping[str, Content],
        message: str,
        create_pr: bool = False,
        prune: bool = True,
    ):
        self.api, self.repo_id, self.branch, self.files = api, repo_id, branch, files
        self.message, self.create_pr, self.prune = message, create_pr, prune
        self.url: str | None = None
        self.changed = False

    def until_done(self) -> str:
        commit = with_retries(self.once, f"push to {self.repo_id}")
        look = f"check of {self.repo_id}"
        if left := with_retries(lambda: self._missing(commit), look):
            raise HubError(f"{self.repo_id}: {_names(left)} did not arrive whole. Run again; only that is sent.")
        if not self.create_pr and (left := with_retries(self._missing_on_branch, look)):
            raise HubError(f"{self.repo_id}: {self.branch} does not have {_names(left)}. Run again; only that is sent.")
        logger.info("%s: %s", self.repo_id, commit if self.changed else f"nothing new, still {commit}")
        return commit

    def once(self) -> str:
        head = str(self.api.repo_info(self.repo_id, revision=self.branch).sha)
        difference = self._missing(head)
        if not difference:
            return head
        if self.create_pr and (commit := self._open_pull_request()):
            return commit
        self.changed = True  # also if the answer is lost: the next try then finds the commit
        info = self.api.create_commit(
            self.repo_id,
            self._operations(difference),
            commit_message=self.message,
            revision=self.branch,
            parent_commit=head,
            create_pr=self.create_pr,
        )
        self.url = info.pr_url or info.commit_url
        return str(info.oid)

    def _missing_on_branch(self) -> Difference:
        return self._missing(str(self.api.repo_info(self.repo_id, revision=self.branch).sha))

    def _missing(self, revision: str) -> Difference:
        difference = compare(self.files, self.api, self.repo_id, revision)
        return difference if self.prune else difference._replace(stale=[])

    def _operations(self, difference: Difference) -> list[CommitOperationAdd | CommitOperationDelete]:
        added = [
            CommitOperationAdd(path, content if isinstance(content, bytes) else str(content))
            for path, content in self.files.items()
            if path in difference.changed
        ]
        return [*added, *(CommitOperationDelete(path, is_folder=False) for path in difference.stale)]

    def _open_pull_request(self) -> str | None:
        """Find the pull request of an earlier push of the same files; a second one would help nobody."""
        for request in self.api.get_repo_discussions(
            self.repo_id, discussion_type="pull_request", discussion_status="open"
        ):
            ref = f"refs/pr/{request.num}"
            if request.title == self.message and not self._missing(ref):
                self.url = request.url
                return str(self.api.repo_info(self.repo_id, revision=ref).sha)
        return None


def _prepare(api: HfApi, repo_id: str, branch: str | None, private: bool | None) -> None:
    with_retries(lambda: api.create_repo(repo_id, private=private, exist_ok=True), f"creation of {repo_id}")
    if private is not None:
        found = with_retries(lambda: api.repo_info(repo_id).private, f"look-up of {repo_id}")
        if bool(found) != private:
            is_now, wanted = ("private", "public") if found else ("public", "private")
            raise HubError(
                f"{repo_id}: the repository is {is_now}, and a {wanted} one was asked for. Change it in its settings "
                "on the Hub, or choose another name."
            )
    if branch:
        with_retries(lambda: api.create_branch(repo_id, branch=branch, exist_ok=True), f"branch of {repo_id}")


def _hashes(files: Mapping[str, Content]) -> dict[str, str]:
    return {path: sha256(content) for path, content in files.items()}


def _tagged_already(api: HfApi, repo_id: str, tag: str | None, files: Mapping[str, Content]) -> bool:
    if tag is None or tag not in with_retries(lambda: _tags(api, repo_id), f"look-up of {repo_id}"):
        return False
    if left := with_retries(lambda: compare(files, api, repo_id, tag), f"check of {repo_id}"):
        raise HubError(
            f"{repo_id}: the tag {tag!r} stands for other files ({_names(left)} differ), and tags are never moved. "
            "Choose another tag."
        )
    return True


def _tag(api: HfApi, repo_id: str, tag: str, commit: str) -> None:
    # A lost answer: the tag is there already, on this commit.
    if _tags(api, repo_id).get(tag) != commit:
        api.create_tag(repo_id, tag=tag, revision=commit)


def _tags(api: HfApi, repo_id: str) -> dict[str, str]:
    return {ref.name: ref.target_commit for ref in api.list_repo_refs(repo_id).tags}


def _names(difference: Difference) -> str:
    names = [*difference.changed, *difference.stale]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")

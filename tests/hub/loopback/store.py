"""What a Hub remembers: accounts, repositories, commits, and the bytes of files."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import NamedTuple


class HubError(Exception):
    """An answer that is not 2xx; ``code`` is the Hub's ``X-Error-Code``."""

    def __init__(self, status: int, message: str, code: str | None = None, body: dict | None = None):
        super().__init__(message)
        self.status, self.code, self.body = status, code, body or {"error": message}


class Blob(NamedTuple):
    """One file in a commit: git object id, size, and for large files the SHA-256 of the content."""

    oid: str
    size: int
    sha256: str | None = None


@dataclass(frozen=True)
class Commit:
    sha: str
    parent: str | None
    title: str
    files: dict[str, Blob]


@dataclass
class Repo:
    """A model repository. Refs are ``refs/heads/main``, ``refs/tags/v1``, ``refs/pr/1``."""

    id: str
    private: bool = False
    gated: bool = False
    commits: dict[str, Commit] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    pull_requests: list[dict] = field(default_factory=list)

    def commit(self, ref: str, title: str, files: dict[str, Blob], parent: str | None) -> Commit:
        tree = json.dumps([parent, title, sorted(files.items()), len(self.commits)])
        commit = Commit(hashlib.sha1(tree.encode()).hexdigest(), parent, title, dict(files))
        self.commits[commit.sha] = commit
        self.refs[ref] = commit.sha
        return commit

    def ref(self, revision: str) -> str | None:
        """Name of the ref that a revision means; None for a commit or for what does not exist."""
        names = (f"refs/heads/{revision}", f"refs/tags/{revision}", revision)
        return next((name for name in names if name in self.refs), None)

    def resolve(self, revision: str) -> Commit:
        ref = self.ref(revision)
        sha = self.refs[ref] if ref else revision
        if sha not in self.commits:
            raise HubError(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return self.commits[sha]

    def history(self, revision: str = "main") -> list[str]:
        """Titles of all commits of a branch, newest first."""
        titles, commit = [], self.resolve(revision)
        while commit:
            titles.append(commit.title)
            commit = self.commits.get(commit.parent)
        return titles


class Store:
    """Accounts, repositories and contents of one Hub."""

    def __init__(self, tokens: dict[str, tuple[str, str]]):
        self.tokens = tokens  # token -> (name, "read" | "write")
        self.repos: dict[str, Repo] = {}
        self.small: dict[str, bytes] = {}  # git object id -> content
        self.large: dict[str, bytes] = {}  # SHA-256 -> content

    def account(self, authorization: str | None) -> tuple[str, str] | None:
        if authorization is None:
            return None
        account = self.tokens.get(authorization.removeprefix("Bearer "))
        if account is None:
            raise HubError(401, "Invalid credentials in Authorization header")
        return account

    def readable(self, repo_id: str, authorization: str | None) -> Repo:
        account, repo = self.account(authorization), self.repos.get(repo_id)
        if repo and (not repo.private or (account and account[0] == repo_id.split("/")[0])):
            if repo.gated and not account:
                raise HubError(401, f"Access to model {repo_id} is restricted.", "GatedRepo")
            return repo
        # The Hub does not tell a missing repository from one that may not be seen.
        raise HubError(404 if account else 401, "Repository not found", "RepoNotFound")

    def writable(self, repo_id: str, authorization: str | None) -> Repo:
        account = self.account(authorization)
        if account is None:
            raise HubError(401, "Repository not found", "RepoNotFound")
        self.check_write(account, repo_id.split("/")[0])
        return self.readable(repo_id, authorization)

    def check_write(self, account: tuple[str, str], namespace: str) -> None:
        if account[1] != "write":
            raise HubError(403, "This token has no write permission")
        if namespace != account[0]:
            raise HubError(403, f"You don't have the rights to create a model under the namespace {namespace!r}")

    def add_small(self, content: bytes) -> Blob:
        oid = git_sha1(content)
        self.small[oid] = content
        return Blob(oid, len(content))

    def content(self, blob: Blob) -> bytes:
        return self.large[blob.sha256] if blob.sha256 else self.small[blob.oid]


def git_sha1(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def large_blob(sha256: str, size: int) -> Blob:
    """A large file stands in git as a pointer, whose hash is its object id."""
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n"
    return Blob(git_sha1(pointer.encode()), size, sha256)

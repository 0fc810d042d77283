"""Which files a commit holds, with their hashes, and whether a folder holds the same."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from huggingface_hub import HfApi
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils.sha import git_hash, sha_fileobj

from hf_mixtrain.files import atomic_write_text, cache_dir
from hf_mixtrain.hub.release_files import is_allowed


def list_revision(api: HfApi, repo_id: str, revision: str) -> list[RepoFile]:
    """Ask the Hub for the files of a revision."""
    entries = api.list_repo_tree(repo_id, revision=revision, recursive=True)
    return [entry for entry in entries if isinstance(entry, RepoFile)]


def list_commit(api: HfApi, repo_id: str, commit: str) -> list[RepoFile]:
    """Return the files of a commit, from a file of our own if it was asked for before.

    The client keeps such listings too, but does not give back the SHA-256 of large files.
    """
    path = _path(api, repo_id, commit)
    if not path.is_file():
        files = list_revision(api, repo_id, commit)
        rows = [[entry.path, entry.size, entry.blob_id, entry.lfs and entry.lfs.sha256] for entry in files]
        atomic_write_text(path, json.dumps(rows))
        return files
    return [
        RepoFile(path=name, size=size, oid=oid, lfs=digest and {"oid": digest, "size": size, "pointerSize": 0})
        for name, size, oid, digest in json.loads(path.read_text(encoding="utf-8"))
    ]


def _path(api: HfApi, repo_id: str, commit: str) -> Path:
    host = api.endpoint.split("//")[-1].replace("/", "-").replace(":", "-")
    return cache_dir() / "listings" / host / repo_id.replace("/", "--") / f"{commit}.json"


Content = Path | bytes


class Difference(NamedTuple):
    """What a commit lacks or holds in another form, and what of a release it holds beyond the folder."""

    changed: list[str]
    stale: list[str]

    def __bool__(self) -> bool:
        return bool(self.changed or self.stale)


def compare(files: Mapping[str, Content], api: HfApi, repo_id: str, revision: str) -> Difference:
    """Compare local files with those of a revision.

    Args:
        files: ``{path in the repository: file or its content}``.
        api: The client.
        repo_id: The repository.
        revision: Branch, tag or commit.

    Returns:
        The difference, which is false where there is none. Files that no release holds, such as pictures, are no
        difference: they may stay in the repository.
    """
    remote = {entry.path: entry for entry in list_revision(api, repo_id, revision)}
    changed = [path for path, content in files.items() if path not in remote or not _equal(content, remote[path])]
    return Difference(changed, [path for path in remote if path not in files and is_allowed(path)])


def sha256(content: Content) -> str:
    """Return the SHA-256 of a file or of bytes, in hex."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return sha_fileobj(file).hex()


def has_hash(content: Content, entry: RepoFile) -> bool:
    """Tell whether content has the hash that the Hub lists: SHA-256 for large files, git's own for others."""
    if entry.lfs is not None:
        return sha256(content) == entry.lfs.sha256
    return git_hash(content if isinstance(content, bytes) else content.read_bytes()) == entry.blob_id


def _equal(content: Content, entry: RepoFile) -> bool:
    size = len(content) if isinstance(content, bytes) else content.stat().st_size
    return size == entry.size and has_hash(content, entry)

"""Whether a folder and a commit hold the same files, by their hashes alone."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from huggingface_hub import HfApi
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils.sha import git_hash, sha_fileobj

from hf_mixtrain.hub.files import is_allowed
from hf_mixtrain.hub.listing import list_revision

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

"""Which files a commit holds, with their hashes, and whether a folder holds the same."""

import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from huggingface_hub import HfApi
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils.sha import git_hash, sha_fileobj

from hf_mixtrain.files import atomic_write_text, cache_dir
from hf_mixtrain.hub.client import HubError
from hf_mixtrain.hub.model_check import ADAPTER, ADAPTER_WEIGHTS, CONFIG, WEIGHTS, missing_file
from hf_mixtrain.hub.release_files import is_allowed

_SHA256 = re.compile("[0-9a-f]{64}")


def list_revision(api: HfApi, repo_id: str, revision: str) -> list[RepoFile]:
    """Ask the Hub for the files of a revision.

    Raises:
        HubError: If a file is listed without a size or a hash.
    """
    entries = list(api.list_repo_tree(repo_id, revision=revision, recursive=True))
    found = [entry for entry in entries if isinstance(entry, RepoFile)]
    for entry in found:
        if not _is_listed(entry.path, entry.size, entry.blob_id, entry.lfs and entry.lfs.sha256):
            raise HubError(f"{repo_id}: the Hub lists {entry.path!r} without its size or hash. Run again later.")
    return found


def list_commit(api: HfApi, repo_id: str, commit: str) -> list[RepoFile]:
    """Return the files of a commit, as `keep_listing` has kept them, or else from the Hub.

    The client keeps such listings too, but does not give back the SHA-256 of large files.

    Raises:
        HubError: If the listing is not whole: names that the Hub gives elsewhere are not in it, or it cannot make a
            model. A page of it that was lost would otherwise go unnoticed.
    """
    if (kept := _kept(_path(api, repo_id, commit))) and not why_incomplete([entry.path for entry in kept]):
        return kept
    listed = list_revision(api, repo_id, commit)
    names = {entry.path for entry in listed}
    others = {sibling.rfilename for sibling in api.model_info(repo_id, revision=commit).siblings or ()}
    lost = sorted(name for name in others - names if is_allowed(name))
    if reason := (f"{lost[0]} is not in it" if lost else why_incomplete(names)):
        raise HubError(f"{repo_id}: the list of files at {commit[:7]} is not that of a whole model: {reason}.")
    return listed


def keep_listing(api: HfApi, repo_id: str, commit: str, files: Sequence[RepoFile]) -> None:
    """Keep the listing of a commit whose files have all arrived: a commit never changes, and need not be asked for."""
    rows = [[entry.path, entry.size, entry.blob_id, entry.lfs and entry.lfs.sha256] for entry in files]
    atomic_write_text(_path(api, repo_id, commit), json.dumps({"sha256": _sha256_of_rows(rows), "files": rows}))


def why_incomplete(names: Collection[str]) -> str | None:
    """Say what a list of paths lacks to be a release, on top or with a model in each of its folders."""
    folders = {path.rpartition("/")[0] for path in names if path.endswith("config.json") and is_allowed(path)} or {""}
    # Folders such as `onnx/` and `1_Pooling/` hold other forms of the model on top, and are nothing that is loaded.
    for folder in [""] if "" in folders else sorted(folders):
        inside = {path.rpartition("/")[2] for path in names if path.rpartition("/")[0] == folder}
        if ADAPTER in inside and CONFIG not in inside:
            missing = None if ADAPTER_WEIGHTS in inside else ADAPTER_WEIGHTS
        else:
            missing = missing_file(inside)
        if missing:
            pickles = any(name.endswith(".bin") for name in inside)
            note = ", and pickles (.bin) are not read" if missing == WEIGHTS and pickles else ""
            return f"there is no {f'{folder}/' if folder else ''}{missing}{note}"
    return None


def _kept(path: Path) -> list[RepoFile]:
    """Read a kept listing; empty if there is none, or if it is damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        rows = content["files"]
        if content["sha256"] != _sha256_of_rows(rows) or not all(_is_listed(*row) for row in rows):
            return []
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return []
    return [
        RepoFile(path=name, size=size, oid=oid, lfs=digest and {"oid": digest, "size": size, "pointerSize": 0})
        for name, size, oid, digest in rows
    ]


def _is_listed(path: object, size: object, oid: object, digest: object) -> bool:
    is_size = isinstance(size, int) and not isinstance(size, bool) and size >= 0
    is_hash = isinstance(digest, str) and _SHA256.fullmatch(digest) if digest else isinstance(oid, str) and oid
    return bool(isinstance(path, str) and path and is_size and is_hash)


def _sha256_of_rows(rows: object) -> str:
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


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

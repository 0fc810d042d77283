"""Models from the Hub: one commit, whole, checked by hash, and from then on without a request."""

import logging
import re
from collections.abc import Mapping
from pathlib import Path

from huggingface_hub import HfApi, constants, snapshot_download
from huggingface_hub.errors import OfflineModeIsEnabled
from huggingface_hub.file_download import repo_folder_name
from huggingface_hub.hf_api import RepoFile

from hf_mixtrain.hub.client import HubError, explained, hub_api, with_retries
from hf_mixtrain.hub.listing import has_hash, keep_listing, list_commit, sha256, why_incomplete
from hf_mixtrain.hub.model_check import CONFIG, INDEX, WEIGHTS, shard_names
from hf_mixtrain.hub.registry import find_released, read_registry
from hf_mixtrain.hub.release_files import ALLOWED, SKIPPED, is_allowed

_COMMIT = re.compile("[0-9a-f]{40}")

logger = logging.getLogger(__name__)


def download(name: str, revision: str | None = None, *, registry: str | Path | None = None) -> Path:
    """Fetch a model into the cache of huggingface_hub and check every file by its hash.

    What is there already is not fetched again; for a released checkpoint, or a commit, the Hub is then not even asked.
    Requests that fail in passing are repeated; a file that arrived wrong is fetched once more.

    Args:
        name: Name of a released checkpoint, or any repository ``name/model``.
        revision: Branch, tag or commit of a repository; default: ``main``. A released checkpoint has its own.
        registry: A registry of your own; default: that of the package.

    Returns:
        The folder, ready for ``from_pretrained``.

    Raises:
        InputError: If there is no such checkpoint, or it is not yet published.
        HubError: If it cannot be fetched, or does not have the right hashes.

    Example:
        >>> download("me/panx-5", "v1.0")  # doctest: +SKIP
        PosixPath('/home/me/.cache/huggingface/hub/models--me--panx-5/snapshots/5c3f…')
    """
    if "/" in name:
        return fetch(name, revision)
    entry = find_released(read_registry(registry), name)
    if revision is not None:
        raise HubError(f"{name}: a released checkpoint has a fixed commit. For others, name {entry.repo_id} instead.")
    if entry.commit is None:
        raise HubError(f"{name}: not yet published. To publish it: {entry.publish}")
    return fetch(entry.repo_id, entry.commit, entry.sha256)


def fetch(repo_id: str, revision: str | None = None, expected: Mapping[str, str] | None = None) -> Path:
    """Fetch a revision of a repository; see `download`.

    Args:
        repo_id: The repository.
        revision: Branch, tag or commit.
        expected: SHA-256 of the files, from a source other than the Hub; they must all be there.

    Returns:
        The folder.

    Raises:
        HubError: If it cannot be fetched, or does not have the right hashes.
    """
    api = hub_api()
    with explained(repo_id, revision):
        commit = with_retries(lambda: _commit(api, repo_id, revision), f"look-up of {repo_id}")
        if not _COMMIT.fullmatch(commit):
            raise HubError(f"{repo_id}: expected a commit of 40 digits for {revision or 'main'}. Found {commit!r}.")
        files, is_known = _listing(api, repo_id, commit)
        listing = [entry for entry in files if is_allowed(entry.path)]
        for _ in range(2):
            folder = _in_cache(repo_id, commit, listing) or with_retries(
                lambda: _snapshot(repo_id, commit), f"download of {repo_id}"
            )
            wrong = [entry.path for entry in listing if not _is_right(folder / entry.path, entry)]
            if not wrong:
                _check_indexes(folder, listing, repo_id)
                _check_released(expected or {}, listing, folder, repo_id)
                if is_known:
                    keep_listing(api, repo_id, commit, files)
                return folder
            for path in wrong:
                _delete(folder / path)
            if constants.is_offline_mode():
                raise HubError(f"{repo_id}: {', '.join(wrong)} was damaged in the cache. Run once with the network.")
            logger.warning("%s: %s arrived wrong and is fetched again.", repo_id, ", ".join(wrong))
    raise HubError(
        f"{repo_id}: {', '.join(wrong)} arrived wrong twice, and was deleted from the cache. Something between "
        "here and the Hub changes files. Run again, from another network if it happens again."
    )


def _commit(api: HfApi, repo_id: str, revision: str | None) -> str:
    """Look up the commit of a revision; offline, the one that was looked up last."""
    if hasattr(api, "resolve_revision"):
        return str(api.resolve_revision(repo_id, revision=revision).resolved)
    # Goes with huggingface_hub 2.0. It keeps the commit in the cache, and this asks for no file but a small one.
    return Path(snapshot_download(repo_id, revision=revision, allow_patterns=[CONFIG])).name


def _listing(api: HfApi, repo_id: str, commit: str) -> tuple[list[RepoFile], bool]:
    """Return the files of a commit with their hashes, and whether that is how the Hub lists them."""
    try:
        return with_retries(lambda: list_commit(api, repo_id, commit), f"look-up of {repo_id}"), True
    except OfflineModeIsEnabled:
        # Other programs (transformers, say) may have fetched the files: the client names each file by its hash.
        if files := _listed_by_cache(_cache_folder(repo_id, commit)):
            return files, False
        raise


def _listed_by_cache(folder: Path) -> list[RepoFile]:
    """List the files of a cached commit, if they can be a whole model; empty if not."""
    files = []
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() and path.is_file() and is_allowed(name):
            digest, size = path.readlink().name, path.stat().st_size
            lfs = {"oid": digest, "size": size, "pointerSize": 0} if len(digest) == 64 else None
            files.append(RepoFile(path=name, size=size, oid=digest, lfs=lfs))
    return files if not why_incomplete([file.path for file in files]) else []


def _cache_folder(repo_id: str, commit: str) -> Path:
    return Path(constants.HF_HUB_CACHE, repo_folder_name(repo_id=repo_id, repo_type="model"), "snapshots", commit)


def _snapshot(repo_id: str, commit: str) -> Path:
    patterns = [*ALLOWED, *(f"*/{name}" for name in ALLOWED)]
    return Path(snapshot_download(repo_id, revision=commit, allow_patterns=patterns, ignore_patterns=[*SKIPPED]))


def _in_cache(repo_id: str, commit: str, listing: list[RepoFile]) -> Path | None:
    folder = _cache_folder(repo_id, commit)
    return folder if all((folder / entry.path).is_file() for entry in listing) else None


def _check_indexes(folder: Path, listing: list[RepoFile], repo_id: str) -> None:
    """Check that the files which an index names are there: the listing itself could lack them."""
    names = {entry.path for entry in listing}
    for index in (path for path in names if path.rpartition("/")[2] == INDEX):
        prefix = index.removesuffix(INDEX)
        if f"{prefix}{WEIGHTS}" in names:
            continue  # the index is not looked at then
        if lost := [name for name in shard_names(folder / index) if f"{prefix}{name}" not in names]:
            raise HubError(f"{repo_id}: {index} names {lost[0]}, which is not in the list of files. Run again later.")


def _is_right(file: Path, entry: RepoFile) -> bool:
    """Check a file against the listing; the client itself checks no more than the size."""
    return file.is_file() and has_hash(file, entry)


def _check_released(expected: Mapping[str, str], listing: list[RepoFile], folder: Path, repo_id: str) -> None:
    # Large files are known to have the SHA-256 of the listing; they are not read a second time.
    known = {entry.path: entry.lfs.sha256 for entry in listing if entry.lfs}
    for path, digest in expected.items():
        if not (folder / path).is_file() or (known.get(path) or sha256(folder / path)) != digest:
            raise HubError(
                f"{repo_id}: {path} at commit {folder.name[:7]} is not the file that was released. Do not use it, and "
                "tell those who released it."
            )


def _delete(path: Path) -> None:
    """Delete a cached file and what it links to: a snapshot links to a blob, which may link to a shared one."""
    while path.is_symlink():
        target = path.parent / path.readlink()
        path.unlink()
        path = target
    path.unlink(missing_ok=True)

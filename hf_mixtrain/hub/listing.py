"""Which files a commit holds, with their hashes: asked once, since a commit never changes."""

import json
from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.hf_api import RepoFile

from hf_mixtrain.files import atomic_write_text, cache_dir


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

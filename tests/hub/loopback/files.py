"""The bytes of files: where they are uploaded to, what a commit holds, and downloads."""

import hashlib
import time
from pathlib import Path

from .hub import Answer, Request, route
from .store import Blob, HubError

_ID = r"([\w.-]+/[\w.-]+)"


@route("POST", f"/api/models/{_ID}/preupload/([^/]+)")
def preupload(request: Request, repo_id: str, revision: str) -> Answer:
    repo = request.hub.store.writable(repo_id, request.authorization)
    here = repo.resolve(revision).files
    files = []
    for file in request.json()["files"]:
        old = here.get(file["path"])
        mode = "lfs" if file["path"].endswith(".safetensors") or file["size"] > 10 * 2**20 else "regular"
        oid = (old.sha256 or old.oid) if old else None
        files.append({"path": file["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid})
    return Answer({"files": files})


@route("POST", f"/{_ID}.git/info/lfs/objects/batch")
def lfs_batch(request: Request, repo_id: str) -> Answer:
    hub = request.hub
    hub.store.writable(repo_id, request.authorization)
    objects = []
    for wanted in request.json()["objects"]:
        one = {"oid": wanted["oid"], "size": wanted["size"]}
        if wanted["oid"] not in hub.store.large:
            one["actions"] = {
                "upload": {"href": f"{hub.storage_url}/storage/{wanted['oid']}?signature=x"},
                "verify": {"href": f"{hub.url}/{repo_id}.git/info/lfs/objects/verify"},
            }
        objects.append(one)
    return Answer({"transfer": "basic", "objects": objects})


@route("POST", f"/{_ID}.git/info/lfs/objects/verify")
def lfs_verify(request: Request, repo_id: str) -> Answer:
    request.hub.store.writable(repo_id, request.authorization)
    wanted = request.json()
    if len(request.hub.store.large.get(wanted["oid"], b"")) != wanted["size"]:
        raise HubError(404, "the upload is not there")
    return Answer({})


@route("PUT", "/storage/([0-9a-f]{64})")
def put_object(request: Request, sha256: str) -> Answer:
    _without_token(request)
    if hashlib.sha256(request.body).hexdigest() != sha256:
        raise HubError(400, "the content does not match its hash")
    request.hub.store.large[sha256] = request.body
    return Answer(b"", headers={"ETag": f'"{sha256}"'})


@route("GET", "/storage/([0-9a-f]{64})")
def get_object(request: Request, sha256: str) -> Answer:
    _without_token(request)
    return Answer(request.hub.store.large[sha256])


def _without_token(request: Request) -> None:
    if request.authorization:
        raise HubError(400, "a token was sent to the storage, which is another party")


@route("GET", f"/api/models/{_ID}/tree/([^/]+)(?:/(.*))?")
def tree(request: Request, repo_id: str, revision: str, folder: str = "") -> Answer:
    commit = request.hub.store.readable(repo_id, request.authorization).resolve(revision)
    hashes = xet_hashes(request.hub.cas)
    entries = []
    for path, blob in sorted(commit.files.items()):
        if not path.startswith(f"{folder}/" if folder else ""):
            continue
        entry = {"type": "file", "path": path, "oid": blob.oid, "size": blob.size}
        if blob.sha256:
            entry["lfs"] = {"oid": blob.sha256, "size": blob.size, "pointerSize": 130}
            if blob.sha256 in hashes:
                entry["xetHash"] = hashes[blob.sha256]
        entries.append(entry)
    if folder and not entries:
        raise HubError(404, f"{folder} does not exist", "EntryNotFound")
    return Answer(entries)


@route("HEAD", f"/{_ID}/resolve/([^/]+)/(.+)")
@route("GET", f"/{_ID}/resolve/([^/]+)/(.+)")
def resolve(request: Request, repo_id: str, revision: str, path: str) -> Answer:
    hub = request.hub
    commit = hub.store.readable(repo_id, request.authorization).resolve(revision)
    headers = {"X-Repo-Commit": commit.sha}
    blob = commit.files.get(path)
    if blob is None:
        headers["X-Error-Code"] = "EntryNotFound"
        return Answer({"error": "Entry not found"}, 404, headers)
    if blob.sha256 is None:
        cached = f"/api/resolve-cache/models/{repo_id}/{commit.sha}/{path}"
        return Answer(b"", 307, headers | {"Location": cached, "ETag": f'"{blob.oid}"'})
    headers |= {"X-Linked-Etag": f'"{blob.sha256}"', "X-Linked-Size": str(blob.size)}
    if xet_hash := xet_hashes(hub.cas).get(blob.sha256):
        auth = f"{hub.url}/api/models/{repo_id}/xet-read-token/{commit.sha}"
        headers |= {"X-Xet-Hash": xet_hash, "Link": f'<{auth}>; rel="xet-auth"'}
    return Answer(b"", 302, headers | {"Location": f"{hub.storage_url}/storage/{blob.sha256}"})


@route("HEAD", f"/api/resolve-cache/models/{_ID}/([^/]+)/(.+)")
@route("GET", f"/api/resolve-cache/models/{_ID}/([^/]+)/(.+)")
def resolve_cache(request: Request, repo_id: str, revision: str, path: str) -> Answer:
    commit = request.hub.store.readable(repo_id, request.authorization).resolve(revision)
    blob: Blob = commit.files[path]
    return Answer(request.hub.store.content(blob), headers={"ETag": f'"{blob.oid}"', "X-Repo-Commit": commit.sha})


@route("GET", f"/api/models/{_ID}/xet-(read|write)-token/(.+)")
def xet_token(request: Request, repo_id: str, kind: str, _revision: str) -> Answer:
    store = request.hub.store
    (store.writable if kind == "write" else store.readable)(repo_id, request.authorization)
    if request.hub.cas is None:
        raise HubError(404, "this Hub has no Xet storage")
    address, expires = f"local://{request.hub.cas}", int(time.time()) + 3600
    headers = {"X-Xet-Cas-Url": address, "X-Xet-Access-Token": "cas", "X-Xet-Token-Expiration": str(expires)}
    return Answer({"casUrl": address, "accessToken": "cas", "exp": expires}, headers=headers)


def xet_hashes(cas: Path | None) -> dict[str, str]:
    """Read which file has which SHA-256 from the shards that clients have left in a local Xet storage.

    A shard is a 48-byte header and then a list of files: an entry of 48 bytes with the file's hash, flags and the
    number of its segments, then the segments, then (by flag) a verification entry for each and one entry with the
    SHA-256. Hashes are written as four little-endian integers, so each eight bytes are reversed.
    """
    hashes = {}
    for shard in cas.glob("xet/xorbs/shards/*.mdb") if cas else ():
        data, at = shard.read_bytes(), 48
        while data[at : at + 32] != b"\xff" * 32:
            flags, segments = (int.from_bytes(data[at + start : at + start + 4], "little") for start in (32, 36))
            end = at + 48 * (1 + segments * (2 if flags >> 31 & 1 else 1))
            if flags >> 30 & 1:
                hashes[_hex(data[end : end + 32])] = _hex(data[at : at + 32])
                end += 48
            at = end
    return hashes


def _hex(raw: bytes) -> str:
    return b"".join(raw[start : start + 8][::-1] for start in range(0, 32, 8)).hex()

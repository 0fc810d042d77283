"""Whatever goes wrong on the way: a push or download is whole in the end, or one line says why not and running again
completes it. The files here are never touched."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from .loopback import CUT, FLIP, LOST, RESET, STALL, Fault
from .test_push import remote

BUSY = Fault(429, {"Retry-After": "1"})
GATEWAY = Fault(503, {"Content-Type": "text/html"}, b"<html>Service Unavailable</html>")

# Every request of a push, and what can happen to it. The weights go to the LFS storage or to Xet's.
PUSH = [
    ("POST", "/api/repos/create", (GATEWAY, RESET, LOST, BUSY, STALL)),
    ("GET", "/revision/main", (GATEWAY, RESET)),
    ("GET", "/tree/", (GATEWAY, RESET, STALL)),
    ("POST", "/api/validate-yaml", (GATEWAY, RESET, BUSY)),
    ("POST", "/preupload/main", (GATEWAY, RESET)),
    ("POST", "/commit/main", (GATEWAY, RESET, LOST, BUSY, STALL)),
    ("GET", "/refs", (GATEWAY, RESET)),
    ("POST", "/tag/", (GATEWAY, RESET, LOST, STALL)),
]
PUSH_LFS = [
    ("POST", "/objects/batch", (GATEWAY, RESET)),
    ("PUT", "/storage/", (GATEWAY, RESET, LOST, 403, STALL)),
    ("POST", "/objects/verify", (GATEWAY, RESET)),
]
PUSH_XET = [("GET", "/xet-write-token/", (GATEWAY, RESET, STALL))]

DOWNLOAD = [
    ("GET", "/api/models/me/[^/]*$", (GATEWAY, RESET, BUSY, STALL)),
    ("GET", "/tree/", (GATEWAY, RESET, STALL)),
    ("HEAD", "/resolve/.*/config.json", (GATEWAY, RESET, BUSY)),
    ("GET", "/resolve-cache/.*/config.json", (GATEWAY, RESET, BUSY, CUT, FLIP)),
]
DOWNLOAD_LFS = [
    ("HEAD", "/resolve/.*/model.safetensors", (GATEWAY, RESET)),
    ("GET", "/storage/", (GATEWAY, RESET, CUT, FLIP, STALL)),
]
DOWNLOAD_XET = [("GET", "/xet-read-token/", (GATEWAY, RESET))]


def cases(common, lfs, xet):
    """All faults of a table, each with the kind of storage that has such requests."""
    found = []
    for kind, rows in (("lfs", common + lfs), ("xet", common + xet)):
        for method, path, faults in rows:
            for fault in faults:
                name = fault.action if isinstance(fault, Fault) else fault
                found.append(pytest.param(kind, method, path, fault, id=f"{kind} {method} {path} {name}"))
    return found


def fetch(client, repo_id, **options):
    return client.run(f"from hf_mixtrain.hub import download; print(download({repo_id!r}))", **options)


def same(here: Path, folder: Path) -> bool:
    names = ("config.json", "model.safetensors", "results.json", "tokenizer.json")
    return all((here / name).read_bytes() == (folder / name).read_bytes() for name in names)


@pytest.mark.parametrize(("client", "method", "path", "fault"), cases(PUSH, PUSH_LFS, PUSH_XET), indirect=["client"])
def test_a_push_gets_over_one_fault(client, folder, repo_id, method, path, fault):
    before = {file: file.read_bytes() for file in folder.iterdir() if file.is_file()}
    client.hub.fail(method, path, fault)
    release = client.push(folder, repo_id, tag="v1.0")
    assert client.hub.faults.used, client.hub.requests
    repo = client.hub.repo(repo_id)
    assert repo.history() == ["Release cell as v1.0", "initial commit"]
    assert repo.refs["refs/tags/v1.0"] == release["commit"]
    assert set(remote(client, repo_id)) == set(release["sha256"])
    assert {file: file.read_bytes() for file in folder.iterdir() if file.is_file()} == before


@pytest.mark.parametrize(
    ("client", "method", "path", "fault"), cases(DOWNLOAD, DOWNLOAD_LFS, DOWNLOAD_XET), indirect=["client"]
)
def test_a_download_gets_over_one_fault(client, folder, repo_id, method, path, fault):
    client.push(folder, repo_id)
    client.hub.fail(method, path, fault)
    assert same(Path(fetch(client, repo_id)), folder)
    assert client.hub.faults.used, client.hub.requests


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/api/repos/create", "has a problem of its own"),
        ("/api/validate-yaml", "has a problem of its own"),
        ("/commit/main", "has a problem of its own"),
        ("/tag/", "has a problem of its own"),
    ],
)
def test_a_push_that_fails_for_good_is_completed_by_the_next(client, folder, repo_id, path, message):
    client.hub.fail("POST", path, *[503] * 10)
    assert message in client.push(folder, repo_id, tag="v1.0", ok=False)
    client.hub.forget()
    release = client.push(folder, repo_id, tag="v1.0")
    assert len(client.hub.repo(repo_id).commits) == 2
    assert client.hub.repo(repo_id).refs["refs/tags/v1.0"] == release["commit"]


def test_a_push_without_a_connection_says_so(client, folder, repo_id):
    client.hub.fail("POST", "/commit/main", *[RESET] * 10)
    assert f"cannot reach {client.hub.url}" in client.push(folder, repo_id, ok=False)
    client.hub.forget()
    assert client.push(folder, repo_id)["changed"]


@pytest.mark.parametrize("client", ["xet"], indirect=True)
def test_an_error_of_the_xet_client_is_one_line_too(client, folder, repo_id):
    client.hub.fail("GET", "/xet-write-token/", *[404] * 10)
    assert f"cannot reach {client.hub.url} (ConnectionError: " in client.push(folder, repo_id, ok=False)
    client.hub.forget()
    assert client.push(folder, repo_id)["changed"]


def test_a_pull_request_whose_answer_was_lost_is_not_opened_twice(client, folder, repo_id):
    client.push(folder, repo_id)
    (folder / "tokenizer.json").write_text('{"b": 1}')
    client.hub.fail("POST", "/commit/main", LOST)
    release = client.push(folder, repo_id, create_pr=True)
    assert release["url"].endswith("/discussions/1")
    assert len(client.hub.repo(repo_id).pull_requests) == 1


def test_a_server_that_asks_for_an_hour_is_not_waited_for(client, folder, repo_id):
    client.hub.fail("POST", "/api/repos/create", Fault(429, {"Retry-After": "3600"}))
    assert "too many requests" in client.push(folder, repo_id, ok=False)


@pytest.mark.parametrize("client", ["lfs"], indirect=True)
@pytest.mark.parametrize("file", ["/resolve-cache/.*/config.json", "/storage/"])
def test_a_file_that_is_wrong_twice_is_refused_and_deleted(client, folder, repo_id, file):
    client.push(folder, repo_id)
    client.hub.fail("GET", file, FLIP, FLIP)
    assert "arrived wrong twice" in fetch(client, repo_id, ok=False)
    assert same(Path(fetch(client, repo_id)), folder)


@pytest.mark.parametrize("client", ["xet"], indirect=True)
def test_damage_in_the_xet_storage_is_an_error(client, folder, repo_id):
    client.push(folder, repo_id)
    xorbs = list(client.hub.cas.glob("xet/xorbs/xorbs/default.*[0-9a-f]"))
    newest = max(xorbs, key=lambda path: path.stat().st_mtime_ns)
    whole = newest.read_bytes()
    newest.chmod(0o644)
    middle = len(whole) // 2
    newest.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    try:
        error = fetch(client, repo_id, ok=False)
    finally:
        newest.write_bytes(whole)
    assert repo_id in error
    assert same(Path(fetch(client, repo_id)), folder)


def test_a_download_that_fails_for_good_is_completed_by_the_next(client, folder, repo_id):
    client.push(folder, repo_id)
    client.hub.fail("GET", "/resolve-cache/.*/config.json", *[503] * 50)
    assert "has a problem of its own" in fetch(client, repo_id, ok=False)
    client.hub.forget()
    assert same(Path(fetch(client, repo_id)), folder)
    assert len([request for request in client.hub.requests if request.startswith("HEAD")]) < 5


@pytest.mark.parametrize("client", ["lfs"], indirect=True)
@pytest.mark.parametrize(("method", "path"), [("POST", "/api/repos/create"), ("POST", "/commit/main")])
def test_a_push_to_a_server_that_says_nothing_ends_in_one_line(client, folder, repo_id, method, path):
    client.hub.fail(method, path, *[STALL] * 20)
    assert "cannot reach" in client.push(folder, repo_id, ok=False)
    assert len(client.hub.faults.used) < 5
    client.hub.forget()
    assert client.push(folder, repo_id)["changed"]


ODD = [b"[]", b"{}", b"null", b"3", b"<html>", b"\xff\xfe", b'[{"type": "file"}]', b'[{"type": "file", "path": 3}]',
       b'[{"type": "directory", "path": "de", "oid": "x"}]', b"[" * 100_000]  # fmt: skip


@pytest.mark.parametrize("client", ["lfs"], indirect=True)
@pytest.mark.parametrize("body", ODD)
@pytest.mark.parametrize("path", ["/api/models/me/[^/]*$", "/tree/", "/revision/"])
def test_an_answer_of_another_shape_is_one_line_and_is_not_kept(client, folder, repo_id, path, body):
    client.push(folder, repo_id)
    client.hub.fail("GET", path, *[Fault(200, {"Content-Type": "application/json"}, body)] * 20)
    assert fetch(client, repo_id, ok=False).startswith("hf_mixtrain.hub.client.HubError: ")
    client.hub.forget()
    assert same(Path(fetch(client, repo_id)), folder)


@pytest.mark.parametrize("client", ["lfs"], indirect=True)
@pytest.mark.parametrize("lost", ["config.json", "model.safetensors", "tokenizer.json", "results.json"])
def test_a_lost_page_of_the_listing_is_noticed_and_not_kept(client, folder, repo_id, lost):
    client.push(folder, repo_id)
    files = client.hub.repo(repo_id).resolve("main").files
    entries = [
        {"type": "file", "path": path, "oid": blob.oid, "size": blob.size}
        | ({"lfs": {"oid": blob.sha256, "size": blob.size, "pointerSize": 130}} if blob.sha256 else {})
        for path, blob in files.items()
        if path != lost
    ]
    client.hub.fail("GET", "/tree/", Fault(200, {}, json.dumps(entries).encode()))
    assert f"the list of files at {client.hub.repo(repo_id).resolve('main').sha[:7]} is not" in fetch(
        client, repo_id, ok=False
    )
    assert same(Path(fetch(client, repo_id)), folder)


@pytest.mark.parametrize("client", ["lfs"], indirect=True)
def test_a_damaged_listing_in_the_cache_is_fetched_again(client, folder, repo_id):
    client.push(folder, repo_id)
    here = Path(fetch(client, repo_id))
    (listing,) = client.homes.rglob("listings/**/*.json")
    for damaged in (b"", b"[]", b"{", b"\xff", listing.read_bytes().replace(b"config", b"confix")):
        listing.write_bytes(damaged)
        assert fetch(client, repo_id) == str(here)
    assert b"confix" not in listing.read_bytes()


@pytest.mark.parametrize("client", ["lfs"], indirect=True)
def test_a_tag_that_was_answered_and_not_set_is_noticed(client, folder, repo_id):
    client.hub.fail("POST", "/tag/", Fault(200, {}, b"{}"))
    assert "the tag 'v1.0' was not set" in client.push(folder, repo_id, tag="v1.0", ok=False)
    assert client.push(folder, repo_id, tag="v1.0")["tag"] == "v1.0"


@pytest.mark.parametrize("client", ["lfs"], indirect=True)
def test_a_commit_that_was_answered_and_not_made_is_noticed(client, folder, repo_id):
    made = {"success": True, "commitOid": "a" * 40, "commitUrl": f"{client.hub.url}/{repo_id}/commit/{'a' * 40}"}
    client.hub.fail("POST", "/commit/main", Fault(200, {}, json.dumps(made).encode()))
    assert "no revision" in client.push(folder, repo_id, ok=False)
    assert client.push(folder, repo_id)["changed"]


@pytest.mark.parametrize("client", ["lfs"], indirect=True)
@pytest.mark.parametrize("place", ["message", "tag", "revision", "card", "weights", "escape"])
def test_a_token_is_found_before_anything_is_sent(client, folder, repo_id, place):
    arguments = {place: client.token} if place in ("message", "tag", "revision") else {}
    if place == "card":
        (folder / "README.md").write_text(f"see {client.token}")
    elif place == "escape":
        (folder / "results.json").write_text(json.dumps({"note": f"first\n{client.token}"}))
    elif place == "weights":
        save_file({"a": np.zeros(1)}, folder / "model.safetensors", metadata={"note": client.token})
    error = client.push(folder, repo_id, ok=False, **arguments)
    assert "looks like an access token" in error
    assert client.token not in error
    assert client.hub.requests == []


@pytest.mark.parametrize("client", ["lfs"], indirect=True)
def test_a_link_that_leaves_the_folder_is_not_followed(client, folder, repo_id, tmp_path):
    (tmp_path / "private.json").write_text('{"mine": 1}')
    (folder / "shots.json").symlink_to(tmp_path / "private.json")
    assert "a link that leads out of the folder" in client.push(folder, repo_id, ok=False)
    assert client.hub.requests == []


ASTRAY = [
    ("GET", "/api/models/me/[^/]*$", "{hub}/api/models/me/loop", "a loop"),
    ("HEAD", "/resolve/.*/config.json", "http://127.0.0.1:9/config.json", "a port that nobody listens on"),
    ("GET", "/storage/", "http://127.0.0.1:9/weights", "a port that nobody listens on"),
    ("GET", "/storage/", "{hub}/api/models/me", "an answer of another kind"),
]


@pytest.mark.parametrize("client", ["lfs"], indirect=True)
@pytest.mark.parametrize(("method", "path", "location", "where"), ASTRAY)
def test_a_redirect_that_leads_astray_is_one_line_and_running_again_completes(
    client, folder, repo_id, method, path, location, where
):
    client.push(folder, repo_id)
    astray = Fault(302, {"Location": location.format(hub=client.hub.url)}, b"")
    client.hub.fail(method, path, *[astray] * 40)
    said = fetch(client, repo_id, ok=False)
    assert client.hub.faults.used, client.hub.requests
    assert said.startswith("hf_mixtrain."), f"{where}: {said}"  # our own error, not one of a library
    client.hub.forget()
    assert same(Path(fetch(client, repo_id)), folder)

"""Whatever goes wrong on the way: a push or download is whole in the end, or one line says why not and running again
completes it. The files here are never touched."""

from pathlib import Path

import pytest

from .loopback import CUT, FLIP, LOST, RESET, Fault
from .test_push import remote

BUSY = Fault(429, {"Retry-After": "1"})
GATEWAY = Fault(503, {"Content-Type": "text/html"}, b"<html>Service Unavailable</html>")

# Every request of a push, and what can happen to it. The weights go to the LFS storage or to Xet's.
PUSH = [
    ("POST", "/api/repos/create", (GATEWAY, RESET, LOST, BUSY)),
    ("GET", "/revision/main", (GATEWAY, RESET)),
    ("GET", "/tree/", (GATEWAY, RESET)),
    ("POST", "/api/validate-yaml", (GATEWAY, RESET, BUSY)),
    ("POST", "/preupload/main", (GATEWAY, RESET)),
    ("POST", "/commit/main", (GATEWAY, RESET, LOST, BUSY)),
    ("GET", "/refs", (GATEWAY, RESET)),
    ("POST", "/tag/", (GATEWAY, RESET, LOST)),
]
PUSH_LFS = [
    ("POST", "/objects/batch", (GATEWAY, RESET)),
    ("PUT", "/storage/", (GATEWAY, RESET, LOST, 403)),
    ("POST", "/objects/verify", (GATEWAY, RESET)),
]
PUSH_XET = [("GET", "/xet-write-token/", (GATEWAY, RESET))]

DOWNLOAD = [
    ("GET", "/api/models/me/[^/]*$", (GATEWAY, RESET, BUSY)),
    ("GET", "/tree/", (GATEWAY, RESET)),
    ("HEAD", "/resolve/.*/config.json", (GATEWAY, RESET, BUSY)),
    ("GET", "/resolve-cache/.*/config.json", (GATEWAY, RESET, BUSY, CUT, FLIP)),
]
DOWNLOAD_LFS = [
    ("HEAD", "/resolve/.*/model.safetensors", (GATEWAY, RESET)),
    ("GET", "/storage/", (GATEWAY, RESET, CUT, FLIP)),
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

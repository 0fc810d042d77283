"""Accounts, repositories, refs, pull requests and commits."""

import base64
import json
from typing import Any

import yaml

from .files import xet_hashes
from .hub import Answer, Request, route
from .store import HubError, Repo, large_blob

_ID = r"([\w.-]+/[\w.-]+)"


@route("GET", "/api/agent-harnesses")
def agent_harnesses(_request: Request) -> Answer:
    return Answer([])


@route("GET", "/api/whoami-v2")
def whoami(request: Request) -> Answer:
    account = request.hub.store.account(request.authorization)
    if account is None:
        raise HubError(401, "Invalid credentials in Authorization header")
    name, role = account
    return Answer({"type": "user", "name": name, "orgs": [], "auth": {"accessToken": {"role": role}}})


@route("POST", "/api/repos/create")
def create_repo(request: Request) -> Answer:
    store, wanted = request.hub.store, request.json()
    account = store.account(request.authorization)
    if account is None:
        raise HubError(401, "Invalid username or password.")
    namespace = wanted.get("organization") or account[0]
    store.check_write(account, namespace)
    repo_id = f"{namespace}/{wanted['name']}"
    url = f"{request.hub.url}/{repo_id}"
    if repo_id in store.repos:
        message = "You already created this model repo"
        raise HubError(409, message, body={"error": message, "url": url})
    repo = store.repos[repo_id] = Repo(repo_id, private=wanted.get("visibility") == "private")
    attributes = store.add_small(b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n")
    repo.commit("refs/heads/main", "initial commit", {".gitattributes": attributes}, None)
    return Answer({"url": url, "name": repo_id, "id": repo_id})


@route("POST", "/api/validate-yaml")
def validate_yaml(request: Request) -> Answer:
    content = request.json()["content"]
    try:
        metadata = yaml.safe_load(content.split("---\n")[1]) if content.startswith("---\n") else {}
        problem = None if isinstance(metadata, dict) else "metadata must be a mapping"
        for model in (metadata or {}).get("model-index", []):
            for result in model["results"]:
                for name in (result["task"]["type"], result["dataset"]["type"], result["dataset"]["name"]):
                    problem = problem or (None if isinstance(name, str) else f"{name!r} must be a string")
                for metric in result["metrics"]:
                    problem = problem or (None if metric["type"] and "value" in metric else "metrics need a value")
    except (yaml.YAMLError, KeyError, TypeError) as error:
        problem = f"invalid metadata: {error!r}"
    if problem:
        raise HubError(400, problem, body={"errors": [{"message": problem}], "warnings": []})
    return Answer({"errors": [], "warnings": []})


@route("GET", f"/api/models/{_ID}(?:/revision/([^/]+))?")
def model_info(request: Request, repo_id: str, revision: str = "main") -> Answer:
    repo = request.hub.store.readable(repo_id, request.authorization)
    commit = repo.resolve(revision)
    info = {"_id": "0", "id": repo_id, "modelId": repo_id, "sha": commit.sha, "private": repo.private, "tags": []}
    info["siblings"] = [{"rfilename": path} for path in commit.files]
    if "README.md" in commit.files:
        card = request.hub.store.content(commit.files["README.md"]).decode()
        metadata = yaml.safe_load(card.split("---\n")[1]) if card.startswith("---\n") else {}
        info |= {key: metadata[key] for key in ("pipeline_tag", "library_name") if key in metadata}
    return Answer(info)


@route("GET", f"/api/models/{_ID}/refs")
def refs(request: Request, repo_id: str) -> Answer:
    repo = request.hub.store.readable(repo_id, request.authorization)

    def under(prefix: str) -> list[dict]:
        names = [name for name in repo.refs if name.startswith(prefix)]
        return [{"name": name.removeprefix(prefix), "ref": name, "targetCommit": repo.refs[name]} for name in names]

    return Answer({"branches": under("refs/heads/"), "tags": under("refs/tags/"), "converts": []})


@route("POST", f"/api/models/{_ID}/tag/([^/]+)")
def create_tag(request: Request, repo_id: str, revision: str) -> Answer:
    return _create_ref(request, repo_id, f"refs/tags/{request.json()['tag']}", revision)


@route("POST", f"/api/models/{_ID}/branch/([^/]+)")
def create_branch(request: Request, repo_id: str, branch: str) -> Answer:
    return _create_ref(request, repo_id, f"refs/heads/{branch}", request.json().get("startingPoint", "main"))


def _create_ref(request: Request, repo_id: str, ref: str, revision: str) -> Answer:
    repo = request.hub.store.writable(repo_id, request.authorization)
    if ref in repo.refs:
        raise HubError(409, f"Reference exists already: {ref}")
    repo.refs[ref] = repo.resolve(revision).sha
    return Answer({})


@route("GET", f"/api/models/{_ID}/discussions")
def discussions(request: Request, repo_id: str) -> Answer:
    repo = request.hub.store.readable(repo_id, request.authorization)
    found = repo.pull_requests
    return Answer({"count": len(found), "start": 0, "discussions": found})


@route("POST", f"/api/models/{_ID}/commit/([^/]+)")
def commit(request: Request, repo_id: str, revision: str) -> Answer:
    store = request.hub.store
    repo = store.writable(repo_id, request.authorization)
    ref, head = repo.ref(revision), repo.resolve(revision)
    lines = [json.loads(line) for line in request.body.splitlines()]
    header = next(line["value"] for line in lines if line["key"] == "header")
    if header.get("parentCommit", head.sha) != head.sha:
        raise HubError(412, "A commit has happened since. Please refresh and try again.")
    files = dict(head.files)
    for line in lines:
        _apply(request, files, line["key"], line["value"])
    answer: dict[str, Any] = {}
    if request.query.get("create_pr"):
        number = len(repo.pull_requests) + 1
        ref = f"refs/pr/{number}"
        repo.pull_requests.append(_pull_request(repo_id, number, header["summary"]))
        answer["pullRequestUrl"] = f"{request.hub.url}/{repo_id}/discussions/{number}"
    elif ref is None or not ref.startswith(("refs/heads/", "refs/pr/")):
        raise HubError(400, f"{revision} is no branch")
    made = repo.commit(ref, header["summary"], files, head.sha)
    url = f"{request.hub.url}/{repo_id}/commit/{made.sha}"
    return Answer({"success": True, "commitOid": made.sha, "commitUrl": url, **answer})


def _apply(request: Request, files: dict, key: str, value: dict) -> None:
    store, hub = request.hub.store, request.hub
    if key == "file":
        files[value["path"]] = store.add_small(base64.b64decode(value["content"]))
    elif key == "lfsFile":
        if value["oid"] not in store.large and value["oid"] not in xet_hashes(hub.cas):
            raise HubError(400, f"LFS pointer pointed to a file that does not exist: {value['oid']}")
        files[value["path"]] = large_blob(value["oid"], value["size"])
    elif key == "deletedFile":
        del files[value["path"]]


def _pull_request(repo_id: str, number: int, title: str) -> dict:
    return {
        "num": number,
        "title": title,
        "author": {"name": repo_id.split("/")[0]},
        "createdAt": "2026-01-01T00:00:00.000Z",
        "status": "open",
        "isPullRequest": True,
        "repo": {"name": repo_id, "type": "model"},
    }

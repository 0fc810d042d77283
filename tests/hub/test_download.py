"""Downloads from a Hub on loopback: whole, checked, and a second time without a request."""

import json
from pathlib import Path

import pytest

from hf_mixtrain.hub import read_registry, register
from hf_mixtrain.hub.push import Release

FILES = {"README.md", "config.json", "model.safetensors", "results.json", "tokenizer.json"}
CELL = {"task": "panx", "method": "mix-ft", "shots": 5, "seed": 1, "model": "xlm-roberta-base"}
NAME = "xlm-roberta-base-panx-mix-ft-k5-seed1"


def fetch(client, name, revision=None, **options):
    program = f"""
    from hf_mixtrain.hub import download
    print(download({name!r}, {revision!r}, registry={options.pop("registry", None)!r}))
    """
    return client.run(program, **options)


@pytest.fixture
def registered(client, folder, repo_id, tmp_path):
    """A registry with one published checkpoint."""
    release = Release(**client.push(folder, repo_id, tag="v1.0"))
    register(tmp_path / "registry.yaml", CELL, release, "publish it")
    client.hub.forget()
    return str(tmp_path / "registry.yaml")


def test_what_was_pushed_comes_back(client, folder, repo_id):
    client.push(folder, repo_id)
    here = Path(fetch(client, repo_id))
    assert {path.name for path in here.iterdir()} == FILES
    for name in FILES - {"README.md"}:
        assert (here / name).read_bytes() == (folder / name).read_bytes()


def test_a_second_use_of_a_commit_asks_nothing(client, folder, repo_id):
    commit = client.push(folder, repo_id)["commit"]
    first = fetch(client, repo_id, commit)
    client.hub.forget()
    assert fetch(client, repo_id, commit) == first
    assert client.hub.requests == []


def test_a_second_use_of_a_branch_asks_once(client, folder, repo_id):
    client.push(folder, repo_id)
    fetch(client, repo_id)
    client.hub.forget()
    fetch(client, repo_id)
    assert client.hub.requests == [f"GET /api/models/{repo_id}"]


@pytest.mark.parametrize("revision", [None, "v1.0"])
def test_offline_works_with_what_is_there(client, folder, repo_id, revision):
    client.push(folder, repo_id, tag="v1.0")
    online = fetch(client, repo_id, revision)
    client.hub.forget()
    assert fetch(client, repo_id, revision, HF_HUB_OFFLINE="1") == online
    assert client.hub.requests == []


def test_offline_without_a_copy_says_so(client, repo_id):
    assert "HF_HUB_OFFLINE is set" in fetch(client, repo_id, HF_HUB_OFFLINE="1", ok=False)
    assert client.hub.requests == []


def test_without_a_network_the_message_says_so(client, repo_id):
    error = fetch(client, repo_id, HF_ENDPOINT="http://127.0.0.1:9", ok=False)
    assert "cannot reach http://127.0.0.1:9" in error


def test_a_tag_stays_when_the_branch_moves(client, folder, repo_id):
    client.push(folder, repo_id, tag="v1.0")
    (folder / "tokenizer.json").write_text('{"new": 1}')
    client.push(folder, repo_id)
    assert json.loads((Path(fetch(client, repo_id, "v1.0")) / "tokenizer.json").read_text()) == {}
    assert json.loads((Path(fetch(client, repo_id)) / "tokenizer.json").read_text()) == {"new": 1}


def test_private_needs_the_right_token(client, folder, repo_id):
    client.push(folder, repo_id, private=True)
    client.token = None
    assert "no such repository, or it is private" in fetch(client, repo_id, ok=False)
    client.token = client.hub.account("you")
    assert "no such repository, or it is private" in fetch(client, repo_id, ok=False)
    client.token = client.hub.account("me")
    assert Path(fetch(client, repo_id)).is_dir()


def test_gated_says_where_to_ask(client, folder, repo_id):
    client.push(folder, repo_id)
    client.hub.repo(repo_id).gated = True
    client.token = None
    assert f"access must be granted first. Ask for it on {client.hub.url}/{repo_id}" in fetch(client, repo_id, ok=False)


def test_a_missing_revision_is_named(client, folder, repo_id):
    client.push(folder, repo_id)
    error = fetch(client, repo_id, "v9", ok=False)
    assert f"no revision 'v9'. See {client.hub.url}/{repo_id}/tree/main" in error


def test_only_files_of_a_release_are_fetched(client, folder, repo_id):
    client.push(folder, repo_id)
    repo, store = client.hub.repo(repo_id), client.hub.store
    files = {name: store.add_small(b"x") for name in ("pytorch_model.bin", "run.py", "checkpoint-1/config.json")}
    repo.commit("refs/heads/main", "more", repo.resolve("main").files | files, repo.refs["refs/heads/main"])
    assert {path.name for path in Path(fetch(client, repo_id)).iterdir()} == FILES


def test_a_copy_that_transformers_left_in_part_is_completed(client, folder, repo_id):
    client.push(folder, repo_id)
    one = f"from huggingface_hub import hf_hub_download; hf_hub_download({repo_id!r}, 'config.json')"
    client.run(one)
    assert "HF_HUB_OFFLINE is set" in fetch(client, repo_id, HF_HUB_OFFLINE="1", ok=False)
    assert {path.name for path in Path(fetch(client, repo_id)).iterdir()} == FILES


def test_a_file_that_changed_in_the_cache_is_fetched_again(client, folder, repo_id):
    commit = client.push(folder, repo_id)["commit"]
    here = Path(fetch(client, repo_id, commit))
    weights = (here / "model.safetensors").resolve()
    weights.chmod(0o644)
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    assert "model.safetensors was damaged" in fetch(client, repo_id, commit, HF_HUB_OFFLINE="1", ok=False)
    assert fetch(client, repo_id, commit) == str(here)
    assert (here / "model.safetensors").read_bytes() == (folder / "model.safetensors").read_bytes()


def test_a_released_checkpoint_comes_by_its_name_at_its_commit(client, folder, repo_id, registered):
    (folder / "tokenizer.json").write_text('{"b": 1}')
    client.push(folder, repo_id)
    client.hub.forget()
    here = Path(fetch(client, NAME, registry=registered))
    assert (here / "tokenizer.json").read_text() == "{}"
    assert f"GET /api/models/{repo_id}" not in client.hub.requests
    client.hub.forget()
    assert fetch(client, NAME, registry=registered, HF_HUB_OFFLINE="1") == str(here)
    assert client.hub.requests == []


def test_a_released_checkpoint_with_other_weights_is_refused(client, registered):
    text = Path(registered).read_text()
    digest = read_registry(registered)[0].sha256["model.safetensors"]
    Path(registered).write_text(text.replace(digest, "a" * 64))
    assert "model.safetensors at commit" in fetch(client, NAME, registry=registered, ok=False)


def test_a_released_checkpoint_has_no_other_revision(client, registered):
    assert "has a fixed commit" in fetch(client, NAME, "v2", registry=registered, ok=False)


def test_the_token_is_sent_to_the_hub_alone(client, folder, repo_id):
    # The storage answers 400 to a request with a token; so this is also true of every other test here.
    client.push(folder, repo_id, private=True)
    fetch(client, repo_id)
    storage = [request for request in client.hub.requests if "/storage/" in request]
    assert bool(storage) != client.xet

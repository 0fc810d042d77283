"""Pushes to a Hub on loopback, by the unchanged client."""

import hashlib
import json

import pytest
import yaml

EXPECTED = {"README.md", "config.json", "model.safetensors", "results.json", "tokenizer.json"}


def remote(client, repo_id, revision="main"):
    """Paths and hashes at a revision; small files by git's hash, large ones by SHA-256."""
    files = client.hub.repo(repo_id).resolve(revision).files
    return {path: blob.sha256 or blob.oid for path, blob in files.items() if path != ".gitattributes"}


def test_a_release_is_one_commit_of_the_allowed_files_and_a_tag(client, folder, repo_id):
    release = client.push(folder, repo_id, tag="v1.0")
    repo = client.hub.repo(repo_id)
    assert repo.history() == ["Release cell as v1.0", "initial commit"]
    assert set(remote(client, repo_id)) == EXPECTED
    assert repo.refs["refs/tags/v1.0"] == release["commit"] == repo.refs["refs/heads/main"]
    assert release["url"] == f"{client.hub.url}/{repo_id}/commit/{release['commit']}"
    weights = (folder / "model.safetensors").read_bytes()
    assert remote(client, repo_id)["model.safetensors"] == hashlib.sha256(weights).hexdigest()
    assert release["sha256"]["model.safetensors"] == hashlib.sha256(weights).hexdigest()


def test_the_card_on_the_hub_names_the_repository_and_the_one_here_stays(client, folder, repo_id):
    before = (folder / "README.md").read_bytes()
    client.push(folder, repo_id, tag="v1.0")
    card = client.hub.files(repo_id)["README.md"].decode()
    assert f'model="{repo_id}", revision="v1.0"' in card
    assert yaml.safe_load(card.split("---\n")[1])["pipeline_tag"] == "token-classification"
    assert (folder / "README.md").read_bytes() == before


def test_a_second_push_makes_no_commit(client, folder, repo_id):
    first = client.push(folder, repo_id, tag="v1.0")
    client.hub.forget()
    second = client.push(folder, repo_id, tag="v1.0")
    assert (second["commit"], second["changed"]) == (first["commit"], False)
    assert not [request for request in client.hub.requests if "commit" in request or "preupload" in request]
    assert len(client.hub.repo(repo_id).commits) == 2


def test_a_changed_model_sends_what_changed_and_deletes_what_is_gone(client, folder, repo_id):
    client.push(folder, repo_id)
    (folder / "config.json").write_text((folder / "config.json").read_text() + "\n")
    (folder / "results.json").unlink()
    client.hub.forget()
    assert client.push(folder, repo_id, tag="v2")["changed"]
    assert set(remote(client, repo_id)) == EXPECTED - {"results.json"}
    assert not [request for request in client.hub.requests if "storage" in request or "xet" in request]


def test_what_others_have_put_there_stays(client, folder, repo_id):
    client.push(folder, repo_id)
    repo = client.hub.repo(repo_id)
    files = repo.resolve("main").files | {"picture.png": client.hub.store.add_small(b"png")}
    repo.commit("refs/heads/main", "a picture", files, repo.refs["refs/heads/main"])
    assert not client.push(folder, repo_id)["changed"]
    (folder / "tokenizer.json").write_text('{"b": 1}')
    client.push(folder, repo_id)
    assert set(remote(client, repo_id)) == EXPECTED | {"picture.png"}


def test_a_branch_is_made_and_main_stays(client, folder, repo_id):
    client.push(folder, repo_id)
    before = remote(client, repo_id)
    (folder / "tokenizer.json").write_text('{"seed": 2}')
    client.push(folder, repo_id, revision="seed-2")
    assert remote(client, repo_id) == before
    assert remote(client, repo_id, "seed-2")["tokenizer.json"] != before["tokenizer.json"]


def test_a_tag_is_never_moved(client, folder, repo_id):
    client.push(folder, repo_id, tag="v1.0")
    before = client.hub.repo(repo_id).refs.copy()
    (folder / "tokenizer.json").write_text('{"b": 1}')
    error = client.push(folder, repo_id, tag="v1.0", ok=False)
    assert "the tag 'v1.0' stands for other files (tokenizer.json differ)" in error
    assert client.hub.repo(repo_id).refs == before


def test_a_pull_request_leaves_main_and_is_not_opened_twice(client, folder, repo_id):
    client.push(folder, repo_id)
    (folder / "tokenizer.json").write_text('{"b": 1}')
    first = client.push(folder, repo_id, create_pr=True)
    second = client.push(folder, repo_id, create_pr=True)
    assert first["url"] == second["url"] == f"{client.hub.url}/{repo_id}/discussions/1"
    assert client.hub.files(repo_id)["tokenizer.json"] == b"{}"
    assert client.hub.files(repo_id, "refs/pr/1")["tokenizer.json"] == b'{"b": 1}'
    assert len(client.hub.repo(repo_id).pull_requests) == 1


def test_private_stays_private_and_is_not_found_without_a_token(client, folder, repo_id):
    client.push(folder, repo_id, private=True)
    assert client.hub.repo(repo_id).private
    assert "the repository is private, and a public one was asked for" in client.push(
        folder, repo_id, private=False, ok=False
    )


def test_models_for_each_language_go_up_in_their_folders(client, folder, repo_id):
    names = ("config.json", "model.safetensors", "tokenizer.json")
    for language in ("de", "sw"):
        (folder / language).mkdir()
        for name in names:
            (folder / language / name).write_bytes((folder / name).read_bytes())
        (folder / language / "optimizer.pt").write_bytes(b"")
    (folder / "config.json").unlink()
    (folder / "model.safetensors").unlink()
    (folder / "tokenizer.json").unlink()
    client.push(folder, repo_id)
    models = {f"{language}/{name}" for language in ("de", "sw") for name in names}
    assert set(remote(client, repo_id)) == {"README.md", "results.json"} | models


def test_verify_tells_a_release_from_something_else(client, folder, repo_id):
    verify = f"""
    from hf_mixtrain.hub import verify_release
    print(verify_release({str(folder)!r}, {repo_id!r}, tag="v1.0").commit)
    """
    release = client.push(folder, repo_id, tag="v1.0")
    assert client.run(verify) == release["commit"]
    (folder / "config.json").write_text((folder / "config.json").read_text() + " ")
    assert "at v1.0: config.json differ" in client.run(verify, ok=False)


def test_no_byte_that_went_up_holds_the_token(client, folder, repo_id):
    (folder / "training_args.bin").write_bytes(b"..." + client.token.encode())
    client.push(folder, repo_id, tag="v1.0")
    sent = [*client.hub.received, *client.hub.files(repo_id).values()]
    sent += [path.read_bytes() for path in client.hub.cas.rglob("*") if path.is_file()]
    assert len(sent) > 10
    assert not [one for one in sent if client.token.encode() in one]
    assert "training_args.bin" not in remote(client, repo_id)


@pytest.mark.parametrize("file", ["README.md", "results.json", "config.json"])
def test_a_file_with_a_token_is_refused_before_anything_is_sent(client, folder, repo_id, file):
    with (folder / file).open("a") as text:
        text.write(f"\nx {client.token}")
    error = client.push(folder, repo_id, ok=False)
    assert f"{file}:" in error
    assert "looks like an access token" in error
    assert client.token not in error
    assert client.hub.requests == []


def test_a_dry_run_needs_no_network_and_no_token(client, folder, repo_id):
    client.token = None
    release = client.push(folder, repo_id, dry_run=True, tag="v1.0")
    assert set(release["sha256"]) == EXPECTED
    assert release["commit"] is None
    assert client.hub.requests == []


def test_a_push_without_a_token_says_how_to_log_in(client, folder, repo_id):
    client.token = None
    assert "needs a token. Run `hf auth login`" in client.push(folder, repo_id, ok=False)


def test_refusals_say_what_to_do(client, folder, repo_id):
    assert "Use one with write permission for you" in client.push(folder, "you/model", ok=False)
    assert "is no name of a repository" in client.push(folder, "a/b/c", ok=False)
    client.token = client.hub.account("me", "read")
    assert "no write permission" in client.push(folder, repo_id, ok=False)
    client.token = "hf_" + "x" * 34
    error = client.push(folder, repo_id, ok=False)
    assert "does not accept the token" in error
    assert client.token not in error


def test_metadata_that_the_hub_refuses_is_named(client, folder, repo_id):
    (folder / "README.md").write_text("---\nmodel-index:\n- results:\n  - task: {}\n---\n")
    assert "Invalid metadata in README.md" in client.push(folder, repo_id, ok=False)
    assert client.hub.repo(repo_id).history() == ["initial commit"]


def test_a_push_in_between_is_noticed(client, folder, repo_id):
    client.push(folder, repo_id)
    (folder / "tokenizer.json").write_text('{"b": 1}')
    # Somebody else commits after we have looked, which the Hub answers with 412.
    client.hub.fail("POST", f"{repo_id}/commit/main", 412)
    assert "somebody else has pushed" in client.push(folder, repo_id, ok=False)
    assert client.push(folder, repo_id)["changed"]


def test_json_is_whole(client, folder, repo_id):
    client.push(folder, repo_id)
    assert json.loads(client.hub.files(repo_id)["config.json"]) == json.loads((folder / "config.json").read_text())

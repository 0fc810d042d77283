"""`hf-mixtrain push` and `hf-mixtrain download`, as they are typed."""

import json

from hf_mixtrain.hub import read_registry

CELL = {
    "task": "panx",
    "method": "mix-ft",
    "shots": 1,
    "seed": 1,
    "model": "xlm-roberta-base",
    "languages": ["en"],
    "metric": "f1",
    "scores": {"en": {"f1": 50.0}},
    "average": 50.0,
    "settings": {},
    "shot_ids": {},
    "versions": {},
    "train_seconds": 1.0,
    "peak_memory_bytes": 1,
    "surgery": {},
}
NAME = "xlm-roberta-base-panx-mix-ft-k1-seed1"


def hf_mixtrain(client, *words, ok=True):
    return client.run(f"from hf_mixtrain.commands.main import main\nraise SystemExit(main({list(words)!r}))", ok=ok)


def test_a_release_is_planned_published_and_fetched_by_its_name(client, folder, repo_id, tmp_path):
    (folder / "results.json").write_text(json.dumps(CELL))
    registry = str(tmp_path / "registry.yaml")
    push = ("push", str(folder), repo_id, "--tag", "v1.0", "--registry", registry)
    assert "README.md" in hf_mixtrain(client, *push, "--dry_run")
    error = hf_mixtrain(client, "download", NAME, "--registry", registry, ok=False)
    # Of folders of the machine, a registry has the names alone.
    again = f"hf-mixtrain push ./cell {repo_id} --tag v1.0 --registry ./registry.yaml"
    assert error == f"error: {NAME}: not yet published. To publish it: {again}"
    assert client.hub.requests == []

    assert repo_id in hf_mixtrain(client, *push)
    assert read_registry(registry)[0].commit == client.hub.repo(repo_id).refs["refs/tags/v1.0"]
    here = hf_mixtrain(client, "download", NAME, "--registry", registry)
    assert here.endswith(read_registry(registry)[0].commit)
    assert "nothing has changed" in hf_mixtrain(client, *push)


def test_what_goes_wrong_is_one_line(client, folder, repo_id):
    client.token = None
    error = hf_mixtrain(client, "push", str(folder), repo_id, ok=False)
    assert error.startswith(f"error: {repo_id}: pushing needs a token.")

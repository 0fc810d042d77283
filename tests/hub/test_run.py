"""`hf-mixtrain run` with the Hub: finished cells are pushed, and the base model comes from it."""

import json
import re
import shlex
from unittest.mock import ANY

import pytest

from tests.experiment.tiny_task import data_dir, encoder_dir, flags

from .loopback import RESET, STALL
from .test_commands import hf_mixtrain
from .test_push import remote

__all__ = ["data_dir", "encoder_dir", "flags"]

pytestmark = pytest.mark.parametrize("client", ["lfs"], indirect=True)

ZERO, NAIVE = "panx/zero-shot/k0/seed1", "panx/naive-mix-train/k5/seed1"


@pytest.fixture
def run(client, flags, tmp_path):
    """Run a grid of two methods below ``tmp_path / "out"``; return its exit status and all that it printed."""
    grid = [*flags, "--num_train_epochs", "1", "--method", "zero-shot", "naive-mix-train"]
    grid += ["--output_dir", str(tmp_path / "out")]

    def call(*more):
        printed = client.run(
            f"""
            import sys
            from hf_mixtrain.commands.main import main
            from hf_mixtrain.experiment import publishing
            publishing._SHORTEST_LIMIT = 5.0
            publishing._SILENCE = 4.0
            sys.stderr = sys.stdout
            print(main({["run", *grid, *more]!r}))
            """
        )
        text, _, status = printed.rpartition("\n")
        return int(status), text

    return call


def test_each_finished_cell_is_pushed_with_the_card_that_knows_the_others(client, run, tmp_path):
    push = ("--push_to_hub", "--hub_model_id", "me/run-{method}", "--hub_private_repo", "true")
    assert run(*push) == (0, ANY)
    for cell, name in ((ZERO, "me/run-zero-shot"), (NAIVE, "me/run-naive-mix-train")):
        here = {path.name for path in (tmp_path / "out" / cell).iterdir()} - {"training_args.bin"}
        assert set(remote(client, name)) == here
        assert client.hub.repo(name).private
        assert client.token.encode() not in b"".join(client.hub.received)
    assert "zero-shot | this model | gain" in client.hub.files("me/run-naive-mix-train")["README.md"].decode()
    assert "hub_model_id" not in json.loads((tmp_path / "out" / NAIVE / "results.json").read_text())["settings"]
    commits = len(client.hub.repo("me/run-naive-mix-train").commits)
    assert run(*push) == (0, ANY)
    assert len(client.hub.repo("me/run-naive-mix-train").commits) == commits


def test_a_push_that_fails_stops_no_grid_and_the_command_that_completes_it_is_told(client, run, tmp_path):
    failing, other = "me/encoder-panx-zero-shot-k0-seed1", "me/encoder-panx-naive-mix-train-k5-seed1"
    client.hub.fail("POST", f"/api/models/{failing}/commit/main", *[RESET] * 50)
    status, text = run("--push_to_hub")
    assert status == 1
    assert "not pushed: panx zero-shot k0 seed1: me/encoder-panx-zero-shot-k0-seed1: cannot reach" in text
    assert text.endswith("The same command again pushes what is missing.")
    assert (tmp_path / "out" / ZERO / "model.safetensors").is_file()
    assert (tmp_path / "out" / NAIVE / "results.json").is_file()
    assert set(remote(client, failing)) == set()
    assert "model.safetensors" in remote(client, other)

    client.hub.forget()
    command = re.search("To complete it: hf-mixtrain (push .*)", text)[1]
    hf_mixtrain(client, *shlex.split(command))
    assert "model.safetensors" in remote(client, failing)
    commits = len(client.hub.repo(failing).commits)
    assert run("--push_to_hub")[0] == 0
    assert len(client.hub.repo(failing).commits) == commits


def test_a_hub_that_does_not_answer_holds_up_no_grid(client, run, tmp_path):
    for method in ("GET", "POST", "HEAD"):
        client.hub.fail(method, "", *[STALL] * 1000)
    status, text = run("--push_to_hub", "--hub_model_id", "me/silent-{method}")
    assert status == 1
    for cell, name in ((ZERO, "me/silent-zero-shot"), (NAIVE, "me/silent-naive-mix-train")):
        assert (tmp_path / "out" / cell / "results.json").is_file()
        (line,) = [line for line in text.splitlines() if line.startswith("not pushed: ") and name in line]
        assert re.search("not done after 5 s|cannot reach|the Hub did not answer the push before", line)
        assert line.endswith(f"To complete it: hf-mixtrain push {tmp_path / 'out' / cell} {name}")
    assert (tmp_path / "out/report.md").is_file()
    client.hub.forget()
    assert run("--push_to_hub", "--hub_model_id", "me/silent-{method}")[0] == 0
    assert "model.safetensors" in remote(client, "me/silent-zero-shot")
    assert "model.safetensors" in remote(client, "me/silent-naive-mix-train")


def test_what_cannot_be_pushed_is_said_before_anything_is_trained(client, run, tmp_path):
    for more, message in [
        (["--save_models", "none"], "error: --push_to_hub needs the models. Expected --save_models all."),
        (
            ["--hub_model_id", "me/run"],
            "error: --hub_model_id me/run: expected a name of its own for each of the 2 cells",
        ),
        (["--hub_model_id", "me/{model}"], "error: --hub_model_id me/{model}: expected the name of a repository, in"),
        (["--hub_model_id", "a/b/{name}"], "error: --hub_model_id a/b/{name}: expected the name of a repository, in"),
    ]:
        status, text = run("--push_to_hub", *more)
        assert (status, text.count("\n")) == (2, 0)
        assert text.startswith(message)
    client.token = None
    assert run("--push_to_hub") == (
        2,
        "error: --push_to_hub needs a token. Run `hf auth login`, or set HF_TOKEN to one that may write.",
    )
    assert not (tmp_path / "out").exists()
    assert client.hub.requests == []


def test_results_name_the_commit_of_a_base_model_from_the_hub(client, run, encoder_dir, tmp_path):
    upload = "from huggingface_hub import HfApi; api = HfApi(); api.create_repo('me/base', exist_ok=True); "
    client.run(f"{upload}api.upload_folder(repo_id='me/base', folder_path={str(encoder_dir)!r})")
    assert run("--model_name_or_path", "me/base")[0] == 0
    results = json.loads((tmp_path / "out" / NAIVE / "results.json").read_text())
    commit = client.hub.repo("me/base").refs["refs/heads/main"]
    assert (results["model"], results["versions"]["model_revision"]) == ("me/base", commit)
    card = (tmp_path / "out" / NAIVE / "README.md").read_text()
    assert f"[me/base](https://huggingface.co/me/base) at revision `{commit}`," in card

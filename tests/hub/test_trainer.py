"""`trainer.push_to_hub()` and pushes during training."""

import pytest

from .loopback import LOST, RESET
from .test_push import remote

MODEL = {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}

PROGRAM = """
import logging, sys
from transformers import AutoTokenizer, BertForSequenceClassification, Trainer, TrainingArguments
from hf_mixtrain.hub import SafePushMixin

class SlowTrainer(Trainer):
    def _save(self, *args, **kwargs):
        super()._save(*args, **kwargs)
        if {slow} and self.push_in_progress is not None:
            self.push_in_progress.wait_until_done()

class PushingTrainer(SafePushMixin, SlowTrainer):
    pass

logging.basicConfig(stream=sys.stdout, format="%(message)s")
model = BertForSequenceClassification.from_pretrained({model!r})
args = TrainingArguments(output_dir={out!r}, max_steps=3, use_cpu=True, report_to="none", disable_tqdm=True,
    logging_strategy="no", save_strategy="steps", save_steps=1, hub_model_id={repo_id!r}, hub_always_push=True, {more})
rows = [dict(input_ids=[5 + row], labels=row % 3) for row in range(8)]
trainer = PushingTrainer(model, args, train_dataset=rows, processing_class=AutoTokenizer.from_pretrained({model!r}))
trainer.train()
print("failed:", len(trainer.failed_pushes), *trainer.failed_pushes)
{end}
"""


def train(client, tiny_models, repo_id, out, more="", end="", slow=False, **options):
    model = str(tiny_models / "pairs")
    program = PROGRAM.format(model=model, out=str(out), repo_id=repo_id, more=more, end=end, slow=slow)
    return client.run(program, **options)


def test_the_end_of_training_is_one_commit_without_pickle_or_token(client, tiny_models, repo_id, tmp_path):
    out = tmp_path / "out"
    more = f"push_to_hub=True, hub_strategy='end', hub_token={client.token!r}"
    token, client.token = client.token, None
    end = "info = trainer.push_to_hub(tags=['mine']); print(info.oid, info.commit_url)"
    output = train(client, tiny_models, repo_id, out, more, end)
    commit = client.hub.repo(repo_id).refs["refs/heads/main"]
    assert output.splitlines()[-1] == f"{commit} {client.hub.url}/{repo_id}/commit/{commit}"
    assert client.hub.repo(repo_id).history() == ["End of training", "initial commit"]
    assert set(remote(client, repo_id)) == MODEL | {"README.md"}
    assert "- mine" in client.hub.files(repo_id)["README.md"].decode()
    assert (out / "training_args.bin").is_file()
    written = [path for path in out.rglob("*") if path.is_file()]
    assert not [path for path in written if token.encode() in path.read_bytes()]
    assert not [body for body in client.hub.received if token.encode() in body]


@pytest.mark.parametrize("client", ["lfs"], indirect=True)
def test_every_save_is_pushed_and_the_branch_is_made(client, tiny_models, repo_id, tmp_path):
    more = "push_to_hub=True, hub_strategy='every_save', hub_revision='run-1', save_total_limit=1"
    output = train(client, tiny_models, repo_id, tmp_path / "out", more, "trainer.push_to_hub()")
    assert "failed: 0" in output
    steps = [f"Training in progress, step {step}" for step in (3, 2, 1)]
    assert client.hub.repo(repo_id).history("run-1") == ["End of training", *steps, "initial commit"]
    assert client.hub.repo(repo_id).history("main") == ["initial commit"]
    assert set(remote(client, repo_id, "run-1")) == MODEL | {"README.md"}
    assert not list((tmp_path / "out").glob("_push-*"))


@pytest.mark.parametrize("client", ["lfs"], indirect=True)
def test_failed_pushes_are_told_and_the_end_sends_it_all(client, tiny_models, repo_id, tmp_path):
    client.hub.fail("POST", f"{repo_id}/commit/main", *[503] * 10)
    more = "push_to_hub=True, hub_strategy='every_save'"
    output = train(client, tiny_models, repo_id, tmp_path / "out", more, "trainer.push_to_hub()")
    assert "2 pushes during training failed, the last one because of: " in output
    assert "`trainer.push_to_hub()` sends the model in" in output
    assert "failed: 2" in output
    titles = client.hub.repo(repo_id).history()
    assert titles == ["End of training", "Training in progress, step 3", "initial commit"]


@pytest.mark.parametrize("client", ["lfs"], indirect=True)
def test_a_push_that_fails_at_the_end_leaves_the_model_on_the_disk(client, tiny_models, repo_id, tmp_path):
    client.hub.fail("POST", f"{repo_id}/commit/main", *[RESET] * 10)
    error = train(client, tiny_models, repo_id, tmp_path / "out", "", "trainer.push_to_hub()", ok=False)
    assert "cannot reach" in error
    assert {path.name for path in (tmp_path / "out").iterdir()} >= MODEL | {"README.md"}
    client.hub.forget()
    assert client.push(tmp_path / "out", repo_id)["changed"]


@pytest.mark.parametrize("client", ["lfs"], indirect=True)
def test_a_push_need_not_be_waited_for(client, tiny_models, repo_id, tmp_path):
    client.hub.fail("POST", f"{repo_id}/commit/main", LOST)
    end = "print(trainer.push_to_hub(blocking=False).result().oid)"
    output = train(client, tiny_models, repo_id, tmp_path / "out", "", end)
    assert output.splitlines()[-1] == client.hub.repo(repo_id).refs["refs/heads/main"]
    assert client.hub.repo(repo_id).history() == ["End of training", "initial commit"]


@pytest.mark.parametrize("client", ["lfs"], indirect=True)
def test_hand_written_sections_survive_the_card_of_the_trainer(client, tiny_models, repo_id, tmp_path):
    (tmp_path / "out").mkdir()
    mine = "<!-- keep: mine -->\nBy hand.\n<!-- /keep: mine -->\n"
    (tmp_path / "out" / "README.md").write_text(f"---\nlibrary_name: transformers\n---\n{mine}")
    train(client, tiny_models, repo_id, tmp_path / "out", "", "trainer.push_to_hub()")
    card = client.hub.files(repo_id)["README.md"].decode()
    assert mine in card
    assert "Training procedure" in card


@pytest.mark.parametrize("client", ["lfs"], indirect=True)
@pytest.mark.parametrize(
    ("strategy", "folders"),
    [("checkpoint", {"last-checkpoint"}), ("all_checkpoints", {"checkpoint-1", "checkpoint-2", "checkpoint-3"})],
)
def test_checkpoints_are_uploaded_when_asked_for_and_hold_no_token(
    client, tiny_models, repo_id, tmp_path, strategy, folders
):
    out = tmp_path / "out"
    more = f"push_to_hub=True, hub_strategy={strategy!r}, hub_token={client.token!r}"
    token, client.token = client.token, None
    output = train(client, tiny_models, repo_id, out, more, "trainer.push_to_hub()")
    assert "failed: 0" in output
    assert f"`hub_strategy='{strategy}'` uploads whole checkpoints: they hold pickles" in output
    files = remote(client, repo_id)
    assert {path.split("/")[0] for path in files if "/" in path} == folders
    for folder in folders:
        in_it = {path.split("/")[1] for path in files if path.startswith(f"{folder}/")}
        assert in_it >= {"optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json", "model.safetensors"}
    assert "Training in progress, step 3, checkpoint" in client.hub.repo(repo_id).history()
    assert not list(out.glob("_push-*"))
    assert not [body for body in client.hub.received if token.encode() in body]
    assert not [path for path in out.rglob("*") if path.is_file() and token.encode() in path.read_bytes()]


@pytest.mark.parametrize("client", ["lfs"], indirect=True)
def test_a_results_file_of_the_users_own_is_left_alone_and_costs_no_card(client, tiny_models, repo_id, tmp_path):
    (tmp_path / "out").mkdir()
    own = tmp_path / "out" / "results.json"
    own.write_text('{"acc": 0.5, "runs": [1, 2]}')
    output = train(client, tiny_models, repo_id, tmp_path / "out", "", "trainer.push_to_hub()")
    assert "The card does without results.json, which holds no results of a cell" in output
    assert "Training procedure" in client.hub.files(repo_id)["README.md"].decode()
    assert own.read_text() == '{"acc": 0.5, "runs": [1, 2]}'


@pytest.mark.parametrize("client", ["lfs"], indirect=True)
def test_a_push_has_its_token_while_the_next_checkpoint_is_saved_without_it(client, tiny_models, repo_id, tmp_path):
    more = f"push_to_hub=True, hub_strategy='all_checkpoints', hub_token={client.token!r}"
    client.token = None
    assert "failed: 0" in train(client, tiny_models, repo_id, tmp_path / "out", more, slow=True)

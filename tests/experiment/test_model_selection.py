"""Which model is kept, on a real training of a tiny model."""

import pytest
import torch
from safetensors.torch import load_file

from hf_mixtrain.checksums import read_json, write_json
from hf_mixtrain.experiment.grid_run import prepared
from hf_mixtrain.experiment.model_selection import BestOnDev
from hf_mixtrain.experiment.plan import Chain
from hf_mixtrain.experiment.training import rows_of, train
from hf_mixtrain.methods import METHODS, Stage


@pytest.fixture
def train_stage(settings_of, tmp_path):
    """Train a stage of the tiny task in ``tmp_path / name``; return the folder."""

    def train_stage(stage, *flags, name="stage"):
        context = prepared(settings_of("--shots", "4", "--num_train_epochs", "2", *flags))
        folder = tmp_path / name
        chain = Chain((stage,), 4, 1)
        train(chain, context, rows_of(chain, context), start=context.models.encoder, folder=folder)
        return folder

    return train_stage


def weights(folder):
    return load_file(folder / "model.safetensors")


def test_the_average_is_the_mean_of_ten_snapshots(train_stage):
    folder = train_stage(Stage("mixed", select_on="average"))
    snapshots = [weights(path) for path in folder.glob("snapshot-*")]
    assert len(snapshots) == 10
    for name, mean in weights(folder / "model").items():
        torch.testing.assert_close(mean, torch.stack([snapshot[name] for snapshot in snapshots]).mean(0))


def test_the_first_of_the_best_models_is_kept(train_stage, monkeypatch):
    scores = iter([1.0, 3.0, 2.0, 3.0, 0.0])
    monkeypatch.setattr(
        "hf_mixtrain.experiment.training.evaluate_languages", lambda *_, **__: {"en": {"f1": next(scores)}}
    )
    flags = [
        "--select_on",
        "source-dev",
        "--select_steps",
        "3",
        "--save_strategy",
        "steps",
        "--save_steps",
        "6",
        "--save_total_limit",
        "9",
    ]
    folder = train_stage(Stage("mixed"), *flags)
    kept = read_json(folder / "best-6" / "score.json")
    assert (kept["score"], kept["step"]) == (3.0, 6)
    kept, then = weights(folder / "model"), weights(folder / "checkpoint-6")
    assert all(torch.equal(kept[name], then[name]) for name in kept)
    assert not (folder / "model" / "score.json").exists()


def test_selection_does_not_change_the_training(train_stage):
    last = train_stage(Stage("mixed"), name="last")
    flags = ["--select_on", "source-dev", "--select_steps", "3", "--save_steps", "14"]
    looked = train_stage(Stage("mixed"), *flags, name="looked")
    one, other = weights(last / "model"), weights(looked / "checkpoint-14")
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_training_stops_when_patience_ends(train_stage, monkeypatch):
    looks = []
    monkeypatch.setattr(
        "hf_mixtrain.experiment.training.evaluate_languages",
        lambda *_, **__: looks.append(1) or {language: {"f1": 0.0} for language in ("de", "sw")},
    )
    dev = METHODS["ord-fs-dev"].stages[1]
    flags = ["--method", "ord-fs-dev", "--adapt_epochs", "30"]
    train_stage(Stage("shots", select_on="target-dev", patience=3, settings=dev.settings), *flags)
    assert len(looks) == 1 + 3


def test_candidates_of_an_interrupted_training_are_found_again(tmp_path):
    for step, score in [(3, 1.0), (9, 2.0)]:
        (tmp_path / f"best-{step}").mkdir()
        write_json(tmp_path / f"best-{step}" / "score.json", {"score": score, "step": step, "model": {}})
    (tmp_path / "best-12").mkdir()  # its weights were being written
    assert BestOnDev(tmp_path, lambda: 0.0, every=3).best() == (2.0, 9, tmp_path / "best-9")


def test_source_and_shots_weigh_the_same_in_every_update(train_stage, encoder_dir):
    # One update of plain gradient descent with rate 1: what the weights lose is the gradient.
    flags = ["--optim", "sgd", "--learning_rate", "1", "--lr_scheduler_type", "constant", "--max_grad_norm", "0"]
    flags += [
        "--max_steps",
        "1",
        "--per_device_train_batch_size",
        "48",
        "--save_strategy",
        "no",
        "--num_train_epochs",
        "1",
    ]
    losses = {}
    for name, stage in {
        "source": Stage("source"),
        "shots": Stage("shots", settings={"max_steps": 1}),
        "both": Stage("mixed", order="alternating"),
    }.items():
        losses[name] = weights(train_stage(stage, *flags, name=name) / "model")
    for name, both in losses["both"].items():
        torch.testing.assert_close(both, (losses["source"][name] + losses["shots"][name]) / 2, rtol=1e-4, atol=1e-6)

"""Trackers follow each training as a run of its own; those that are not installed are skipped."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch.utils.data import Dataset
from transformers import Trainer, TrainingArguments

from hf_mixtrain.experiment.tracking import TrackedRun, tracked


class Rows(Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, number):
        return {"x": torch.ones(2), "labels": torch.zeros(1)}


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)

    def forward(self, x, labels):
        return {"loss": ((self.layer(x) - labels) ** 2).mean()}


def trainer(folder, tracker, **more):
    arguments = {"report_to": tracker, "logging_steps": 1, "max_steps": 3, "use_cpu": True, "disable_tqdm": True}
    arguments = TrainingArguments(str(folder), save_strategy="no", dataloader_pin_memory=False, **arguments, **more)
    return Trainer(Model(), arguments, train_dataset=Rows())


def follow(folder, tracker, seeds=(1, 2)):
    for seed in seeds:
        training = trainer(folder / "scratch", tracker)
        name = f"panx/mix-ft/k5/seed{seed}"
        with tracked(training, TrackedRun(name, "panx/mix-ft/k5", folder / name / "logs", f"token{seed}")):
            training.train()


ROOT = Path(__file__).parents[2]


def in_a_process(folder, tracker, after="", **environment):
    """Follow in a process of its own: trackers start threads and servers, and warn."""
    script = (
        "from pathlib import Path; from tests.experiment.test_tracking import follow\n"
        f"folder = Path({str(folder)!r}); follow(folder, {tracker!r})\n{after}"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_tensorboard_has_the_curves_of_each_training_in_its_cell(tmp_path):
    pytest.importorskip("tensorboard", reason="tensorboard is not installed")
    after = (
        "from tensorboard.backend.event_processing.event_accumulator import EventAccumulator\n"
        "for seed in (1, 2):\n"
        "    events = EventAccumulator(str(folder / f'panx/mix-ft/k5/seed{seed}/logs')).Reload()\n"
        "    print([event.step for event in events.Scalars('train/loss')])"
    )
    assert in_a_process(tmp_path, "tensorboard", after).splitlines()[-2:] == ["[1, 2, 3]"] * 2
    assert len(list(tmp_path.rglob("events.out.tfevents*"))) == 2


def test_wandb_has_a_closed_run_for_each_training_in_its_cell(tmp_path):
    pytest.importorskip("wandb", reason="wandb is not installed")
    after = "import wandb; assert wandb.run is None"
    in_a_process(tmp_path, "wandb", after, WANDB_MODE="offline", WANDB_CONSOLE="off")
    for seed in (1, 2):
        (run,) = (tmp_path / f"panx/mix-ft/k5/seed{seed}/logs").rglob(f"run-token{seed}.wandb")
        content = run.read_bytes()
        assert f"panx/mix-ft/k5/seed{seed}".encode() in content
        assert b"panx/mix-ft/k5" in content
    assert len(list(tmp_path.rglob("*.wandb"))) == 2


def test_trackio_has_a_closed_run_for_each_training(tmp_path):
    pytest.importorskip("trackio", reason="trackio is not installed")
    after = (
        "import json; from trackio.sqlite_storage import SQLiteStorage as storage\n"
        "runs = storage.get_runs('huggingface')\n"
        "print(json.dumps({run: [storage.get_run_config('huggingface', run)['_Group'],"
        " len(storage.get_logs('huggingface', run))] for run in runs}))"
    )
    said = in_a_process(tmp_path, "trackio", after, TRACKIO_DIR=str(tmp_path / "trackio"))
    found = json.loads(said.splitlines()[-1])
    assert found == {f"panx/mix-ft/k5/seed{seed}": ["panx/mix-ft/k5", 4] for seed in (1, 2)}


def test_a_tracker_that_fails_stops_no_training(tmp_path, caplog, monkeypatch):
    pytest.importorskip("tensorboard", reason="tensorboard is not installed")
    caplog.set_level(logging.WARNING, logger="hf_mixtrain.experiment")
    (tmp_path / "logs").write_text("a file in the way")
    training = trainer(tmp_path / "scratch", "tensorboard")
    with tracked(training, TrackedRun("name", "group", tmp_path / "logs", "token")):
        assert training.train().global_step == 3
    (message,) = caplog.messages
    assert message.strip().startswith("no more logs for TensorBoard: ")


def test_a_grid_keeps_the_curves_of_each_training_in_its_cell(run, tmp_path):
    pytest.importorskip("tensorboard", reason="tensorboard is not installed")
    outcome = run("out", "--method", "ord-fs", "--report_to", "tensorboard", "--logging_steps", "1")
    assert not outcome.failed
    found = {path.parent.relative_to(tmp_path / "out").as_posix() for path in tmp_path.rglob("events.out.tfevents*")}
    assert found == {"panx/zero-shot/k0/seed1/logs", *(f"panx/ord-fs/k5/seed1/logs/{name}" for name in ("de", "sw"))}

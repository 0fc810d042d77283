"""Resumed training is the training that was never interrupted; checkpoints go to and from a plain Trainer."""

import logging
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from transformers import Trainer, TrainingArguments

from hf_mixtrain.experiment.checkpoints import last_checkpoint
from tests.trainer.tiny import MIXED, arguments, make_trainer, model, weights

SETTINGS = {
    "max_steps": 8,
    "save_strategy": "steps",
    "save_steps": 3,
    "logging_steps": 2,
    "optim": "adamw_torch",
    "lr_scheduler_type": "linear",
    "per_device_train_batch_size": 4,
    "gradient_accumulation_steps": 2,
}
# Times, and what Trainer itself forgets at a resume: the loss since the last log entry.
TIMES = {"train_runtime", "train_samples_per_second", "train_steps_per_second", "train_loss", "loss"}


def dropout_model():
    return model(hidden_dropout_prob=0.1)


def without_times(history):
    return [{key: value for key, value in entry.items() if key not in TIMES} for entry in history]


@pytest.mark.parametrize("surgery", ["stochastic", "gradvac"])
@pytest.mark.parametrize("checkpoint", [3, 6])
def test_resumed_run_equals_the_straight_one(tmp_path, surgery, checkpoint):
    """Step 3 lies between two log entries, inside an epoch of four updates."""
    straight = make_trainer(tmp_path / "a", net=dropout_model(), surgery=surgery, **SETTINGS)
    straight.train()
    resumed = make_trainer(tmp_path / "b", net=dropout_model(), surgery=surgery, **SETTINGS)
    resumed.train(resume_from_checkpoint=str(tmp_path / "a" / f"checkpoint-{checkpoint}"))
    expected = weights(straight.model)
    assert all(torch.equal(weight, expected[name]) for name, weight in weights(resumed.model).items())
    assert resumed.surgery_statistics.to_dict() == straight.surgery_statistics.to_dict()
    assert without_times(resumed.state.log_history) == without_times(straight.state.log_history)


def test_plain_trainer_resumes_our_checkpoint(tmp_path):
    make_trainer(tmp_path / "ours", **SETTINGS).train()
    args = arguments(tmp_path / "stock", cls=TrainingArguments, **SETTINGS)
    stock = Trainer(model(), args, train_dataset=MIXED)
    stock.train(resume_from_checkpoint=str(tmp_path / "ours" / "checkpoint-6"))
    assert stock.state.global_step == 8


def test_ours_resumes_a_checkpoint_of_plain_trainer(tmp_path):
    make_trainer(tmp_path / "stock", stock=True, **SETTINGS).train()
    ours = make_trainer(tmp_path / "ours", **SETTINGS)
    ours.train(resume_from_checkpoint=str(tmp_path / "stock" / "checkpoint-6"))
    assert ours.state.global_step == 8
    assert ours.surgery_statistics.to_dict()["steps"] == 2


def test_counts_in_a_checkpoint_are_not_called_an_ignored_callback(tmp_path, caplog):
    settings = SETTINGS | {"restore_callback_states_from_checkpoint": True}
    make_trainer(tmp_path / "a", **settings).train()
    resumed = make_trainer(tmp_path / "b", **settings)
    transformers_logger = logging.getLogger("transformers")
    transformers_logger.addHandler(caplog.handler)
    try:
        resumed.train(resume_from_checkpoint=str(tmp_path / "a" / "checkpoint-6"))
    finally:
        transformers_logger.removeHandler(caplog.handler)
    assert "GradientMix" not in caplog.text
    assert resumed.surgery_statistics.to_dict()["steps"] == 8


PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
import torch
from hf_mixtrain.experiment.checkpoints import last_checkpoint
from tests.trainer.test_resume import SETTINGS, dropout_model
from tests.trainer.tiny import make_trainer, weights
trainer = make_trainer(sys.argv[2], net=dropout_model(), **SETTINGS | {"max_steps": 40})
trainer.train(resume_from_checkpoint=last_checkpoint(sys.argv[2]))
torch.save(weights(trainer.model), sys.argv[2] + "/weights.pt")
"""


def test_killed_run_goes_on_from_its_last_checkpoint(tmp_path):
    """All runs are processes of their own: other tests may have changed the number of threads, and with it the bits."""
    program, straight, killed = tmp_path / "program.py", tmp_path / "straight", tmp_path / "killed"
    program.write_text(PROGRAM)
    command = [sys.executable, str(program), str(Path(__file__).parents[2])]
    process = subprocess.Popen([*command, str(killed)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 240
    while last_checkpoint(killed) is None and time.monotonic() < deadline:
        assert process.poll() is None, process.stderr.read().decode()[-2000:]
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (killed / "weights.pt").exists()
    for folder in (killed, straight):
        subprocess.run([*command, str(folder)], check=True, capture_output=True, timeout=240)
    found, expected = torch.load(killed / "weights.pt"), torch.load(straight / "weights.pt")
    assert expected.keys() == found.keys()
    assert all(torch.equal(weight, found[name]) for name, weight in expected.items())

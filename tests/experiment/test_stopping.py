"""A run that a signal stops is no finished run, and goes on to the same bytes."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from hf_mixtrain.experiment.progress import Progress
from hf_mixtrain.experiment.stopping import StoppedError, StopSignals, stop_on_signals

TIMES = ("train_seconds", "peak_memory_bytes")


def outcome_of(folder):
    """The results but for times, and the bytes of the model."""
    results = json.loads((folder / "results.json").read_text())
    models = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.safetensors")}
    return {key: value for key, value in results.items() if key not in TIMES}, models


@pytest.mark.parametrize(
    ("method", "more"),
    [
        ("gradient-mix-train", []),
        ("averaged-mix-train", []),
        ("naive-mix-train", ["--select_on", "source-dev", "--select_steps", "2", "--save_strategy", "no"]),
    ],
)
def test_a_training_that_is_stopped_again_and_again_ends_in_the_same_bytes(run, tmp_path, monkeypatch, method, more):
    flags = ["--method", method, *more]
    run("straight", *flags)
    step = Progress.step
    for stop_at, number in ((1, signal.SIGTERM), (3, signal.SIGINT), (6, signal.SIGUSR1)):

        def stopping(self, update, updates, stop_at=stop_at, number=number):
            step(self, update, updates)
            if update == stop_at:
                os.kill(os.getpid(), number)

        monkeypatch.setattr(Progress, "step", stopping)
        with pytest.raises(StoppedError, match=f"stopped at update {stop_at} of 8; the same command goes on"):
            run("stopped", *flags)
        assert not list((tmp_path / "stopped").rglob("results.json"))
    monkeypatch.setattr(Progress, "step", step)
    run("stopped", *flags)
    cell = f"panx/{method}/k5/seed1"
    assert outcome_of(tmp_path / "stopped" / cell) == outcome_of(tmp_path / "straight" / cell)


def test_a_training_that_something_else_ends_early_is_not_finished(run, tmp_path, monkeypatch):
    from transformers import TrainerCallback

    from hf_mixtrain.experiment import training

    class EndsEarly(TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs):
            control.should_training_stop = state.global_step == 2

    class Trainer(training.StageTrainer):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.add_callback(EndsEarly())

    monkeypatch.setattr(training, "StageTrainer", Trainer)
    with pytest.raises(StoppedError, match="stopped at update 2 of 8"):
        run("out", "--method", "naive-mix-train")
    assert not list((tmp_path / "out").rglob("results.json"))


def test_the_command_ends_with_status_75_and_one_line_and_goes_on(flags, tmp_path):
    command = [sys.executable, "-m", "hf_mixtrain", "run", *flags, "--method", "zero-shot", "--max_steps", "100000"]
    command += ["--enable_jit_checkpoint", "true", "--save_steps", "100000", "--output_dir", str(tmp_path / "out")]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_MIXTRAIN_CACHE": str(tmp_path / "cache")}
    reached = 0
    for number in (signal.SIGTERM, signal.SIGUSR1):
        with subprocess.Popen(
            command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        ) as it:
            lines = iter(it.stderr.readline, "")
            assert any(line.strip() == "training on source" for line in lines)
            time.sleep(1)
            it.send_signal(number)
            last = [line.strip() for line in lines][-1]
        assert it.returncode == 75
        found = re.fullmatch(r"stopped at update ([\d,]+) of 100,000; the same command goes on", last)
        assert found, last
        before, reached = reached, int(found[1].replace(",", ""))
        assert reached > before
    assert not list((tmp_path / "out").rglob("results.json"))


def test_the_second_signal_does_not_wait():
    stop, ended = StopSignals(), []

    def work():
        with stop.deferred():
            stop.receive(signal.SIGTERM)
            ended.append("first")
            stop.receive(signal.SIGTERM)
            ended.append("second")

    with pytest.raises(StoppedError):
        work()
    assert ended == ["first"]


def test_what_saves_itself_is_let_end():
    stop, ended = StopSignals(), []

    def work():
        with stop.deferred():
            stop.receive(signal.SIGTERM)
            ended.append(True)

    with pytest.raises(StoppedError):
        work()
    assert ended


def test_signals_are_as_before_afterwards():
    before = signal.getsignal(signal.SIGTERM)
    with stop_on_signals():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before

"""Several launches, as users start them, on one folder."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
METHODS = ["zero-shot", "mix-ft", "naive-mix-train"]


@pytest.fixture
def start(flags, tmp_path):
    """Start a run of six cells on ``tmp_path / out``; its messages go to a file."""

    def start(name, *more):
        arguments = ["--method", *METHODS, "--seeds", "1", "2", "--num_train_epochs", "1", "--save_models", "none"]
        command = [
            sys.executable,
            "-m",
            "hf_mixtrain",
            "run",
            *flags,
            *arguments,
            "--output_dir",
            str(tmp_path / "out"),
        ]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        with (tmp_path / f"{name}.log").open("w") as log:
            return subprocess.Popen([*command, *more], stdout=log, stderr=log, env=environment)

    return start


def trained(tmp_path):
    """The cells and trainings that launches began, each as often as it was begun."""
    lines = [line for path in tmp_path.glob("*.log") for line in path.read_text().splitlines()]
    cells = sorted(line.partition("] ")[2].partition(",")[0] for line in lines if re.match(r"\[\d+/6\] ", line))
    return cells, [line.strip() for line in lines if line.strip() == "training on source"]


def finished(tmp_path):
    return sorted(str(path.relative_to(tmp_path / "out/panx").parent) for path in tmp_path.rglob("results.json"))


ALL = sorted(f"{method}/k{5 * (method != 'zero-shot')}/seed{seed}" for method in METHODS for seed in (1, 2))


def test_each_cell_and_each_shared_training_is_done_once(start, tmp_path):
    launches = [start("first"), start("second")]
    assert [launch.wait(600) for launch in launches] == [0, 0]
    assert finished(tmp_path) == ALL
    cells, on_source = trained(tmp_path)
    assert len(cells) >= len(set(cells)) == 6  # a cell whose training is done elsewhere is begun again later
    assert len(on_source) == 2  # one for each seed
    for path in tmp_path.rglob("results.json"):
        assert json.loads(path.read_text())["average"] >= 0


def test_cells_of_a_launch_that_is_killed_are_run_by_another(start, tmp_path):
    victim = start("victim")
    deadline = time.monotonic() + 300
    while "training on source" not in (tmp_path / "victim.log").read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    assert finished(tmp_path) != ALL
    assert start("heir").wait(600) == 0, (tmp_path / "heir.log").read_text()
    assert finished(tmp_path) == ALL


def test_local_workers_run_a_grid(start, tmp_path):
    assert start("parent", "--launcher", "local", "--workers", "2").wait(600) == 0, (
        tmp_path / "parent.log"
    ).read_text()
    assert finished(tmp_path) == ALL
    assert "6 finished, 0 running, 0 failed, 0 to do" in (tmp_path / "parent.log").read_text()
    assert len(list((tmp_path / "out/panx/.queue/logs").glob("worker*.log"))) == 2

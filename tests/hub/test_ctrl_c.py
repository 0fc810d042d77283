"""Ctrl-C at any moment of a command: one line, no traceback, nothing half written, and the same command goes on.

More moments, at random and in processes of their own, take long: HF_MIXTRAIN_INTERRUPTS=30.
"""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.experiment.kill_worker import files_of
from tests.experiment.tiny_task import data_dir, encoder_dir, flags

from .conftest import Client
from .loopback import LoopbackHub

__all__ = ["data_dir", "encoder_dir", "flags"]

#: How many random moments are tried, besides those that have a name here.
INTERRUPTS = int(os.environ.get("HF_MIXTRAIN_INTERRUPTS", "0"))
ROOT = Path(__file__).parents[2]
CELL = "panx/naive-mix-train/k5/seed1"
RAN, STOPPED = "stopped; run the same command again to go on", "stopped; the same command goes on"
# In the order in which a run comes to them: each run goes on where the one before was stopped.
MOMENTS = {
    "reading settings": ("data/task_file.py", "load_task", 1, 130, RAN),
    "reading data": ("data/readers/lines.py", "read_bytes", 2, 75, STOPPED),
    "tokenising": ("features/token_classification.py", "tagging_features", 2, 75, STOPPED),
    "training": (
        "transformers/trainer.py",
        "training_step",
        4,
        75,
        "stopped at update 4 of 8; the same command goes on",
    ),
    "keeping a training": ("experiment/training_store.py", "write", 1, 75, STOPPED),
    "evaluating": ("transformers/trainer.py", "prediction_step", 2, 75, STOPPED),
    "writing a file": ("hf_mixtrain/files.py", "atomic_file", 2, 75, STOPPED),
    "writing a cell": ("experiment/cell_run.py", "_write", 1, 75, STOPPED),
    "pushing": ("hub/push.py", "_operations", 1, 75, STOPPED),
    "waiting for the Hub": ("hub/client.py", "", 10, 75, STOPPED),
    "writing the report": ("report/write.py", "report_markdown", 1, 75, STOPPED),
}


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """A client whose programs press Ctrl-C, with a Hub of its own."""
    hub = LoopbackHub()
    client = Client(hub, tmp_path_factory.mktemp("homes"), "ctrl_c_worker.py")
    client.token = hub.account("me")
    yield client
    client.close()
    hub.close()


def command(hub, argv, *moment):
    """Run a command, with Ctrl-C pressed at a moment if one is given; return status and both outputs."""
    press = f"from ctrl_c_worker import press_at\npress_at(*{moment!r})" if moment else ""
    done = hub.call(f"from hf_mixtrain.commands.script import script\n{press}\nscript({list(map(str, argv))!r})")
    return done["status"], done["out"], done["err"]


def told(err):
    """The lines of standard error that are not the log of a run."""
    log = r"panx .*|\[\d/\d\] .*|      .*|Test rows .*|\d of \d cells are .*|Writing model shards: .*|\s*"
    return [line for line in err.splitlines() if not re.fullmatch(log, line)]


def unfinished(folder):
    return [path for path in folder.rglob("*") if path.name.endswith((".part", ".tmp", ".incomplete"))]


@pytest.fixture(scope="module")
def interrupted(hub, flags, tmp_path_factory):
    """What each moment's run ended with; afterwards the folder of the runs, and the command."""
    folder = tmp_path_factory.mktemp("ctrl-c")
    argv = ["run", *flags, "--num_train_epochs", "1", "--method", "naive-mix-train", "--output_dir", folder / "out"]
    argv += ["--push_to_hub", "--hub_model_id", "me/ctrl-c"]
    return {name: command(hub, argv, *moment[:3]) for name, moment in MOMENTS.items()}, folder, argv


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_that_is_interrupted_says_one_line(interrupted, moment):
    status, _, err = interrupted[0][moment]
    assert (status, told(err)) == (MOMENTS[moment][3], [MOMENTS[moment][4]]), err


def test_an_interrupted_run_leaves_nothing_half_written_and_ends_in_the_files_of_an_undisturbed_one(hub, interrupted):
    _, folder, argv = interrupted
    assert not unfinished(folder)
    status, out, err = command(hub, argv)
    assert (status, told(err)) == (0, []), err
    assert "naive-mix-train" in out
    straight = [folder / "straight" if word == folder / "out" else word for word in argv]
    assert command(hub, [*straight[:-1], "me/straight"])[0] == 0
    assert files_of(folder / "out") == files_of(folder / "straight")
    assert not list(folder.rglob(".queue/users/in-use-*"))
    weights = "model.safetensors"
    assert hub.hub.files("me/ctrl-c")[weights] == hub.hub.files("me/straight")[weights]


@pytest.mark.parametrize(
    "moment",
    [
        ("prediction/model.py", "", 3),
        ("transformers/trainer.py", "prediction_step", 1),
        ("hf_mixtrain/files.py", "atomic_file", 2),
    ],
)
def test_a_prediction_that_is_interrupted_leaves_no_file(hub, interrupted, moment, tmp_path):
    (tmp_path / "texts.txt").write_text("Uwe wohnt in Ulm\n")
    argv = ["predict", interrupted[1] / "straight" / CELL, tmp_path / "texts.txt", "--output", tmp_path / "found.jsonl"]
    status, _, err = command(hub, argv, *moment)
    assert (status, told(err)) == (130, [RAN]), err
    assert [path.name for path in tmp_path.iterdir()] == ["texts.txt"]
    assert command(hub, argv)[0] == 0
    assert (tmp_path / "found.jsonl").is_file()


def test_a_look_at_a_grid_that_is_interrupted_says_one_line(hub, flags, tmp_path):
    run = ["run", *flags, "--method", "zero-shot", "--output_dir", tmp_path]
    assert command(hub, run, *MOMENTS["training"][:3])[0] == 75
    argv = ["status", tmp_path, "--watch", "--every", "0.01"]
    status, out, err = command(hub, argv, "experiment/status.py", "status_text", 3)
    assert (status, err.splitlines()) == (130, [RAN])
    assert out.count("to do") >= 2


PRESS = "from tests.hub.ctrl_c_worker import press_at; press_at({!r}, '', {}); "
START = "from hf_mixtrain.commands.script import script; script()"


def alone(argv, press="", count=1):
    """A command in a process and a session of its own, which presses Ctrl-C at a call in a file if one is given."""
    program = (PRESS.format(press, count) if press else "") + START
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, argv)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, cwd=ROOT, start_new_session=True,
    )  # fmt: skip


@pytest.mark.parametrize("file", ["yaml/resolver.py", "torch/__init__.py", "dataclasses.py"])
def test_a_command_that_is_interrupted_while_libraries_are_imported_says_one_line(flags, tmp_path, file):
    with alone(["run", *flags, "--output_dir", tmp_path], file, 20 if file == "dataclasses.py" else 1) as process:
        _, err = process.communicate()
    assert (process.returncode, err.splitlines()) == (130, [RAN])
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not INTERRUPTS, reason="takes long: HF_MIXTRAIN_INTERRUPTS=30")
def test_runs_that_are_stopped_at_random_moments_say_one_line_and_end_in_the_same_files(hub, flags, tmp_path):
    argv = ["run", *flags, "--num_train_epochs", "1", "--method", "gradient-mix-train", "ord-fs", "--output_dir"]
    assert command(hub, [*argv, tmp_path / "straight"])[0] == 0
    again = list(map(str, [*argv, tmp_path / "again"]))
    program = f"""
        from ctrl_c_worker import calls_of
        from hf_mixtrain.commands.script import script
        print(calls_of(lambda: script({again!r})))
        """
    calls = int(hub.run(program).splitlines()[-1])
    expected, drawn, counts = files_of(tmp_path / "straight"), random.Random(0), Counter()
    for number in range(INTERRUPTS):
        folder, which = tmp_path / f"stopped-{number}", drawn.choice([signal.SIGINT, signal.SIGTERM])
        call = drawn.randint(1, calls)
        status, _, err = command(hub, [*argv, folder], "", "", call, int(which))
        counts[which.name, status] += 1
        print(f"{number}: {which.name} at call {call:,} of {calls:,}, status {status}, {told(err)}", flush=True)
        # SIGTERM before there is anything to save ends a process at once, as it does any.
        lines = 0 if status in (0, -signal.SIGTERM) else 1
        assert status in ((0, 75, 130) if which == signal.SIGINT else (0, 75, -signal.SIGTERM)), err
        assert len(told(err)) == lines, err
        assert not unfinished(folder)
        status, _, err = command(hub, [*argv, folder])
        assert (status, told(err)) == (0, []), err
        assert files_of(folder) == expected
        shutil.rmtree(folder)
    print(dict(counts))

"""Who may remove what others work with."""

import subprocess
import sys

import pytest

from hf_mixtrain.experiment.locks import in_use, remove_unused

HOLD = """
import sys
from pathlib import Path
from hf_mixtrain.experiment.locks import in_use
with in_use(Path(sys.argv[1])):
    print("holds", flush=True)
    sys.stdin.read()
"""


def users(folder):
    return list(folder.rglob(".queue/users/in-use-*"))


def test_a_folder_stays_as_long_as_another_process_uses_it(tmp_path):
    folder = tmp_path / "new" / "models"
    command = [sys.executable, "-c", HOLD, folder]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "holds\n"
        with in_use(folder):
            pass
        remove_unused(folder)
        assert folder.is_dir()
        other.kill()  # it leaves its file behind, but not its lock
    assert len(users(tmp_path)) == 1
    remove_unused(folder)
    assert not folder.exists()
    assert not users(tmp_path)


def test_a_launch_leaves_no_file_that_says_that_it_works_there(run, tmp_path):
    run("out", "--method", "zero-shot")
    assert not users(tmp_path)
    with in_use(tmp_path / "models"):
        assert len(users(tmp_path)) == 1
    assert not users(tmp_path)


@pytest.mark.parametrize(
    "method", ["zero-shot", "naive-mix-train"]
)  # one that has nothing left to do, and one that has
def test_the_next_launch_removes_what_a_killed_one_left(run, tmp_path, method):
    run("out", "--method", "zero-shot")
    command = [sys.executable, "-c", HOLD, tmp_path / "out/panx/.stages"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "holds\n"
        run("out", "--method", "naive-mix-train", "--seeds", "2")
        assert len(users(tmp_path)) == 1  # the other is alive
        other.kill()
    assert len(users(tmp_path)) == 1
    run("out", "--method", method)
    assert not users(tmp_path)


def test_a_grid_that_is_complete_leaves_the_models_of_another(run, tmp_path):
    stages = tmp_path / "out/panx/.stages"
    flags = ["--method", "zero-shot", "--save_models", "none"]
    with in_use(stages):
        run("out", "--seeds", "1", *flags)
        kept = list(stages.glob("*/training.json"))
    assert kept
    run("out", "--seeds", "2", *flags)
    assert not stages.exists()

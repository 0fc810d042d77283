"""Who may remove what others work with."""

import subprocess
import sys

from hf_mixtrain.experiment.locks import in_use, remove_unused

HOLD = """
import sys
from pathlib import Path
from hf_mixtrain.experiment.locks import in_use
with in_use(Path(sys.argv[1])):
    print("holds", flush=True)
    sys.stdin.read()
"""


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
    assert list(folder.parent.glob(".queue/users/in-use-*"))
    remove_unused(folder)
    assert not folder.exists()


def test_a_grid_that_is_complete_leaves_the_models_of_another(run, tmp_path):
    stages = tmp_path / "out/panx/.stages"
    flags = ["--method", "zero-shot", "--save_models", "none"]
    with in_use(stages):
        run("out", "--seeds", "1", *flags)
        kept = list(stages.glob("*/training.json"))
    assert kept
    run("out", "--seeds", "2", *flags)
    assert not stages.exists()

"""A grid that is killed before any of its file operations ends, when it is run again, as if nothing had been."""

import json
import os
import subprocess
import sys
from pathlib import Path

#: How many of the file operations are tried; more take long: HF_MIXTRAIN_KILLS=200.
KILLS = int(os.environ.get("HF_MIXTRAIN_KILLS", "3"))


def test_a_killed_grid_ends_in_the_files_of_an_undisturbed_one(flags, tmp_path):
    more = ["--method", "mix-ft", "ord-fs", "naive-mix-train", "--shots", "1", "--languages", "de", "--save_steps", "3"]
    more += ["--num_train_epochs", "1", "--trim_vocabulary", "true", "--select_on", "source-dev", "--select_steps", "3"]
    command = [sys.executable, "-m", "tests.experiment.kill_worker", str(tmp_path), str(KILLS), *flags, *more]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["killed"] == KILLS
    assert not found["wrong"], f"{len(found['wrong'])} of {found['killed']}: {found['wrong']}"

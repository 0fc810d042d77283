"""The script, called as users call it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.experiment.tiny_task import data_dir, encoder_dir, flags

__all__ = ["data_dir", "encoder_dir", "flags"]

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def script(tmp_path_factory):
    """Call ``run_xtreme_fewshot.py`` in a process of its own; return its exit status, output and errors."""
    environment = {**os.environ, "HF_MIXTRAIN_CACHE": str(tmp_path_factory.mktemp("cache")), "OMP_NUM_THREADS": "1"}

    def call(*argv, kill_at_batch=None, processes=1):
        command = [sys.executable, "run_xtreme_fewshot.py"]
        if processes > 1:
            # What `accelerate launch` calls for several GPUs; on processors it would call mpirun.
            launcher = ["-m", "torch.distributed.run", "--nproc_per_node", str(processes)]
            command = [sys.executable, *launcher, "--rdzv-backend", "c10d", "--rdzv-endpoint", "localhost:0"]
            command += ["run_xtreme_fewshot.py"]
        if kill_at_batch is not None:
            command = [sys.executable, "-c", KILLED, str(kill_at_batch)]
        done = subprocess.run(
            [*command, *map(str, argv)], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout, done.stderr

    return call


# The script, but the system kills it when it comes to a certain batch.
KILLED = """
import os, runpy, signal, sys
from transformers import Trainer
batches, step = int(sys.argv.pop(1)), Trainer.training_step
def training_step(self, *args, **kwargs):
    global batches
    batches -= 1
    if batches == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return step(self, *args, **kwargs)
Trainer.training_step = training_step
sys.argv[0] = "run_xtreme_fewshot.py"
runpy.run_path(sys.argv[0], run_name="__main__")
"""

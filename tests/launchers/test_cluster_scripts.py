"""The batch scripts for Slurm, run by a shell whose `srun` and `scontrol` are stand-ins: there is no Slurm here."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "recipes/cluster"

# Starts as many processes as Slurm would, each with its number, and ends with the highest of their statuses.
SRUN = """
pids=""
for rank in $(seq 0 $((${SLURM_NTASKS:-1} - 1))); do
    SLURM_PROCID=$rank SLURM_LOCALID=$((rank % ${SLURM_NTASKS_PER_NODE:-1})) "$@" &
    pids="$pids $!"
done
worst=0
for pid in $pids; do wait $pid; status=$?; [ $status -gt $worst ] && worst=$status; done
exit $worst
"""


@pytest.fixture
def submit(tmp_path):
    """Run a script as Slurm would, with a program that notes its arguments and surroundings and ends with a status."""

    def command(name, text):
        (tmp_path / name).write_text(f"#!/bin/bash\n{text}\n")
        (tmp_path / name).chmod(stat.S_IRWXU)

    def run(script, status, **variables):
        command("srun", SRUN)
        command("scontrol", f'if [ "$1" = show ]; then echo node7; else echo "$@" >> {tmp_path}/requeued; fi')
        seen = "$* RANK=$RANK WORLD_SIZE=$WORLD_SIZE LOCAL_RANK=$LOCAL_RANK MASTER=$MASTER_ADDR:$MASTER_PORT"
        command("hf-mixtrain", f'echo "{seen}" >> {tmp_path}/seen; exit {status}')
        environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "SLURM_JOB_ID": "42", **variables}
        arguments = ["bash", SCRIPTS / script, "recipe.yaml", "--output_dir", "my out"]
        done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)
        assert not done.stderr
        requeued = tmp_path / "requeued"
        seen = sorted((tmp_path / "seen").read_text().splitlines())
        return done.returncode, requeued.read_text().split("\n")[0] if requeued.exists() else None, seen

    return run


@pytest.mark.parametrize("script", ["grid.sbatch", "large_model.sbatch"])
@pytest.mark.parametrize("status", [0, 1, 2])
def test_a_job_that_is_done_or_failed_is_not_requeued(submit, script, status):
    assert submit(script, status, SLURM_JOB_NODELIST="node[7-8]")[:2] == (status, None)


def test_a_task_of_the_array_that_was_stopped_is_requeued(submit):
    status, requeued, (seen,) = submit("grid.sbatch", 75, SLURM_ARRAY_JOB_ID="40", SLURM_ARRAY_TASK_ID="3")
    assert (status, requeued) == (75, "requeue 40_3")
    assert seen.startswith("run recipe.yaml --output_dir my out ")


def test_processes_of_a_large_model_know_their_numbers_and_are_requeued_together(submit):
    variables = {"SLURM_NTASKS": "4", "SLURM_NTASKS_PER_NODE": "2", "SLURM_JOB_NODELIST": "node[7-8]"}
    status, requeued, seen = submit("large_model.sbatch", 75, **variables)
    assert (status, requeued) == (75, "requeue 42")
    assert [line.partition(" RANK")[2] for line in seen] == [
        f"={rank} WORLD_SIZE=4 LOCAL_RANK={rank % 2} MASTER=node7:20042" for rank in range(4)
    ]


@pytest.mark.parametrize("script", sorted(path.name for path in SCRIPTS.glob("*.sbatch")))
def test_slurm_is_asked_to_warn_and_to_requeue(script):
    asked = [line for line in (SCRIPTS / script).read_text().splitlines() if line.startswith("#SBATCH")]
    assert "#SBATCH --requeue" in asked
    assert any(line.startswith("#SBATCH --signal=USR1@") for line in asked)

"""Workers as Slurm jobs, through submitit: a job that is stopped or out of time goes back to Slurm's queue."""

import contextlib
import logging
import os
import signal
import subprocess
from collections.abc import Sequence
from typing import Any

from hf_mixtrain.errors import InputError
from hf_mixtrain.launchers.launch import Job

logger = logging.getLogger(__name__)

# Of submitit; `timeout_min` is the time limit of a job, and no cluster means it to be the 5 minutes of submitit.
_DEFAULTS = {
    "name": "hf-mixtrain",
    "timeout_min": 24 * 60,
    "stderr_to_stdout": True,
    "slurm_additional_parameters": {"requeue": True},
}


class Worker:
    """What a Slurm job does: run a command, and stop it at a checkpoint when Slurm warns.

    Args:
        command: The command; exit status 75 says that it stopped at a checkpoint.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._pid: int | None = None

    def __call__(self) -> int:
        """Run the command and return its exit status."""
        with subprocess.Popen(self._command) as process:
            self._pid = process.pid
            return process.wait()

    def checkpoint(self) -> Any:
        """Stop the command; called by submitit on a warning. Return what the job does when Slurm starts it again."""
        from submitit.helpers import DelayedSubmission

        if self._pid is not None:
            # Not `Popen.wait`: this runs in a signal handler, which may have interrupted it.
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(self._pid, signal.SIGTERM)
                os.waitpid(self._pid, 0)
        return DelayedSubmission(Worker(self._command))


def start(job: Job) -> list[int]:
    """Submit the workers as one array; with the option ``cluster=local`` or ``debug``, run them here and wait."""
    import submitit

    options = {**_DEFAULTS, **job.options}
    cluster = options.pop("cluster", "slurm")
    try:
        executor = submitit.AutoExecutor(folder=job.folder / "%j", cluster=cluster)
        executor.update_parameters(**options)
    except Exception as error:  # submitit raises NameError, TypeError, ValueError, RuntimeError and AssertionError
        reason = " ".join(str(error).split())
        raise InputError(f"--launcher slurm: submitit says: {reason}") from None
    with executor.batch():
        jobs = [executor.submit(Worker(job.command)) for _ in range(job.workers or 1)]
    if cluster == "slurm":
        print(f"Submitted: {' '.join(job.job_id for job in jobs)}; their logs are in {job.folder}.")
        return []
    return [job.result() for job in jobs]

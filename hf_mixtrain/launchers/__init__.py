"""Start the same run several times, on one folder: on this machine, as Slurm jobs, or on a Ray cluster.

Each launch, called a worker here, takes cells from the queue in the folder; nothing else has to be agreed upon.
"""

from hf_mixtrain.launchers.launch import LAUNCHERS, Job, launch, parse_options, worker_command

__all__ = ["LAUNCHERS", "Job", "launch", "parse_options", "worker_command"]

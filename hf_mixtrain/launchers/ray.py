"""Workers as tasks of a Ray cluster; Ray starts a worker again whose machine is lost."""

import logging
import os
import subprocess
from collections.abc import Mapping, Sequence

from hf_mixtrain.errors import InputError
from hf_mixtrain.launchers.launch import Job

logger = logging.getLogger(__name__)


def start(job: Job) -> list[int]:
    """Run the workers and wait for them.

    The option ``address`` says which cluster (default: the one that RAY_ADDRESS names, else this machine); the others
    are those of a Ray task, such as ``num_gpus`` (default: 1 if the cluster has any) and ``num_cpus``.
    """
    import ray

    options = dict(job.options)
    address = options.pop("address", None)
    try:
        ray.init(address=address, log_to_driver=True, logging_level=logging.WARNING)
    except (ConnectionError, ValueError) as error:
        raise InputError(f"--launcher ray: no cluster at {address}: {' '.join(str(error).split())}") from None
    try:
        gpus = ray.cluster_resources().get("GPU", 0)
        settings = {"num_gpus": min(1, gpus), "max_retries": -1, **options}
        try:
            task = ray.remote(**settings)(_work)
        except (TypeError, ValueError) as error:
            raise InputError(f"--launcher ray: Ray says: {' '.join(str(error).split())}") from None
        count = job.workers or max(1, int(gpus))
        logger.info("%d workers on Ray.", count)
        folder = os.getcwd()
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "CUDA_"))}
        found: list[int] = ray.get([task.remote(job.command, folder, environment) for _ in range(count)])
        return found
    finally:
        ray.shutdown()


def _work(command: Sequence[str], folder: str, environment: Mapping[str, str]) -> int:
    """Run a command on whatever machine this is, which sees the same files."""
    return subprocess.run(command, cwd=folder, env={**os.environ, **environment}, check=False).returncode

"""Workers as processes of this machine, one for each GPU; without a GPU they share its cores."""

import contextlib
import logging
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from hf_mixtrain.errors import InputError
from hf_mixtrain.launchers.launch import Job

logger = logging.getLogger(__name__)


def start(job: Job) -> list[int]:
    """Start the workers and wait for them; a signal to stop is passed on to them."""
    if job.options:
        raise InputError(f"--launcher_options: --launcher local takes none. Got {', '.join(job.options)}.")
    devices = _devices()
    count = job.workers or max(1, len(devices))
    job.folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        workers = []
        for number in range(count):
            log = stack.enter_context(Path(job.folder, f"worker{number}.log").open("a", encoding="utf-8"))
            environment = os.environ | _share(number, count, devices)
            workers.append(subprocess.Popen(job.command, stdout=log, stderr=log, env=environment))
        logger.info("%d workers on this machine; their logs are in %s.", count, job.folder)
        with _signals_to(workers):
            return [worker.wait() for worker in workers]


def _devices() -> list[str]:
    """The GPUs that this process may use, by the names that CUDA_VISIBLE_DEVICES takes."""
    import torch

    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if allowed is not None:
        return [name for name in allowed.split(",") if name]
    return [str(number) for number in range(torch.cuda.device_count())]


def _share(number: int, count: int, devices: list[str]) -> dict[str, str]:
    """What a worker sees of the machine; more workers than GPUs go round."""
    if devices:
        return {"CUDA_VISIBLE_DEVICES": devices[number % len(devices)]}
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {} if "OMP_NUM_THREADS" in os.environ else {"OMP_NUM_THREADS": str(max(1, cores // count))}


@contextlib.contextmanager
def _signals_to(workers: list["subprocess.Popen[bytes]"]) -> Iterator[None]:
    """Pass on signals to stop; Ctrl-C reaches the workers without us, as they have the same terminal."""

    def forward(number: int, frame: object) -> None:
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, number)

    before = {number: signal.signal(number, forward) for number in (signal.SIGTERM, signal.SIGUSR1)}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

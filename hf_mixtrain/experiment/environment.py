"""What a run ran on: versions, and the most memory that it took."""

import gc
import os
import platform
import resource
import subprocess
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import torch

import hf_mixtrain

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@cache
def _versions() -> dict[str, str]:
    libraries = ("torch", "transformers", "accelerate", "datasets")
    found = {"python": platform.python_version()}
    found |= {name: metadata.version(name) for name in libraries}
    found["hf_mixtrain"] = hf_mixtrain.__version__
    folder = Path(hf_mixtrain.__file__).parent.parent
    if (folder / ".git").exists():
        command = ["git", "-C", str(folder), "rev-parse", "HEAD"]
        commit = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
        if commit:
            found["commit"] = commit
    return found


def versions() -> dict[str, str]:
    """Return the versions of Python and the libraries, and the commit if the package runs from a git checkout.

    Example:
        >>> sorted(versions().keys() - {"commit"})
        ['accelerate', 'datasets', 'hf_mixtrain', 'python', 'torch', 'transformers']
    """
    return dict(_versions())


def use_all_cores() -> int:
    """Let a single process on a machine without accelerator compute on all cores that it may use.

    ``accelerate launch`` gives its process one thread unless told otherwise (accelerate 1.15); under another launcher,
    and with several processes, nothing is changed. To use fewer cores, say so to the system (``taskset``).

    Returns:
        The number of threads.
    """
    launched = "ACCELERATE_MIXED_PRECISION" in os.environ and os.environ.get("OMP_NUM_THREADS") == "1"
    if launched and int(os.environ.get("WORLD_SIZE", "1")) == 1 and not torch.accelerator.is_available():
        allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        torch.set_num_threads(min(allowed, psutil.cpu_count(logical=False) or allowed))
    return torch.get_num_threads()


def reset_peak_memory() -> None:
    """Free what earlier trainings left, and let `peak_memory` count from now on (on Linux and CUDA)."""
    gc.collect()  # a Trainer and its callbacks refer to each other
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    elif _CLEAR.exists():
        _CLEAR.write_text("5")


def peak_memory() -> int:
    """Return the most memory in bytes: of the GPU if there is one, else of this process.

    Example:
        >>> peak_memory() > 1_000_000
        True
    """
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    if _STATUS.exists():
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    # Kilobytes on Linux, bytes on macOS; of the whole life of the process.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

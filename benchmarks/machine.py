"""What the numbers were measured on, without names of hosts or paths."""

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import torch

__all__ = ["machine"]

_CPUINFO = Path("/proc/cpuinfo")


def machine() -> dict[str, Any]:
    """Return processor, cores, threads, accelerator and versions.

    Example:
        >>> sorted(machine())
        ['accelerator', 'cores', 'load', 'memory_gib', 'processor', 'system', 'threads', 'versions']
    """
    return {
        "processor": _processor(),
        "cores": psutil.cpu_count(logical=False) or os.cpu_count(),
        "threads": torch.get_num_threads(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "accelerator": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        # Of other processes at the start: a busy machine spreads the numbers by the clock.
        "load": round(psutil.getloadavg()[0], 1),
        "system": platform.system(),
        "versions": {
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in ("torch", "transformers", "accelerate", "hf_mixtrain")},
        },
    }


def _processor() -> str:
    if _CPUINFO.exists():
        for line in _CPUINFO.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()

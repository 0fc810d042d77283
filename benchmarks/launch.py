"""Every case in a process of its own, or in several: no memory, thread or cache is left from the one before."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.presets import Measurement

__all__ = ["measure"]

_ENVIRONMENT = {
    "PYTHONPATH": str(Path(__file__).parent.parent),
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # Variants run in threads that take turns; glibc would give each thread a heap of its own, which a training in the
    # main thread does not have.
    "MALLOC_ARENA_MAX": "1",
}


def measure(measurement: Measurement) -> dict[str, Any]:
    """Run one measurement and return what it found.

    Raises:
        RuntimeError: If it fails, with the end of what it printed.
    """
    case = measurement.case
    with tempfile.TemporaryDirectory() as folder:
        case_file, result_file = Path(folder, "case.json"), Path(folder, "result.json")
        case_file.write_text(json.dumps(case.to_json()))
        launcher = [sys.executable]
        if case.processes > 1:
            launcher += ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={case.processes}"]
        command = [*launcher, "-m", "benchmarks.worker", measurement.kind, str(case_file), str(result_file)]
        done = subprocess.run(
            command, env=os.environ | _ENVIRONMENT, cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode or not result_file.exists():
            raise RuntimeError(f"{measurement.kind}, {case.title} failed:\n{done.stderr[-3000:]}")
        return json.loads(result_file.read_text())

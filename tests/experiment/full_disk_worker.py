"""Run a grid on small disks, give each room, run it again; print what came of it as one line of JSON.

``unshare --mount python -m tests.experiment.full_disk_worker FOLDER KILOBYTES,... FLAG...``: in a mount namespace of
its own, so that nothing stays mounted, whatever becomes of this process.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

from hf_mixtrain.commands.main import call
from hf_mixtrain.commands.run import main as run

_TIMES = ("train_seconds", "peak_memory_bytes")


def run_below(folder, flags):
    """Run a grid with all its files below a folder; return exit status, lines that tell of an error, and results."""
    os.environ["HF_MIXTRAIN_CACHE"] = str(folder / "cache")
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        status = call(run, [*map(str, flags), "--output_dir", str(folder / "out")])
    errors = [line for line in said.getvalue().splitlines() if line.startswith("error: ")]
    found = {}
    for path in folder.rglob("results.json"):
        results = json.loads(path.read_text())
        found[path.parent.name] = {key: value for key, value in results.items() if key not in _TIMES}
    return status, errors, found


def main(root, sizes, flags):
    outcomes = {}
    for kilobytes in sizes.split(","):
        folder = Path(root, kilobytes)
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", folder], check=True)
        full = run_below(folder, flags)
        subprocess.run(["mount", "-o", "remount,size=64m", folder], check=True)
        outcomes[kilobytes] = [full, run_below(folder, flags)]
    print(json.dumps(outcomes))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])

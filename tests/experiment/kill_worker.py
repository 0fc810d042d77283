"""Kill a grid before its n-th file operation, run it again, and say in what its files differ from an undisturbed run.

``python -m tests.experiment.kill_worker FOLDER COUNT FLAG...`` prints one line of JSON. The grid runs in forks of this
process, so that libraries are loaded once.
"""

import json
import os
import shutil
import signal
import sys
from pathlib import Path

from hf_mixtrain.commands.run import parse_settings
from hf_mixtrain.experiment.grid_run import run_grid
from hf_mixtrain.report import write_report

_TIMES = ("train_seconds", "peak_memory_bytes")
_WRITING = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink", "os.chmod"}


def run_in_fork(flags, folder, kill_at=None):
    """Run the grid in a fork; return its exit status (negative: the signal) and how many file operations it made."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        count = 0

        def audit(event, args):
            nonlocal count
            writes = event == "open" and isinstance(args[1], str) and set(args[1]) & set("wxa+")
            if not (writes or event in _WRITING) or not str(args[0]).startswith(str(folder)):
                return
            count += 1
            if count == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            os.environ["HF_MIXTRAIN_CACHE"] = str(folder / "cache")
            sys.addaudithook(audit)
            outcome = run_grid(parse_settings([*flags, "--output_dir", str(folder / "out")]))
            write_report(folder / "out")
            os.write(writer, str(count).encode())
            os._exit(1 if outcome.failed else 0)
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            os._exit(2)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return status, int(said or 0)


def files_of(folder):
    """Every file that a user or a later run meets, with its content; of results all but times."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        # Claims and plans are numbered files of which each launch leaves its own.
        if not path.is_file() or {"claims", ".stages-claims", ".queue"} & set(path.parts) or path.suffix == ".lock":
            continue
        if path.name == "results.json":
            results = json.loads(path.read_text())
            found[name] = {key: value for key, value in results.items() if key not in _TIMES}
        elif path.suffix in (".md", ".html", ".tex", ".png", ".pdf", ".svg") or (
            ".stages" in path.parts and path.suffix == ".json"
        ):
            found[name] = "measured"  # times are in it
        else:
            found[name] = path.read_bytes()
    return found


def main(root, count, flags):
    root = Path(root).resolve()
    status, operations = run_in_fork(flags, root / "straight")
    assert status == 0, f"the undisturbed run ended with {status}"
    expected, wrong = files_of(root / "straight"), {}
    numbers = sorted({1 + round(i * (operations - 1) / max(1, count - 1)) for i in range(count)})
    for number in numbers:
        folder = root / f"killed-{number}"
        first, _ = run_in_fork(flags, folder, kill_at=number)
        second, _ = run_in_fork(flags, folder)
        found = files_of(folder)
        names = [name for name in sorted(expected.keys() | found.keys()) if expected.get(name, 0) != found.get(name, 0)]
        if (first, second) != (-signal.SIGKILL, 0) or names:
            wrong[number] = {"killed": first, "again": second, "differ": names[:9]}
        print(
            f"killed before operation {number} of {operations}: {wrong.get(number, 'as undisturbed')}", file=sys.stderr
        )
        shutil.rmtree(folder)
    print(json.dumps({"operations": operations, "killed": len(numbers), "wrong": wrong}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])

"""Runs programs one after another, each in a fork of a process that has done the slow imports once.

Reads ``{"program": ..., "environment": {...}}`` as a line of JSON and answers ``{"status", "out", "err"}`` in the same
way.
"""

import importlib
import json
import os
import sys
import tempfile
import traceback
import warnings

from huggingface_hub import constants

import hf_mixtrain.hub
import hf_mixtrain.hub.client


def main() -> None:
    for line in sys.stdin:
        job = json.loads(line)
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            child = os.fork()
            if child == 0:
                os.dup2(out.fileno(), 1)
                os.dup2(err.fileno(), 2)
                os._exit(run(job["program"], job["environment"]))
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            out.seek(0)
            err.seek(0)
            print(json.dumps({"status": status, "out": out.read(), "err": err.read()}), flush=True)


def run(program: str, environment: dict[str, str]) -> int:
    os.environ.update(environment)
    importlib.reload(constants)  # the client reads its settings once, when this module is imported
    # The pauses between our own tries are not what is tested; those of the client itself stay.
    hf_mixtrain.hub.client.WAITS = (0.0, 0.0, 0.0, 0.0)
    hf_mixtrain.hub.client.READ_LIMIT, hf_mixtrain.hub.client.STALLED = 2.0, 3.0
    warnings.simplefilter("error")
    # huggingface_hub 2.4 uploads to LFS storage in a way that httpx2 2.16 calls deprecated.
    warnings.filterwarnings("ignore", "Use 'content=<...>'", DeprecationWarning)
    status = 0
    try:
        exec(compile(program, "<program>", "exec"), {"__name__": "__main__"})
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return status


if __name__ == "__main__":
    main()

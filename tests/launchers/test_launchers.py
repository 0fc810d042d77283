"""Launchers, each against what its library offers on one machine; those that are not installed are skipped."""

import os
import signal
import stat
import subprocess
import sys
import threading
import time

import pytest

from hf_mixtrain.errors import InputError
from hf_mixtrain.launchers import Job, launch, parse_options, worker_command

# Writes what it sees of the machine into a file of its own, and ends with the status that it is given.
TELL = """
import os, sys
open(f"{sys.argv[1]}/{os.getpid()}", "w").write(os.environ.get({name!r}, ""))
sys.exit({status})
"""


def tell(folder, name="OMP_NUM_THREADS", status=0):
    folder.mkdir(exist_ok=True)
    return [sys.executable, "-c", TELL.replace("{name!r}", repr(name)).replace("{status}", str(status)), str(folder)]


def told(folder):
    return sorted(path.read_text() for path in folder.iterdir())


def test_a_worker_runs_the_same_command_in_its_own_process():
    command = worker_command(["recipe.yaml", "--launcher", "ray"])
    assert command[0] == sys.executable
    assert command[-2:] == ["--launcher", "here"]  # the last flag wins


def test_options_are_named_values_of_yaml():
    assert parse_options(["a=1", "b=x=y", "c=[1, 2]"]) == {"a": 1, "b": "x=y", "c": [1, 2]}
    for wrong in ("a", "=1", "a=["):
        with pytest.raises(InputError, match="--launcher_options"):
            parse_options([wrong])


def test_local_workers_share_the_cores(tmp_path, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    cores = len(os.sched_getaffinity(0))
    job = Job(tell(tmp_path / "told", status=3), cores, tmp_path / "logs")
    assert launch("local", job) == [3] * cores
    assert told(tmp_path / "told") == ["1"] * cores


def test_local_workers_get_one_gpu_each(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,5")
    launch("local", Job(tell(tmp_path / "told", "CUDA_VISIBLE_DEVICES"), None, tmp_path / "logs"))
    assert told(tmp_path / "told") == ["2", "5"]


def test_a_signal_to_stop_reaches_all_local_workers(tmp_path):
    script = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(75)); "
        "print('ready', flush=True); time.sleep(60)"
    )
    job = Job([sys.executable, "-c", script], 2, tmp_path)

    def stop():
        while [path.read_text() for path in tmp_path.glob("*.log")] != ["ready\n"] * 2:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=stop).start()
    before = signal.getsignal(signal.SIGTERM)
    assert launch("local", job) == [75, 75]
    assert signal.getsignal(signal.SIGTERM) == before


def test_local_takes_no_options(tmp_path):
    with pytest.raises(InputError, match=r"takes none\. Got num_gpus"):
        launch("local", Job(["true"], 1, tmp_path, {"num_gpus": 1}))


@pytest.mark.parametrize(("launcher", "library"), [("slurm", "submitit"), ("ray", "ray")])
def test_a_launcher_that_is_not_installed_is_named(tmp_path, monkeypatch, launcher, library):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(InputError, match=rf"needs {library}: pip install \"hf_mixtrain\[{launcher}\]\""):
        launch(launcher, Job(["true"], 1, tmp_path))


def test_slurm_jobs_run_on_the_local_executor_of_submitit(tmp_path):
    pytest.importorskip("submitit", reason="submitit is not installed")
    job = Job(tell(tmp_path / "told", status=75), 2, tmp_path / "logs", {"cluster": "local", "timeout_min": 2})
    assert launch("slurm", job) == [75, 75]
    assert len(told(tmp_path / "told")) == 2


def test_a_slurm_job_array_is_requeued_and_warned_before_its_end(tmp_path, monkeypatch, capsys):
    """What is given to sbatch; there is no Slurm here to take it."""
    pytest.importorskip("submitit", reason="submitit is not installed")
    for name, script in {"srun": "exit 0", "sbatch": f'cp "$1" {tmp_path}/sent; echo Submitted batch job 7'}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    options = {"timeout_min": 90, "slurm_partition": "gpu", "gpus_per_node": 1}
    assert launch("slurm", Job(["true"], 3, tmp_path / "logs", options)) == []
    assert "Submitted: 7_0 7_1 7_2" in capsys.readouterr().out
    sent = (tmp_path / "sent").read_text()
    for line in ("--array=0-2%", "--signal=USR2@", "--time=90", "--partition=gpu", "--gpus-per-node=1", "--requeue"):
        assert f"#SBATCH {line}" in sent, sent


def test_slurm_options_that_are_unknown_and_a_machine_without_slurm_are_refused(tmp_path, monkeypatch):
    pytest.importorskip("submitit", reason="submitit is not installed")
    with pytest.raises(InputError, match=r"submitit says: .*no_such_option"):
        launch("slurm", Job(["true"], 1, tmp_path, {"cluster": "local", "no_such_option": 1}))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"submitit says: .*srun"):
        launch("slurm", Job(["true"], 1, tmp_path))


def test_a_slurm_job_that_is_warned_stops_its_command_and_would_run_it_again(tmp_path):
    pytest.importorskip("submitit", reason="submitit is not installed")
    from hf_mixtrain.launchers.slurm import Worker

    script = (
        "import pathlib, signal, sys, time; "
        "signal.signal(signal.SIGTERM, lambda *_: (pathlib.Path(sys.argv[1], 'stopped').touch(), sys.exit(75))); "
        "pathlib.Path(sys.argv[1], 'ready').touch(); time.sleep(60)"
    )
    worker = Worker([sys.executable, "-c", script, str(tmp_path)])
    again = []

    def warn(number, frame):
        again.append(worker.checkpoint())

    before = signal.signal(signal.SIGUSR2, warn)

    def send():
        while not (tmp_path / "ready").exists():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGUSR2)

    try:
        threading.Thread(target=send).start()
        worker()
    finally:
        signal.signal(signal.SIGUSR2, before)
    assert (tmp_path / "stopped").exists()
    assert again[0].function._command == worker._command


def test_ray_runs_workers_on_this_machine(tmp_path):
    pytest.importorskip("ray", reason="ray is not installed")
    # In a process of its own: Ray leaves threads and warnings behind.
    script = (
        "import sys; from pathlib import Path; from hf_mixtrain.launchers import Job, launch\n"
        "print(launch('ray', Job(sys.argv[3:], 2, Path(sys.argv[1]), {'address': 'local', 'num_cpus': 0.5})))"
    )
    command = [sys.executable, "-c", script, tmp_path / "logs", "--", *tell(tmp_path / "told", status=1)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.stdout.strip().endswith("[1, 1]"), done.stderr
    assert len(told(tmp_path / "told")) == 2

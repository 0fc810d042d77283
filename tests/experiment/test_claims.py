"""Claims on a shared folder, by real processes that are killed while they hold one."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from hf_mixtrain.experiment import claims as module
from hf_mixtrain.experiment.claims import ClaimLostError, Claims, holders

FAST = {"beat": 0.05, "patience": 1.0}

# Takes what is free until all is done; notes begin and end of each piece of work in one shared file.
WORKER = """
import os, sys, time
from pathlib import Path
from hf_mixtrain.experiment import claims as module
folder, count, machine, hang = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
if machine:
    module._machine = lambda: machine  # what a process on another machine would say
claims = module.Claims(folder / "claims", beat=0.05, patience=1.0)
log = os.open(folder / "log", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
done = lambda name: (folder / f"{name}.done").exists()
names = [f"work{number}" for number in range(count)]
while not all(map(done, names)):
    for name in names:
        if done(name):
            continue
        claim = claims.take(name)
        if claim is None:
            continue
        with claim:
            if done(name):
                continue
            os.write(log, f"begin {name} {os.getpid()}\\n".encode())
            if name == hang:
                print("holds", flush=True)
                time.sleep(600)
            time.sleep(0.02)
            os.write(log, f"end {name} {os.getpid()}\\n".encode())
            (folder / f"{name}.done").touch()
    time.sleep(0.02)
"""


def worker(folder, count, machine="", hang=""):
    command = [sys.executable, "-c", WORKER, str(folder), str(count), machine, hang]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("machines", [["", "", ""], ["a", "b", "c"]], ids=["one machine", "three machines"])
def test_work_of_a_process_that_is_killed_is_done_by_one_other(tmp_path, machines):
    count = 24
    with worker(tmp_path, count, machines[0], hang="work3") as victim:
        assert victim.stdout.readline() == "holds\n"
        with worker(tmp_path, count, machines[1]) as second, worker(tmp_path, count, machines[2]) as third:
            victim.send_signal(signal.SIGKILL)
            assert second.wait(60) == third.wait(60) == 0
    events = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
    assert Counter(name for event, name, _ in events if event == "end") == {f"work{n}": 1 for n in range(count)}
    begun = Counter(name for event, name, _ in events if event == "begin")
    assert begun == {f"work{n}": 1 + (n == 3) for n in range(count)}
    assert len({pid for event, _, pid in events if event == "end"}) == 3


def test_of_many_who_take_over_at_once_one_succeeds(tmp_path):
    dead = Claims(tmp_path).take("work")
    dead._content["pid"], dead._content["started"] = 2**22 + 1, "1"  # a number that no process has
    dead.beat()
    rivals = [Claims(tmp_path) for _ in range(8)]
    found = {rival: module._last(tmp_path / "work") for rival in rivals}
    assert set(found.values()) == {1}  # all have seen the same dead claim
    assert sum(rival.take("work") is not None for rival in rivals) == 1


def test_who_decided_on_what_has_changed_meanwhile_gets_nothing(tmp_path, monkeypatch):
    """Both find the work free; one takes it and gives it back, and only then the other goes on."""
    slow, fast = Claims(tmp_path), Claims(tmp_path)
    assert slow.is_free("work")
    fast.take("work").release()
    third = Claims(tmp_path).take("work")
    monkeypatch.setattr(module, "_last", lambda folder: 0)
    assert slow.take("work") is None
    assert not third.lost


def test_a_claim_without_heartbeat_is_over_after_some_time_and_its_owner_learns_of_it(tmp_path):
    claims = Claims(tmp_path, beat=600.0)
    silent = claims.take("work")
    observer = Claims(tmp_path, **FAST)
    assert observer.take("work") is None
    time.sleep(0.5)
    silent.beat()
    assert observer.take("work") is None  # it has changed: the time counts from here
    time.sleep(1.1)
    assert observer.take("work") is not None
    silent.check()
    silent.beat()
    with pytest.raises(ClaimLostError, match="work: another launch has taken this over"):
        silent.check()
    silent.release()
    assert Claims(tmp_path).take("work") is None  # what is over says nothing about the claim after it


def test_a_claim_that_was_left_empty_is_over_after_some_time(tmp_path):
    """Its process was killed between making the file and writing it."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work/0001").touch()
    observer = Claims(tmp_path, **FAST)
    assert not observer.is_free("work")
    assert holders(tmp_path) == {}
    time.sleep(1.1)
    assert observer.take("work") is not None


def test_a_heartbeat_keeps_a_claim_and_shows_how_far_the_work_is(tmp_path):
    claim = Claims(tmp_path, **FAST).take("work")
    claim.note(update=3, updates=10)
    observer = Claims(tmp_path, **FAST)
    for _ in range(4):
        assert observer.take("work") is None
        time.sleep(0.5)
    held = holders(tmp_path)["work"]
    assert (held.pid, held.note, held.over) == (os.getpid(), {"update": 3, "updates": 10}, False)
    assert held.silent_seconds < 5
    claim.release()
    assert holders(tmp_path)["work"].over


def test_a_process_of_the_same_number_that_began_later_is_another(tmp_path):
    claim = Claims(tmp_path).take("work")
    claim._content["started"] = "1"
    claim.beat()
    assert Claims(tmp_path).take("work") is not None


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_folder_that_cannot_be_written_is_an_error_of_the_system(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError):
        Claims(tmp_path / "claims").take("work")

"""Launches that share the cells of a grid."""

import signal
import subprocess
import sys
from collections import Counter
from contextlib import closing

import pytest

from hf_mixtrain.errors import InputError
from hf_mixtrain.experiment.cells import Cell
from hf_mixtrain.experiment.queue import Queue
from hf_mixtrain.experiment.queue_records import planned_cells, read_failure

CELLS = [Cell("panx", "mix-ft", 5, seed) for seed in range(6)]

# Runs cells by touching a file for each; stops for ever in the cell that is named.
WORKER = """
import os, sys, time
from pathlib import Path
import pytest

from hf_mixtrain.errors import InputError
from hf_mixtrain.experiment.cells import Cell
from hf_mixtrain.experiment.queue import Queue
folder, hang = Path(sys.argv[1]), int(sys.argv[2])
done = lambda cell: (folder / f"done{cell.seed}").exists()
costs = {Cell("panx", "mix-ft", 5, seed): 1.0 for seed in range(24)}
log = os.open(folder / "log", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
for cell in Queue(folder / "queue", costs, done, poll=0.05):
    if cell.seed == hang:
        print("holds", flush=True)
        time.sleep(600)
    time.sleep(0.05)
    os.write(log, f"{cell.seed} {os.getpid()}\\n".encode())
    (folder / f"done{cell.seed}").touch()
"""


def worker(folder, hang=-1):
    return subprocess.Popen([sys.executable, "-c", WORKER, str(folder), str(hang)], stdout=subprocess.PIPE, text=True)


def queue(folder, costs, finished=(), **more):
    return Queue(folder, costs, lambda cell: cell in finished, poll=0.01, **more)


def test_launches_share_the_cells_and_take_over_from_one_that_is_killed(tmp_path):
    with worker(tmp_path, hang=4) as victim:
        assert victim.stdout.readline() == "holds\n"
        with worker(tmp_path) as first, worker(tmp_path) as second:
            victim.send_signal(signal.SIGKILL)
            assert first.wait(120) == second.wait(120) == 0
    rows = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
    assert Counter(int(seed) for seed, _ in rows) == dict.fromkeys(range(24), 1)


def test_the_longest_cell_comes_first_and_of_equal_ones_the_first_of_the_grid(tmp_path):
    finished = set()
    found = []
    for cell in queue(tmp_path, dict(zip(CELLS, [1.0, 3.0, 2.0, 3.0, 1.0, 9.0], strict=True)), finished):
        found.append(cell.seed)
        finished.add(cell)
    assert found == [5, 1, 3, 2, 0, 4]


def test_a_cell_whose_training_is_done_elsewhere_comes_after_the_others(tmp_path):
    finished, blocked, found = set(), {CELLS[0]}, []
    for cell in queue(tmp_path, dict.fromkeys(CELLS[:3], 1.0), finished, is_blocked=blocked.__contains__):
        found.append(cell.seed)
        finished.add(cell)
        if len(found) == 2:
            blocked.clear()
    assert found == [1, 2, 0]


def test_a_cell_that_is_given_up_comes_again(tmp_path):
    finished, found = set(), []
    for cell in queue(tmp_path, dict.fromkeys(CELLS[:1], 1.0), finished):
        found.append(cell)
        if len(found) == 3:
            finished.add(cell)
    assert found == [CELLS[0]] * 3


def test_a_failure_counts_for_all_launches_that_are_running_and_the_next_run_tries_again(tmp_path):
    costs = dict.fromkeys(CELLS[:2], 1.0)
    other = queue(tmp_path, costs, {CELLS[1]})
    first = queue(tmp_path, costs, {CELLS[1]})
    for cell in first:
        first.fail(cell, "it broke")
    assert first.failed == {CELLS[0]: "it broke"}
    assert list(other) == []
    assert other.failed[CELLS[0]].startswith("it broke (on ")
    again = queue(tmp_path, costs, {CELLS[1]})
    tried = iter(again)
    assert next(tried) == CELLS[0]
    assert read_failure(tmp_path, CELLS[0]) is None
    again.close()


def test_a_launch_that_stops_gives_its_cell_back(tmp_path):
    costs = dict.fromkeys(CELLS[:1], 1.0)
    with closing(queue(tmp_path, costs)) as cells:
        assert next(iter(cells)) == CELLS[0]
    assert next(iter(queue(tmp_path, costs))) == CELLS[0]


def test_the_plans_of_all_grids_are_kept_once(tmp_path):
    for cells in (CELLS[:2], CELLS[:2], CELLS[1:3]):
        queue(tmp_path, dict.fromkeys(cells, 1.0))
    assert planned_cells(tmp_path, "panx") == CELLS[:3]
    assert len(list(tmp_path.glob("plans/*"))) == 2


@pytest.mark.parametrize("place", [".queue", ".stages"])
def test_a_file_in_the_way_is_said_before_any_training(run, tmp_path, place):
    blocked = tmp_path / "out/panx" / place
    blocked.parent.mkdir(parents=True)
    blocked.touch()
    with pytest.raises(InputError, match=f"{place}.*expected a folder that can be written"):
        run("out", "--method", "zero-shot")
    assert [path.name for path in blocked.parent.iterdir()] == [place]

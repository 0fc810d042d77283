"""What `hf-mixtrain status` says of a folder."""

import platform
import threading
import time

import pytest

from hf_mixtrain.commands.main import main
from hf_mixtrain.errors import InputError
from hf_mixtrain.experiment.cells import Cell
from hf_mixtrain.experiment.claims import Claims
from hf_mixtrain.experiment.queue_records import cell_key, forget_failure, queue_folder, write_failure, write_plan
from hf_mixtrain.experiment.status import grid_status
from hf_mixtrain.results import write_results

CELLS = [Cell("panx", "mix-ft", 5, seed) for seed in (1, 2, 3, 4)]


def finish(out, cell):
    results = {"task": cell.task, "method": cell.method_name, "shots": cell.shots, "seed": cell.seed, "model": "m"}
    results |= {"languages": ["en"], "metric": "f1", "scores": {"en": {"f1": 80.0}}, "average": 80.0, "settings": {}}
    results |= {"shot_ids": {}, "versions": {}, "train_seconds": 1.0, "peak_memory_bytes": 1, "surgery": {}}
    write_results(cell.folder(out), results)


@pytest.fixture
def out(tmp_path):
    """One cell finished, one failed, two to do."""
    folder = queue_folder(tmp_path, "panx")
    write_plan(folder, CELLS)
    finish(tmp_path, CELLS[0])
    write_failure(folder, CELLS[1], "OutOfMemoryError: 2 GiB")
    return tmp_path


def take(out, cell, **times):
    return Claims(queue_folder(out, "panx") / "claims", **times).take(f"cell-{cell_key(cell)}")


def test_every_state_is_shown_with_what_one_wants_to_know(out, capsys):
    with take(out, CELLS[2]) as claim:
        claim.note(work="training on shots", update=60, updates=2700, seconds_left=600.0)
        claim.beat()
        assert main(["status", str(out)]) == 0
    host = platform.node()
    assert capsys.readouterr().out.splitlines() == [
        "1 finished, 1 running, 1 failed, 1 to do",
        "panx/mix-ft/k5/seed1  finished  f1 80.00",
        f"panx/mix-ft/k5/seed2  failed    OutOfMemoryError: 2 GiB (on {host})",
        f"panx/mix-ft/k5/seed3  running   on {host}, training on shots, 60 of 2700, about 10 min left",
        "panx/mix-ft/k5/seed4  to do",
    ]


def test_a_claim_that_was_given_back_is_not_running(out):
    take(out, CELLS[2]).release()
    assert [cell.state for cell in grid_status(out)] == ["finished", "failed", "to do", "to do"]


def test_a_failed_cell_that_is_tried_again_is_running(out):
    with take(out, CELLS[1]):
        assert [cell.state for cell in grid_status(out)] == ["finished", "running", "to do", "to do"]


def test_results_without_a_plan_are_shown_and_broken_ones_named(tmp_path):
    finish(tmp_path, CELLS[0])
    (tmp_path / "panx/mix-ft/k5/seed2").mkdir()
    (tmp_path / "panx/mix-ft/k5/seed2/results.json").write_text("{")
    first, second = grid_status(tmp_path)
    assert (first.state, second.state) == ("finished", "failed")
    assert "not JSON" in second.detail


@pytest.mark.parametrize("content", [b"", b"{", b"null", b"[1, [2], null]", b"\xff", b"[" * 100_000, b'{"pid": {}}'])
def test_damaged_records_of_a_queue_stop_nothing(out, content):
    folder = queue_folder(out, "panx")
    take(out, CELLS[2])
    for path in [*folder.glob("plans/*"), *folder.glob("failures/*"), *folder.glob("claims/*/*")]:
        path.write_bytes(content)
    assert [(status.cell, status.state) for status in grid_status(out)] == [(CELLS[0], "finished")]
    write_plan(folder, CELLS)  # as the next start of the grid does
    assert [status.state for status in grid_status(out)] == ["finished", "to do", "to do", "to do"]
    assert take(out, CELLS[2]) is None  # its owner may be writing at this moment
    forget_failure(folder, CELLS[1])
    assert not list(folder.glob("failures/*"))


def test_watching_ends_when_nothing_is_left(out, capsys):
    def finish_all():
        time.sleep(0.3)
        for cell in CELLS:
            finish(out, cell)

    thread = threading.Thread(target=finish_all)
    thread.start()
    assert main(["status", str(out), "--watch", "--every", "0.1"]) == 0
    thread.join()
    said = capsys.readouterr().out
    assert "1 finished, 0 running, 1 failed, 2 to do" in said
    assert "4 finished, 0 running, 0 failed, 0 to do" in said


def test_a_folder_without_a_grid_is_refused(tmp_path, capsys):
    with pytest.raises(InputError, match="no grid was started here"):
        grid_status(tmp_path)
    assert main(["status", str(tmp_path / "none")]) == 2
    assert "no such folder" in capsys.readouterr().err

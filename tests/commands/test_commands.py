"""The smaller commands connect flags with functions that have tests of their own."""

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from hf_mixtrain.commands.main import call, main
from hf_mixtrain.report import seeds_needed
from hf_mixtrain.results import write_results


@pytest.fixture
def out(tmp_path):
    """Results of two methods, made up."""
    for method, shots, score in [("zero-shot", 0, 40.0), ("mix-ft", 5, 50.0)]:
        cell = {
            "task": "panx", "method": method, "shots": shots, "seed": 1, "model": "some/model",
            "languages": ["en", "sw"], "metric": "f1", "scores": {"en": {"f1": 80.0}, "sw": {"f1": score}},
            "average": (80.0 + score) / 2, "settings": {}, "shot_ids": {}, "versions": {"python": "3"},
            "train_seconds": 1.0, "peak_memory_bytes": 1, "surgery": {},
        }  # fmt: skip
        write_results(tmp_path / "out" / "panx" / method / f"k{shots}" / "seed1", cell)
    return tmp_path / "out"


def test_report_is_made_from_the_files_alone(out, capsys):
    assert main(["report", str(out)]) == 0
    assert "+10.00" in (out / "report.md").read_text()
    assert re.search(r"sw Swahili +40.00 +50.00 \(\+10.00\)", capsys.readouterr().out)


def test_report_compares_with_one_row_on_some_languages_in_another_folder(out, tmp_path, capsys):
    to = tmp_path / "half"
    assert main(["report", str(out), "--baseline", "mix-ft", "--languages", "sw", "--to", str(to)]) == 0
    assert "Against zero-shot: +10.00, from 1 seed: too few" in (to / "report.md").read_text(encoding="utf-8")
    assert not (out / "report.md").exists()
    shown = capsys.readouterr().out
    assert "English" not in shown
    assert str(to / "report.md") in shown


def test_the_report_of_a_file_is_in_a_folder_beside_it(out, tmp_path):
    cells = [json.loads(path.read_text()) for path in sorted(out.rglob("results.json"))]
    (tmp_path / "study.jsonl").write_text("".join(json.dumps(cell) + "\n" for cell in cells))
    assert main(["report", str(tmp_path / "study.jsonl")]) == main(["report", str(out)]) == 0
    assert (tmp_path / "study" / "report.md").read_bytes() == (out / "report.md").read_bytes()


def test_a_plan_says_how_many_seeds_and_writes_nothing(out, capsys):
    for seed, change in ((2, 1.0), (3, -1.0)):
        for path in sorted(out.rglob("seed1/results.json")):
            cell = json.loads(path.read_text()) | {"seed": seed}
            cell["scores"]["sw"]["f1"] += change if cell["shots"] else 0
            write_results(path.parent.with_name(f"seed{seed}"), cell)
    assert main(["report", str(out), "--plan", "1.0"]) == 0
    # The average gain is 5, 5.5 and 4.5: sd 0.5.
    assert f"1 point needs n = {seeds_needed(0.5, 1.0)} (" in capsys.readouterr().out
    assert not (out / "report.md").exists()
    assert main(["report", str(out), "--plan", "0"]) == 2
    assert "--plan must be above 0. Got 0." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--baseline", "ord-fs"], "error: no row 'ord-fs' to compare with. Expected one of: zero-shot; mix-ft."),
        (["--languages", "sw", "xx"], "error: no result has the test language 'xx'. Expected some of: en sw."),
    ],
)
def test_what_the_results_lack_is_said_in_one_line(out, flags, message, capsys):
    assert main(["report", str(out), *flags]) == 2
    assert capsys.readouterr().err.splitlines() == [message]


def test_similarity_writes_numbers(encoder_dir, data_dir, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HF_MIXTRAIN_CACHE", str(tmp_path / "cache"))
    flags = ["--task", "panx", "--data_source", data_dir, "--languages", "de", "sw", "--max_length", "32"]
    flags += ["--device", "cpu", "--output", tmp_path / "heat"]
    assert main(["similarity", str(encoder_dir), *map(str, flags)]) == 0
    assert json.loads((tmp_path / "heat.json").read_text())["languages"] == ["en", "de", "sw"]
    assert str(tmp_path / "heat.json") in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["report", "nowhere"], "error: nowhere: no such folder"),
        (["report"], "error: the following arguments are required: PATH. See hf-mixtrain report --help."),
        (["push", "nowhere", "me/model", "--dry_run"], "error: nowhere"),
        (["download", "no-such-model"], "error: no released checkpoint 'no-such-model'"),
        (["similarity", "nowhere", "--task", "panx", "--shots", "0"], "error: `shots` must be 1 or more"),
    ],
)
def test_errors_are_one_line(argv, message, capsys):
    assert main(argv) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(message)


@pytest.mark.parametrize("command", ["run", "report", "similarity", "push", "download"])
def test_help_ends_with_commands_that_can_be_pasted(command, capsys):
    with suppress(SystemExit):  # argparse's own way
        main([command, "--help"])
    last = capsys.readouterr().out.rstrip().splitlines()[-1].strip()
    assert last.startswith(("hf-mixtrain ", "accelerate launch "))


@pytest.mark.parametrize(
    ("command", "unbuffered", "status", "told"),
    [
        ("print('short')\n    return 1", "", 1, ""),
        ("print('short')\n    return 1", "1", 128 + signal.SIGPIPE, ""),
        ("print('long' * 100_000)\n    return 0", "", 128 + signal.SIGPIPE, ""),
        ("raise BrokenPipeError(32, 'Broken pipe', 'a socket')", "", 2, "error: a socket: Broken pipe."),
    ],
    ids=["found at the end", "without a buffer", "found while printing", "another pipe"],
)
def test_a_screen_that_is_closed_hides_no_failure(command, unbuffered, status, told):
    code = f"import sys\nfrom hf_mixtrain.commands.main import call\ndef command(_):\n    {command}\n"
    reader, writer = os.pipe()
    if not told:
        os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", f"{code}sys.exit(call(command, []))"],
        stdout=writer, stderr=subprocess.PIPE, text=True, check=False,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    )  # fmt: skip
    os.close(writer)
    assert done.returncode == status
    assert done.stderr.startswith(told)
    assert bool(done.stderr) == bool(told)


def test_a_disk_that_fails_is_one_line(capsys):
    def full(_argv):
        raise OSError(28, "No space left on device", "out/results.json")

    assert call(full, []) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: out/results.json: No space left on device. Look at the disk")


def test_ctrl_c_while_a_command_is_imported_is_one_line(monkeypatch, capsys):
    def stopped(_name):
        raise KeyboardInterrupt

    monkeypatch.setattr("importlib.import_module", stopped)
    assert main(["report", "out"]) == 130
    assert len(capsys.readouterr().err.splitlines()) == 1

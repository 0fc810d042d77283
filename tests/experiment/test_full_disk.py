"""A disk that is full at any moment: one line, and when it has room the same command goes on."""

import errno
import io
import json
import logging
import resource
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from hf_mixtrain.commands import init
from hf_mixtrain.commands.evaluate import main as evaluate
from hf_mixtrain.commands.main import call
from hf_mixtrain.commands.messages import set_up_messages
from hf_mixtrain.commands.predict import main as predict
from hf_mixtrain.errors import InputError
from hf_mixtrain.experiment.claims import Claims
from hf_mixtrain.prediction.evaluate import evaluate_model
from tests.experiment.full_disk_worker import run_below

MORE = ["--method", "mix-ft", "--shots", "1", "--languages", "de", "--trim_vocabulary", "true"]
MORE += ["--num_train_epochs", "1", "--save_steps", "3"]


@contextmanager
def largest_file(size):
    """Let no file become larger: what writes past it is told so by the system, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(scope="module")
def straight(flags, tmp_path_factory):
    """The results of an undisturbed run."""
    status, errors, found = run_below(tmp_path_factory.mktemp("straight"), [*flags, *MORE])
    assert (status, errors, len(found)) == (0, [], 1)
    return found


@pytest.fixture(autouse=True)
def _restored_logging():
    package = logging.getLogger("hf_mixtrain")
    before = (package.handlers[:], package.propagate, package.level)
    yield
    package.handlers[:], package.propagate = before[0], before[1]
    package.setLevel(before[2])
    for name in ("commands", "experiment"):
        logging.getLogger(f"hf_mixtrain.{name}").setLevel(logging.NOTSET)


def test_a_disk_that_fills_up_is_one_line_and_the_same_command_goes_on(flags, tmp_path, straight):
    mount = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", tmp_path]
    may = subprocess.run(mount, capture_output=True, check=False)
    if may.returncode:
        pytest.skip(f"this test mounts small disks, which may not be done here: {may.stderr.decode().strip()}")
    worker = ["unshare", "--mount", sys.executable, "-m", "tests.experiment.full_disk_worker"]
    sizes = "60,132"  # full when the encoder is trimmed, and in the training
    command = [*worker, tmp_path, sizes, *flags, *MORE]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    for kilobytes, (full, again) in json.loads(done.stdout.splitlines()[-1]).items():
        status, errors, found = full
        assert (status, len(errors), found) == (2, 1, {}), errors
        assert str(tmp_path / kilobytes) in errors[0]
        assert "No space left on device" in errors[0]
        assert again == [0, [], straight]


@pytest.mark.parametrize("size", [500, 30_000])  # too small for claims, and for models
def test_a_file_that_cannot_be_written_is_one_line_and_the_same_command_goes_on(flags, tmp_path, straight, size):
    with largest_file(size):
        status, errors, found = run_below(tmp_path, [*flags, *MORE])
    assert (status, len(errors), found) == (2, 1, {}), errors
    assert str(tmp_path) in errors[0]
    assert "File too large" in errors[0]
    assert run_below(tmp_path, [*flags, *MORE]) == (0, [], straight)


def test_a_claim_that_cannot_be_written_keeps_nobody_waiting(tmp_path):
    claims = Claims(tmp_path)
    with largest_file(100), pytest.raises(OSError, match="cell/0001"):
        claims.take("cell")
    assert Claims(tmp_path).is_free("cell")
    assert claims.take("cell") is not None


def test_where_predictions_cannot_be_written_is_said_before_the_work(tmp_path, capsys):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file: expected a folder that can be written"):
        evaluate_model("no/such/model", task="panx", predictions=tmp_path / "file" / "p.jsonl")
    with pytest.raises(InputError, match=r"file: expected a folder that can be written"):
        evaluate_model("no/such/model", task="panx", predictions=tmp_path / "file")
    assert call(predict, ["no/such/model", "no-texts", "--output", str(tmp_path)]) == 2
    assert call(evaluate, ["no/such/model", "--task", "panx", "--output", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("expected the name of a file, found a folder") == 2


def test_init_writes_both_files_or_none(data_dir, tmp_path, capsys, monkeypatch):
    argv = [str(data_dir / "panx"), "--output", str(tmp_path / "new")]
    monkeypatch.setattr(init, "_recipe_text", lambda *_: "#" * 5000)
    with largest_file(4000):
        assert call(init.main, argv) == 2
    assert "recipe.yaml: File too large" in capsys.readouterr().err
    monkeypatch.undo()
    assert call(init.main, argv) == 0
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"task.yaml", "recipe.yaml"}


class Full(io.StringIO):
    """A screen that takes no more, such as a file on a full disk."""

    def write(self, text):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_screen_that_takes_no_more_is_one_line(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout", Full())
    assert call(lambda argv: print("a table") or 0, []) == 2
    monkeypatch.undo()
    assert "No space left on device" in capsys.readouterr().err


def test_a_screen_that_takes_no_more_stops_no_training(monkeypatch):
    set_up_messages()
    monkeypatch.setattr("sys.stderr", Full())
    logging.getLogger("hf_mixtrain.experiment").info("training")

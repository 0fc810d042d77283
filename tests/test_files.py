import os
import stat
import subprocess
import sys

import pytest

from hf_mixtrain.errors import InputError
from hf_mixtrain.files import atomic_file, atomic_folder, atomic_write_text, require_writable

KILLED = """
import os, signal, sys
from pathlib import Path
from hf_mixtrain.files import atomic_file, atomic_folder
how, path = {"file": atomic_file, "folder": atomic_folder}[sys.argv[1]], sys.argv[2]
with how(path) as part:
    part.write(b"half") if sys.argv[1] == "file" else (part / "half").touch()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def umask():
    before = os.umask(0o027)
    yield 0o027
    os.umask(before)


def test_what_is_written_can_be_read_by_whom_the_umask_lets_read(tmp_path, umask):
    path = atomic_write_text(tmp_path / "a.txt", "text")
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask
    with atomic_folder(tmp_path / "folder") as folder:
        (folder / "b.txt").write_text("text")
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o777 & ~umask


@pytest.mark.parametrize("how", ["file", "folder"])
def test_what_a_killed_process_left_half_written_is_removed_by_the_next_write(tmp_path, how):
    path = tmp_path / "target"
    killed = subprocess.run([sys.executable, "-c", KILLED, how, path], check=False)
    assert killed.returncode < 0
    assert not path.exists()
    assert len(list(tmp_path.iterdir())) == 1
    with {"file": atomic_file, "folder": atomic_folder}[how](path):
        pass
    assert list(tmp_path.iterdir()) == [path]


def test_what_another_process_writes_now_is_left_to_it(tmp_path):
    with atomic_file(tmp_path / "target") as first:
        first.write(b"first")
        atomic_write_text(tmp_path / "target", "second")
        assert (tmp_path / "target").read_text() == "second"
    assert (tmp_path / "target").read_text() == "first"


def test_a_folder_takes_the_place_of_an_older_one(tmp_path):
    for name in ("old", "new"):
        with atomic_folder(tmp_path / "folder") as folder:
            (folder / name).touch()
    assert [path.name for path in tmp_path.rglob("*")] == ["folder", "new"]


def test_an_error_leaves_what_was_there(tmp_path):
    with atomic_folder(tmp_path / "folder") as folder:
        (folder / "old").touch()
    with pytest.raises(RuntimeError, match="half way"), atomic_folder(tmp_path / "folder") as folder:
        raise RuntimeError("half way")
    assert [path.name for path in tmp_path.rglob("*")] == ["folder", "old"]


def test_a_folder_that_cannot_be_written_is_named_in_one_line(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(InputError, match=r"taken/out: expected a folder that can be written, found: Not a directory"):
        require_writable(tmp_path / "taken" / "out")
    require_writable(tmp_path / "new" / "out")
    assert not (tmp_path / "new").exists()

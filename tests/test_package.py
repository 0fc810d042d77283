"""What an installation holds."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The folder from which a wheel is made."""
    pytest.importorskip("setuptools")
    folder = tmp_path_factory.mktemp("built")
    info, base, lib = folder / "info", folder / "base", folder / "lib"
    info.mkdir()
    command = [sys.executable, "setup.py", "-q", "egg_info", "-e", info, "build", "-b", base, "--build-lib", lib]
    subprocess.run(list(map(str, command)), cwd=ROOT, check=True, capture_output=True)
    return lib


def test_the_recipes_ship_as_they_lie_at_the_top(built):
    assert files(built / "hf_mixtrain" / "recipes") == files(ROOT / "recipes")


def test_an_installation_runs_a_recipe_by_its_name(built, tmp_path):
    command = [sys.executable, "-m", "hf_mixtrain", "run", "quickstart", "--dry_run"]
    environment = {**os.environ, "PYTHONPATH": str(built)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "data: demo" in done.stdout


def test_everything_but_tests_is_in_an_installation(built):
    expected = {name for name in files(ROOT / "hf_mixtrain") if not name.endswith(".pyc")}
    assert set(files(built / "hf_mixtrain")) - {f"recipes/{name}" for name in files(ROOT / "recipes")} == expected

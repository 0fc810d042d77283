"""Grids of a tiny task, run in this process."""

import pytest

from hf_mixtrain.commands.run import parse_settings
from hf_mixtrain.experiment.grid_run import run_grid
from tests.experiment.tiny_task import data_dir, encoder_dir, flags

__all__ = ["data_dir", "encoder_dir", "flags"]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("HF_MIXTRAIN_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture
def settings_of(flags):
    """Give the settings of the tiny task with some more flags."""
    return lambda *more: parse_settings([*flags, *map(str, more)])


@pytest.fixture
def run(settings_of, tmp_path):
    """Run a grid of the tiny task below ``tmp_path / name``, one epoch each; return its outcome."""
    short = ["--num_train_epochs", "1"]
    return lambda name, *more: run_grid(settings_of("--output_dir", tmp_path / name, *short, *more))

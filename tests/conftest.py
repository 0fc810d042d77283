"""Fixtures that every part of the test suite shares."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

# Before any import of the Hub client: tests never reach the network, and tokenizers do not warn about forks.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


@pytest.fixture(autouse=True)
def _commands_leave_no_trace() -> Iterator[None]:
    """Commands set up logging and threads of their process; the next test shall not see that."""
    import datasets
    import torch
    import transformers

    loggers = [logging.getLogger(name) for name in ("hf_mixtrain", "hf_mixtrain.commands", "hf_mixtrain.experiment")]
    before = [(logger, logger.handlers[:], logger.propagate, logger.level) for logger in loggers]
    threads, verbosity = torch.get_num_threads(), transformers.logging.get_verbosity()
    bars, more_bars = transformers.logging.is_progress_bar_enabled(), datasets.are_progress_bars_disabled()
    yield
    for logger, handlers, propagate, level in before:
        logger.handlers[:], logger.propagate = handlers, propagate
        logger.setLevel(level)
    torch.set_num_threads(threads)
    transformers.logging.set_verbosity(verbosity)
    if bars:
        transformers.logging.enable_progress_bar()
    if not more_bars:
        datasets.enable_progress_bars()


@pytest.fixture(scope="session")
def xtreme_dir() -> Path:
    """Folder with real data in XTREME's layout; tests that need it are skipped where it is missing."""
    default = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("HF_MIXTRAIN_XTREME_DIR", default))
    if not (folder / "panx").is_dir():
        pytest.skip(f"no XTREME data at {folder}; set HF_MIXTRAIN_XTREME_DIR to a folder in XTREME's layout")
    return folder

"""Fixtures that every part of the test suite shares."""

import os
from pathlib import Path

import pytest

# Before any import of the Hub client: tests never reach the network, and tokenizers do not warn about forks.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


@pytest.fixture(scope="session")
def xtreme_dir() -> Path:
    """Folder with real data in XTREME's layout; tests that need it are skipped where it is missing."""
    default = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("HF_MIXTRAIN_XTREME_DIR", default))
    if not (folder / "panx").is_dir():
        pytest.skip(f"no XTREME data at {folder}; set HF_MIXTRAIN_XTREME_DIR to a folder in XTREME's layout")
    return folder

"""reproduction/rare-shots.md says what the results beside it say."""

import importlib.util
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "reproduction"


@pytest.fixture(scope="module")
def study():
    spec = importlib.util.spec_from_file_location("rare_shots_study", FOLDER / "rare_shots.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_of_the_page_are_those_of_the_results(study):
    _, rest = study.PAGE.read_text(encoding="utf-8").split(study.START)
    assert rest.split(study.END)[0].strip() == study.tables(study.read(study.RESULTS)).strip()


def test_all_methods_of_a_seed_had_the_same_shots_and_their_updates(study):
    for seed in study.whole_seeds(study.read(study.RESULTS)):
        cells = {cell["method"]: cell for cell in study.read(study.RESULTS) if cell["seed"] == seed}
        naive, surgery, control = (cells[f"{name}-mix-train"] for name in ("naive", "gradient", "upsampled"))
        assert naive["shot_ids"] == surgery["shot_ids"] == control["shot_ids"]
        assert [cell["updates"] for cell in (naive, surgery, control)] == [254, 254, 333]

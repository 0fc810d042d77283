"""reproduction/decoding.md says what the results beside it say."""

import importlib.util
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "reproduction"


@pytest.fixture(scope="module")
def study():
    spec = importlib.util.spec_from_file_location("decoding_study", FOLDER / "decoding.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_of_the_page_are_those_of_the_results(study):
    _, rest = study.PAGE.read_text(encoding="utf-8").split(study.START)
    assert rest.split(study.END)[0].strip() == study.tables(study.read(study.RESULTS)).strip()


def test_the_recommended_setting_wins_in_each_training_of_panx(study):
    cells = {study.key(cell)[1:]: cell for cell in study.read(study.RESULTS) if cell["task"] == "panx"}
    ours = {seed: cell for (piece, seed), cell in cells.items() if piece == "content"}
    assert len(ours) >= 12
    for seed, cell in ours.items():
        assert study.targets(cell, "as run chooses") > study.targets(cells["first", seed], "argmax")


def test_models_that_learnt_nothing_are_on_the_page(study):
    short = study.read(FOLDER / "decoding-too-short.jsonl")
    uner = [cell for cell in short if cell["task"] == "uner"]
    (learnt,) = (cell for cell in uner if cell["average"] > 0)
    assert learnt["settings"]["label_piece"] == "first"
    assert [round(study.targets(learnt, rule), 1) for rule in ("argmax", "legal", "transitions")] == [39.9, 42.3, 41.0]
    assert [round(cell["final_loss"], 2) for cell in uner if cell["settings"]["max_source_examples"] == 1200] == [
        0.26,
        0.65,
    ]
    (other,) = (cell for cell in short if cell["task"] == "masakhaner")
    assert round(study.scores(other, "argmax")["en"], 1) == 14.5
    assert [round(study.targets(other, rule), 1) for rule in ("argmax", "legal", "transitions")] == [10.6, 10.6, 0.7]


def test_a_mean_over_targets_leaves_the_source_out(study):
    cell = {"settings": {}, "decoding": {"scores": {"argmax": {"en": 90.0, "de": 10.0, "sw": 20.0}}}}
    assert study.targets(cell, "argmax") == 15.0

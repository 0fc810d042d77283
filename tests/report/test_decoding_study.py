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


def test_what_the_page_says_of_the_rules_holds_in_each_training(study):
    cells = [cell for cell in study.read(study.RESULTS) if cell["task"] == "panx"]
    for cell in cells:
        argmax, legal, transitions = (study.targets(cell, rule) for rule in ("argmax", "legal", "transitions"))
        assert abs(transitions - legal) < 0.7
        assert min(legal, transitions) - argmax > 2.0
    short = study.read(FOLDER / "decoding-too-short.jsonl")
    assert {cell["average"] for cell in short} == {0.0}


def test_a_mean_over_targets_leaves_the_source_out(study):
    cell = {"settings": {}, "decoding": {"scores": {"argmax": {"en": 90.0, "de": 10.0, "sw": 20.0}}}}
    assert study.targets(cell, "argmax") == 15.0

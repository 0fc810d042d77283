"""A made-up grid, small enough to compute by hand."""

from typing import Any

import pytest

# method -> (K, {seed: {language: f1}})
SCORES = {
    ("zero-shot", 0): {1: {"en": 80.0, "de": 60.0, "sw": 40.0}, 2: {"en": 82.0, "de": 62.0, "sw": 42.0}},
    ("mix-ft", 5): {1: {"en": 79.0, "de": 65.0, "sw": 51.0}, 2: {"en": 81.0, "de": 67.0, "sw": 53.0}},
    ("gradient-mix-train", 5): {
        1: {"en": 80.0, "de": 67.0, "sw": 57.0},
        2: {"en": 82.0, "de": 66.0, "sw": 56.0},
        3: {"en": 84.0, "de": 68.0, "sw": 61.0},
    },
    ("gradient-mix-train", 10): {1: {"en": 81.0, "de": 70.0, "sw": 65.0}},
}


def made_up_result(method: str, shots: int, seed: int, values: dict[str, float], **changes: Any) -> dict[str, Any]:
    """One results.json."""
    surgery = {"steps": 10, "skipped": 0, "conflict_rate": 0.25, "cosine": 0.125, "languages": {}}
    return {
        "task": "panx",
        "method": method,
        "shots": shots,
        "seed": seed,
        "model": "org/enc_base",
        "languages": list(values),
        "metric": "f1",
        "scores": {language: {"f1": value} for language, value in values.items()},
        "average": sum(values.values()) / max(1, len(values)),
        "settings": {},
        "shot_ids": {},
        "versions": {"torch": "2.13.0"},
        "train_seconds": 90.0 + seed,
        "peak_memory_bytes": 3 * 2**29,
        "surgery": surgery if method == "gradient-mix-train" else {},
    } | changes


@pytest.fixture
def result():
    return made_up_result


@pytest.fixture
def grid():
    return [made_up_result(*cell, seed, values) for cell, seeds in SCORES.items() for seed, values in seeds.items()]

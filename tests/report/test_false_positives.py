"""How often the primary test calls chance a difference, in made-up studies as noisy as the real ones."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from hf_mixtrain.report import group_results, paired_t
from hf_mixtrain.report.pairing import _complete
from hf_mixtrain.results import find_results

RESULTS = Path(__file__).parents[2] / "reproduction"
STUDIES = 2000


@pytest.fixture(scope="module")
def spreads():
    """Sd over seeds, and over languages within a seed, of the differences of two methods in a real study."""
    [group] = [g for g in group_results(find_results(RESULTS / "study.jsonl")) if g.task == "panx"]
    first, second = (
        np.array([[group.scores(row, 5, code)[seed] for code in group.common] for seed in (1, 2, 3, 4)])
        for row in ("gradient-mix-train", "naive-mix-train")
    )
    differences = first - second
    differences -= differences.mean(axis=0)  # what a language always gains is no noise
    within = (differences - differences.mean(axis=1, keepdims=True)).std(ddof=1)
    of_means = differences.mean(axis=1).var(ddof=1)
    return np.sqrt(max(0.1, of_means - within**2 / differences.shape[1])), within


@pytest.mark.parametrize("languages", [4, 11, 40])
@pytest.mark.parametrize("seeds", [3, 5, 10, 20, 30])
def test_chance_is_called_significant_in_five_of_a_hundred_studies(spreads, seeds, languages):
    between, within = spreads
    rng = np.random.default_rng(1000 * seeds + languages)
    luck = rng.normal(0, between, (STUDIES, seeds, 1))
    gains = rng.normal(0, 3.0, (STUDIES, 1, languages))  # languages differ, and on average over them nothing is gained
    gains -= gains.mean(axis=2, keepdims=True)
    differences = luck + gains + rng.normal(0, within, (STUDIES, seeds, languages))
    found = sum(paired_t(list(study)) < 0.05 for study in differences.mean(axis=2))
    assert 0.03 < found / STUDIES < 0.07


@pytest.mark.parametrize(("seeds", "languages"), [(5, 11), (10, 40)])
def test_missing_cells_make_no_more_discoveries_by_chance(spreads, seeds, languages):
    between, within = spreads
    rng = np.random.default_rng(seeds + languages)
    found = 0
    for _ in range(STUDIES):
        differences = rng.normal(0, between, (seeds, 1)) + rng.normal(0, within, (seeds, languages))
        there = rng.random((seeds, languages)) > 0.05
        kept = _complete({seed: {str(code) for code in np.flatnonzero(row)} for seed, row in enumerate(there)})
        common = [code for code in range(languages) if all(there[seed, code] for seed in kept)]
        found += paired_t([float(differences[seed, common].mean()) for seed in kept]) < 0.05
    assert 0.03 < found / STUDIES < 0.07


def test_a_method_against_itself_on_other_seeds_is_no_discovery():
    [group] = group_results(find_results(RESULTS / "ablation.jsonl"))
    averages = group.averages("naive-mix-train", 5)
    found = []
    for half in combinations(sorted(averages), 4):
        rest = [seed for seed in averages if seed not in half]
        found.append(paired_t([averages[a] - averages[b] for a, b in zip(half, rest, strict=True)]) < 0.05)
    assert len(found) == 70
    assert sum(found) / len(found) < 0.1

import pytest
from statsmodels.stats.power import TTestPower

from hf_mixtrain.report import (
    Spread,
    detectable,
    group_results,
    pooled_spread,
    power_note,
    power_of,
    seeds_needed,
    significance,
)


@pytest.mark.parametrize("seeds", [3, 5, 10, 30])
@pytest.mark.parametrize("effect", [0.3, 0.7, 1.2])
def test_power_is_that_of_statsmodels(seeds, effect):
    expected = TTestPower().power(effect_size=effect, nobs=seeds, alpha=0.05)
    assert power_of(3 * effect, 3.0, seeds) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("seeds", [3, 5, 10, 30])
def test_the_difference_that_is_found_is_that_of_statsmodels(seeds):
    expected = TTestPower().solve_power(nobs=seeds, alpha=0.05, power=0.8)
    assert detectable(2.0, seeds) == pytest.approx(2 * expected, rel=1e-4)


@pytest.mark.parametrize(("sd", "points"), [(1.0, 1.0), (1.5, 1.0), (2.3, 0.5), (0.01, 5.0)])
def test_one_seed_fewer_than_needed_is_too_few(sd, points):
    needed = seeds_needed(sd, points)
    assert power_of(points, sd, needed) >= 0.8
    assert needed == 3 or power_of(points, sd, needed - 1) < 0.8


def test_no_study_is_planned_that_nobody_can_run():
    assert seeds_needed(1000.0, 0.01) is None
    assert seeds_needed(0.0, 0.01) == 3


def test_the_spread_is_pooled_over_comparisons(result):
    # Differences of 0, 1, 2 (sd 1, two degrees of freedom) and of 0 and 4 (variance 8, one): (2 + 8) / 3.
    values = {"naive-mix-train": (0, 0, 0), "mix-ft": (0, 1, 2), "ord-fs": (0, 4)}
    cells = [result(m, 5, s, {"en": 50.0 + v}) for m, scores in values.items() for s, v in enumerate(scores, 1)]
    pairs = significance(group_results(cells)[0])
    assert pooled_spread(pairs) == Spread(pytest.approx((10 / 3) ** 0.5), 3)
    note = power_note(pairs, points=2.0)
    assert f"n = 3 finds {detectable((10 / 3) ** 0.5, 3):.1f} points with 80 % power" in note
    assert f"2 points needs n = {seeds_needed((10 / 3) ** 0.5, 2.0)} " in note


def test_without_two_common_seeds_nothing_is_planned():
    assert pooled_spread([]) is None
    assert "cannot be told yet" in power_note([])

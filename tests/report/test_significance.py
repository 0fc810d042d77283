import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hf_mixtrain.report import (
    compare_rows,
    group_results,
    holm,
    mean_interval,
    paired_t,
    significance,
    significance_table,
    wilcoxon,
)

LANGUAGES = ("en", "de", "sw", "zh", "ar", "hi", "fi")
FIRST = {
    1: [80.1, 61.0, 43.7, 52.0, 58.8, 49.9, 66.1],
    2: [80.9, 61.3, 42.2, 53.5, 57.1, 50.3, 66.9],
    3: [80.2, 60.2, 44.9, 52.2, 58.3, 51.0, 67.2],
}
SECOND = {
    1: [80.4, 58.9, 40.1, 50.8, 57.6, 48.0, 63.2],
    2: [81.1, 60.4, 41.5, 51.0, 55.4, 49.7, 64.0],
    3: [80.3, 59.9, 40.8, 50.1, 58.9, 48.8, 65.5],
}


@pytest.fixture
def seven_languages(result):
    return group_results(
        [
            result(method, 5, seed, dict(zip(LANGUAGES, scores, strict=True)))
            for method, seeds in {"gradient-mix-train": FIRST, "mix-ft": SECOND}.items()
            for seed, scores in seeds.items()
        ]
    )[0]


def test_p_values_are_those_of_scipy(seven_languages):
    [pair] = significance(seven_languages, 5)
    means = [[sum(seeds[s][i] for s in (1, 2, 3)) / 3 for i in range(7)] for seeds in (FIRST, SECOND)]
    averages = [[sum(seeds[s]) / 7 for s in (1, 2, 3)] for seeds in (FIRST, SECOND)]
    assert (pair.row, pair.over, pair.languages, pair.seeds) == ("gradient-mix-train", "mix-ft", 7, 3)
    assert pair.p_languages == pair.holm_languages == stats.wilcoxon(*means).pvalue
    assert pair.p_seeds == pair.holm_seeds == pytest.approx(stats.ttest_rel(*averages).pvalue, rel=1e-9)
    assert pair.gain == pytest.approx(sum(means[0]) / 7 - sum(means[1]) / 7)


def test_the_order_of_the_two_rows_changes_nothing(seven_languages):
    group = seven_languages
    turned = compare_rows(group, 5, "mix-ft", "gradient-mix-train")
    assert turned == pytest.approx(compare_rows(group, 5, "gradient-mix-train", "mix-ft"))


def test_the_interval_is_around_the_gain_and_that_of_scipy(seven_languages):
    [pair] = significance(seven_languages, 5)
    averages = [[sum(seeds[s]) / 7 for s in (1, 2, 3)] for seeds in (FIRST, SECOND)]
    interval = stats.ttest_rel(*averages).confidence_interval(0.95)
    assert (pair.low, pair.high) == pytest.approx((interval.low, interval.high))
    assert pair.gain == pytest.approx((pair.low + pair.high) / 2)
    assert pair.sd == pytest.approx(np.std([a - b for a, b in zip(*averages, strict=True)], ddof=1))


def test_over_one_row_the_others_come_first_whatever_their_gain(seven_languages):
    [best], [turned] = (significance(seven_languages, 5, over) for over in ("mix-ft", "gradient-mix-train"))
    assert (turned.row, turned.over) == (best.over, best.row)
    assert (turned.gain, turned.low, turned.high) == (-best.gain, -best.high, -best.low)
    assert turned.turned() == best
    # Averages differ by 1.8, 1.3 and 9.7 / 7; t with 2 degrees of freedom is 4.303.
    assert significance_table(seven_languages, 5, "gradient-mix-train").rows[0][2:5] == [
        "-1.50",
        "0.27",
        "-2.16 to -0.83",
    ]


def test_holm_is_over_the_pairs_with_the_one_row(result):
    group = group_results(
        [
            result("gradient-mix-train", 5, seed, dict(zip(LANGUAGES, scores, strict=True)), settings=settings)
            for settings, seeds in (({}, FIRST), ({"surgery": "a"}, SECOND), ({"surgery": "b"}, SECOND))
            for seed, scores in seeds.items()
        ]
    )[0]
    pairs = significance(group, 5, "gradient-mix-train")
    assert [pair.row for pair in pairs] == ["gradient-mix-train (surgery=a)", "gradient-mix-train (surgery=b)"]
    assert all(pair.holm_languages == 2 * pair.p_languages for pair in pairs)
    assert len(significance(group, 5)) == 3


def test_too_few_seeds_have_no_interval_and_one_has_no_sd(grid):
    pairs = {pair.seeds: pair for shots in (5, 10) for pair in significance(group_results(grid)[0], shots)}
    assert [(pairs[n].sd is None, pairs[n].low, pairs[n].high) for n in (1, 2)] == [
        (True, None, None),
        (False, None, None),
    ]


def test_equal_differences_have_an_interval_without_width():
    assert mean_interval([1.0, 1.0, 1.0]) == (1.0, 1.0)


def test_only_the_common_seeds_and_languages_are_compared(grid):
    pair = compare_rows(group_results(grid)[0], 5, "mix-ft", "gradient-mix-train")
    # Seeds 1 and 2: averages 65 and 67 against 68 and 68; seed 3 has no partner.
    assert pair is not None
    assert (pair.row, pair.gain, pair.languages, pair.seeds) == ("gradient-mix-train", pytest.approx(2.0), 3, 2)
    assert pair.p_languages is pair.p_seeds is None


def test_rows_without_a_common_seed_are_not_compared(result):
    group = group_results([result("mix-ft", 5, 1, {"en": 1.0}), result("ord-fs", 5, 2, {"en": 2.0})])[0]
    assert significance(group, 5) == []


def test_equal_scores_are_no_difference():
    assert wilcoxon([1.0] * 7, [1.0] * 7) == paired_t([1.0] * 5, [1.0] * 5) == 1.0


def test_the_same_gain_in_every_seed_is_tested_without_a_warning():
    assert paired_t([2.0, 3.0, 4.0], [1.0, 2.0, 3.0]) == pytest.approx(0.0, abs=1e-12)


def test_holm_by_hand():
    # Sorted 0.01, 0.02, 0.03, 0.5 times 4, 3, 2, 1, then never lower than the one before.
    assert holm([0.5, 0.01, 0.03, 0.02]) == pytest.approx([0.5, 0.04, 0.06, 0.06])


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=8))
def test_holm_never_lowers_a_p_value_nor_changes_their_order(values):
    corrected = holm(values)
    pairs = [(p, h) for p, h in zip(values, corrected, strict=True) if p is not None and h is not None]
    assert [h is None for h in corrected] == [p is None for p in values]
    assert all(p <= h <= 1 for p, h in pairs)
    assert [h for _, h in sorted(pairs)] == sorted(h for _, h in pairs)


def test_without_scipy_the_hint_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(ImportError, match=r'scipy: pip install "hf_mixtrain\[plot\]"'):
        paired_t([1.0, 2.0], [2.0, 3.0])

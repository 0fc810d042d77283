import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from hf_mixtrain.report import (
    compare_rows,
    default_baseline,
    group_results,
    holm,
    mean_interval,
    paired_t,
    significance,
    significance_table,
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
AVERAGES = [[sum(seeds[s]) / 7 for s in (1, 2, 3)] for seeds in (FIRST, SECOND)]


@pytest.fixture
def seven_languages(result):
    return group_results(
        [
            result(method, 5, seed, dict(zip(LANGUAGES, scores, strict=True)))
            for method, seeds in {"gradient-mix-train": FIRST, "mix-ft": SECOND}.items()
            for seed, scores in seeds.items()
        ]
    )[0]


def test_p_and_interval_are_those_of_a_paired_t_test_on_the_seeds_averages(seven_languages):
    [pair] = significance(seven_languages, "mix-ft")
    expected = stats.ttest_rel(*AVERAGES)
    interval = expected.confidence_interval(0.95)
    assert (pair.row, pair.over, pair.seeds, pair.languages) == ("gradient-mix-train", "mix-ft", 3, 7)
    assert pair.p == pair.holm == pytest.approx(expected.pvalue, rel=1e-9)
    assert (pair.low, pair.high) == pytest.approx((interval.low, interval.high))
    assert pair.gain == pytest.approx((pair.low + pair.high) / 2)
    assert pair.sd == pytest.approx(np.std([a - b for a, b in zip(*AVERAGES, strict=True)], ddof=1))


def test_the_test_is_that_of_a_mixed_model_with_a_seed_effect(seven_languages):
    # With complete cells, F of the method against the method x seed mean square, languages averaged: t squared.
    scores = np.array([[FIRST[s] for s in FIRST], [SECOND[s] for s in SECOND]])
    cells = scores.mean(axis=2)
    method = cells.mean(axis=1, keepdims=True) - cells.mean()
    rest = cells - cells.mean(axis=1, keepdims=True) - cells.mean(axis=0, keepdims=True) + cells.mean()
    f = (3 * (method**2).sum()) / ((rest**2).sum() / 2)
    assert significance(seven_languages, "mix-ft")[0].p == pytest.approx(stats.f.sf(f, 1, 2))


def test_turning_the_two_rows_turns_the_sign_and_nothing_else(seven_languages):
    rows = ("mix-ft", "gradient-mix-train")
    there, back = compare_rows(seven_languages, 5, *rows), compare_rows(seven_languages, 5, *rows[::-1])
    assert (there.gain, there.low, there.high) == pytest.approx((-back.gain, -back.high, -back.low))
    assert (there.p, there.sd, there.better + back.better) == (pytest.approx(back.p), pytest.approx(back.sd), 7)
    # Averages differ by 1.8, 1.3 and 9.7 / 7; t with 2 degrees of freedom is 4.303.
    row = significance_table(seven_languages, [there]).rows[0]
    assert row[2:5] == ["-1.50", "0.27", "-2.16 to -0.83"]
    assert row[7:] == ["5", "3", "1 of 7"]


def test_the_baseline_is_naive_mixing_else_zero_shot_else_the_first_row(result):
    def of(*methods):
        rows = [(method, 0 if method == "zero-shot" else 5) for method in methods]
        return default_baseline(group_results([result(m, k, 1, {"en": 1.0}) for m, k in rows])[0])

    assert of("zero-shot", "gradient-mix-train", "naive-mix-train") == "naive-mix-train"
    assert of("zero-shot", "gradient-mix-train") == "zero-shot"
    assert of("ord-fs", "gradient-mix-train") == "ord-fs"
    assert of("ord-fs") is None


def test_the_family_is_each_row_against_the_baseline_at_every_k(result):
    group = group_results(
        [
            result(method, k, seed, dict(zip(LANGUAGES, scores, strict=True)), settings=settings)
            for method, k, settings, seeds in (
                ("naive-mix-train", 5, {}, SECOND),
                ("naive-mix-train", 10, {}, SECOND),
                ("gradient-mix-train", 5, {"surgery": "a"}, FIRST),
                ("gradient-mix-train", 10, {}, FIRST),
                ("zero-shot", 0, {}, FIRST),
            )
            for seed, scores in seeds.items()
        ]
    )[0]
    pairs = significance(group)
    assert [(pair.row, pair.shots) for pair in pairs] == [
        ("zero-shot", 5),
        ("gradient-mix-train (surgery=a)", 5),
        ("zero-shot", 10),
        ("gradient-mix-train", 10),
    ]
    assert all(pair.holm == pytest.approx(4 * pair.p) for pair in pairs)
    every = significance(group, all_pairs=True)
    assert len(every) == 6
    assert all(pair.gain >= 0 for pair in every)


@pytest.mark.parametrize("seeds", [1, 2])
def test_nothing_is_significant_below_three_seeds(result, seeds):
    languages = [f"l{number}" for number in range(12)]
    group = group_results(
        [
            result(method, 5, seed, {code: base + number for number, code in enumerate(languages)})
            for method, base in (("naive-mix-train", 60.0), ("gradient-mix-train", 60.4))
            for seed in range(1, seeds + 1)
        ]
    )[0]
    [pair] = significance(group)
    assert (pair.p, pair.holm, pair.low, pair.high, pair.significant) == (None, None, None, None, False)
    assert significance_table(group, [pair]).rows[0][4:7] == ["too few"] * 3


def test_only_common_seeds_are_compared(grid):
    pair = compare_rows(group_results(grid)[0], 5, "gradient-mix-train", "mix-ft")
    # Seeds 1 and 2: averages 68 and 68 against 65 and 67; seed 3 has no partner.
    assert (pair.gain, pair.languages, pair.seeds, pair.p) == (pytest.approx(2.0), 3, 2, None)


def test_rows_without_a_common_seed_are_not_compared(result):
    group = group_results([result("mix-ft", 5, 1, {"en": 1.0}), result("ord-fs", 5, 2, {"en": 2.0})])[0]
    assert significance(group) == []


def test_equal_scores_are_no_difference():
    assert paired_t([0.0] * 5) == 1.0


def test_the_same_gain_in_every_seed_is_tested_without_a_warning():
    assert paired_t([1.0, 1.0, 1.0]) == pytest.approx(0.0, abs=1e-12)
    assert mean_interval([1.0, 1.0, 1.0]) == (1.0, 1.0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_is_that_of_statsmodels(values):
    assert holm(values) == pytest.approx(list(multipletests(values, method="holm")[1]))


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=8))
def test_holm_never_lowers_a_p_value_nor_changes_their_order(values):
    corrected = holm(values)
    pairs = [(p, h) for p, h in zip(values, corrected, strict=True) if p is not None and h is not None]
    assert [h is None for h in corrected] == [p is None for p in values]
    assert all(p <= h <= 1 for p, h in pairs)
    assert [h for _, h in sorted(pairs)] == sorted(h for _, h in pairs)

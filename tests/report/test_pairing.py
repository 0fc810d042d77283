import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_mixtrain.report import comparable_means, group_results, pair_rows

ONE, OTHER = "gradient-mix-train", "naive-mix-train"


def test_unequal_seeds_are_compared_on_those_that_both_have(result):
    naive, gradient = (60.0, 61.5, 61.0), (59.5, 60.9, 60.6, 66.0, 67.0)
    group = group_results(
        [
            result(method, 5, seed, {"en": base, "de": base - 10})
            for method, bases in ((OTHER, naive), (ONE, gradient))
            for seed, base in enumerate(bases, 1)
        ]
    )[0]
    pairs = pair_rows(group, 5, ONE, OTHER)
    assert pairs.seeds == (1, 2, 3)
    assert pairs.gain == pytest.approx(-0.5)
    # What puts rows in order says the same: 60.83 on the seeds of naive mixing, and 0.5 less.
    means = comparable_means(group, group.rows_at(5), ["en"])
    assert means == {OTHER: (pytest.approx(182.5 / 3), 3), ONE: (pytest.approx(182.5 / 3 - 0.5), 3)}


def cells(result, missing):
    """Two methods, seeds 1 to 4, four languages; some (seed, language) of the second are missing."""
    found = []
    for method, gain in ((OTHER, 0.0), (ONE, 1.0)):
        for seed in (1, 2, 3, 4):
            gone = missing if method == ONE else set()
            scores = {code: 50.0 + seed + gain for code in ("en", "de", "sw", "zh") if (seed, code) not in gone}
            found += [result(method, 5, seed, scores)] if scores else []
    return group_results(found)[0]


@pytest.mark.parametrize(
    ("missing", "seeds", "languages", "left_out"),
    [
        (set(), (1, 2, 3, 4), ("en", "de", "sw", "zh"), 0),
        ({(2, "sw")}, (1, 2, 3, 4), ("en", "de", "zh"), 3),
        # One seed lacks most languages: it goes, and they stay.
        ({(4, "en"), (4, "de"), (4, "sw")}, (1, 2, 3), ("en", "de", "sw", "zh"), 1),
        # With fewer than three seeds nothing can be tested, so a language goes instead.
        ({(1, "zh"), (2, "zh"), (3, "zh")}, (1, 2, 3, 4), ("en", "de", "sw"), 1),
        ({(1, "en"), (1, "de"), (1, "sw"), (1, "zh")}, (2, 3, 4), ("en", "de", "sw", "zh"), 0),
    ],
)
def test_missing_cells_leave_a_complete_rest(result, missing, seeds, languages, left_out):
    pairs = pair_rows(cells(result, missing), 5, ONE, OTHER)
    assert (pairs.seeds, pairs.languages, pairs.left_out) == (seeds, languages, left_out)
    assert pairs.differences.shape == (len(seeds), len(languages))
    assert pairs.gain == pytest.approx(1.0)


@given(st.sets(st.tuples(st.integers(1, 4), st.sampled_from(["en", "de", "sw", "zh"])), max_size=15))
def test_whatever_is_missing_only_common_cells_are_paired(missing):
    from tests.report.conftest import made_up_result

    pairs = pair_rows(cells(made_up_result, missing), 5, ONE, OTHER)
    paired = {(seed, code) for seed in pairs.seeds for code in pairs.languages}
    assert paired
    assert not paired & missing
    assert len(paired) + pairs.left_out == 16 - len(missing)


def test_a_row_that_is_not_there_at_this_k_has_no_pairs(grid):
    assert pair_rows(group_results(grid)[0], 10, "mix-ft", "zero-shot") is None

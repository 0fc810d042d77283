import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hf_mixtrain.report import best, ranks, summarize

SCORES = st.lists(st.integers(0, 20).map(float), min_size=1, max_size=12)


def test_mean_and_sample_sd_are_those_of_hand_computation():
    # Mean 64; squared distances 16 + 4 + 36 = 56; divided by n - 1 = 2: 28.
    summary = summarize([60.0, 62.0, 70.0])
    assert summary is not None
    assert (summary.mean, summary.sd, summary.n) == (64.0, pytest.approx(math.sqrt(28)), 3)
    assert str(summary) == "64.00 ± 5.29 (3)"


def test_one_value_has_no_sd():
    assert str(summarize([60.0])) == "60.00 (1)"


@given(SCORES)
def test_ranks_are_those_of_scipy(values):
    assert ranks(values) == stats.rankdata([-value for value in values]).tolist()


@given(SCORES)
def test_ranks_of_missing_values_are_missing_and_change_no_other(values):
    assert ranks([None, *values, None]) == [None, *ranks(values), None]


def test_best_are_all_that_print_as_the_highest():
    assert best([70.004, 70.001, 69.99, None]) == {0, 1}
    assert best([70.0, None, None]) == set()
    assert best([]) == set()

"""The draw of oracles: a function of (seed, optimizer step) alone."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_mixtrain.trainer.oracle_sampling import draw_oracles

SIZES = {"de": 5, "sw": 3, "zh": 10}


def draw(step=0, seed=1, sizes=SIZES, batch=4, **changes):
    return draw_oracles(sizes, seed=seed, step=step, batch_sizes=dict.fromkeys(sizes, batch), **changes)


@given(st.integers(0, 2**32), st.integers(0, 10**6))
def test_same_seed_and_step_draw_the_same_whatever_happened_before(seed, step):
    first = draw(step, seed)
    random.random()
    draw(step + 1, seed)
    assert draw(step, seed, sizes=dict(reversed(SIZES.items()))) == first


@given(st.integers(0, 10**6), st.integers(1, 12))
def test_rows_are_distinct_and_exist(step, batch):
    (oracle,) = draw(step, batch=batch)
    assert len(set(oracle.rows)) == len(oracle.rows) == min(batch, SIZES[oracle.language])
    assert set(oracle.rows) <= set(range(SIZES[oracle.language]))


def test_global_random_stream_is_untouched():
    random.seed(0)
    before = random.getstate()
    draw(3)
    assert random.getstate() == before


def test_languages_are_drawn_about_equally_often():
    counts = dict.fromkeys(SIZES, 0)
    for step in range(3000):
        counts[draw(step)[0].language] += 1
    # Three standard deviations of a binomial with n = 3000, p = 1/3 are 77.
    assert all(abs(count - 1000) < 100 for count in counts.values())


def test_probability_is_the_share_of_steps_with_surgery():
    hits = sum(bool(draw(step, probability=0.1)) for step in range(3000))
    assert abs(hits - 300) < 60
    assert draw(0, probability=0.0) == []


@pytest.mark.parametrize("m", [2, 3, 7])
def test_several_languages_are_different_ones(m):
    languages = [oracle.language for oracle in draw(languages_per_step=m)]
    assert len(set(languages)) == len(languages) == min(m, 3)


def test_fixed_batches_are_the_same_few_in_all_steps():
    batches = {draw(step, sizes={"zh": 10}, batch=4, fixed_batches=True)[0].rows for step in range(200)}
    assert len(batches) == 3
    assert sorted(row for batch in batches for row in batch) == list(range(10))
    assert sorted(map(len, batches)) == [2, 4, 4]


def test_micro_batches_of_one_step_draw_anew():
    draws = {draw(5, micro_step=micro_step)[0] for micro_step in range(20)}
    assert len(draws) > 5

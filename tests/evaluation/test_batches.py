"""Batches by token budget."""

from hypothesis import given
from hypothesis import strategies as st

from hf_mixtrain.evaluation.batches import token_batches

LENGTHS = st.lists(st.integers(1, 50), max_size=60)


@given(LENGTHS, st.integers(1, 200))
def test_every_row_is_in_one_batch_and_no_batch_is_over_the_budget(lengths, budget):
    batches = token_batches(lengths, budget)
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[row] for row in batch) <= budget


@given(LENGTHS, st.integers(50, 200))
def test_the_first_batch_has_the_longest_row_and_lengths_fall(lengths, budget):
    order = [lengths[row] for batch in token_batches(lengths, budget) for row in batch]
    assert order == sorted(lengths, reverse=True)


@given(LENGTHS, st.integers(50, 400))
def test_little_is_padded_once_a_batch_is_worth_its_call(lengths, budget):
    for batch in token_batches(lengths, budget):
        longest = max(lengths[row] for row in batch)
        padding = sum(longest - lengths[row] for row in batch)
        assert padding <= 0.2 * len(batch) * longest + budget / 8 + longest

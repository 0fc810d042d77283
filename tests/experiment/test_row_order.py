from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_mixtrain.experiment.row_order import EpochSampler, RowOrder

SIZES = {"source": st.integers(1, 60), "shots": st.integers(1, 20), "batch_size": st.integers(1, 9)}


@given(**SIZES, seed=st.integers(0, 9), epoch=st.integers(0, 3), grouped=st.booleans())
def test_an_epoch_has_every_row_once(source, shots, batch_size, seed, epoch, grouped):
    lengths = [row * 7 % 13 for row in range(source + shots)] if grouped else None
    order = RowOrder(source, shots, "shuffled", batch_size, seed, lengths)
    assert sorted(order.rows(epoch)) == list(range(len(order)))


@given(**SIZES)
def test_upsampled_shots_are_as_many_as_source_rows_and_each_as_often_as_the_others(source, shots, batch_size):
    order = RowOrder(source, shots, "upsampled", batch_size, seed=1)
    count = Counter(order.rows(0))
    of_shots = [count[row] for row in range(source, source + shots)]
    assert [count[row] for row in range(source)] == [1] * source
    assert sum(of_shots) == max(source, shots)
    assert max(of_shots) - min(of_shots) <= 1
    assert sum(count.values()) == len(order)


@given(**SIZES)
def test_batches_of_source_and_shots_take_turns(source, shots, batch_size):
    order = RowOrder(source, shots, "alternating", batch_size, seed=1)
    rows = order.rows(0)
    batches = [rows[i : i + batch_size] for i in range(0, len(rows), batch_size)]
    assert len(rows) == len(order)
    assert all(row < source for batch in batches[::2] for row in batch)
    assert all(row >= source for batch in batches[1::2] for row in batch)
    assert {row for batch in batches[::2] for row in batch} == set(range(source))


def test_order_depends_on_seed_and_epoch():
    def rows(seed, epoch):
        return tuple(RowOrder(40, 5, "shuffled", 8, seed).rows(epoch))

    assert rows(1, 0) == rows(1, 0)
    assert len({rows(seed, epoch) for seed in (1, 2) for epoch in (0, 1)}) == 4


def test_grouping_by_length_saves_padding_and_keeps_batches_in_random_order():
    lengths = [1 + row * 37 % 101 for row in range(400)]

    def padding(order):
        rows = order.rows(0)
        batches = [rows[i : i + 8] for i in range(0, len(rows), 8)]
        return sum(max(lengths[row] for row in batch) * len(batch) for batch in batches) - sum(lengths)

    grouped = RowOrder(400, 0, "shuffled", 8, seed=1, lengths=lengths)
    assert padding(grouped) < padding(RowOrder(400, 0, "shuffled", 8, seed=1)) / 5
    longest = [max(lengths[row] for row in grouped.rows(0)[i : i + 8]) for i in range(0, 400, 8)]
    assert longest not in (sorted(longest), sorted(longest, reverse=True))


@pytest.mark.parametrize("epoch", [0, 1])
def test_the_sampler_asks_for_the_epoch_when_it_begins(epoch):
    order = RowOrder(9, 3, "shuffled", 2, seed=1)
    sampler = EpochSampler(order, epoch=lambda: epoch)
    assert list(sampler) == order.rows(epoch)
    assert len(sampler) == 12

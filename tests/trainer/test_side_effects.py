"""A pass that nothing outside notices."""

import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from hf_mixtrain.trainer.side_effects import isolated_pass

LINEAR = nn.Linear(1, 1)


def draw_from_all():
    return random.random(), np.random.rand(), torch.rand(1).item()


def test_random_streams_go_on_as_if_nothing_had_been():
    for seed in (random.seed, np.random.seed, torch.manual_seed):
        seed(0)
    expected = [draw_from_all(), draw_from_all()]
    for seed in (random.seed, np.random.seed, torch.manual_seed):
        seed(0)
    first = draw_from_all()
    with isolated_pass(LINEAR, None, seed="a"):
        draw_from_all()
    assert [first, draw_from_all()] == expected


def test_own_numbers_depend_on_the_seed_alone():
    def inside(seed):
        with isolated_pass(LINEAR, None, seed=seed):
            return draw_from_all()

    first = inside("a")
    torch.rand(3)
    assert inside("a") == first
    assert inside("b") != first


class Counting(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(2)
        self.register_buffer("seen", torch.zeros(()))
        self.register_buffer("replaced", torch.zeros(1))

    def forward(self, x):
        self.seen += 1
        self.replaced = self.replaced + 1
        return self.norm(x)


@pytest.mark.parametrize("fails", [False, True])
def test_buffers_are_put_back_also_after_an_error(fails):
    model = Counting()
    replaced = model.replaced
    try:
        with isolated_pass(model, None, seed="a"):
            model(torch.randn(4, 2))
            if fails:
                raise RuntimeError("out of memory")
    except RuntimeError:
        pass
    assert model.norm.num_batches_tracked == 0
    assert model.norm.running_mean.tolist() == [0, 0]
    assert model.seen == 0
    assert model.replaced is replaced
    assert replaced.tolist() == [0]


def test_counters_of_a_subclass_are_put_back():
    trainer = SimpleNamespace(_metrics={"train": {"entropy": [1.0]}}, _total_train_tokens=5)
    with isolated_pass(LINEAR, trainer, seed="a"):
        trainer._metrics["train"]["entropy"].append(2.0)
        trainer._total_train_tokens += 7
    assert trainer._metrics == {"train": {"entropy": [1.0]}}
    assert trainer._total_train_tokens == 5

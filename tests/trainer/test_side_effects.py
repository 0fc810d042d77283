"""A pass that nothing outside notices."""

import functools
import itertools
import random
from collections import Counter
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from hf_mixtrain.trainer.side_effects import isolated_pass
from tests.trainer.tiny import MIXED

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


class Collator:
    """Keeps generators of every kind, counters and a record."""

    def __init__(self):
        self.torch = torch.Generator().manual_seed(1)
        self.numpy = np.random.default_rng(1)
        self.legacy = np.random.RandomState(1)
        self.python = random.Random(1)
        self.calls = 0
        self.count = itertools.count()
        self.record = {"drawn": [[]]}
        self.parts = Counter()

    def __call__(self, examples=()):
        numbers = (
            torch.rand(1, generator=self.torch).item(),
            self.numpy.random(),
            self.legacy.rand(),
            self.python.random(),
        )
        self.calls += 1
        self.parts["calls"] += 1
        self.record["drawn"][0].append(numbers)
        return (*numbers, self.calls, next(self.count), len(self.record["drawn"][0]), self.parts["calls"])


def as_closure():
    collator, calls = Collator(), 0

    def collate(examples=()):
        nonlocal calls
        calls += 1
        return collator(examples), calls

    return collate


class Nested:
    def __init__(self):
        self.inner = functools.partial(Collator().__call__, ())

    def __call__(self):
        return self.inner()


class OfItsClass:
    calls = 0

    def __init__(self):
        type(self).calls = 0

    def __call__(self):
        type(self).calls += 1
        return self.calls


class InSlots:
    __slots__ = ("calls", "record")

    def __init__(self):
        self.calls, self.record = 0, []

    def __call__(self):
        self.calls += 1
        self.record.append(self.calls)
        return self.calls, len(self.record)


@dataclass(frozen=True, slots=True)
class FrozenWithSlots:
    record: list[int] = field(default_factory=list)

    def __call__(self):
        self.record.append(len(self.record))
        return len(self.record)


class CycleOfWhatCannotBeCopied:
    """Deep copies are refused, and would be dear: the elements stand for batches."""

    class Batch:
        def __deepcopy__(self, memo):
            raise RuntimeError("no copy")

    def __init__(self):
        self.batches = [self.Batch(), self.Batch()]
        self.cycle = itertools.cycle(iter(self.batches))
        for _ in range(3):  # into the second round
            next(self.cycle)

    def __call__(self):
        return self.batches.index(next(self.cycle))


class Iterators:
    def __init__(self):
        self.cycle, self.numbers, self.list = itertools.cycle("abc"), iter(range(9)), iter([3, 1, 4])

    def __call__(self):
        return next(self.cycle), next(self.numbers), next(self.list)


CALLS = 0


def with_a_global_counter():
    global CALLS
    CALLS = 0

    def collate():
        global CALLS
        CALLS += 1
        return CALLS

    return collate


@pytest.mark.parametrize(
    "make", [OfItsClass, InSlots, FrozenWithSlots, Iterators, CycleOfWhatCannotBeCopied, with_a_global_counter]
)
def test_what_is_kept_outside_of_plain_attributes_goes_on_too(make):
    collator = make()
    expected = [collator(), collator(), collator()]
    collator = make()
    found = [collator()]
    with isolated_pass(LINEAR, None, seed="a", others=[collator]):
        collator()
    assert [*found, collator(), collator()] == expected


@pytest.mark.parametrize("make", [Collator, as_closure, Nested, lambda: Collator().__call__])
def test_what_a_collator_keeps_goes_on_as_if_nothing_had_been(make):
    expected = make()
    expected = [expected(), expected(), expected()]
    collator = make()
    found = [collator()]
    with isolated_pass(LINEAR, None, seed="a", others=[collator]):
        inside = collator()
    found += [collator(), collator()]
    assert found == expected
    assert str(inside) != str(expected[1])  # its own numbers, not those of the next batch


def test_a_masking_collator_with_a_seed_masks_as_under_trainer(tmp_path, tiny_tokenizer):
    from transformers import BertForMaskedLM, DataCollatorForLanguageModeling

    from tests.trainer.tiny import config, train

    tiny_tokenizer.mask_token = "[UNK]"
    rows = [{"input_ids": row["input_ids"]} for row in MIXED]
    oracles = {"de": rows[18:22]}

    def run(**settings):
        torch.manual_seed(0)
        collator = DataCollatorForLanguageModeling(tiny_tokenizer, mlm_probability=0.5, seed=42)
        seen = []

        def watched(examples):
            batch = collator(examples)
            seen.append(batch["input_ids"].tolist())
            return batch

        train(
            tmp_path, train=rows, net=BertForMaskedLM(config()), trainer_kwargs={"data_collator": watched}, **settings
        )
        return [batch for batch in seen if len(batch) > 4]

    assert run(oracles=oracles) == run(stock=True)


class WithCache(nn.Module):
    """Grows with the longest row, as dynamic NTK scaling does."""

    def __init__(self):
        super().__init__()
        self.register_buffer("inv_freq", torch.ones(2), persistent=False)
        self.longest, self.history, self.noise = 4, [], torch.Generator().manual_seed(0)

    def forward(self, x):
        if x.shape[-1] > self.longest:
            self.register_buffer("inv_freq", self.inv_freq / 2, persistent=False)
            self.longest = x.shape[-1]
        self.history.append(x.shape)
        self.found = torch.rand(1, generator=self.noise)
        return x


def test_caches_of_a_model_are_put_back():
    model = WithCache()
    before = model.inv_freq
    with isolated_pass(model, None, seed="a"):
        model(torch.ones(1, 9))
        assert model.longest == 9
    assert (model.longest, model.history, hasattr(model, "found")) == (4, [], False)
    assert model.inv_freq is before
    assert before.tolist() == [1, 1]
    assert model.noise.initial_seed() == 0


def test_dynamic_rotary_embeddings_are_those_of_the_mixed_batches_alone(tmp_path):
    from transformers import AutoConfig, AutoModelForCausalLM

    from tests.trainer.tiny import make_trainer

    config = AutoConfig.for_model(
        "llama", vocab_size=32, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=2, pad_token_id=0, max_position_embeddings=8,
        rope_parameters={"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0},
    )  # fmt: skip
    long = [{"input_ids": [1 + i % 30 for i in range(14)], "labels": [1] * 14}] * 2
    torch.manual_seed(0)
    net = AutoModelForCausalLM.from_config(config)
    make_trainer(tmp_path, net=net, oracles={"de": long}, max_steps=2).train()
    assert net.model.rotary_emb.max_seq_len_cached == 8


class Keeper(nn.Module):
    """Keeps its state where nobody looks."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        _ELSEWHERE[id(self)] = 0

    def forward(self, x):
        _ELSEWHERE[id(self)] += 1
        return x * self.weight

    def before_oracle_pass(self):
        return _ELSEWHERE[id(self)]

    def after_oracle_pass(self, saved):
        _ELSEWHERE[id(self)] = saved


_ELSEWHERE = {}


def test_the_hook_is_called_on_modules_collators_and_trainers():
    keepers = [Keeper(), Keeper(), Keeper()]
    model, collator, trainer = keepers[0], SimpleNamespace(inner=None), SimpleNamespace(loss=keepers[1])
    with isolated_pass(model, trainer, seed="a", others=[keepers[2], collator]):
        for keeper in keepers:
            keeper(torch.ones(1))
    assert [_ELSEWHERE[id(keeper)] for keeper in keepers] == [0, 0, 0]


def test_components_of_a_loss_that_a_trainer_accumulates_are_those_of_the_mixed_batches():
    """The form in which sentence-transformers (6.2) keeps them: tensors in dicts, added to in place."""
    steps = torch.tensor(2)
    trainer = SimpleNamespace(accum_loss_components={"train": {"a": torch.tensor(1.0), "steps": steps}, "eval": {}})
    with isolated_pass(LINEAR, trainer, seed="a"):
        components = trainer.accum_loss_components["train"]
        components["a"] = components["a"] + 5
        components["b"] = torch.tensor(1.0)
        components["steps"] += 1
    assert trainer.accum_loss_components == {"train": {"a": torch.tensor(1.0), "steps": torch.tensor(2)}, "eval": {}}
    assert trainer.accum_loss_components["train"]["steps"] is steps


def test_parameters_that_the_optimizer_has_beside_the_model_are_projected_too(tmp_path):
    """A loss of the trainer's own with weights, as sentence-transformers' SoftmaxLoss."""
    from hf_mixtrain import GradientMixTrainer
    from hf_mixtrain.surgery import Surgery
    from tests.trainer.tiny import make_trainer

    class WithHead(GradientMixTrainer):
        head = None

        def create_optimizer(self, model=None):
            if self.head is None:
                self.head = nn.Linear(3, 3, dtype=torch.float64)
            self.optimizer = torch.optim.SGD([*self.model.parameters(), *self.head.parameters()], lr=0.0)
            return self.optimizer

        def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
            labels = inputs.pop("labels")
            logits = self.head(model(**inputs).logits)
            return nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())

    def gradient(surgery):
        torch.manual_seed(0)
        trainer = make_trainer(tmp_path, cls=WithHead, max_steps=1, surgery=surgery)
        trainer._correct_ = lambda mixed, oracles: [Surgery(0.0, projected=False)]  # the projection replaced by nothing
        trainer.train()
        return [p.grad for p in trainer.head.parameters()]

    torch.testing.assert_close(gradient("stochastic"), gradient("none"), rtol=0, atol=0)

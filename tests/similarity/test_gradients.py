import random

import numpy as np
import pytest
import torch
from torch import nn
from transformers import BertConfig, BertForTokenClassification

from hf_mixtrain.errors import InputError
from hf_mixtrain.similarity import gradient_similarity, language_batches
from hf_mixtrain.surgery import gram_matrix

LANGUAGES = ("en", "de", "sw", "zh")


@pytest.fixture
def model():
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=300, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24,
        max_position_embeddings=16, num_labels=5,
    )  # fmt: skip
    return BertForTokenClassification(config)


@pytest.fixture
def batches():
    generator = torch.Generator().manual_seed(1)

    def batch(rows):
        ids = torch.randint(5, 300, (rows, 9), generator=generator)
        return {"input_ids": ids, "labels": torch.randint(0, 5, (rows, 9), generator=generator)}

    return {language: [batch(3), batch(2)] for language in LANGUAGES}


def reference(model, batches):
    """All gradients at once, each by a plain backward of the mean loss."""
    model.eval()
    gradients = []
    for found in batches.values():
        model.zero_grad()
        sum(model(**batch).loss for batch in found).div(len(found)).backward()
        gradients.append([None if p.grad is None else p.grad.clone() for p in model.parameters()])
    model.zero_grad()
    gram = gram_matrix(gradients)
    norms = gram.diagonal().sqrt()
    return gram / norms / norms[:, None]


@pytest.mark.parametrize("block_bytes", [600, 4_000, 40_000, 2**30])
def test_exact_cosines_are_those_of_whole_gradients_however_small_the_blocks(model, batches, block_bytes):
    found = gradient_similarity(model, batches, block_bytes=block_bytes)
    torch.testing.assert_close(found.before, reference(model, batches), atol=1e-6, rtol=0)
    assert found.languages == LANGUAGES
    assert found.sketch_size is None


def test_tied_embeddings_count_once(model, batches):
    # Every row has a gradient then: the head reads the table that the tokens come from.
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(50, 4)
            self.head = nn.Linear(4, 50, bias=False)
            self.head.weight = self.table.weight

    tied = Tied()
    tokens = {language: [torch.tensor([n, n + 1])] for n, language in enumerate(LANGUAGES)}

    def loss(model, batch):
        return nn.functional.cross_entropy(model.head(model.table(batch["x"])), batch["x"])

    batches = {language: [{"x": x} for x in found] for language, found in tokens.items()}
    whole = gradient_similarity(tied, batches, loss=loss)
    torch.testing.assert_close(gradient_similarity(tied, batches, loss=loss, block_bytes=640).before, whole.before)


@pytest.mark.parametrize("sparse", [False, True])
def test_sparse_gradients_are_those_of_dense_ones(sparse):
    torch.manual_seed(0)
    table = nn.Embedding(30, 4, sparse=sparse)
    batches = {language: [{"x": torch.tensor([n, 2 * n, 7])}] for n, language in enumerate(LANGUAGES)}

    def loss(model, batch):
        return (model(batch["x"]).sum(0) * torch.tensor([1.0, 2.0, 3.0, 4.0])).sum()

    found = gradient_similarity(table, batches, loss=loss, block_bytes=100)
    # Tokens 0, 0, 7; 1, 2, 7; 2, 4, 7; 3, 6, 7: counts (2, 1) and (1, 1, 1), one or two of them shared.
    expected = torch.tensor([1.0, 1 / 15**0.5, 1 / 15**0.5, 1 / 15**0.5], dtype=torch.float64)
    torch.testing.assert_close(found.before[0], expected)
    assert found.before[1, 2].item() == pytest.approx(2 / 3)


def test_the_error_of_a_sketch_is_as_stated(model, batches):
    exact = reference(model, batches)
    off_diagonal = ~torch.eye(len(exact), dtype=torch.bool)
    for size in (256, 4096):
        sketch = gradient_similarity(model, batches, sketch_size=size)
        stated = (1 - exact.square()) / size**0.5
        scaled = ((sketch.before - exact) / stated)[off_diagonal]
        assert scaled.square().mean().sqrt() < 2
        assert scaled.abs().max() < 4
        assert sketch.sketch_size == size


def test_the_same_sketch_is_made_again(model, batches):
    first, second = (gradient_similarity(model, batches, sketch_size=64).before for _ in range(2))
    torch.testing.assert_close(first, second, atol=0, rtol=0)


@pytest.mark.parametrize("sketch_size", [None, 32])
def test_no_trace_is_left(model, batches, sketch_size):
    model.add_module("norm", nn.BatchNorm1d(3))
    model.train()
    model.bert.pooler = None
    model.dropout.eval()
    next(model.parameters()).grad = torch.ones_like(next(model.parameters()))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    states = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()
    gradient_similarity(model, batches, sketch_size=sketch_size, loss=draws_and_counts)
    assert random.getstate() == states[0]
    assert np.random.get_state()[1].tolist() == states[1]
    assert torch.equal(torch.get_rng_state(), states[2])
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert [p.grad is None for p in model.parameters()].count(False) == 1
    assert next(model.parameters()).grad.eq(1).all()
    assert (model.training, model.dropout.training, model.bert.training) == (True, False, True)


def draws_and_counts(model, batch):
    random.random(), np.random.rand(), torch.rand(1)
    model.norm.num_batches_tracked += 1
    return model(**batch).loss


def test_frozen_and_unused_parameters_do_not_count(model, batches):
    expected = gradient_similarity(model, batches).before
    model.unused = nn.Linear(3, 3)
    torch.testing.assert_close(gradient_similarity(model, batches).before, expected)
    model.bert.requires_grad_(False)
    found = gradient_similarity(model, batches).before
    torch.testing.assert_close(found, reference(model, batches), atol=1e-6, rtol=0)
    assert not torch.allclose(found, expected)


def test_half_precision_models_are_compared_in_full_precision(model, batches):
    found = gradient_similarity(model.bfloat16(), batches)
    assert found.before.dtype == torch.float64
    assert found.before.isfinite().all()


def test_a_language_without_a_usable_loss_is_unknown(model, batches):
    for batch in batches["sw"]:
        batch["labels"].fill_(-100)
    found = gradient_similarity(model, batches)
    assert found.before[2].isnan().all()
    assert found.before[[0, 1, 3]][:, [0, 1, 3]].isfinite().all()


def test_batches_keep_the_order_of_the_rows():
    assert language_batches({"de": [1, 2, 3]}, tuple, batch_size=2) == {"de": [(1, 2), (3,)]}


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda b: {"de": b["de"]}, {}, r"at least two languages\. Got 1"),
        (lambda b: b | {"sw": []}, {}, r"sw: no batch"),
        (lambda b: b, {"sketch_size": 0}, r"`sketch_size` must be 1 or more\. Got 0"),
    ],
)
def test_what_cannot_be_compared_is_refused(model, batches, change, options, message):
    with pytest.raises(InputError, match=message):
        gradient_similarity(model, change(batches), **options)


def test_a_frozen_model_is_refused(model, batches):
    with pytest.raises(InputError, match="no trainable parameter"):
        gradient_similarity(model.requires_grad_(False), batches)


def test_a_sharded_model_is_refused_with_the_way_out(model, batches):
    next(model.parameters()).ds_id = 0  # as DeepSpeed marks its parameters
    with pytest.raises(InputError, match=r"sharded.*hf-mixtrain similarity"):
        gradient_similarity(model, batches)

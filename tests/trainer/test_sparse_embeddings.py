"""Sparse oracle gradients of large tables: the same update, or stepping aside."""

import subprocess
import sys
from functools import partial

import pytest
import torch
from torch import nn

from hf_mixtrain.trainer import mixin
from hf_mixtrain.trainer.sparse_embeddings import gradients_by_row, large_tables
from tests.trainer.tiny import CHECKPOINTING, make_trainer, model, train, weights


def gradient(module, table):
    with gradients_by_row(large_tables(module.modules(), large=1)):
        module(torch.tensor([1, 2, 1])).sum().backward()
    return table.weight.grad


@pytest.mark.parametrize(
    ("change", "is_sparse"),
    [
        ({}, True),
        ({"padding_idx": 1}, True),
        ({"scale_grad_by_freq": True}, False),
        ({"max_norm": 1.0}, False),
    ],
)
def test_only_tables_used_by_plain_lookup_are_sparse(change, is_sparse):
    table = nn.Embedding(5, 3, **change)
    dense = nn.Embedding.from_pretrained(table.weight.detach().clone(), freeze=False, **change)
    dense(torch.tensor([1, 2, 1])).sum().backward()
    found = gradient(table, table)
    assert found.is_sparse == is_sparse
    torch.testing.assert_close(found.to_dense(), dense.weight.grad)
    assert table.sparse is False


def test_frozen_small_and_derived_tables_are_left_alone():
    class Derived(nn.Embedding):
        pass

    frozen = nn.Embedding.from_pretrained(torch.ones(5, 3))
    tables = nn.ModuleList([frozen, nn.Embedding(5, 3), Derived(50, 3)])
    assert large_tables(tables.modules(), large=100) == []


def test_tied_tables_are_left_alone():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(5, 3)
            self.head = nn.Linear(3, 5, bias=False)
            self.head.weight = self.table.weight

        def forward(self, ids):
            return self.head(self.table(ids))

    tied = Tied()
    assert not gradient(tied, tied.table).is_sparse


def test_a_table_multiplied_by_hand_gives_the_dense_gradient():
    class Functional(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(5, 3)

        def forward(self, ids):
            return self.table(ids) @ self.table.weight.T

    functional = Functional()
    found = gradient(functional, functional.table).to_dense()
    functional.table.weight.grad = None
    functional(torch.tensor([1, 2, 1])).sum().backward()
    torch.testing.assert_close(found, functional.table.weight.grad)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"per_device_train_batch_size": 2, "gradient_accumulation_steps": 4},
        {"surgery_scope": "micro_batch", "gradient_accumulation_steps": 2},
        {"surgery": "pcgrad", "oracle_languages_per_step": 2},
        {CHECKPOINTING: True},
        {"bf16": True},
        {"torch_compile": True, "torch_compile_backend": "aot_eager"},
    ],
    ids=["plain", "accumulation", "micro-batch", "pcgrad", "checkpointing", "bf16", "compile"],
)
def test_update_is_that_of_dense_gradients(tmp_path, monkeypatch, settings):
    """Every table counts as large, then none."""
    runs = []
    for large in (1, 2**40):
        monkeypatch.setattr(mixin, "large_tables", partial(large_tables, large=large))
        runs.append(train(tmp_path, net=model(torch.float32 if "bf16" in settings else torch.float64), **settings))
    torch.testing.assert_close(*runs, rtol=1e-5, atol=1e-8)


def test_oracle_makes_no_dense_gradient_of_a_large_table(tmp_path, monkeypatch):
    monkeypatch.setattr(mixin, "large_tables", partial(large_tables, large=1))
    trainer = make_trainer(tmp_path, max_steps=1)
    layouts = []
    correct = trainer._correct_
    trainer._correct_ = lambda mixed, oracles: (
        layouts.append([o.is_sparse for o in oracles[0]]) or correct(mixed, oracles)
    )
    trainer.train()
    names = list(weights(trainer.model))
    sparse = {name for name, is_sparse in zip(names, layouts[0], strict=True) if is_sparse}
    assert sparse == {name for name in names if name.endswith("embeddings.weight")}


def test_no_warning_of_torch_about_sparse_tensors_reaches_the_user():
    program = """
import warnings
import torch
from hf_mixtrain.trainer.sparse_embeddings import gradients_by_row
warnings.simplefilter("error")
table = torch.nn.Embedding(9, 4)
with gradients_by_row([table]):
    table(torch.tensor([3, 5, 3])).sum().backward()
assert table.weight.grad.is_sparse
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

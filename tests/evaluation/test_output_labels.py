"""Names of a model's outputs."""

from types import SimpleNamespace

import pytest
import torch

from hf_mixtrain.data import load_task
from hf_mixtrain.errors import InputError
from hf_mixtrain.evaluation.output_labels import output_labels

from .toys import PAIRS


def model(names):
    return SimpleNamespace(config=SimpleNamespace(id2label=names))


def test_a_checkpoint_that_learnt_the_labels_in_another_order_keeps_its_order():
    # facebook/xnli's order is not that of XTREME's files.
    assert output_labels(PAIRS, model({0: "entailment", 1: "neutral", 2: "contradiction"})) == [
        "entailment", "neutral", "contradiction",
    ]  # fmt: skip


@pytest.mark.parametrize("unnamed", [model({0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"}), torch.nn.Linear(2, 3)])
def test_a_model_without_names_has_the_order_of_the_task(unnamed):
    assert output_labels(PAIRS, unnamed) == list(PAIRS.labels)


@pytest.mark.parametrize("names", [{0: "LABEL_0", 1: "LABEL_1"}, {0: "yes", 1: "no", 2: "neutral"}])
def test_a_model_for_other_labels_is_refused(names):
    with pytest.raises(InputError, match=r"3 labels of nli .*Found [23]: "):
        output_labels(PAIRS, model(names))


def test_more_than_ten_labels_are_in_numerical_order():
    task = load_task("udpos")
    names = {str(position): label for position, label in enumerate(task.labels)}
    assert output_labels(task, model(dict(sorted(names.items())))) == list(task.labels)

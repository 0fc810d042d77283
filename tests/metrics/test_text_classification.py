"""Accuracy: by hand, and torchmetrics' own results."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.functional.classification import multiclass_accuracy

from hf_mixtrain.metrics import Accuracy

LABELS = ["contradiction", "entailment", "neutral"]


def test_one_answer_to_everything_shows_in_the_classes():
    scores = Accuracy().compute(predictions=["neutral"] * 3, references=LABELS)
    assert scores == pytest.approx(
        {"accuracy": 1 / 3, "accuracy_contradiction": 0, "accuracy_entailment": 0, "accuracy_neutral": 1}
    )


def test_a_label_that_is_only_predicted_has_no_score_of_its_own():
    assert Accuracy().compute(predictions=["a", "b"], references=["a", "a"]) == {"accuracy": 0.5, "accuracy_a": 0.5}


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=12), st.booleans())
@settings(deadline=None, max_examples=60)
def test_scores_equal_those_of_torchmetrics(pairs, by_name):
    predictions, references = map(list, zip(*pairs, strict=True))
    names = (lambda ids: [LABELS[i] for i in ids]) if by_name else list
    scores = Accuracy().compute(predictions=names(predictions), references=names(references))
    ids = torch.tensor(predictions), torch.tensor(references)
    assert scores["accuracy"] == pytest.approx(float(multiclass_accuracy(*ids, num_classes=3, average="micro")))
    per_class = multiclass_accuracy(*ids, num_classes=3, average="none").tolist()
    for label in set(references):
        name = LABELS[label] if by_name else label
        assert scores[f"accuracy_{name}"] == pytest.approx(per_class[label])

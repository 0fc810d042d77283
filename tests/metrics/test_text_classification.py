"""Accuracy: by hand, and torchmetrics' own results."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.functional import pearson_corrcoef, spearman_corrcoef
from torchmetrics.functional.classification import multiclass_accuracy, multiclass_f1_score, multilabel_f1_score

from hf_mixtrain.metrics import Accuracy, Correlation, MultiLabelF1

LABELS = ["contradiction", "entailment", "neutral"]


def test_one_answer_to_everything_shows_in_the_classes():
    scores = Accuracy().compute(predictions=["neutral"] * 3, references=LABELS)
    assert scores == pytest.approx(
        # F1 of neutral: precision 1 / 3, recall 1.
        {"accuracy": 1 / 3, "macro_f1": 1 / 6, "weighted_f1": 1 / 6}
        | {"accuracy_contradiction": 0, "accuracy_entailment": 0, "accuracy_neutral": 1}
    )


def test_a_label_that_is_only_predicted_has_no_score_of_its_own():
    scores = Accuracy().compute(predictions=["a", "b"], references=["a", "a"])
    assert scores == {"accuracy": 0.5, "macro_f1": 1 / 3, "weighted_f1": 2 / 3, "accuracy_a": 0.5}


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
    if set(references) | set(predictions) == {0, 1, 2}:
        macro, weighted = (float(multiclass_f1_score(*ids, 3, average=name)) for name in ("macro", "weighted"))
        assert (scores["macro_f1"], scores["weighted_f1"]) == (pytest.approx(macro), pytest.approx(weighted))


ROWS = st.lists(st.tuples(st.sets(st.sampled_from("abc")), st.sets(st.sampled_from("abc"))), min_size=1, max_size=9)


@given(ROWS)
@settings(deadline=None, max_examples=60)
def test_scores_of_several_labels_equal_those_of_torchmetrics(rows):
    predictions, references = ([sorted(side) for side in sides] for sides in zip(*rows, strict=True))
    scores = MultiLabelF1().compute(predictions=predictions, references=references)
    assert scores["exact_match"] == pytest.approx(sum(p == r for p, r in rows) / len(rows))
    found, gold = (
        torch.tensor([[label in row for label in "abc"] for row in side]) for side in (predictions, references)
    )
    micro = float(multilabel_f1_score(found.int(), gold.int(), num_labels=3, average="micro"))
    assert scores["micro_f1"] == pytest.approx(micro)
    each = multilabel_f1_score(found.int(), gold.int(), num_labels=3, average="none").tolist()
    assert {name: score for name, score in scores.items() if name.startswith("f1_")} == {
        f"f1_{label}": pytest.approx(score)
        for label, score in zip("abc", each, strict=True)
        if any(label in row for row in [*predictions, *references])
    }


def test_correlations_equal_those_of_torchmetrics():
    rng = torch.Generator().manual_seed(1)
    x, y = torch.randn(50, generator=rng, dtype=torch.float64), torch.randn(50, generator=rng, dtype=torch.float64)
    scores = Correlation().compute(predictions=(x + y).tolist(), references=y.tolist())
    assert scores["pearson"] == pytest.approx(float(pearson_corrcoef(x + y, y)))
    assert scores["spearman"] == pytest.approx(float(spearman_corrcoef(x + y, y)), abs=1e-6)
    assert Correlation().compute(predictions=(-y).tolist(), references=y.tolist())["spearman"] == pytest.approx(-1)


def test_predictions_that_are_all_the_same_correlate_with_nothing():
    assert Correlation().compute(predictions=[2.0, 2.0, 2.0], references=[1.0, 2.0, 3.0]) == {
        "pearson": 0,
        "spearman": 0,
    }

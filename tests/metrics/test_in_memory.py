"""Our metrics are used as every `evaluate` metric is, and leave nothing on disk."""

import copy
import pickle
from types import SimpleNamespace

import evaluate
import numpy as np
import pytest

from hf_mixtrain.errors import InputError
from hf_mixtrain.metrics import (
    Accuracy,
    Correlation,
    EntityF1,
    MultiLabelF1,
    PosTagging,
    SquadF1,
    TagAccuracy,
    metric_for,
)

ROWS = {
    EntityF1: ([["B-A", "O"], ["O"]], [["B-A", "O"], ["B-B"]]),
    PosTagging: ([["NOUN", "X"], ["X"]], [["NOUN", "X"], ["NUM"]]),
    TagAccuracy: ([["NN", "VB"], ["VB"]], [["NN", "RB"], ["VB"]]),
    Accuracy: (["a", "b"], ["a", "c"]),
    MultiLabelF1: ([["a", "b"], []], [["a"], ["c"]]),
    Correlation: ([0.1, 0.9], [1.0, 2.0]),
    SquadF1: (["the cat", "dog"], [["cat"], ["bird", "a fish"]]),
}
EVERY_METRIC = pytest.mark.parametrize("metric", list(ROWS), ids=lambda m: m.__name__)


@EVERY_METRIC
def test_batches_and_single_rows_give_the_scores_of_one_call(metric):
    predictions, references = ROWS[metric]
    expected = metric().compute(predictions=predictions, references=references)
    assert set(metric.keys) <= set(expected)
    assert all(type(value) is float and 0 <= value <= 1 for value in expected.values())
    rows = metric()
    rows.add_batch(predictions=predictions[:1], references=references[:1])
    rows.add(prediction=predictions[1], reference=references[1])
    assert rows.compute() == expected
    assert rows.compute(predictions=predictions, references=references) == expected  # nothing is left of the first


@EVERY_METRIC
def test_nothing_is_written_and_numpy_goes_on_as_before(metric, tmp_path):
    np.random.seed(7)
    expected = np.random.random()
    np.random.seed(7)
    predictions, references = ROWS[metric]
    metric(cache_dir=str(tmp_path / "cache")).compute(predictions=predictions, references=references)
    assert not list(tmp_path.iterdir())
    assert np.random.random() == expected


@EVERY_METRIC
def test_a_metric_can_be_copied_and_names_itself(metric):
    assert pickle.loads(pickle.dumps(metric())).name == copy.deepcopy(metric()).name == metric().name
    assert metric().description.endswith(".")
    assert metric.__name__ in metric().compute.__doc__


def test_with_several_processes_rows_go_through_files_as_in_evaluate(tmp_path):
    with pytest.raises(ValueError, match="keep_in_memory"):
        Accuracy(keep_in_memory=True, num_process=2)
    assert not Accuracy(num_process=2, process_id=1, cache_dir=str(tmp_path)).keep_in_memory


def test_metrics_can_be_combined_and_equal_names_get_a_prefix():
    both = evaluate.combine([EntityF1(), PosTagging()])
    scores = both.compute(predictions=[["B-A", "O"]], references=[["B-A", "B-B"]])
    assert scores["accuracy"] == 0.5
    assert scores["entity_f1_recall"] == 0.5


def task(kind, labels, metric, **more):
    return SimpleNamespace(**{"name": "mine", "kind": kind, "labels": labels, "metric": metric} | more)


@pytest.mark.parametrize(
    ("chosen", "metric"),
    [
        (task("token-classification", ("O", "B-X", "I-X"), "f1"), EntityF1),
        (task("token-classification", ("O", "OBJ"), "f1"), EntityF1),
        (task("token-classification", ("NOUN", "VERB"), "accuracy"), TagAccuracy),
        (task("token-classification", ("NOUN", "VERB"), "macro_f1"), TagAccuracy),
        (task("token-classification", ("NOUN", "VERB"), "f1", name="udpos"), PosTagging),
        (task("text-classification", ("yes", "no"), "accuracy"), Accuracy),
        (task("text-classification", ("yes", "no"), "weighted_f1"), Accuracy),
        (task("text-classification", ("a", "b"), "micro_f1", problem_type="multi_label_classification"), MultiLabelF1),
        (task("text-classification", (), "spearman", problem_type="regression"), Correlation),
        (task("question-answering", (), "exact_match"), SquadF1),
    ],
)
def test_kind_and_labels_choose_the_metric(chosen, metric):
    assert type(metric_for(chosen)) is metric


def test_a_main_score_that_the_metric_lacks_is_refused():
    with pytest.raises(InputError, match=r"'mine': `metric` must be one of f1, precision, recall .* Got 'accuracy'"):
        metric_for(task("token-classification", ("O", "B-X"), "accuracy"))


@pytest.mark.parametrize(
    ("kind", "labels"), [("token-classification", ("NN", "VB")), ("text-classification", ("a", "b"))]
)
def test_f1_of_classes_must_say_which(kind, labels):
    with pytest.raises(InputError, match=r"one of accuracy, macro_f1, weighted_f1 .* Got 'f1'"):
        metric_for(task(kind, labels, "f1"))


def test_labels_of_which_only_some_have_a_prefix_are_refused_by_name():
    with pytest.raises(InputError, match=r"on every label but O, or on none\. Found none on 'DATE'"):
        metric_for(task("token-classification", ("O", "B-PER", "I-PER", "DATE"), "f1"))

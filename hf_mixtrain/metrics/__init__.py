"""Metrics of every kind of task as `evaluate.Metric` subclasses: no download, no loading script, nothing on disk."""

from hf_mixtrain.metrics.by_task import metric_for
from hf_mixtrain.metrics.in_memory import InMemoryMetric
from hf_mixtrain.metrics.question_answering import SquadF1
from hf_mixtrain.metrics.text_classification import Accuracy, Correlation, MultiLabelF1
from hf_mixtrain.metrics.token_classification import EntityF1, PosTagging, TagAccuracy

__all__ = [
    "Accuracy",
    "Correlation",
    "EntityF1",
    "InMemoryMetric",
    "MultiLabelF1",
    "PosTagging",
    "SquadF1",
    "TagAccuracy",
    "metric_for",
]

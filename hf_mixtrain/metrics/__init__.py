"""Metrics of the four tasks as `evaluate.Metric` subclasses: no download, no loading script, nothing on disk."""

from hf_mixtrain.metrics.by_task import metric_for
from hf_mixtrain.metrics.in_memory import InMemoryMetric
from hf_mixtrain.metrics.question_answering import SquadF1
from hf_mixtrain.metrics.text_classification import Accuracy
from hf_mixtrain.metrics.token_classification import EntityF1, PosTagging

__all__ = ["Accuracy", "EntityF1", "InMemoryMetric", "PosTagging", "SquadF1", "metric_for"]

"""Metrics of the four tasks as `evaluate.Metric` subclasses: no download, no loading script, nothing on disk."""

from hf_mixtrain.metrics.accuracy import Accuracy
from hf_mixtrain.metrics.answers import SquadF1
from hf_mixtrain.metrics.choice import metric_for
from hf_mixtrain.metrics.in_memory import InMemoryMetric
from hf_mixtrain.metrics.tagging import EntityF1, PosTagging

__all__ = ["Accuracy", "EntityF1", "InMemoryMetric", "PosTagging", "SquadF1", "metric_for"]

"""Gradient surgery as pure tensor maths: knows of no trainer, file or log."""

from hf_mixtrain.surgery.aggregators import AGGREGATORS, Aggregator, make_aggregator
from hf_mixtrain.surgery.gram import combine_, gram_matrix
from hf_mixtrain.surgery.projection import SkippedSurgery, Surgery, aggregate_, project_conflict_, projection_weights

__all__ = [
    "AGGREGATORS",
    "Aggregator",
    "SkippedSurgery",
    "Surgery",
    "aggregate_",
    "combine_",
    "gram_matrix",
    "make_aggregator",
    "project_conflict_",
    "projection_weights",
]

"""The methods as data: which stages train on what, from which model on, with or without surgery."""

from hf_mixtrain.methods.method import Method, Order, Selection, Stage
from hf_mixtrain.methods.registry import METHODS

__all__ = ["METHODS", "Method", "Order", "Selection", "Stage"]

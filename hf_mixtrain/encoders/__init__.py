"""Encoders: those that come with a PyPI package, and models cut down to the pieces a run uses."""

from hf_mixtrain.encoders.embedded import resolve_model

__all__ = ["resolve_model"]

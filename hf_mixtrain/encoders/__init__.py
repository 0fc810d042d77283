"""Encoders: those that come with a PyPI package, and models cut down to the pieces a run uses."""

from hf_mixtrain.encoders.embedded import resolve_model
from hf_mixtrain.encoders.restoring import restore_vocabulary
from hf_mixtrain.encoders.revision import encoder_content, model_revision
from hf_mixtrain.encoders.trimming import dataset_texts, trim_vocabulary

__all__ = [
    "dataset_texts",
    "encoder_content",
    "model_revision",
    "resolve_model",
    "restore_vocabulary",
    "trim_vocabulary",
]

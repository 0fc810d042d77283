"""Models to the Hub and back."""

from hf_mixtrain.hub.client import HubError
from hf_mixtrain.hub.download import download
from hf_mixtrain.hub.loading import Checkpoint, load_checkpoint, load_model, load_released, load_tokenizer
from hf_mixtrain.hub.push import Release, push_release, verify_release
from hf_mixtrain.hub.registry import (
    Released,
    export_release,
    find_released,
    read_registry,
    register,
    rewrite_model_card,
)
from hf_mixtrain.hub.trainer import SafePushMixin

__all__ = [
    "Checkpoint",
    "HubError",
    "Release",
    "Released",
    "SafePushMixin",
    "download",
    "export_release",
    "find_released",
    "load_checkpoint",
    "load_model",
    "load_released",
    "load_tokenizer",
    "push_release",
    "read_registry",
    "register",
    "rewrite_model_card",
    "verify_release",
]

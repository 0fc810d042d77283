"""Models to the Hub and back."""

from hf_mixtrain.hub.client import HubError
from hf_mixtrain.hub.download import download
from hf_mixtrain.hub.loading import Checkpoint, load_checkpoint, load_model, load_released, load_tokenizer, local_folder
from hf_mixtrain.hub.model_check import check_model
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
    "check_model",
    "download",
    "export_release",
    "find_released",
    "load_checkpoint",
    "load_model",
    "load_released",
    "load_tokenizer",
    "local_folder",
    "push_release",
    "read_registry",
    "register",
    "rewrite_model_card",
    "verify_release",
]

"""What differs between the supported versions of the libraries below us.

Supported: transformers 5.0, torch 2.6, huggingface_hub 1.3, accelerate 1.8, datasets 4.0, and what is newer;
`docs/versions.md` says what was tested. Each entry names the version with which it can go: the first one that has
what the entry replaces.
"""

import importlib
import re
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import huggingface_hub

from hf_mixtrain.errors import InputError

# huggingface_hub 1.x makes its requests with httpx, 2.x with httpx2. Both may be installed, so its version decides.
# Goes with huggingface_hub 2.0.
httpx: ModuleType = importlib.import_module("httpx" if huggingface_hub.__version__.startswith("1.") else "httpx2")


def loss_scale_is_decided(trainer: Any) -> bool:
    """Tell whether a Trainer's class says by itself how its loss is scaled. Goes with transformers 5.19.

    Args:
        trainer: A `transformers.Trainer`.
    """
    import transformers

    # A Trainer that does not know the attribute ignores a class that sets it.
    known = hasattr(transformers.Trainer, "loss_is_scaled_for_ga")
    return known and getattr(trainer, "loss_is_scaled_for_ga", None) is not None


def keep_names_of_weights(model: Any) -> None:
    """Let a loaded model save its weights under their own names. Goes with transformers 5.17 (5.0 needs it).

    transformers 5.0 saves the LayerNorms of a model that was loaded as ``gamma`` and ``beta``, whatever its file said.
    Its Trainer does not find these names when it resumes, and goes on with untrained LayerNorms without a word.

    Args:
        model: A model that ``from_pretrained`` has returned; its list of renamings is shortened.
    """
    import transformers

    if tuple(map(int, transformers.__version__.split(".")[:2])) >= (5, 17):
        return
    renamings = getattr(model, "_weight_conversions", None) or []
    kept = [one for one in renamings if not re.search(r"LayerNorm\.(gamma|beta)", str(one.source_patterns))]
    if renamings:
        model._weight_conversions = kept


def training_arguments() -> type:
    """Return `transformers.TrainingArguments`, with ``train_sampling_strategy``. Goes with transformers 5.2."""
    import transformers

    base = transformers.TrainingArguments
    if "train_sampling_strategy" in base.__dataclass_fields__:
        return base

    @dataclass
    class TrainingArguments(base):  # type: ignore[misc, valid-type]
        train_sampling_strategy: str = field(
            default="random", metadata={"help": "Sampler for training: 'random' (default) or 'group_by_length'."}
        )

        def __post_init__(self) -> None:
            if self.train_sampling_strategy not in ("random", "group_by_length"):
                raise InputError(
                    f"`train_sampling_strategy={self.train_sampling_strategy!r}` needs transformers 5.2 or later. "
                    f"Found {transformers.__version__}: update it, or use 'random' or 'group_by_length'."
                )
            if self.train_sampling_strategy == "group_by_length":
                self.group_by_length = True
            elif self.group_by_length:
                self.train_sampling_strategy = "group_by_length"
            super().__post_init__()

    return TrainingArguments

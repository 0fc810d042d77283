"""Few-shot cross-lingual transfer with stochastic gradient surgery, as a drop-in `transformers.Trainer`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hf_mixtrain.gradient_mix_trainer import GradientMixTrainer
    from hf_mixtrain.prediction.predict import predict
    from hf_mixtrain.trainer import GradientMixMixin, GradientMixTrainingArguments

__all__ = ["GradientMixMixin", "GradientMixTrainer", "GradientMixTrainingArguments", "__version__", "predict"]

__version__ = "0.1.0"

_HOMES = {
    "GradientMixMixin": "hf_mixtrain.trainer",
    "GradientMixTrainer": "hf_mixtrain.gradient_mix_trainer",
    "GradientMixTrainingArguments": "hf_mixtrain.trainer",
    "predict": "hf_mixtrain.prediction",
}


def __getattr__(name: str) -> Any:
    # Only when used: torch and transformers take seconds to import, which `--help` need not wait for.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""Few-shot cross-lingual transfer with stochastic gradient surgery, as a drop-in `transformers.Trainer`."""

from typing import TYPE_CHECKING

from hf_mixtrain.lazy import lazy_names

if TYPE_CHECKING:
    from hf_mixtrain.gradient_mix_trainer import GradientMixTrainer
    from hf_mixtrain.prediction.predict import predict
    from hf_mixtrain.trainer import GradientMixMixin, GradientMixTrainingArguments

__all__ = ["GradientMixMixin", "GradientMixTrainer", "GradientMixTrainingArguments", "__version__", "predict"]

__version__ = "0.1.0"

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "GradientMixMixin": "hf_mixtrain.trainer",
        "GradientMixTrainer": "hf_mixtrain.gradient_mix_trainer",
        "GradientMixTrainingArguments": "hf_mixtrain.trainer",
        "predict": "hf_mixtrain.prediction",
    },
)

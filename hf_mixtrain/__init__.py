"""Few-shot cross-lingual transfer with stochastic gradient surgery, as a drop-in `transformers.Trainer`."""

from hf_mixtrain.trainer import GradientMixMixin, GradientMixTrainer, GradientMixTrainingArguments

__all__ = ["GradientMixMixin", "GradientMixTrainer", "GradientMixTrainingArguments", "__version__"]

__version__ = "0.1.0"

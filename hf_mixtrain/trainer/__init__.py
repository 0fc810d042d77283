"""Surgery inside `transformers.Trainer`: it connects gradients, the draw of oracles and the training step."""

from hf_mixtrain.trainer.arguments import GradientMixTrainingArguments
from hf_mixtrain.trainer.mixin import GradientMixMixin
from hf_mixtrain.trainer.statistics import SurgeryStatistics

__all__ = ["GradientMixMixin", "GradientMixTrainingArguments", "SurgeryStatistics"]

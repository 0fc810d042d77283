"""The drop-in Trainer: it connects surgery, the draw of oracles and `transformers.Trainer`."""

from hf_mixtrain.trainer.arguments import GradientMixTrainingArguments
from hf_mixtrain.trainer.mixin import GradientMixMixin, GradientMixTrainer
from hf_mixtrain.trainer.statistics import SurgeryStatistics

__all__ = ["GradientMixMixin", "GradientMixTrainer", "GradientMixTrainingArguments", "SurgeryStatistics"]

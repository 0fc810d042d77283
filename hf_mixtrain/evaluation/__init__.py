"""Evaluation: model outputs → predictions → scores of each language; predictions as files in XTREME's layout."""

from hf_mixtrain.evaluation.predictions import write_predictions
from hf_mixtrain.evaluation.scores import evaluate_languages, predict, score_predictions

__all__ = ["evaluate_languages", "predict", "score_predictions", "write_predictions"]

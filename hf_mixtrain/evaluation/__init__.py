"""Evaluation: model outputs → predictions → scores of each language; predictions as files in XTREME's layout."""

from hf_mixtrain.evaluation.decoding import Decoding
from hf_mixtrain.evaluation.predictions import write_predictions
from hf_mixtrain.evaluation.scores import evaluate_decodings, evaluate_languages, predict, score_predictions

__all__ = [
    "Decoding",
    "evaluate_decodings",
    "evaluate_languages",
    "predict",
    "score_predictions",
    "write_predictions",
]

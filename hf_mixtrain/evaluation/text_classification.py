"""Labels from logits, one for each row."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from datasets import Dataset

from hf_mixtrain.data.task import ProblemType
from hf_mixtrain.evaluation.forward import Run


def predict_labels(
    labels: Sequence[str],
    raw: Dataset,
    features: Dataset,
    run: Run,
    *,
    problem_type: ProblemType = "single_label_classification",
) -> list[Any]:
    """Return what the model says of every row of ``raw``.

    Args:
        labels: Label of each output of the model; none for regression.
        raw: Rows of a text classification task.
        features: Their features for evaluation, one for each row, with ``row``.
        run: Runs the model over ``features`` with a reader of its logits; see `forward`.
        problem_type: See `hf_mixtrain.data.Task`.

    Returns:
        By row: the likeliest label; of several labels the list of those whose probability is above one half; for
        regression the number.
    """
    found = text_scores(raw, features, run)
    if problem_type == "regression":
        return [float(scores[0]) for scores in found]
    if problem_type == "multi_label_classification":
        return [[label for label, score in zip(labels, scores, strict=True) if score > 0] for scores in found]
    return [labels[int(scores.argmax())] for scores in found]


def text_scores(raw: Dataset, features: Dataset, run: Run) -> list[np.ndarray]:
    """Return the logits of every row of ``raw``, in float32; arguments as of `predict_labels`."""

    def read(logits: Any, rows: list[int]) -> list[np.ndarray]:
        scores = logits[0] if isinstance(logits, tuple) else logits
        return list(scores.float().cpu().numpy())

    by_row = dict(zip(features["row"][:], run(read), strict=True))
    return [by_row[row] for row in range(len(raw))]

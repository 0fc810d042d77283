"""Accuracy of one label a row, in all and for each class."""

from collections import Counter
from collections.abc import Sequence

import evaluate
from datasets import Features, Value

from hf_mixtrain.metrics.in_memory import InMemoryMetric

_XNLI = """@inproceedings{conneau2018xnli, title={{XNLI}: Evaluating Cross-lingual Sentence Representations},
author={Conneau, Alexis and Rinott, Ruty and Lample, Guillaume and Williams, Adina and Bowman, Samuel R. and
Schwenk, Holger and Stoyanov, Veselin}, booktitle={EMNLP}, year={2018}}"""


class Accuracy(InMemoryMetric):
    """Share of rows whose label is right, in all and for each class of the references.

    The score of a class is the share of its own rows that are right (its recall). A model that gives one answer to
    everything shows there at once: 1 for that class and 0 for the others.

    ``compute`` returns, all from 0 to 1, ``accuracy``, and ``accuracy_<label>`` for every label in the references.
    Labels are names or whole numbers.

    Example:
        >>> Accuracy().compute(predictions=["yes", "yes", "no", "yes"], references=["yes", "yes", "no", "no"])
        {'accuracy': 0.75, 'accuracy_no': 0.5, 'accuracy_yes': 1.0}
    """

    keys = ("accuracy",)

    def _info(self) -> evaluate.MetricInfo:
        kinds = (Value("string"), Value("int64"))  # `evaluate` takes the first that fits the rows
        return self._described([Features({"predictions": kind, "references": kind}) for kind in kinds], _XNLI)

    def _compute(self, predictions: Sequence[str | int], references: Sequence[str | int]) -> dict[str, float]:
        rows = Counter(references)
        right = Counter(gold for predicted, gold in zip(predictions, references, strict=True) if predicted == gold)
        total = right.total() / len(references) if references else 0.0
        return {"accuracy": total} | {f"accuracy_{label}": right[label] / rows[label] for label in sorted(rows)}

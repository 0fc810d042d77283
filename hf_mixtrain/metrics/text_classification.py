"""Scores of whole texts: one label, several labels, or a number for each."""

from collections import Counter
from collections.abc import Sequence

import evaluate
from datasets import Features, List, Value

from hf_mixtrain.metrics.in_memory import InMemoryMetric

_XNLI = """@inproceedings{conneau2018xnli, title={{XNLI}: Evaluating Cross-lingual Sentence Representations},
author={Conneau, Alexis and Rinott, Ruty and Lample, Guillaume and Williams, Adina and Bowman, Samuel R. and
Schwenk, Holger and Stoyanov, Veselin}, booktitle={EMNLP}, year={2018}}"""


class Accuracy(InMemoryMetric):
    """Share of rows whose label is right, in all and for each class of the references, and two averages of F1.

    The score of a class is the share of its own rows that are right (its recall). A model that gives one answer to
    everything shows there at once: 1 for that class and 0 for the others. ``macro_f1`` is the mean of the F1 of all
    labels in the references or predictions, ``weighted_f1`` the same weighted by their rows in the references.

    Source: ``f1_score`` of scikit-learn with ``zero_division=0``.

    ``compute`` returns, all from 0 to 1, ``accuracy``, ``macro_f1``, ``weighted_f1``, and ``accuracy_<label>`` for
    every label in the references. Labels are names or whole numbers.

    Example:
        >>> scores = Accuracy().compute(predictions=["yes", "yes", "no", "yes"], references=["yes", "yes", "no", "no"])
        >>> {name: round(score, 3) for name, score in scores.items()}
        {'accuracy': 0.75, 'macro_f1': 0.733, 'weighted_f1': 0.733, 'accuracy_no': 0.5, 'accuracy_yes': 1.0}
    """

    keys = ("accuracy", "macro_f1", "weighted_f1")

    def _info(self) -> evaluate.MetricInfo:
        kinds = (Value("string"), Value("int64"))  # `evaluate` takes the first that fits the rows
        return self._described([Features({"predictions": kind, "references": kind}) for kind in kinds], _XNLI)

    def _compute(self, predictions: Sequence[str | int], references: Sequence[str | int]) -> dict[str, float]:
        return label_scores(predictions, references)


class MultiLabelF1(InMemoryMetric):
    """Scores of rows with any number of labels each: F1 over all labels, and rows that are right as a whole.

    ``micro_f1`` counts all decisions together, ``macro_f1`` is the mean of the F1 of all labels in the references or
    predictions; ``exact_match`` is the share of rows whose set of labels is right. Where there is nothing to divide by,
    the score is 0.

    ``compute`` takes a list of label names for each row, in any order, and returns, all from 0 to 1, ``micro_f1``,
    ``macro_f1``, ``exact_match`` and ``f1_<label>`` for every label in the references or predictions.

    Example:
        >>> scores = MultiLabelF1().compute(predictions=[["joy"], ["joy", "fear"]], references=[["joy"], ["fear"]])
        >>> {name: round(score, 3) for name, score in scores.items()}
        {'micro_f1': 0.8, 'macro_f1': 0.833, 'exact_match': 0.5, 'f1_fear': 1.0, 'f1_joy': 0.667}
    """

    keys = ("micro_f1", "macro_f1", "exact_match")

    def _info(self) -> evaluate.MetricInfo:
        names = List(Value("string"))
        return self._described(Features({"predictions": names, "references": names}), "")

    def _compute(self, predictions: Sequence[Sequence[str]], references: Sequence[Sequence[str]]) -> dict[str, float]:
        exact = [set(p) == set(r) for p, r in zip(predictions, references, strict=True)]
        found, gold = (Counter(label for row in rows for label in {*row}) for rows in (predictions, references))
        right = Counter(label for p, r in zip(predictions, references, strict=True) for label in {*p} & {*r})
        each = {label: 2 * right[label] / (found[label] + gold[label]) for label in sorted({*found, *gold})}
        return {
            "micro_f1": 2 * right.total() / (found.total() + gold.total()) if each else 0.0,
            "macro_f1": sum(each.values()) / len(each) if each else 0.0,
            "exact_match": sum(exact) / len(exact) if exact else 0.0,
        } | {f"f1_{label}": score for label, score in each.items()}


class Correlation(InMemoryMetric):
    """Pearson's and Spearman's correlation of predicted numbers with the references.

    Both are 0, which is what chance gives, where they are not defined: fewer than two rows, or all predictions or all
    references equal.

    Source: ``pearsonr`` and ``spearmanr`` of scipy.

    ``compute`` returns ``pearson`` and ``spearman``, from -1 to 1.

    Example:
        >>> scores = Correlation().compute(predictions=[1.0, 2.0, 4.0], references=[1.0, 2.0, 3.0])
        >>> round(scores["pearson"], 3), round(scores["spearman"], 3)
        (0.982, 1.0)
    """

    keys = ("pearson", "spearman")

    def _info(self) -> evaluate.MetricInfo:
        numbers = Value("float64")
        return self._described(Features({"predictions": numbers, "references": numbers}), "")

    def _compute(self, predictions: Sequence[float], references: Sequence[float]) -> dict[str, float]:
        from scipy.stats import pearsonr, spearmanr

        if len(set(predictions)) < 2 or len(set(references)) < 2:
            return {"pearson": 0.0, "spearman": 0.0}
        pearson, spearman = (float(test(predictions, references).statistic) for test in (pearsonr, spearmanr))
        return {"pearson": pearson, "spearman": spearman}


def label_scores(predictions: Sequence[str | int], references: Sequence[str | int]) -> dict[str, float]:
    """Accuracy, macro and weighted F1, and the accuracy within each label of the references; see `Accuracy`."""
    from sklearn.metrics import f1_score

    if not references:
        return dict.fromkeys(Accuracy.keys, 0.0)
    rows = Counter(references)
    right = Counter(gold for predicted, gold in zip(predictions, references, strict=True) if predicted == gold)
    numbers = {label: number for number, label in enumerate(sorted({*predictions, *references}))}
    gold, found = ([numbers[label] for label in labels] for labels in (references, predictions))
    macro, weighted = (
        float(f1_score(gold, found, average=average, zero_division=0)) for average in ("macro", "weighted")
    )
    scores = {"accuracy": right.total() / len(references), "macro_f1": macro, "weighted_f1": weighted}
    return scores | {f"accuracy_{label}": right[label] / rows[label] for label in sorted(rows)}

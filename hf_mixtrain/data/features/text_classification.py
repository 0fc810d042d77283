"""Pairs of texts, or single texts, to features."""

from collections.abc import Iterator
from typing import Any

from datasets import Features, List, Value
from transformers import PreTrainedTokenizerBase

from hf_mixtrain.data.task import ProblemType


def pair_columns(labels: int, problem_type: ProblemType) -> Features:
    """Return the columns of features beside the model inputs, as the loss of `transformers` takes them.

    Args:
        labels: Number of labels.
        problem_type: See `hf_mixtrain.data.Task`.

    Example:
        >>> pair_columns(3, "multi_label_classification")
        {'labels': List(Value('float32'), length=3)}
    """
    kinds: dict[str, Any] = {
        "multi_label_classification": List(Value("float32"), length=labels),
        "regression": Value("float32"),
    }
    return Features({"labels": kinds.get(problem_type, Value("int64"))})


def pair_features(
    batch: dict[str, list[Any]],
    first_row: int,
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
    *,
    labels: int = 0,
    problem_type: ProblemType = "single_label_classification",
) -> Iterator[dict[str, Any]]:
    """Yield one feature for each row with ``premise``, ``hypothesis`` and ``label``.

    Of a pair that is too long, tokens are taken from the end of the longer text. A row without hypothesis is a single
    text.

    Args:
        batch: Columns of raw rows.
        first_row: Number of the batch's first row in the data set.
        tokenizer: A fast tokenizer.
        max_length: Most tokens of a feature, special ones included.
        labels: Number of labels.
        problem_type: Whether a text has one label, several (they become one number for each label, 1 or 0) or a number.

    Yields:
        Model inputs, ``labels`` and ``row``.
    """
    pairs = [row for row, hypothesis in enumerate(batch["hypothesis"]) if hypothesis]
    singles = [row for row, hypothesis in enumerate(batch["hypothesis"]) if not hypothesis]
    for rows in (pairs, singles):
        texts = [batch["premise"][row] for row in rows]
        others = [batch["hypothesis"][row] for row in rows] if rows is pairs else None
        inputs = tokenizer(texts, others, truncation="longest_first", max_length=max_length) if rows else {}
        for place, row in enumerate(rows):
            feature = {name: values[place] for name, values in inputs.items()}
            label = batch["label"][row]
            if problem_type == "multi_label_classification":
                label = [float(number in label) for number in range(labels)]
            yield {**feature, "labels": label, "row": first_row + row}

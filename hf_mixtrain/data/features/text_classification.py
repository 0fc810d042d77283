"""Pairs of texts, or single texts, to features."""

from collections.abc import Iterator
from typing import Any

from datasets import Features, Value
from transformers import PreTrainedTokenizerBase

PAIR_COLUMNS = Features({"labels": Value("int64")})


def pair_features(
    batch: dict[str, list[Any]], first_row: int, tokenizer: PreTrainedTokenizerBase, max_length: int
) -> Iterator[dict[str, Any]]:
    """Yield one feature for each row with ``premise``, ``hypothesis`` and ``label``.

    Of a pair that is too long, tokens are taken from the end of the longer text. A row without hypothesis is a single
    text.

    Args:
        batch: Columns of raw rows.
        first_row: Number of the batch's first row in the data set.
        tokenizer: A fast tokenizer.
        max_length: Most tokens of a feature, special ones included.

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
            yield {**feature, "labels": batch["label"][row], "row": first_row + row}

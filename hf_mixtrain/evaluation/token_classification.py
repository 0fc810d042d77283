"""Tags from logits: read at the first sub-word of each word, and the pieces of a cut sentence joined again."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from datasets import Dataset

from hf_mixtrain.data.features.token_classification import IGNORED
from hf_mixtrain.evaluation.forward import Run


def predict_tags(labels: Sequence[str], raw: Dataset, features: Dataset, run: Run) -> list[list[str]]:
    """Return one tag for every word of every row of ``raw``.

    Args:
        labels: Label of each output of the model.
        raw: Rows with ``tokens``.
        features: Their features for evaluation, with ``labels`` at the first sub-words, ``row`` and ``first_word``.
        run: Runs the model over ``features`` with a reader of its logits; see `forward`.

    Returns:
        Tags by row. They are the likeliest ones word by word, so they need not be valid IOB2.
    """
    places = [np.flatnonzero(np.asarray(marks) != IGNORED) for marks in features["labels"][:]]

    def read(logits: Any, rows: list[int]) -> list[Any]:
        scores = logits[0] if isinstance(logits, tuple) else logits
        best = scores.argmax(-1).cpu().numpy()
        return [best[at, places[row]].tolist() for at, row in enumerate(rows)]

    outputs = run(read)
    return [
        [labels[output] for output in tags]
        for tags in join_tags(len(raw), features["row"][:], features["first_word"][:], outputs)
    ]


def join_tags(
    rows: int, row_of: Sequence[int], first_word: Sequence[int], pieces: Sequence[Sequence[int]]
) -> list[list[int]]:
    """Join what was predicted for the pieces of sentences, in whatever order the pieces come.

    Args:
        rows: Number of sentences; one without a piece has no words.
        row_of: Sentence of each piece.
        first_word: Number of the first word of each piece in its sentence.
        pieces: Predictions, one for each word of a piece.

    Returns:
        Predictions by sentence.

    Example:
        >>> join_tags(3, [2, 0, 2], [2, 0, 0], [[7], [1, 2], [5, 6]])
        [[1, 2], [], [5, 6, 7]]
    """
    joined: list[list[int]] = [[] for _ in range(rows)]
    for _, row, piece in sorted(zip(first_word, row_of, pieces, strict=True), key=lambda item: item[0]):
        joined[row].extend(piece)
    return joined

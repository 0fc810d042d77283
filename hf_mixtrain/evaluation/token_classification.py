"""Scores of words: read at one sub-word of each, and the pieces of a cut sentence joined again."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from datasets import Dataset

from hf_mixtrain.data.features.token_classification import IGNORED
from hf_mixtrain.evaluation.forward import Run

T = TypeVar("T")


def word_scores(raw: Dataset, features: Dataset, run: Run) -> list[np.ndarray]:
    """Return the model's scores of every word of every row of ``raw``.

    Args:
        raw: Rows with ``tokens``.
        features: Their features for evaluation, with ``labels`` at one sub-word of each word, ``row`` and
            ``first_word``.
        run: Runs the model over ``features`` with a reader of its logits; see `forward`.

    Returns:
        For each row its logits in float32, words × labels.
    """
    places = [np.flatnonzero(np.asarray(marks) != IGNORED) for marks in features["labels"][:]]

    def read(logits: Any, rows: list[int]) -> list[np.ndarray]:
        scores = (logits[0] if isinstance(logits, tuple) else logits).float().cpu().numpy()
        return [scores[at, places[row]] for at, row in enumerate(rows)]

    outputs = run(read)
    width = outputs[0].shape[1] if outputs else 1
    pieces = join_pieces(len(raw), features["row"][:], features["first_word"][:], outputs)
    return [np.concatenate(parts) if parts else np.zeros((0, width), dtype=np.float32) for parts in pieces]


def join_pieces(rows: int, row_of: Sequence[int], first_word: Sequence[int], pieces: Sequence[T]) -> list[list[T]]:
    """Put together what was found for the pieces of sentences, in whatever order the pieces come.

    Args:
        rows: Number of sentences; one without a piece has no words.
        row_of: Sentence of each piece.
        first_word: Number of the first word of each piece in its sentence.
        pieces: What was found.

    Returns:
        For each sentence, its pieces from left to right.

    Example:
        >>> join_pieces(3, [2, 0, 2], [2, 0, 0], ["c", "a", "b"])
        [['a'], [], ['b', 'c']]
    """
    joined: list[list[T]] = [[] for _ in range(rows)]
    for _, row, piece in sorted(zip(first_word, row_of, pieces, strict=True), key=lambda item: item[0]):
        joined[row].append(piece)
    return joined

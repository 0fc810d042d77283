"""Answers from start and end logits: the best span of the text over all windows of a question."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from datasets import Dataset
from torch import Tensor

from hf_mixtrain.evaluation.forward import Run

_N_BEST = 20
_MAX_ANSWER_TOKENS = 30
_Masks = Sequence[np.ndarray]


class Span(NamedTuple):
    """The best span of one window; a greater tuple is a better span.

    Attributes:
        among_best: Whether both ends are among the 20 likeliest ones of the window.
        score: Start logit plus end logit; minus infinity if the window has no span at all.
        start: First token.
        end: Last token.
    """

    among_best: bool
    score: float
    start: int
    end: int


class Answer(NamedTuple):
    """An answer in its text.

    Attributes:
        start: First character.
        end: The character after the last; ``start`` if there is no text to answer from.
        score: Probability of its first token times that of its last one, in its window.
    """

    start: int
    end: int
    score: float


def predict_answers(raw: Dataset, features: Dataset, run: Run) -> list[str]:
    """Return the answer to every question of ``raw``, as it is written in the text; see `find_answers`.

    Where some questions of ``raw`` have no answer, as in SQuAD v2.0, an answer may be empty.
    """
    found = find_answers(raw, features, run, may_be_empty=not all(answers["text"] for answers in raw["answers"]))
    return [text[answer.start : answer.end] for text, answer in zip(raw["context"], found, strict=True)]


def find_answers(raw: Dataset, features: Dataset, run: Run, *, may_be_empty: bool = False) -> list[Answer]:
    """Return where the answer to every question of ``raw`` is.

    Source: the SQuAD v1.1 decoding of XTREME's and the paper's code: the 20 likeliest starts and ends, at most 30
    tokens, a token may only start an answer in the window where it has most text around it, the best span of all
    windows wins, and there is always an answer.
    Differs from it: tokens outside the text are left out before the likeliest are taken, not after, so they take no
    place; if no span is left among the likeliest, the best of all spans is taken, not the word "empty"; the answer is
    cut out of the text by its offsets and not put together from tokens.

    Args:
        raw: Rows with ``context``.
        features: Their features for evaluation, with ``row``, ``offset_mapping`` and ``max_context``.
        run: Runs the model over ``features`` with a reader of its logits; see `forward`.
        may_be_empty: Whether a question may have no answer: it has none if in each of its windows the first token,
            which stands for that in training, has a higher score than the best span.

    Returns:
        Answers by row.
    """
    offsets = [np.asarray(pairs, dtype=np.int64).reshape(-1, 2) for pairs in features["offset_mapping"][:]]
    in_text = [pairs[:, 0] < pairs[:, 1] for pairs in offsets]
    may_start = [
        np.asarray(widest, dtype=bool) & text for widest, text in zip(features["max_context"][:], in_text, strict=True)
    ]

    def read(logits: Any, rows: list[int]) -> list[tuple[Span, float, float]]:
        start, end = (scores.float() for scores in logits[:2])
        spans = best_spans(start, end, [may_start[row] for row in rows], [in_text[row] for row in rows])
        lengths = [len(in_text[row]) for row in rows]
        totals = [
            (start[at, :length].logsumexp(0) + end[at, :length].logsumexp(0)).item()
            for at, length in enumerate(lengths)
        ]
        empty = (start[:, 0] + end[:, 0]).tolist()
        return [
            (span, none, math.exp((none if may_be_empty and none > span.score else span.score) - total))
            for span, none, total in zip(spans, empty, totals, strict=True)
        ]

    best: dict[int, tuple[Span, float, int]] = {}
    answered: set[int] = set()
    for window, (row, (span, none, probability)) in enumerate(zip(features["row"][:], run(read), strict=True)):
        if not may_be_empty or span.score >= none:
            answered.add(row)
        if row not in best or span > best[row][0]:
            best[row] = span, probability, window
    answers = []
    for row in range(len(raw)):
        span, probability, window = best[row]
        first, stop = offsets[window][span.start, 0], offsets[window][span.end, 1]
        if span.score == -np.inf:
            answers.append(Answer(0, 0, 0.0))
        else:
            answers.append(Answer(int(first), int(stop), probability) if row in answered else Answer(0, 0, probability))
    return answers


def best_spans(
    start: Tensor, end: Tensor, may_start: Sequence[np.ndarray], may_end: Sequence[np.ndarray]
) -> list[Span]:
    """Return the best span of each window of a batch.

    Args:
        start: Logits of the first token, windows × tokens, padded at the end.
        end: Logits of the last token, of the same shape.
        may_start: For each window, whether each of its tokens may be the first.
        may_end: For each window, whether each of its tokens may be the last.

    Returns:
        One span for each window, on the CPU.

    Example:
        >>> logits, allowed = torch.tensor([[0.0, 3.0, 1.0]]), [np.array([True, True, True])]
        >>> best_spans(logits, logits.flip(1), allowed, allowed)
        [Span(among_best=True, score=6.0, start=1, end=1)]
    """
    start = start.masked_fill(~_padded(may_start, start), -torch.inf)
    end = end.masked_fill(~_padded(may_end, end), -torch.inf)
    spans = [Span(True, *found) for found in _best_pairs(start, end, _N_BEST)]
    for window, span in enumerate(spans):
        if span.score == -np.inf:
            row = slice(window, window + 1)
            spans[window] = Span(False, *_best_pairs(start[row], end[row], start.shape[1])[0])
    return spans


def _best_pairs(start: Tensor, end: Tensor, among: int) -> list[tuple[float, int, int]]:
    """Return score, start and end of the best pair that is a span, in each row, out of the ``among`` best of each."""
    among = min(among, start.shape[1])
    (starts, first), (ends, last) = start.topk(among), end.topk(among)
    length = last[:, None, :] - first[:, :, None]
    score = starts[:, :, None] + ends[:, None, :]
    is_span = (length >= 0) & (length < _MAX_ANSWER_TOKENS) & score.isfinite()
    value, place = score.masked_fill(~is_span, -torch.inf).flatten(1).max(1)
    rows = torch.arange(len(place), device=place.device)
    first, last = first[rows, place // among], last[rows, place % among]
    return list(zip(value.tolist(), first.tolist(), last.tolist(), strict=True))


def _padded(masks: _Masks, like: Tensor) -> Tensor:
    padded = np.zeros(like.shape, dtype=bool)
    for row, mask in enumerate(masks):
        padded[row, : len(mask)] = mask
    return torch.from_numpy(padded).to(like.device)

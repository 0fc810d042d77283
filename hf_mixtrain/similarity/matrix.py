"""Cosines between the gradients of languages, before and after surgery: all that follows from their inner products."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Similarity:
    r"""How far the gradients of languages agree.

    Attributes:
        languages: The languages, in the order of rows and columns.
        before: Cosine between the gradients :math:`g_i` and :math:`g_j`, float64; NaN where a gradient is zero or not
            finite.
        after: Cosine between :math:`g_j` and :math:`g_i` after surgery with j as the oracle, that is
            :math:`g_i - \min(0, g_i^\top g_j / g_j^\top g_j)\, g_j`. A conflict becomes 0 and all else stays; this is
            what surgery promises to the language that it has drawn.
        norms: Length of each gradient.
        conflicts_before: Share of the ordered pairs of languages whose gradients conflict (negative cosine).
        conflicts_after_one_draw: The same after one surgery on :math:`g_i` with an oracle drawn at random from the
            other languages: the mean over all oracles. Surgery helps the drawn language, and may help or hurt others.
        sketch_size: Dimensions of the sketch that the cosines were computed from; None if they are exact.

    Example:
        >>> similarity = similarity_of_gram(["de", "sw"], torch.tensor([[4.0, -1.0], [-1.0, 1.0]]))  # g_i·g_j
        >>> similarity.before.tolist(), similarity.conflicts_before
        ([[1.0, -0.5], [-0.5, 1.0]], 1.0)
        >>> similarity.after[0].tolist()
        [1.0, 0.0]
    """

    languages: tuple[str, ...]
    before: Tensor
    after: Tensor
    norms: Tensor
    conflicts_before: float
    conflicts_after_one_draw: float
    sketch_size: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON takes it, cosines with six decimals; what is not a number is None."""
        return {
            "languages": list(self.languages),
            "sketch_size": self.sketch_size,
            "conflicts_before": _number(self.conflicts_before),
            "conflicts_after_one_draw": _number(self.conflicts_after_one_draw),
            "norms": [_number(norm) for norm in self.norms.tolist()],
            "before": [[_number(cosine) for cosine in row] for row in self.before.tolist()],
            "after": [[_number(cosine) for cosine in row] for row in self.after.tolist()],
        }


def similarity_of_gram(languages: Sequence[str], gram: Tensor, sketch_size: int | None = None) -> Similarity:
    r"""Cosines before and after surgery, from the inner products of the gradients.

    Args:
        languages: Names of the rows.
        gram: Inner products :math:`g_i^\top g_j`, L × L.
        sketch_size: What they were computed from, for the record.

    Example:
        >>> similarity = similarity_of_gram(["de", "sw"], torch.tensor([[4.0, -1.0], [-1.0, 1.0]]))
        >>> similarity.before.tolist(), similarity.after.tolist()
        ([[1.0, -0.5], [-0.5, 1.0]], [[1.0, 0.0], [0.0, 1.0]])
        >>> similarity.conflicts_before
        1.0
    """
    gram = gram.double().cpu()
    before = cosines(gram)
    return Similarity(
        tuple(languages),
        before,
        before.clamp(min=0),
        gram.diagonal().clamp(min=0).sqrt(),
        share_of_conflicts(before),
        _conflicts_after_one_draw(gram),
        sketch_size,
    )


def cosines(gram: Tensor) -> Tensor:
    """Inner products divided by both lengths, 1 on the diagonal; NaN where a length is zero or not finite."""
    norms = gram.diagonal().clamp(min=0).sqrt()
    norms = torch.where(norms.isfinite() & (norms > 0), norms, torch.nan)
    matrix = (gram / norms / norms[:, None]).clamp(-1, 1)
    usable = norms.isfinite()
    matrix.diagonal()[usable] = 1.0
    return matrix


def share_of_conflicts(matrix: Tensor) -> float:
    """Share of negative values off the diagonal, of those that are numbers; NaN if there are none.

    Example:
        >>> share_of_conflicts(torch.tensor([[1.0, -0.1], [0.2, 1.0]]))
        0.5
    """
    off_diagonal = matrix[~torch.eye(len(matrix), dtype=torch.bool)]
    numbers = off_diagonal[~off_diagonal.isnan()]
    return (numbers < 0).double().mean().item() if len(numbers) else math.nan


def _conflicts_after_one_draw(gram: Tensor) -> float:
    off_diagonal = ~torch.eye(len(gram), dtype=torch.bool)
    conflicts = pairs = 0
    for oracle in range(len(gram)):
        # Row i: inner products of every g_j with g_i after surgery with this oracle.
        weight = -(gram[:, oracle] / gram[oracle, oracle]).clamp(max=0)
        products = gram + weight[:, None] * gram[oracle]
        products[weight > 0, oracle] = 0.0  # orthogonal by construction, whatever the rounding
        counted = off_diagonal & products.isfinite()
        counted[oracle] = False
        conflicts += int((counted & (products < 0)).sum())
        pairs += int(counted.sum())
    return conflicts / pairs if pairs else math.nan


def _number(value: float) -> float | None:
    return round(value, 6) + 0.0 if math.isfinite(value) else None

"""Stochastic gradient surgery: take out of an update what opposes a language."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from hf_mixtrain.surgery.gram import combine_, gram_matrix


class Surgery(NamedTuple):
    """What one projection did: ``cosine`` in [-1, 1] before it, and whether it changed the gradient."""

    cosine: float
    projected: bool


def project_conflict_(mixed: Sequence[Tensor], oracle: Sequence[Tensor]) -> Surgery:
    r"""Remove from ``mixed``, in place, the part that opposes ``oracle``.

    All tensors together count as one vector: :math:`g \leftarrow g - \min(0, g^\top o / o^\top o)\, o`.

    Source: Xu and Murray (2022), stochastic gradient surgery, arXiv:2204.13869.
    Differs from the authors' code: gradients are matched by parameter, never by offset, and an ``oracle`` that is
    zero or not finite cannot turn ``mixed`` into NaN.

    Args:
        mixed: Gradient g of the mixed batch, one tensor per parameter, any shapes; dense, sparse or sharded.
        oracle: Gradient o of the sampled language; same length and shapes as ``mixed``.

    Returns:
        The cosine before the projection. An ``oracle`` that is zero or not finite leaves ``mixed`` as it is
        (cosine 0), and so does a ``mixed`` that is zero or not finite.

    Raises:
        ValueError: If the lists differ in length.

    Example:
        >>> g, o = [torch.tensor([1.0, -1.0])], [torch.tensor([0.0, 2.0])]
        >>> project_conflict_(g, o).projected, g[0].tolist()
        (True, [1.0, 0.0])
    """
    gram = gram_matrix([mixed, oracle])
    scale = math.sqrt(gram[0, 0] * gram[1, 1])
    if not torch.isfinite(gram).all() or scale == 0:
        return Surgery(0.0, projected=False)
    weights = projection_weights(gram)
    combine_(mixed, [oracle], weights.tolist())
    return Surgery(float(gram[0, 1]) / scale, projected=bool(weights[1] != 0))


def projection_weights(gram: Tensor) -> Tensor:
    """Weights of [mixed, oracle 1, …, oracle m] in the projected gradient, from their inner products alone.

    With several oracles their half-spaces are visited in turn, so only the last one is sure not to be opposed.

    Source: Xu and Murray (2022), arXiv:2204.13869, for m = 1; the loop is that of PCGrad (Yu et al. 2020,
    arXiv:2001.06782) for one gradient.

    Args:
        gram: Inner products, (m + 1) x (m + 1), finite, with a positive diagonal.

    Returns:
        m + 1 weights, same dtype as ``gram``; the first is 1.

    Example:
        >>> projection_weights(torch.tensor([[2.0, -2.0], [-2.0, 4.0]])).tolist()
        [1.0, 0.5]
    """
    weights = torch.zeros_like(gram[0])
    weights[0] = 1
    for i in range(1, len(gram)):
        dot = gram[i] @ weights
        if dot < 0:
            weights[i] -= dot / gram[i, i]
    return weights

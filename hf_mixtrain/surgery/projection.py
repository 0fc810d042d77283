"""Stochastic gradient surgery: take out of an update what opposes a language."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from hf_mixtrain.surgery.gram import combine_, gram_matrix


class Surgery(NamedTuple):
    """What one projection did: ``cosine`` in [-1, 1] before it, and whether it changed the gradient.

    Example:
        >>> import torch
        >>> project_conflict_([torch.tensor([1.0, -1.0])], [torch.tensor([0.0, 2.0])]).projected
        True
    """

    cosine: float
    projected: bool


class SkippedSurgery(Surgery):
    """No surgery: the oracle's gradient (``oracle_is_useless``), or the mixed one, is zero or not finite.

    Example:
        >>> import torch
        >>> skipped = project_conflict_([torch.ones(2)], [torch.zeros(2)])
        >>> isinstance(skipped, SkippedSurgery), skipped.projected
        (True, False)
    """

    oracle_is_useless: bool = True


def project_conflict_(
    mixed: Sequence[Tensor],
    oracle: Sequence[Tensor | None],
    *,
    agree: Callable[[Tensor], Tensor] | None = None,
) -> Surgery:
    r"""Remove from ``mixed``, in place, the part that opposes ``oracle``.

    All tensors together count as one vector: :math:`g \leftarrow g - \min(0, g^\top o / o^\top o)\, o`.

    Source: Xu and Murray (2022), stochastic gradient surgery, arXiv:2204.13869.
    Differs from the authors' code: gradients are matched by parameter, never by offset, and an ``oracle`` that is
    zero or not finite cannot turn ``mixed`` into NaN.

    Args:
        mixed: Gradient g of the mixed batch, one tensor per parameter, any shapes; dense, sparse or sharded.
        oracle: Gradient o of the sampled language; same length and shapes as ``mixed``, None for zero.
        agree: See `gram_matrix`.

    Returns:
        The cosine before the projection. An ``oracle`` that is zero or not finite leaves ``mixed`` as it is
        (a `SkippedSurgery` with cosine 0), and so does a ``mixed`` that is zero or not finite.

    Raises:
        ValueError: If the lists differ in length.

    Example:
        >>> g, o = [torch.tensor([1.0, -1.0])], [torch.tensor([0.0, 2.0])]
        >>> project_conflict_(g, o).projected, g[0].tolist()
        (True, [1.0, 0.0])
    """
    return aggregate_(mixed, [oracle], projection_weights, agree=agree)[0]


def aggregate_(
    mixed: Sequence[Tensor],
    oracles: Sequence[Sequence[Tensor | None]],
    weigh: Callable[[Tensor], Tensor],
    *,
    agree: Callable[[Tensor], Tensor] | None = None,
) -> list[Surgery]:
    """Replace ``mixed``, in place, by the weighted sum of it and the oracles that ``weigh`` makes of their products.

    Args:
        mixed: Gradient g of the mixed batch, one tensor per parameter.
        oracles: m gradients in the same order of parameters; None counts as zero.
        weigh: Function from the (n + 1) x (n + 1) matrix of inner products of g and the n usable oracles to weights.
        agree: See `gram_matrix`.

    Returns:
        What was done with each oracle; a `SkippedSurgery` where it, or ``mixed``, is zero or not finite.

    Example:
        >>> g = [torch.tensor([1.0, -1.0])]
        >>> aggregate_(g, [[torch.tensor([0.0, 2.0])], [torch.zeros(2)]], projection_weights)[1].projected
        False
        >>> g[0].tolist()
        [1.0, 0.0]
    """
    gram = gram_matrix([mixed, *oracles], agree=agree)
    norms = gram.diagonal().sqrt()
    usable = [i for i in range(len(gram)) if norms[i].isfinite() and norms[i] > 0]
    found: list[Surgery] = []
    for i in range(1, len(gram)):
        if 0 in usable and i in usable:
            found.append(Surgery(float(gram[0, i] / (norms[0] * norms[i])), projected=False))
        else:
            skipped = SkippedSurgery(0.0, projected=False)
            skipped.oracle_is_useless = i not in usable
            found.append(skipped)
    if 0 in usable and len(usable) > 1:
        weights = weigh(gram[usable][:, usable]).tolist()
        combine_(mixed, [oracles[i - 1] for i in usable[1:]], weights)
        for i, weight in zip(usable[1:], weights[1:], strict=True):
            found[i - 1] = found[i - 1]._replace(projected=weight != 0)
    return found


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

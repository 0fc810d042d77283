"""Inner products of whole gradients, and their combination, without ever making one flat vector."""

from collections import defaultdict
from collections.abc import Hashable, Sequence

import torch
from torch import Tensor
from torch.distributed.tensor import DTensor, Partial, Replicate

# A half-precision product is summed in float32, a piece at a time: the copy stays at 64 MiB.
_HALF_PIECE = 2**24
# torch.dot takes at most 2**31 - 1 elements.
_PIECE = 2**30


@torch.no_grad()
def gram_matrix(gradients: Sequence[Sequence[Tensor | None]]) -> Tensor:
    r"""Return all inner products :math:`G_{ij} = g_i^\top g_j` of gradients over all parameters at once.

    Args:
        gradients: n gradients, each one tensor (or None, which counts as zero) per parameter, in the same order of
            parameters. Dense, sparse (COO) and `DTensor` gradients may be mixed between parameters; products of
            half-precision tensors are summed in float32, and sharded tensors over all their shards.

    Returns:
        The matrix, n x n, float64, on the CPU. It is the one point where the host waits for the device.

    Raises:
        ValueError: If the gradients have different numbers of parameters.

    Example:
        >>> g, a = [torch.tensor([1.0, -1.0]), None], [torch.tensor([0.0, 2.0]), torch.ones(1)]
        >>> gram_matrix([g, a]).tolist()
        [[2.0, -2.0], [-2.0, 5.0]]
    """
    pairs = [(i, j) for i in range(len(gradients)) for j in range(i, len(gradients))]
    products: dict[Hashable, dict[tuple[int, int], list[Tensor]]] = defaultdict(lambda: defaultdict(list))
    examples: dict[Hashable, Tensor] = {}
    for tensors in zip(*gradients, strict=True):
        for i, j in pairs:
            a, b = tensors[i], tensors[j]
            if a is not None and b is not None:
                layout = _layout(a)
                examples[layout] = a
                products[layout][i, j].append(_dot(_local(a), _local(b)))
    # One collective for each way in which parameters are sharded, whatever their number.
    sums = [
        _over_shards(torch.stack([_total(by_pair[pair], examples[layout]) for pair in pairs]), examples[layout])
        for layout, by_pair in products.items()
    ]
    gram = torch.zeros(len(gradients), len(gradients), dtype=torch.float64)
    if sums:
        values = torch.stack([s.to(sums[0].device) for s in sums]).sum(0).cpu()
        for (i, j), value in zip(pairs, values, strict=True):
            gram[i, j] = gram[j, i] = value
    return gram


@torch.no_grad()
def combine_(mixed: Sequence[Tensor], oracles: Sequence[Sequence[Tensor | None]], weights: Sequence[float]) -> None:
    r"""Replace ``mixed``, in place, by :math:`w_0 g + \sum_i w_i o_i`.

    Args:
        mixed: Gradient g, one tensor per parameter.
        oracles: m gradients in the same order of parameters; None counts as zero.
        weights: m + 1 numbers, that of ``mixed`` first. A weight of 0 (1 for ``mixed``) costs nothing.

    Example:
        >>> g = [torch.tensor([1.0, -1.0])]
        >>> combine_(g, [[torch.tensor([0.0, 2.0])]], [1.0, 0.5])
        >>> g[0].tolist()
        [1.0, 0.0]
    """
    if weights[0] != 1:
        torch._foreach_mul_(list(mixed), weights[0])
    for oracle, weight in zip(oracles, weights[1:], strict=True):
        pairs = [(g, o) for g, o in zip(mixed, oracle, strict=True) if o is not None] if weight else []
        dense = [(g, o) for g, o in pairs if not (g.is_sparse or o.is_sparse)]
        if dense:
            targets, added = map(list, zip(*dense, strict=True))
            torch._foreach_add_(targets, added, alpha=weight)
        for g, o in pairs:
            if g.is_sparse or o.is_sparse:
                g.add_(o, alpha=weight)


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """Inner product of two tensors of one shape, as a tensor without dimensions."""
    if a.is_sparse or b.is_sparse:
        return _sparse_dot(a, b)
    half = a.dtype in (torch.float16, torch.bfloat16)
    if not (a.is_contiguous() and b.is_contiguous()):
        return (a.float() * b.float()).sum() if half else (a * b).sum()
    pieces = zip(*(t.view(-1).split(_HALF_PIECE if half else _PIECE) for t in (a, b)), strict=True)
    dots = [torch.dot(x.float(), y.float()) if half else torch.dot(x, y) for x, y in pieces]
    return dots[0] if len(dots) == 1 else torch.stack(dots).sum()


def _sparse_dot(a: Tensor, b: Tensor) -> Tensor:
    if a is b:
        return a.coalesce().values().float().square().sum()
    if a.is_sparse and b.is_sparse:
        return torch.sparse.sum(a.coalesce() * b.coalesce()).float()
    sparse, dense = (a, b) if a.is_sparse else (b, a)
    # Only the rows that the sparse gradient has are read; it need not be coalesced for a linear product.
    rows = sparse._indices()[0] if sparse.sparse_dim() == 1 else tuple(sparse._indices())
    return (dense[rows].float() * sparse._values().float()).sum()


def _layout(tensor: Tensor) -> Hashable:
    return (tensor.device_mesh, tensor.placements) if isinstance(tensor, DTensor) else tensor.device


def _local(tensor: Tensor) -> Tensor:
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def _total(dots: list[Tensor], example: Tensor) -> Tensor:
    if not dots:
        return torch.zeros((), dtype=torch.float64, device=_local(example).device)
    return torch.stack(dots).sum(dtype=torch.float64)


def _over_shards(sums: Tensor, example: Tensor) -> Tensor:
    """Add what the shards of one layout contribute; replicas agree already and are counted once."""
    if not isinstance(example, DTensor):
        return sums
    placements = [Partial() if placement.is_shard() else Replicate() for placement in example.placements]
    return DTensor.from_local(sums, example.device_mesh, placements, run_check=False).full_tensor()

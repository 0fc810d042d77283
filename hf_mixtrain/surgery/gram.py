"""Inner products of whole gradients, and their combination, without ever making one flat vector."""

import itertools
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence

import torch
from torch import Tensor
from torch.distributed.tensor import DTensor, Partial, Replicate

# A half-precision product is summed in float32, a piece at a time: the copy stays at 64 MiB.
_HALF_PIECE = 2**24
# torch.dot takes at most 2**31 - 1 elements.
_PIECE = 2**30
# Below this many numbers a call costs more than the numbers: such tensors are laid end to end, some megabytes of them.
_SMALL = 2**17
_JOINED = 2**20

_Pair = tuple[int, int]


@torch.no_grad()
def gram_matrix(
    gradients: Sequence[Sequence[Tensor | None]], *, agree: Callable[[Tensor], Tensor] | None = None
) -> Tensor:
    r"""Return all inner products :math:`G_{ij} = g_i^\top g_j` of gradients over all parameters at once.

    Small tensors are joined and multiplied in a few calls, large ones each by itself; the products of parts are summed
    in float64 on the CPU. The device needs no float64.

    Args:
        gradients: n gradients, each one tensor (or None, which counts as zero) per parameter, in the same order of
            parameters. Dense, sparse (COO) and `DTensor` gradients may be mixed between parameters; products of
            half-precision tensors are summed in float32, and sharded tensors over all their shards.
        agree: What is done, on their device, with the products of parts before the host reads them: say, a broadcast,
            so that all processes go on with the same numbers.

    Returns:
        The matrix, n x n, float64, on the CPU. It is the one point where the host waits for the device.

    Raises:
        ValueError: If the gradients have different numbers of parameters.

    Example:
        >>> g, a = [torch.tensor([1.0, -1.0]), None], [torch.tensor([0.0, 2.0]), torch.ones(1)]
        >>> gram_matrix([g, a]).tolist()
        [[2.0, -2.0], [-2.0, 5.0]]
    """
    by_layout: dict[Hashable, list[Sequence[Tensor | None]]] = defaultdict(list)
    for tensors in zip(*gradients, strict=True):
        example = next((t for t in tensors if t is not None), None)
        if example is not None:
            by_layout[_layout(example)].append(tensors)
    gram = torch.zeros(len(gradients), len(gradients), dtype=torch.float64)
    for of_layout in by_layout.values():
        pairs, products = _products(of_layout)
        # One collective for each way in which parameters are sharded, whatever their number.
        values = _over_shards(torch.cat(products), next(t for t in of_layout[0] if t is not None))
        values = agree(values) if agree is not None else values
        for (i, j), value in zip(pairs, values.cpu().double().tolist(), strict=True):
            gram[i, j] += value
    return torch.triu(gram) + torch.triu(gram, 1).T


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


def _products(parameters: Sequence[Sequence[Tensor | None]]) -> tuple[list[_Pair], list[Tensor]]:
    """Return inner products of parts, in vectors, and which two gradients each of the products is of."""
    pairs: list[_Pair] = []
    products: list[Tensor] = []
    small: dict[tuple[tuple[int, ...], torch.dtype], list[list[Tensor]]] = defaultdict(list)
    for tensors in parameters:
        present = tuple(i for i, t in enumerate(tensors) if t is not None)
        given = [t for t in tensors if t is not None]
        # By the whole size: shards differ from process to process, and the vectors must not.
        if given[0].numel() <= _SMALL and all(t.layout == torch.strided for t in given):
            small[present, _summed_in(given[0].dtype)].append(given)
        else:
            local = [_local(t) for t in given]
            pairs += itertools.combinations_with_replacement(present, 2)
            products += [_dot(a, b)[None] for a, b in itertools.combinations_with_replacement(local, 2)]
    for (present, dtype), waiting in small.items():
        for some in _portions(waiting):
            pairs += itertools.combinations_with_replacement(present, 2)
            products.append(_joined_products(some, dtype))
    return pairs, products


def _portions(waiting: list[list[Tensor]]) -> Iterator[list[list[Tensor]]]:
    """Cut a list of parameters where the numbers of each gradient reach `_JOINED`."""
    portion: list[list[Tensor]] = []
    numbers = 0
    for tensors in waiting:
        portion.append(tensors)
        numbers += tensors[0].numel()
        if numbers >= _JOINED:
            yield portion
            portion, numbers = [], 0
    if portion:
        yield portion


def _joined_products(parameters: list[list[Tensor]], dtype: torch.dtype) -> Tensor:
    """All products of gradients over some parameters, in the order of `itertools.combinations_with_replacement`."""
    rows = torch.stack([torch.cat([_local(t).reshape(-1) for t in of_one]) for of_one in zip(*parameters, strict=True)])
    return torch.stack([(a * b).sum() for a, b in itertools.combinations_with_replacement(rows.to(dtype), 2)])


def _summed_in(dtype: torch.dtype) -> torch.dtype:
    return torch.promote_types(dtype, torch.float32)


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


def _over_shards(sums: Tensor, example: Tensor) -> Tensor:
    """Add what the shards of one layout contribute; replicas agree already and are counted once."""
    if not isinstance(example, DTensor):
        return sums
    placements = [Partial() if placement.is_shard() else Replicate() for placement in example.placements]
    return DTensor.from_local(sums, example.device_mesh, placements, run_check=False).full_tensor()

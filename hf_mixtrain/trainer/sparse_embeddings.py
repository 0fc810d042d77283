"""The oracle's gradient of large lookup tables, in the rows that were looked up alone.

A batch of shots touches a few hundred rows of an embedding table that holds most of a multilingual encoder's
parameters. Its dense gradient would cost as much memory as the table, and be zero almost everywhere.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn

# Smaller tables gain nothing: sorting the rows costs more than the zeros.
_LARGE = 2**20


def large_tables(modules: Iterable[nn.Module], *, large: int = _LARGE) -> list[nn.Embedding]:
    """Find the tables whose gradient may be sparse without anybody noticing.

    Tables are left out that are frozen or small, that another module uses too (tied weights), that scale gradients by
    frequency or renormalise rows, that have hooks which get the gradient, that are no plain `torch.nn.Embedding`, or
    that lie on a device without sparse tensors.

    Args:
        modules: All modules of a model.
        large: Fewest numbers in a table for which it is worth it.

    Example:
        >>> len(large_tables([nn.Embedding(1000, 4), nn.Embedding(10, 4)], large=1000))
        1
    """
    modules = list(modules)
    tables = [module for module in modules if type(module) is nn.Embedding and _is_plain(module, large)]
    weights = {id(table.weight) for table in tables}
    uses: dict[int, int] = {}
    for module in modules if tables else ():
        for p in module._parameters.values():
            if id(p) in weights:
                uses[id(p)] = uses.get(id(p), 0) + 1
    return [table for table in tables if uses[id(table.weight)] == 1]


@contextmanager
def gradients_by_row(tables: Sequence[nn.Embedding]) -> Iterator[None]:
    """Let backward passes give sparse gradients, of the same values, for these tables.

    Use it where one process sees the whole gradient: reducers over processes expect dense ones.

    Example:
        >>> table = nn.Embedding(1000, 4)
        >>> with gradients_by_row([table]):
        ...     table(torch.tensor([3, 5, 3])).sum().backward()
        >>> table.weight.grad.is_sparse, table.weight.grad.coalesce().indices().tolist()
        (True, [[3, 5]])
    """
    checks = torch.sparse.check_sparse_tensor_invariants
    for table in tables:
        table.sparse = True
    try:
        # The default, said explicitly: since 2.11, torch warns at the first sparse tensor if nothing was set.
        with checks(enable=checks.is_enabled()):
            yield
    finally:
        for table in tables:
            table.sparse = False


def _is_plain(table: nn.Embedding, large: int) -> bool:
    weight = table.weight
    return (
        type(weight) is nn.Parameter
        and weight.requires_grad
        and weight.numel() >= large
        and weight.device.type in ("cpu", "cuda")
        and not weight._backward_hooks
        and not weight._post_accumulate_grad_hooks
        and not (table.sparse or table.scale_grad_by_freq or table.max_norm is not None)
    )

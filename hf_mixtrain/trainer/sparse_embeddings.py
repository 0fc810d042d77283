"""The oracle's gradient of large lookup tables, in the rows that were looked up alone.

A batch of shots touches a few hundred rows of an embedding table that holds most of a multilingual encoder's
parameters. Its dense gradient would cost as much memory as the table, and be zero almost everywhere.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

# Smaller tables gain nothing: sorting the rows costs more than the zeros.
_LARGE = 2**20


@contextmanager
def gradients_by_row(model: nn.Module, *, large: int = _LARGE) -> Iterator[None]:
    """Let backward passes give sparse gradients, of the same values, for large tables used by lookup alone.

    Tables are left as they are that are frozen or small, that another module uses too (tied weights), that scale
    gradients by frequency or renormalise rows, or that are no plain `torch.nn.Embedding`. Use it where one process
    sees the whole gradient: reducers over processes expect dense ones.

    Args:
        model: The model.
        large: Fewest numbers in a table for which it is done.

    Example:
        >>> import torch
        >>> table = nn.Embedding(1000, 4)
        >>> with gradients_by_row(table, large=1000):
        ...     table(torch.tensor([3, 5, 3])).sum().backward()
        >>> table.weight.grad.is_sparse, table.weight.grad.coalesce().indices().tolist()
        (True, [[3, 5]])
    """
    uses: dict[int, int] = {}
    for module in model.modules():
        for p in module._parameters.values():
            if p is not None:
                uses[id(p)] = uses.get(id(p), 0) + 1
    tables = [
        module
        for module in model.modules()
        if type(module) is nn.Embedding
        and type(module.weight) is nn.Parameter
        and module.weight.requires_grad
        and module.weight.numel() >= large
        and uses[id(module.weight)] == 1
        and not (module.sparse or module.scale_grad_by_freq or module.max_norm is not None)
    ]
    for table in tables:
        table.sparse = True
    try:
        yield
    finally:
        for table in tables:
            table.sparse = False

"""The gradient of one oracle batch, by the Trainer's own training step."""

import itertools
import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from accelerate.utils import DistributedType
from torch import Tensor, nn

from hf_mixtrain.trainer.data_path import PreparedRows
from hf_mixtrain.trainer.sparse_embeddings import gradients_by_row


def oracle_gradient(
    trainer: Any,
    training_step: Callable[..., Tensor],
    model: nn.Module,
    parameters: Sequence[nn.Parameter],
    group: PreparedRows,
    rows: Sequence[int],
    *,
    largest: int,
    tables: Sequence[nn.Embedding],
) -> list[Tensor | None]:
    """Return the gradient of the mean loss over ``rows``, one tensor or None per parameter.

    All that the Trainer's step does (autocast, loss scaling, gradient scaler, reduction over processes) is done here
    too. ``.grad`` is left changed: the caller holds what was there.

    Args:
        trainer: The trainer.
        training_step: Its parent's ``training_step``, which knows nothing of oracles.
        model: The wrapped model of the training.
        parameters: Parameters whose gradients are wanted.
        group: Rows of the drawn language.
        rows: Numbers of the drawn rows, counted within the language; the same on all processes.
        largest: Most rows that one process passes through the model at once.
        tables: Embedding tables whose gradient may be sparse.
    """
    cuts = cut_rows(
        rows,
        # The authors' code passes the whole oracle batch at once, whatever the micro-batch.
        largest=len(rows) if trainer.args.paper_exact else largest,
        process_index=trainer.args.process_index,
        world_size=trainer.args.world_size,
        at_least=max(1, trainer.args.n_gpu),
    )
    batches = [group.batch(cut) for cut in cuts]
    num_items = trainer._get_num_items_in_batch(batches, trainer.args.device)
    steps = getattr(trainer, "current_gradient_accumulation_steps", 1)
    trainer.current_gradient_accumulation_steps = len(batches)
    for p in parameters:
        p.grad = None
    try:
        with gradients_by_row(tables):
            for number, batch in enumerate(batches, start=1):
                with nullcontext() if number == len(batches) else _unsynced(trainer, model):
                    training_step(model, batch, num_items)
    finally:
        trainer.current_gradient_accumulation_steps = steps
    return [p.grad.coalesce() if p.grad is not None and p.grad.is_sparse else p.grad for p in parameters]


def cut_rows(
    rows: Sequence[int], *, largest: int, process_index: int, world_size: int, at_least: int = 1
) -> list[list[int]]:
    """Cut an oracle batch into what one process passes through the model, piece by piece.

    Args:
        rows: The rows of all processes, one or more.
        largest: Most rows in one piece: the micro-batch of the training, so that an oracle fits wherever it fits.
        process_index: Which process, from 0.
        world_size: Number of processes; each gets every ``world_size``-th row.
        at_least: Fewest rows in one piece (DataParallel needs one for every GPU).

    Returns:
        The pieces: as many on every process, as each takes part in the reduction. Where rows are too few, a process
        or piece that would be empty repeats some.

    Example:
        >>> cut_rows([0, 1, 2, 3, 4], largest=2, process_index=0, world_size=1)
        [[0, 1], [2, 3], [4]]
        >>> [cut_rows([0, 1, 2], largest=4, process_index=i, world_size=2) for i in (0, 1)]
        [[[0, 2]], [[1]]]
    """
    longest = math.ceil(len(rows) / world_size)
    pieces = math.ceil(longest / max(largest, at_least))
    own = list(rows[process_index::world_size])
    needed = max(pieces, at_least)
    while len(own) < needed:
        own += rows[: needed - len(own)]
    size, longer = divmod(len(own), pieces)
    starts = [number * size + min(number, longer) for number in range(pieces + 1)]
    return [own[start:stop] for start, stop in itertools.pairwise(starts)]


def may_be_sparse(trainer: Any, modules: Sequence[nn.Module]) -> bool:
    """Whether no reducer, no compiled graph and no scaler expects dense gradients."""
    alone = trainer.accelerator.distributed_type == DistributedType.NO and trainer.args.n_gpu <= 1
    return alone and not trainer.args.torch_compile and not any(map(_is_compiled, modules))


def _is_compiled(module: nn.Module) -> bool:
    """Whether a user has compiled the module by hand: the module, its call, or its ``forward``."""
    own = vars(module)
    forward = own.get("forward")
    return (
        "_orig_mod" in module._modules
        or own.get("_compiled_call_impl") is not None
        or (forward is not None and hasattr(forward, "_torchdynamo_orig_callable"))
    )


def _unsynced(trainer: Any, model: nn.Module) -> AbstractContextManager[None]:
    """Leave the reduction over processes to the last piece, where that is possible."""
    if getattr(trainer, "is_distributed_loading_by_transformers", False):
        return nullcontext()
    return trainer.accelerator.no_sync(model)

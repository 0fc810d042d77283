"""The scale of the loss under gradient accumulation, for models that leave it to the Trainer.

Trainer 5.x hands ``num_items_in_batch`` to every model whose ``forward`` takes ``**kwargs`` and then believes that the
loss was divided by it. Encoder heads (token and sequence classification, masked language models) take the argument
and drop it: their loss is the mean over the micro-batch, and their gradient comes out too large by the number of
accumulation steps, and of processes (huggingface/transformers#47688, seen in 5.23).
"""

from typing import Any

import torch
from torch import Tensor

__all__ = ["ignores_num_items", "share_of_items"]


def ignores_num_items(loss: Tensor, loss_of_twice_the_items: Tensor) -> bool:
    """Tell, from two losses of one batch, whether the model divides by ``num_items_in_batch``.

    Args:
        loss: Loss with ``num_items_in_batch=n``, any shape (one value per GPU under DataParallel).
        loss_of_twice_the_items: The same forward pass (same random numbers) with 2n: half the loss if it is divided,
            something between for a model that adds an auxiliary loss, the same if the argument is dropped.

    Returns:
        True if the argument makes no difference. A loss of 0 or NaN tells nothing and counts as dividing.

    Example:
        >>> ignores_num_items(torch.tensor(0.7), torch.tensor(0.7))
        True
        >>> ignores_num_items(torch.tensor(0.7), torch.tensor(0.35))
        False
    """
    first, second = loss.detach().float().mean(), loss_of_twice_the_items.detach().float().mean()
    return bool(first != 0) and torch.allclose(first, second, rtol=1e-3, atol=0)


def share_of_items(inputs: dict[str, Any], num_items_in_batch: Tensor | int, *, n_gpu: int, shifted: bool) -> Tensor:
    """Return the part of an update's labelled items that one micro-batch holds.

    A mean over the micro-batch times this share, summed over the micro-batches, is the mean over the whole update:
    the same however the batch is cut, and the division by the accumulation steps where all cuts are equal.

    Args:
        inputs: The micro-batch, with its ``labels`` (-100: ignored).
        num_items_in_batch: Labelled items of the whole update, as Trainer counts them.
        n_gpu: GPUs of DataParallel, over which Trainer takes a mean afterwards; else 1 or 0.
        shifted: Whether Trainer counts ``labels[..., 1:]``, as for causal language models.

    Returns:
        The share in (0, 1], without dimensions.

    Example:
        >>> batch = {"labels": torch.tensor([[-100, 3, 1, -100]])}
        >>> share_of_items(batch, 8, n_gpu=1, shifted=False).item()
        0.25
    """
    labels = inputs["shift_labels"] if "shift_labels" in inputs else inputs["labels"]
    if shifted and "shift_labels" not in inputs:
        labels = labels[..., 1:]
    items = labels.ne(-100).sum()
    total = torch.as_tensor(num_items_in_batch, device=items.device).flatten()[0]
    return items / total / max(n_gpu, 1)

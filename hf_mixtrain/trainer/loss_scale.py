"""The scale of the loss under gradient accumulation, for models that leave it to the Trainer.

Trainer 5.x hands ``num_items_in_batch`` to every model whose ``forward`` takes ``**kwargs`` and then believes that the
loss was divided by it. Encoder heads (token and sequence classification, masked language models) take the argument
and drop it: their loss is the mean over the micro-batch, and their gradient comes out too large by the number of
accumulation steps, and of processes (huggingface/transformers#47688, seen in 5.23).
"""

from typing import Any

import torch
from torch import Tensor


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


def count_items(inputs: dict[str, Any], *, shifted: bool) -> Tensor:
    """Count the labelled items of a micro-batch, as Trainer counts those of the whole update.

    Args:
        inputs: The micro-batch, with its ``labels`` (-100: ignored).
        shifted: Whether Trainer counts ``labels[..., 1:]``, as for causal language models.

    Returns:
        The number, without dimensions, on the device of the labels.

    Example:
        >>> count_items({"labels": torch.tensor([[-100, 3, 1, -100]])}, shifted=False).item()
        2
    """
    if "shift_labels" in inputs:
        return inputs["shift_labels"].ne(-100).sum()
    labels = inputs["labels"][..., 1:] if shifted else inputs["labels"]
    return labels.ne(-100).sum()


def share_of_update(loss: Tensor, items: Tensor, num_items_in_batch: Tensor | int, *, n_gpu: int) -> Tensor:
    """Turn the mean loss of a micro-batch into its share of the mean loss of the whole update.

    Summed over the micro-batches, the shares are the mean over all items of the update: the same however the batch is
    cut, and the division by the accumulation steps where all cuts hold as many items.

    Args:
        loss: Mean over the micro-batch, any shape.
        items: Labelled items of the micro-batch.
        num_items_in_batch: Labelled items of the whole update, as Trainer counts them.
        n_gpu: GPUs of DataParallel, for which Trainer multiplies; else 1 or 0.

    Example:
        >>> share_of_update(torch.tensor(3.0), torch.tensor(2), 6, n_gpu=1).item()
        1.0
    """
    # Not in half precision, which cannot count to a batch's number of tokens.
    precision = torch.promote_types(loss.dtype, torch.float32)
    total = torch.as_tensor(num_items_in_batch, device=loss.device).flatten()[0] * max(n_gpu, 1)
    return loss * (items.to(loss.device, precision) / total.to(precision)).to(loss.dtype)

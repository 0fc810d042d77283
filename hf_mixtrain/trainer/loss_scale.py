"""The scale of the loss under gradient accumulation, for losses that leave it to the Trainer.

Trainer 5.x hands ``num_items_in_batch`` to every model whose ``forward`` takes ``**kwargs`` and then believes that the
loss was divided by it. Encoder heads (token and sequence classification, masked language models) take the argument
and drop it: their loss is the mean over the micro-batch, and their gradient comes out too large by the number of
accumulation steps, and of processes (huggingface/transformers#47688, seen in 5.0 to 5.23). The same goes for a
``compute_loss`` of the user's own that ignores the argument.
"""

import warnings
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from accelerate.utils import gather
from torch import Tensor, nn

from hf_mixtrain.compat import loss_scale_is_decided
from hf_mixtrain.trainer.side_effects import isolated_pass


class LossScale:
    """Puts right, within a training step alone, the loss that ``compute_loss`` returns.

    What the loss is, is found out by computing it twice: with the numbers that Trainer divides by, and with twice
    these. The finding is shared by all processes, and looked for again where a micro-batch told nothing, and for
    another model.
    """

    def __init__(self) -> None:
        self._model: weakref.ref[nn.Module] | None = None
        self._of_micro_batch: bool | None = None
        self._multiplied = 1.0

    def forget(self) -> None:
        """Look again at the next micro-batch: a training starts."""
        self._model, self._of_micro_batch = None, None

    @property
    def is_mean_of_micro_batch(self) -> bool | None:
        """Whether the loss is the mean over a micro-batch, whatever it is told; None if that is not known."""
        return self._of_micro_batch

    @contextmanager
    def within_step(self, trainer: Any) -> Iterator[None]:
        """Let ``trainer.compute_loss``, whoever wrote it, return a micro-batch's share of the whole update's loss."""
        compute_loss = trainer.compute_loss
        if not _is_left_to_trainer(trainer):
            yield
            return
        own = vars(trainer).get("compute_loss")

        def scaled(model: nn.Module, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
            num_items = kwargs.get("num_items_in_batch", args[1] if len(args) > 1 else None)
            if num_items is None or "labels" not in inputs or _micro_batches(trainer) <= 1:
                return compute_loss(model, inputs, *args, **kwargs)
            # Before `compute_loss`, which may take the labels out of the batch.
            items = count_items(inputs, shifted=getattr(trainer, "_loss_shifts_labels", False))
            self._look(trainer, compute_loss, model, inputs, num_items)
            result = compute_loss(model, inputs, *args, **kwargs)
            return self._share(trainer, result, items, num_items) if self._of_micro_batch else result

        trainer.compute_loss = scaled
        try:
            yield
        finally:
            if own is None:
                del trainer.compute_loss
            else:
                trainer.compute_loss = own

    def _look(
        self, trainer: Any, compute_loss: Callable[..., Any], model: nn.Module, inputs: dict[str, Any], num_items: Any
    ) -> None:
        if self._model is None or self._model() is not model:
            self._model, self._of_micro_batch = weakref.ref(model), None
        if self._of_micro_batch is not None:
            return

        def loss(factor: int = 1, **settings: Any) -> Tensor:
            with isolated_pass(model, trainer, seed="loss scale"), torch.no_grad(), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # reentrant checkpointing misses a gradient here
                with _changed(trainer, factor=factor, **settings):
                    return _mean(compute_loss(model, dict(inputs), num_items_in_batch=num_items * factor))

        plain, doubled = loss(), loss(factor=2)
        told = torch.tensor([_tells_something(plain), ignores_num_items(plain, doubled)], device=trainer.args.device)
        votes = gather(told.long()[None]).cpu() if trainer.args.world_size > 1 else told.long()[None].cpu()
        votes = votes[votes[:, 0] == 1]
        if len(votes) == 0:
            return
        self._of_micro_batch, self._multiplied = bool(votes[:, 1].all()), 1.0
        if self._of_micro_batch and _devices(trainer) > 1 and trainer.args.average_tokens_across_devices:
            # Trainer multiplies by the number of devices, as it takes the loss for divided by all their items.
            local = loss(average_tokens_across_devices=False)
            ratio = (plain / local).reshape(1) if _tells_something(plain) else torch.full((1,), float("nan"))
            ratios = gather(ratio.to(trainer.args.device)) if trainer.args.world_size > 1 else ratio
            self._multiplied = float(ratios[ratios.isfinite()].mean().round())

    def _share(self, trainer: Any, result: Any, items: Tensor, num_items: Tensor | int) -> Any:
        loss = result[0] if isinstance(result, tuple) else result
        over_all = trainer.args.average_tokens_across_devices
        share = share_of_update(
            loss,
            items,
            num_items,
            # DDP takes the mean over processes; the items are those of all of them.
            factor=(trainer.args.world_size if over_all else 1) / (self._multiplied if over_all else 1),
            n_gpu=1 if over_all else trainer.args.n_gpu,
        )
        return (share, *result[1:]) if isinstance(result, tuple) else share


def ignores_num_items(loss: Tensor, loss_of_twice_the_items: Tensor) -> bool:
    """Tell, from two losses of one batch, whether the loss is divided by what Trainer divides by.

    Args:
        loss: Loss with ``num_items_in_batch=n``, any shape (one value per GPU under DataParallel).
        loss_of_twice_the_items: The same forward pass (same random numbers) with 2n, and with twice the accumulation
            steps: half the loss if it is divided, something between for a model that adds an auxiliary loss, the same
            if neither counts.

    Returns:
        True if it makes no difference. A loss of 0 or NaN tells nothing and counts as dividing.

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


def share_of_update(
    loss: Tensor, items: Tensor, num_items_in_batch: Tensor | int, *, n_gpu: int = 1, factor: float = 1.0
) -> Tensor:
    """Turn the mean loss of a micro-batch into its share of the mean loss of the whole update.

    Summed over the micro-batches, the shares are the mean over all items of the update: the same however the batch is
    cut, and the division by the accumulation steps where all cuts hold as many items.

    Args:
        loss: Mean over the micro-batch, any shape.
        items: Labelled items of the micro-batch.
        num_items_in_batch: Labelled items of the whole update, as Trainer counts them.
        n_gpu: GPUs of DataParallel by whose number Trainer has divided the items; else 1 or 0.
        factor: What the loss has to be multiplied by as well, for means that are taken over processes.

    Example:
        >>> share_of_update(torch.tensor(3.0), torch.tensor(2), 6).item()
        1.0
    """
    # Not in half precision, which cannot count to a batch's number of tokens.
    precision = torch.promote_types(loss.dtype, torch.float32)
    total = torch.as_tensor(num_items_in_batch, device=loss.device).flatten()[0] * max(n_gpu, 1)
    return loss * (items.to(loss.device, precision) * factor / total.to(precision)).to(loss.dtype)


def _is_left_to_trainer(trainer: Any) -> bool:
    """Whether nobody has said how the loss is scaled, and Trainer takes it for divided."""
    if loss_scale_is_decided(trainer) or trainer.get_tp_size() > 1:
        return False
    return trainer.model_accepts_loss_kwargs or trainer.compute_loss_func is not None


def _micro_batches(trainer: Any) -> int:
    steps = max(trainer.args.gradient_accumulation_steps, getattr(trainer, "current_gradient_accumulation_steps", 1))
    return steps * _devices(trainer)


def _devices(trainer: Any) -> int:
    return trainer.args.world_size * max(trainer.args.n_gpu, 1)


@contextmanager
def _changed(trainer: Any, *, factor: int = 1, average_tokens_across_devices: bool | None = None) -> Iterator[None]:
    """Let a loss that divides by the accumulation steps itself see ``factor`` times as many."""
    args = trainer.args
    steps = getattr(trainer, "current_gradient_accumulation_steps", None)
    saved = args.gradient_accumulation_steps, args.average_tokens_across_devices
    args.gradient_accumulation_steps *= factor
    if steps is not None:
        trainer.current_gradient_accumulation_steps = steps * factor
    if average_tokens_across_devices is not None:
        args.average_tokens_across_devices = average_tokens_across_devices
    try:
        yield
    finally:
        args.gradient_accumulation_steps, args.average_tokens_across_devices = saved
        if steps is not None:
            trainer.current_gradient_accumulation_steps = steps


def _mean(result: Any) -> Tensor:
    return (result[0] if isinstance(result, tuple) else result).detach().float().mean()


def _tells_something(loss: Tensor) -> bool:
    return bool(loss.isfinite()) and bool(loss != 0)

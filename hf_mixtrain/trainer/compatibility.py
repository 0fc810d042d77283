"""What surgery cannot be done under, refused at the start with the reason and the way out."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from accelerate.utils import DistributedType
from torch import nn
from torch.distributed.tensor import DTensor
from transformers.trainer_pt_utils import LayerWiseDummyOptimizer
from transformers.training_args import OptimizerNames
from transformers.utils import is_sagemaker_mp_enabled, is_torch_xla_available

from hf_mixtrain.errors import InputError

_WAY_OUT = "or set `surgery='none'`."
_STEPPING = {OptimizerNames.LOMO, OptimizerNames.ADALOMO}


def refuse_setup(trainer: Any) -> None:
    """Check the trainer's settings, before anything is loaded or trained.

    Args:
        trainer: A `transformers.Trainer` after its construction.

    Raises:
        InputError: If an engine or optimizer steps inside the backward pass, or keeps gradients where they cannot be
            compared; the message names it, the reason and the alternative.
    """
    args, kind = trainer.args, trainer.accelerator.distributed_type
    if kind in (DistributedType.DEEPSPEED, DistributedType.MEGATRON_LM) or is_sagemaker_mp_enabled():
        raise InputError(
            f"Gradient surgery does not work with {getattr(kind, 'value', kind)}: its engine takes the optimizer step "
            f"inside the backward pass, before surgery. Use DDP or FSDP2 (`fsdp_version: 2`), {_WAY_OUT}"
        )
    if kind == DistributedType.FSDP and getattr(trainer.accelerator.state.fsdp_plugin, "fsdp_version", 1) != 2:
        raise InputError(
            "Gradient surgery does not work with FSDP version 1: its flat shards hide which parameter a gradient "
            f"belongs to. Use FSDP2 (`fsdp_version: 2`), {_WAY_OUT}"
        )
    if is_torch_xla_available():
        raise InputError(
            "Gradient surgery has not been made to work on XLA devices, which reduce gradients in the optimizer step. "
            f"Use a CPU or GPU, {_WAY_OUT}"
        )
    name = str(getattr(args.optim, "value", args.optim))
    layerwise = name.endswith("layerwise") or isinstance(trainer.optimizer, LayerWiseDummyOptimizer)
    if args.optim in _STEPPING or layerwise:
        raise InputError(
            f"Gradient surgery does not work with the optimizer {name!r}: it updates the weights inside the backward "
            f"pass. Use one whose step uses `.grad`, such as `optim='adamw_torch'`, {_WAY_OUT}"
        )
    if max(trainer.get_tp_size(), trainer.get_cp_size(), trainer.get_sp_size()) > 1:
        raise InputError(
            "Gradient surgery does not work with tensor, context or sequence parallelism: the oracle's batch is not "
            f"cut as they need it. Use DDP or FSDP2, {_WAY_OUT}"
        )
    compiled = args.torch_compile and args.torch_compile_mode in ("reduce-overhead", "max-autotune")
    if compiled and torch.cuda.is_available():
        raise InputError(
            f"Gradient surgery does not work with `torch_compile_mode={args.torch_compile_mode!r}`: CUDA graphs "
            "overwrite the gradient that is held during the oracle's pass. "
            f"Use `torch_compile_mode='default'`, {_WAY_OUT}"
        )
    if args.surgery_scope == "micro_batch" and kind == DistributedType.FSDP and args.gradient_accumulation_steps > 1:
        raise InputError(
            "`surgery_scope='micro_batch'` does not work with FSDP2 and gradient accumulation: the running sum is not "
            "reduced before the last micro-batch. Use `surgery_scope='optimizer_step'`, or one micro-batch a step."
        )


def wrap_after_evaluation(trainer: Any) -> None:
    """Let a model be wrapped for training that was evaluated before.

    ``evaluate()`` marks the model as prepared without wrapping it, and ``train()`` then leaves it as it is: processes
    train apart, each on its own gradient (transformers 5.23 with accelerate 1.15).

    Args:
        trainer: A `transformers.Trainer` before the preparation of its model.
    """
    is_bare = trainer.model_wrapped is trainer.model and trainer.args.world_size > 1 and not trainer.is_fsdp_enabled
    if is_bare and getattr(trainer.model, "_is_accelerate_prepared", False):
        trainer.model._is_accelerate_prepared = False


def refuse_wrapper(model: Any) -> None:
    """Check the wrapped model of a training.

    Raises:
        InputError: If gradients are views of DDP's buckets, which the oracle's pass would overwrite.
    """
    if getattr(model, "gradient_as_bucket_view", False):
        raise InputError(
            "Gradient surgery does not work with DDP's `gradient_as_bucket_view=True`: the oracle's pass would "
            f"overwrite the gradient that is held. Leave it at False, {_WAY_OUT}"
        )


@contextmanager
def refuse_steps_in_backward(trainer: Any, parameters: Sequence[nn.Parameter]) -> Iterator[None]:
    """Watch a training step for weights that its backward pass changes, as optimizers do that step in hooks.

    Raises:
        InputError: If weights have changed, or the gradients of parameters with hooks are gone, when the backward pass
            is over. The oracle's pass would train on the shots alone.
    """
    backward, own = trainer.accelerator.backward, vars(trainer.accelerator).get("backward")
    hooked = [p for p in parameters if p._post_accumulate_grad_hooks]

    def watched(*args: Any, **kwargs: Any) -> None:
        before = _fingerprint(parameters)
        backward(*args, **kwargs)
        taken_away = bool(hooked) and all(p.grad is None for p in hooked)
        if taken_away or _fingerprint(parameters) != before:
            raise InputError(
                "Gradient surgery does not work with an optimizer that steps inside the backward pass: a hook on the "
                "parameters changed weights, or took gradients away, before surgery. Step the optimizer after the "
                f"backward pass, as Trainer does by itself, {_WAY_OUT}"
            )

    trainer.accelerator.backward = watched
    try:
        yield
    finally:
        if own is None:
            del trainer.accelerator.backward
        else:
            trainer.accelerator.backward = own


def _fingerprint(parameters: Sequence[nn.Parameter]) -> tuple[list[int], list[float]]:
    """What changes when weights do: by their counters of changes, and by value, as `.data` has no counter."""
    whole = [p.detach() for p in parameters if not isinstance(p, DTensor) and p.is_floating_point()]
    norms = torch.stack([norm.float().to("cpu") for norm in torch._foreach_norm(whole)]).tolist() if whole else []
    return [p._version for p in whole], norms

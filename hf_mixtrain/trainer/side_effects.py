"""Make a pass through the model leave no trace: neither in random streams, nor in buffers, nor in counters."""

import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from hf_mixtrain.trainer.snapshot import Snapshot, can_be_written

# Wrappers keep count of what they have reduced: they are left alone.
_WRAPPERS = ("torch.nn.parallel", "torch._dynamo")


class AroundOraclePass(Protocol):
    """What a trainer, collator, data set or module may have, if it keeps what cannot be found in its attributes.

    Numbers, strings, lists, dicts, sets, small tensors and random generators in attributes are put back without it.
    """

    def before_oracle_pass(self) -> Any:
        """Return what the oracle's pass must leave as it is; called before every pass."""

    def after_oracle_pass(self, saved: Any) -> None:
        """Put back ``saved``, what `before_oracle_pass` returned; called after the pass, also if it failed."""


@contextmanager
def isolated_pass(
    model: nn.Module,
    trainer: Any,
    seed: str,
    *,
    modules: Iterable[nn.Module] | None = None,
    others: Iterable[Any] = (),
) -> Iterator[None]:
    """Run passes through ``model`` that nothing outside notices, with random numbers of their own.

    Put back are: Python's, NumPy's and torch's generators, on the CPU and on all devices; the buffers and attributes
    of the model's modules (running means of BatchNorm, counters, caches of rotary embeddings); what the trainer and
    ``others`` keep in their attributes; and whatever an object with the methods of `AroundOraclePass` keeps.

    Args:
        model: The model.
        trainer: The trainer, or None.
        seed: What the pass's own random numbers (dropout, masking collators) depend on.
        modules: ``model.modules()``, if they have been listed already.
        others: Collators and data sets.

    Example:
        >>> model = nn.BatchNorm1d(2)
        >>> with isolated_pass(model, trainer=None, seed="0"):
        ...     _ = model(torch.ones(3, 2))
        >>> model.num_batches_tracked.item()
        0
    """
    modules = list(model.modules() if modules is None else modules)
    modules += _modules_beside(modules, trainer)
    buffers = [
        (module, name, buffer, buffer.detach().clone() if can_be_written(buffer) else None)
        for module in modules
        for name, buffer in module._buffers.items()
        if buffer is not None
    ]
    own_modules = [module for module in modules if not type(module).__module__.startswith(_WRAPPERS)]
    snapshot = Snapshot(others, own_modules, trainer=trainer)
    hooks = [(owner, owner.before_oracle_pass()) for owner in snapshot.visited if hasattr(owner, "before_oracle_pass")]
    try:
        with own_random_numbers(seed) as own:
            snapshot.reseed(own)
            yield
    finally:
        snapshot.restore()
        with torch.no_grad():
            # All of them: BatchNorm moves its means without raising their version counter.
            for module, name, buffer, saved in buffers:
                if saved is not None:
                    buffer.copy_(saved)
                module._buffers[name] = buffer
        for owner, kept in reversed(hooks):
            owner.after_oracle_pass(kept)


def _modules_beside(modules: list[nn.Module], trainer: Any) -> list[nn.Module]:
    """Modules that the trainer holds and that are no part of the model: a loss of its own, or one for each data set."""
    if trainer is None:
        return []
    found = {id(module): module for module in modules}
    held = [value for value in vars(trainer).values() if isinstance(value, nn.Module | dict)]
    for value in held:
        for part in value.values() if isinstance(value, dict) else (value,):
            if isinstance(part, nn.Module) and id(part) not in found:
                found |= {id(module): module for module in part.modules()}
    return list(found.values())[len(modules) :]


@contextmanager
def own_random_numbers(seed: str) -> Iterator[random.Random]:
    """Seed every global stream by ``seed``, and put all of them back in the end.

    Example:
        >>> state = random.getstate()
        >>> with own_random_numbers("a"):
        ...     _ = random.random(), torch.rand(1), np.random.rand()
        >>> random.getstate() == state
        True
    """
    python_state, numpy_state, torch_state = random.getstate(), np.random.get_state(), torch.get_rng_state()
    device = _device_in_use()
    device_states = _all_or_one(device, "get_rng_state")() if device else None
    own = random.Random(seed)
    try:
        random.seed(own.getrandbits(64))
        np.random.seed(own.getrandbits(32))
        # Not `torch.manual_seed`: it would leave a seed for devices that are not in use yet.
        torch.default_generator.manual_seed(own.getrandbits(63))
        if device:
            _all_or_one(device, "manual_seed")(own.getrandbits(63))
        yield own
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)
        torch.set_rng_state(torch_state)
        if device:
            _all_or_one(device, "set_rng_state")(device_states)


def _device_in_use() -> Any:
    """Return torch's module of the accelerator (``torch.cuda``, ``torch.mps``), if there is one that has been used."""
    if not torch.accelerator.is_available():
        return None
    module = torch.get_device_module(torch.accelerator.current_accelerator())
    return module if getattr(module, "is_initialized", lambda: True)() else None


def _all_or_one(device: Any, name: str) -> Any:
    """The function for all devices of this kind; MPS, of which there is one, has none of these."""
    return getattr(device, f"{name}_all", None) or getattr(device, name)

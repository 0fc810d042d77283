"""Make a pass through the model leave no trace: neither in random streams, nor in buffers, nor in counters."""

import copy
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from hf_mixtrain.compat import current_device_index

# Counters that other trainers' `compute_loss` adds to: TRL's SFTTrainer (1.16) and its relatives.
_COUNTERS = ("_metrics", "_total_train_tokens")


@contextmanager
def isolated_pass(model: nn.Module, trainer: Any, seed: str) -> Iterator[None]:
    """Run passes through ``model`` that nothing outside notices, with random numbers of their own.

    Python's, NumPy's and torch's generators (CPU and the current device) are put back, and so are the model's buffers
    (running means of BatchNorm, counters) and the counters that a subclass keeps in ``compute_loss``.

    Args:
        model: The model whose buffers are watched.
        trainer: Object whose counters are watched.
        seed: What the pass's own random numbers (dropout, masking collators) depend on.

    Example:
        >>> model = nn.BatchNorm1d(2)
        >>> with isolated_pass(model, trainer=None, seed="0"):
        ...     _ = model(torch.ones(3, 2))
        >>> model.num_batches_tracked.item()
        0
    """
    python_state, numpy_state = random.getstate(), np.random.get_state()
    counters = {name: copy.deepcopy(getattr(trainer, name)) for name in _COUNTERS if hasattr(trainer, name)}
    buffers = [
        (module, name, buffer, buffer.detach().clone())
        for module in model.modules()
        for name, buffer in module._buffers.items()
        if buffer is not None
    ]
    devices = [current_device_index()] if torch.accelerator.is_available() else []
    try:
        with torch.random.fork_rng(devices=devices):
            own = random.Random(seed)
            random.seed(own.getrandbits(64))
            np.random.seed(own.getrandbits(32))
            torch.manual_seed(own.getrandbits(63))
            yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)
        for name, value in counters.items():
            setattr(trainer, name, value)
        with torch.no_grad():
            # All of them: BatchNorm moves its means without raising their version counter.
            for module, name, buffer, saved in buffers:
                buffer.copy_(saved)
                module._buffers[name] = buffer

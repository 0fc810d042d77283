"""The most memory that a training takes over its model, in gradient sets."""

import gc
import tempfile
from typing import Any

import psutil  # type: ignore[import-untyped]
import torch
from transformers import TrainerCallback

from benchmarks.case import Case
from benchmarks.models import new_model
from benchmarks.variants import new_trainer, surgeries
from hf_mixtrain.experiment.environment import peak_memory, reset_peak_memory

__all__ = ["measure_memory"]

_WARM_UP = 2


def measure_memory(case: Case) -> dict[str, Any]:
    """Train the one variant of ``case`` for some steps and find its highest memory between them.

    The base is what lies between two steps, when the weights and the optimizer's state are there and no gradient is.
    So the peak holds gradients, activations and temporary tensors.

    Returns:
        ``sets``: the peak over the base in gradient sets (one set: one float32 for each parameter); ``bytes``: the
        same in bytes.

    Example:
        >>> case = Case(shape="tiny", rows=2, shots=1, tokens=4, languages=2, rounds=1, variants=("ours",))
        >>> sorted(measure_memory(case))
        ['bytes', 'sets', 'surgeries']
    """
    model = new_model(case.shape)
    watch = _Watch()
    with tempfile.TemporaryDirectory() as folder:
        trainer = new_trainer(case.variants[0], case, model, folder)
        trainer.add_callback(watch)
        trainer.train()
    taken = watch.peak - watch.base
    return {"sets": taken / (4 * model.num_parameters()), "bytes": taken, "surgeries": surgeries(trainer)}


class _Watch(TrainerCallback):
    """Takes the base after the warm-up, the peak at every step after it."""

    base = 0
    peak = 0

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == _WARM_UP:
            gc.collect()
            reset_peak_memory()
            self.base = (
                torch.cuda.memory_allocated() if torch.cuda.is_available() else psutil.Process().memory_info().rss
            )
        elif state.global_step > _WARM_UP:
            self.peak = max(self.peak, peak_memory())

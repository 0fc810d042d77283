"""Seconds of one training step, of several variants that take turns."""

import random
import tempfile
from typing import Any, cast

import torch
from torch import Tensor
from transformers import Trainer

from benchmarks.case import Case
from benchmarks.models import new_model
from benchmarks.turns import Turn
from benchmarks.variants import new_trainer, surgeries

__all__ = ["measure_steps"]

_WARM_UP = 2


def measure_steps(case: Case) -> dict[str, Any]:
    """Run every variant for ``case.rounds`` steps, in turns whose order changes from round to round.

    In one process all variants share the weights and the optimizer, so that no more than one model need fit; under
    several processes each has its own, as each is wrapped for itself.

    Returns:
        ``seconds`` by the clock and ``cpu_seconds`` of this process, for each variant one number a round;
        ``surgeries``: how many each variant has done.

    Raises:
        RuntimeError: If a step left the weights as they were.

    Example:
        >>> case = Case(shape="tiny", rows=2, shots=1, tokens=4, languages=2, rounds=1, variants=("plain B", "ours"))
        >>> measured = measure_steps(case)
        >>> len(measured["seconds"]["ours"]), measured["surgeries"]
        (1, {'plain B': 0, 'ours': 3})
    """
    with tempfile.TemporaryDirectory() as folder:
        trainers = _shared(case, folder) if case.processes == 1 else _apart(case, folder)
        turns = {name: Turn(trainer) for name, trainer in trainers.items()}
        seconds: dict[str, list[float]] = {name: [] for name in turns}
        cpu_seconds: dict[str, list[float]] = {name: [] for name in turns}
        order, rng = list(turns), random.Random(0)
        for number in range(_WARM_UP + case.rounds):
            rng.shuffle(order)
            for name in order:
                # The head is small, and every variant must move it.
                head = cast(Tensor, cast(Any, trainers[name].model).classifier.weight)
                before = head.detach().clone()
                taken = turns[name].take()
                if torch.equal(before, head):
                    raise RuntimeError(f"{name} trained nothing: {case.title}")
                if number >= _WARM_UP:
                    seconds[name].append(taken.wall)
                    cpu_seconds[name].append(taken.cpu)
        for turn in turns.values():
            turn.finish()
    done = {name: surgeries(trainer) for name, trainer in trainers.items()}
    return {"seconds": seconds, "cpu_seconds": cpu_seconds, "surgeries": done}


def _shared(case: Case, folder: str) -> dict[str, Trainer]:
    model = new_model(case.shape)
    first = new_trainer(case.variants[0], case, model, folder)
    optimizer = first.create_optimizer()
    trainers = {}
    for name in case.variants:
        constant = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0, total_iters=0)
        trainers[name] = new_trainer(name, case, model, folder, (optimizer, constant))
    return trainers


def _apart(case: Case, folder: str) -> dict[str, Trainer]:
    return {name: new_trainer(name, case, new_model(case.shape), folder) for name in case.variants}

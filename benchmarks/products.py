"""Milliseconds for the inner products of two gradients, against one product for each tensor and against `_foreach`."""

import itertools
import random
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from benchmarks.case import Case
from benchmarks.models import new_model
from benchmarks.turns import now
from hf_mixtrain.surgery import gram_matrix

Gradient = list[Tensor]


def measure_products(case: Case) -> dict[str, Any]:
    """Take the products of two gradients of a model, in three ways in turns.

    Each way ends with the numbers on the host. ``one by one`` is `torch.dot` of every tensor, ``foreach`` makes a set
    of products in memory.

    Returns:
        ``seconds`` and ``cpu_seconds``: for each way one number a round; ``tensors``: how many a gradient has.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    shapes = [p.shape for p in new_model(case.shape).parameters()]
    dtype = torch.bfloat16 if case.precision == "bf16" else torch.float32
    torch.manual_seed(0)
    mixed, oracle = ([torch.randn(shape, dtype=dtype, device=device) for shape in shapes] for _ in range(2))
    ways: dict[str, Callable[[Gradient, Gradient], Any]] = {
        "one by one": _one_by_one,
        "foreach": _foreach,
        "ours": lambda a, b: gram_matrix([a, b]),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    cpu_seconds: dict[str, list[float]] = {name: [] for name in ways}
    order, names = random.Random(0), list(ways)
    for warm in itertools.chain([True] * 2, [False] * case.rounds):
        order.shuffle(names)
        for name in names:
            start = now()
            ways[name](mixed, oracle)
            taken = now().since(start)
            if not warm:
                seconds[name].append(taken.wall)
                cpu_seconds[name].append(taken.cpu)
    return {"seconds": seconds, "cpu_seconds": cpu_seconds, "tensors": len(shapes)}


def _one_by_one(mixed: Gradient, oracle: Gradient) -> list[float]:
    return [
        sum(float(torch.dot(a.view(-1).float(), b.view(-1).float())) for a, b in zip(one, other, strict=True))
        for one, other in ((mixed, mixed), (mixed, oracle), (oracle, oracle))
    ]


def _foreach(mixed: Gradient, oracle: Gradient) -> list[float]:
    products = torch._foreach_mul(mixed, oracle)
    between = torch.stack([product.float().sum() for product in products]).sum()
    norms = [torch.stack(torch._foreach_norm(gradient)).float().square().sum() for gradient in (mixed, oracle)]
    return torch.stack([norms[0], between, norms[1]]).tolist()

"""Surgery as the authors' code does it: whole gradients copied into flat vectors, at every micro-batch."""

import random
from typing import Any

import torch
from torch import Tensor, nn
from transformers import Trainer

__all__ = ["FlattenedTrainer"]


class FlattenedTrainer(Trainer):
    """A reference for time and memory, written after the description of ``SGS_backward`` (Xu and Murray 2022).

    After every backward pass the running gradient is copied into one vector, an oracle batch is passed forward and
    backward, its gradient is copied into another, and the projected vector is written back. The oracle batches are
    collated before training. Unlike the authors' code it reads each parameter back from its own place.

    Args:
        oracles: One list of rows for each language.
    """

    def __init__(self, *args: Any, oracles: list[list[dict]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._oracles = [self.data_collator(rows) for rows in oracles]
        self.surgeries = 0

    def training_step(self, model: nn.Module, inputs: dict[str, Any], num_items_in_batch: Any = None) -> Tensor:
        """Do the Trainer's step, then the surgery."""
        loss = super().training_step(model, inputs, num_items_in_batch)
        parameters = [p for p in model.parameters() if p.requires_grad]
        gradient = _flat(parameters)
        model.zero_grad(set_to_none=False)
        super().training_step(model, dict(random.choice(self._oracles)))
        oracle = _flat(parameters)
        model.zero_grad(set_to_none=False)
        scale = torch.dot(gradient, oracle) / torch.dot(oracle, oracle)
        gradient = gradient - torch.clamp(scale, max=0) * oracle
        offset = 0
        for p in parameters:
            if p.grad is not None:
                p.grad[...] = gradient[offset : offset + p.numel()].view_as(p)
            offset += p.numel()
        self.surgeries += 1
        return loss


def _flat(parameters: list[nn.Parameter]) -> Tensor:
    blocks = [torch.zeros_like(p) if p.grad is None else p.grad.detach().clone() for p in parameters]
    return torch.cat([block.view(-1) for block in blocks])

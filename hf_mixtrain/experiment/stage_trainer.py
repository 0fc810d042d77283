"""The Trainer of a stage: rows in the stage's order, time and loss kept in its state."""

import math
import time
from collections.abc import Callable
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils import gather_object
from datasets import Dataset
from torch import nn
from torch.distributed.tensor import DTensor
from torch.utils.data import Sampler
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from hf_mixtrain import GradientMixTrainer
from hf_mixtrain.experiment.row_order import EpochSampler, RowOrder
from hf_mixtrain.experiment.stopping import StopSignals

_STATE = "hf_mixtrain"


class StageTrainer(GradientMixTrainer):
    """A `GradientMixTrainer` that a grid trains with."""

    row_order: RowOrder | None = None
    #: Whether its own rule, such as patience with the dev set, ended it before its last update.
    ended_early = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._loss_of_update: torch.Tensor | None = None
        self._loss_step = -1

    def training_step(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        """Do a step, and keep the loss of the update: the sum of its micro-batches' shares."""
        loss = super().training_step(*args, **kwargs)
        if self._loss_of_update is None or self._loss_step != self.state.global_step:
            self._loss_of_update, self._loss_step = loss, self.state.global_step
        else:
            self._loss_of_update = self._loss_of_update + loss
        return loss

    def final_loss(self) -> float | None:
        """Return the loss of the last update; None if it, or a weight after it, is no finite number."""
        loss: float | None = _kept(self.state)[_STATE].get("loss")  # it went on from a checkpoint of the last update
        if self._loss_of_update is not None:
            loss = self._mean(self._loss_of_update)
        assert isinstance(self.model, nn.Module)
        parts = [p.to_local() if isinstance(p, DTensor) else p for p in self.model.parameters()]
        finite = self._mean(torch.tensor(float(all(bool(part.isfinite().all()) for part in parts)))) == 1
        return loss if loss is not None and math.isfinite(loss) and finite else None

    def seconds(self) -> float:
        """Return the time in the training loop, over all tries."""
        return float(_kept(self.state)[_STATE]["seconds"])

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> Sampler | None:
        if self.row_order is None:
            return super()._get_train_sampler(train_dataset)
        return EpochSampler(self.row_order, epoch=lambda: int(self.state.epoch or 0))

    def _save_checkpoint(self, *args: Any, **kwargs: Any) -> None:
        if self._loss_of_update is not None:
            loss = self._mean(self._loss_of_update)
            _kept(self.state)[_STATE]["loss"] = loss if math.isfinite(loss) else None
        super()._save_checkpoint(*args, **kwargs)

    def _mean(self, value: torch.Tensor) -> float:
        """Return the mean over all processes."""
        return float(self.accelerator.reduce(value.detach().to(self.accelerator.device, torch.float32), "mean"))


class StopAtUpdate(TrainerCallback):
    """Ends a training after the update at hand, with a checkpoint, when a signal asks for it. It comes last.

    Args:
        stop: The signals of this process.

    Attributes:
        stopped: Whether it has ended the training.
    """

    def __init__(self, stop: StopSignals) -> None:
        self._stop = stop
        self.stopped = False

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        """End the training if a signal has come to any process."""
        requested = self._stop.requested
        if PartialState().num_processes > 1:
            requested = any(gather_object([requested]))
        if requested and state.global_step < state.max_steps and not control.should_training_stop:
            self.stopped = control.should_save = control.should_training_stop = True


class Clock(TrainerCallback):
    """Counts the seconds of a training in the Trainer's state, so that a resumed one goes on counting.

    Args:
        on_step: Called after each update with its number and the number of updates in all.
    """

    def __init__(self, on_step: Callable[[int, int], None]) -> None:
        self._on_step = on_step
        self._start = 0.0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        """Start the clock."""
        self._start = time.monotonic() - _kept(state).get(_STATE, {}).get("seconds", 0.0)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        """Note the time, and say how far the training is."""
        _kept(state)[_STATE] = {"seconds": time.monotonic() - self._start}
        self._on_step(state.global_step, state.max_steps)


def _kept(state: TrainerState) -> dict[str, Any]:
    """What the Trainer writes into its checkpoints and reads back; its type says otherwise (transformers 5.23)."""
    return state.stateful_callbacks  # type: ignore[return-value]

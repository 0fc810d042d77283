"""Trackers (``--report_to``): one run for each training, named and grouped as its cell, with its files in the cell."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import Trainer
from transformers.integrations import TensorBoardCallback, TrackioCallback, WandbCallback
from transformers.integrations.integration_utils import INTEGRATION_TO_CALLBACK

from hf_mixtrain.experiment.cells import Cell
from hf_mixtrain.methods import METHODS

if TYPE_CHECKING:
    from hf_mixtrain.experiment.plan import Chain

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrackedRun:
    """What a tracker is told of a training.

    Attributes:
        name: ``task/method/k5/seed1``, with the target if the training is for one.
        group: ``task/method/k5``.
        folder: Where the files of the tracker go.
        token: Tells this training from others of the same name; a training that goes on has the same.
    """

    name: str
    group: str
    folder: Path
    token: str


def tracked_run(chain: "Chain", task: str, output_dir: Path, token: str) -> TrackedRun:
    """Name the run of a training as the cell whose last training it is.

    The training on the source that several cells share is that of the zero-shot cell.

    Example:
        >>> from hf_mixtrain.experiment.plan import Chain
        >>> from hf_mixtrain.methods import METHODS
        >>> chain = Chain(METHODS["ord-fs"].stages, 5, 1, "de")
        >>> tracked_run(chain, "panx", Path("out"), "").name, tracked_run(chain.before, "panx", Path("out"), "").name
        ('panx/ord-fs/k5/seed1/de', 'panx/zero-shot/k0/seed1')
    """
    method = next((name for name, method in METHODS.items() if method.stages == chain.stages), "training")
    cell = Cell(task, method, chain.shots, chain.seed)
    name, folder = cell.folder("").as_posix(), cell.folder(output_dir) / "logs"
    group = name.rpartition("/")[0]
    if chain.language:
        name, folder = f"{name}/{chain.language}", folder / chain.language
    return TrackedRun(name, group, folder, token)


@contextmanager
def tracked(trainer: Trainer, run: TrackedRun) -> Iterator[None]:
    """Let the trackers of a Trainer follow what it trains while this lasts, as a run of its own that is then closed.

    A tracker that fails is told of and left out: no tracker is worth a training.

    Args:
        trainer: A Trainer whose arguments name the trackers (``report_to``).
        run: What they are told.
    """
    trainer.args.run_name = run.name
    callbacks = trainer.callback_handler.callbacks
    trackers = tuple(INTEGRATION_TO_CALLBACK.values())
    guards = []
    for place, callback in enumerate(callbacks):
        if isinstance(callback, trackers):
            guard = _Guard(callback)
            guard.attempt(_prepare, callback, trainer, run)
            callbacks[place] = guard
            guards.append(guard)
    try:
        yield
    finally:
        for guard in guards:
            guard.attempt(_close, guard.callback, trainer)


class _Guard:
    """A callback whose errors are told once and stop nothing."""

    def __init__(self, callback: Any) -> None:
        self.callback = callback
        self._works = True

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.callback, name)
        return (lambda *args, **kwargs: self.attempt(value, *args, **kwargs)) if name.startswith("on_") else value

    def attempt(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call a function, unless an earlier one failed."""
        if not self._works:
            return None
        try:
            return function(*args, **kwargs)
        except Exception as error:
            self._works = False
            reason = " ".join(str(error).split())
            name = type(self.callback).__name__.removesuffix("Callback")
            logger.warning("      no more logs for %s: %s: %s", name, type(error).__name__, reason)
            return None


def _prepare(callback: Any, trainer: Trainer, run: TrackedRun) -> None:
    if isinstance(callback, TensorBoardCallback):
        callback.logging_dir = str(run.folder)
    elif isinstance(callback, WandbCallback) and trainer.is_world_process_zero():
        import wandb

        run.folder.mkdir(parents=True, exist_ok=True)
        project = os.environ.get("WANDB_PROJECT", "huggingface")
        wandb.init(project=project, name=run.name, group=run.group, dir=str(run.folder), id=run.token, resume="allow")
    elif isinstance(callback, TrackioCallback):
        callback._trackio = _Grouped(callback._trackio, run.group)


def _close(callback: Any, trainer: Trainer) -> None:
    if not trainer.is_world_process_zero():
        return
    if isinstance(callback, WandbCallback):
        callback._wandb.finish()
    elif isinstance(callback, (TensorBoardCallback, TrackioCallback)):
        # After an error: `on_train_end` has closed it otherwise, and does nothing the second time.
        callback.on_train_end(trainer.args, trainer.state, trainer.control)


class _Grouped:
    """The module trackio, whose runs get a group, which the callback does not give (transformers 5.23)."""

    def __init__(self, module: Any, group: str) -> None:
        self._module, self._group = module, group

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)

    def init(self, **values: Any) -> Any:
        return self._module.init(group=self._group, **values)

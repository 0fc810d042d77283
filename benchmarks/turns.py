"""Trainings that take turns, one optimizer step each, so that a busy machine slows all of them alike."""

import threading
import time
from typing import Any, NamedTuple

import torch
from transformers import Trainer, TrainerCallback, TrainerControl

__all__ = ["Time", "Turn", "now"]


class Time(NamedTuple):
    """Seconds by the clock, and seconds in which a core worked for this process (all its threads together)."""

    wall: float
    cpu: float

    def since(self, start: "Time") -> "Time":
        """Return what has passed.

        Example:
            >>> Time(3.0, 1.5).since(Time(1.0, 1.0))
            Time(wall=2.0, cpu=0.5)
        """
        return Time(self.wall - start.wall, self.cpu - start.cpu)


def now() -> Time:
    """Return the time, after the device has done what it was given.

    Example:
        >>> now() <= now()
        True
    """
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return Time(time.perf_counter(), time.process_time())


class Turn(TrainerCallback):
    """Runs ``trainer.train()`` in a thread that stops after each step until it is called again.

    A turn is everything that `Trainer` does from the end of one step to the end of the next: data, forward and
    backward, clipping, optimizer, scheduler, callbacks.

    Args:
        trainer: The Trainer; its ``max_steps`` must be more than the turns that are taken.
    """

    def __init__(self, trainer: Trainer) -> None:
        self._go, self._done = threading.Semaphore(0), threading.Semaphore(0)
        self._start = now()
        self._taken = Time(0.0, 0.0)
        self._stop = False
        self._error: BaseException | None = None
        trainer.add_callback(self)
        threading.Thread(target=self._train, args=(trainer,), daemon=True).start()

    def take(self) -> Time:
        """Let the training do one step and return what it took; the first turn starts the training too.

        Raises:
            BaseException: What the training raised.
        """
        self._go.release()
        self._done.acquire()
        if self._error is not None:
            raise self._error
        return self._taken

    def finish(self) -> None:
        """End the training after the steps that it has done."""
        self._stop = True
        self.take()

    def on_step_end(self, args: Any, state: Any, control: TrainerControl, **kwargs: Any) -> TrainerControl:
        """Give the turn back, and wait for the next."""
        self._taken = now().since(self._start)
        self._done.release()
        self._wait()
        control.should_training_stop = self._stop
        return control

    def _wait(self) -> None:
        self._go.acquire()
        self._start = now()

    def _train(self, trainer: Trainer) -> None:
        self._wait()
        try:
            trainer.train()
        except BaseException as error:
            self._error = error
        finally:
            self._done.release()

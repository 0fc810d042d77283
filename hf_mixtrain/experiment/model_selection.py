"""Which model of a training is kept: the last, the best on dev data, or the mean of several."""

import re
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.utils import SAFE_WEIGHTS_NAME

from hf_mixtrain.checksums import checksums_of, damaged_file, is_whole, read_json, write_checksums, write_json
from hf_mixtrain.files import remove

SCORE_FILE = "score.json"

# Schmidt et al. (2023) average snapshots that are evenly spread over a run.
_SNAPSHOTS = 10
_SNAPSHOT = re.compile(r"snapshot-(\d+)")


class BestOnDev(TrainerCallback):
    """Keep the model with the best dev score; of equal ones, the first.

    The candidates are on disk with their scores, so that an interrupted training goes on with what it has found.

    Args:
        folder: Where candidates are kept.
        score: Gives the score of the model as it is now; higher is better.
        every: Updates between two evaluations; None: evaluate after each epoch. The last update is always evaluated.
        patience: Stop the training after so many looks without a better score.
    """

    def __init__(
        self, folder: Path, score: Callable[[], float], *, every: int | None, patience: int | None = None
    ) -> None:
        self._folder, self._score, self._every, self._patience = folder, score, every, patience
        self.trainer: Trainer | None = None

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        """Look at the dev data if it is time to."""
        every = self._every_of(state)
        if state.global_step % every and state.global_step != state.max_steps:
            return
        score, best = self._score(), self.best()
        if best is None or score > best[0]:
            self._keep(state.global_step, score)
        elif self._patience and state.global_step - best[1] >= self._patience * every:
            control.should_training_stop = True
            if self.trainer is not None:
                self.trainer.ended_early = True  # type: ignore[attr-defined]

    def damaged(self, state: TrainerState) -> str | None:
        """Say what was kept for the choice before ``state`` and is damaged or missing; None if nothing is."""
        best = self.best()
        if best is None:
            return f"{self._folder}/best-*" if state.global_step >= self._every_of(state) else None
        kept = read_json(best[2] / SCORE_FILE)
        name = damaged_file(best[2], kept["model"])
        return str(best[2] / name) if name else None

    def best(self) -> tuple[float, int, Path] | None:
        """Return score, step and folder of the best model so far."""
        found = []
        for path in self._folder.glob(f"best-*/{SCORE_FILE}"):
            if (kept := read_json(path)) is not None:
                found.append((kept["score"], -kept["step"], path.parent))
        if not found:
            return None
        score, step, folder = max(found)
        return score, -step, folder

    def _every_of(self, state: TrainerState) -> int:
        return self._every or max(1, round(state.max_steps / state.num_train_epochs))

    def _keep(self, step: int, score: float) -> None:
        assert self.trainer is not None
        folder = self._folder / f"best-{step}"
        save_model(self.trainer, folder)
        if self.trainer.is_world_process_zero():
            write_json(folder / SCORE_FILE, {"score": score, "step": step, "model": checksums_of(folder)})
            for older in self._folder.glob("best-*"):
                if older != folder:
                    remove(older)
        self.trainer.accelerator.wait_for_everyone()


class Averaging(TrainerCallback):
    """Keep the weights at ten evenly spaced updates, the last one among them, for their mean."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.trainer: Trainer | None = None

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        """Keep the weights if it is time to."""
        assert self.trainer is not None
        if state.global_step in _snapshot_steps(state):
            folder = self._folder / f"snapshot-{state.global_step}"
            save_model(self.trainer, folder)
            if self.trainer.is_world_process_zero():
                write_checksums(folder)

    def damaged(self, state: TrainerState) -> str | None:
        """Say what was kept for the choice before ``state`` and is damaged or missing; None if nothing is."""
        for step in sorted(_snapshot_steps(state)):
            folder = self._folder / f"snapshot-{step}"
            if step <= state.global_step and not is_whole(folder):
                return str(folder)
        return None

    def mean(self) -> dict[str, torch.Tensor]:
        """Return the mean of the kept weights, added up in the order of the updates."""
        numbered = {int(match[1]): path for path in self._folder.iterdir() if (match := _SNAPSHOT.fullmatch(path.name))}
        folders = [numbered[step] for step in sorted(numbered)]
        total: dict[str, torch.Tensor] = {}
        for folder in folders:
            for name, weight in load_file(folder / SAFE_WEIGHTS_NAME).items():
                share = weight.double() / len(folders)
                total[name] = total[name] + share if name in total else share
        return {name: weight.float() for name, weight in total.items()}


def _snapshot_steps(state: TrainerState) -> set[int]:
    return {round(state.max_steps * i / _SNAPSHOTS) for i in range(1, _SNAPSHOTS + 1)}


def remove_candidates(folder: Path) -> None:
    """Remove what an earlier try of a training has kept for the choice."""
    for path in folder.glob("best-*"):
        remove(path)
    for path in folder.glob("snapshot-*"):
        remove(path)


def save_model(trainer: Trainer, folder: Path) -> None:
    """Save model and tokenizer, without the pickled training arguments that the Trainer adds."""
    trainer.save_model(str(folder))
    (folder / "training_args.bin").unlink(missing_ok=True)

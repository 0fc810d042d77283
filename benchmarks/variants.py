"""The trainings that are compared, each a real Trainer."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PrinterCallback, Trainer, TrainingArguments, default_data_collator

from benchmarks.case import Case
from benchmarks.flattened import FlattenedTrainer
from benchmarks.models import random_rows
from hf_mixtrain import GradientMixTrainer, GradientMixTrainingArguments
from hf_mixtrain.trainer.oracle_pass import cut_rows

__all__ = ["VARIANTS", "new_trainer", "surgeries"]


class _ApartTrainer(Trainer):
    """Plain training on B rows, and on K more in a pass of their own: what an oracle costs without any surgery."""

    def __init__(self, *args: Any, shots: list[list[dict]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._shots = shots
        self.surgeries = 0

    def training_step(self, model: nn.Module, inputs: dict[str, Any], num_items_in_batch: Any = None) -> Tensor:
        loss = super().training_step(model, inputs, num_items_in_batch)
        if self.accelerator.sync_gradients:
            rows = self._shots[self.state.global_step % len(self._shots)]
            cuts = cut_rows(
                range(len(rows)),
                largest=self._train_batch_size,
                process_index=self.args.process_index,
                world_size=self.args.world_size,
            )
            for cut in cuts:
                super().training_step(model, self.data_collator([rows[number] for number in cut]))
        return loss


def _ours(*, languages: int | None = None, all_languages: bool = False, **settings: Any) -> Callable[..., Trainer]:
    def make(case: Case, model: nn.Module, folder: str, optimizers: Any) -> Trainer:
        own = settings | ({"oracle_languages_per_step": case.languages} if all_languages else {})
        return GradientMixTrainer(
            model,
            GradientMixTrainingArguments(**_arguments(case, folder), **own),
            train_dataset=_mixed(case, case.rows),
            data_collator=default_data_collator,
            oracle_dataset={f"language-{number:02}": rows for number, rows in enumerate(_shots(case)[:languages])},
            optimizers=optimizers,
        )

    return make


def _plain(*, with_shots: bool) -> Callable[..., Trainer]:
    def make(case: Case, model: nn.Module, folder: str, optimizers: Any) -> Trainer:
        rows = case.rows + case.shots * with_shots
        return Trainer(
            model,
            TrainingArguments(**_arguments(case, folder, rows=rows)),
            train_dataset=_mixed(case, rows),
            data_collator=default_data_collator,
            optimizers=optimizers,
        )

    return make


def _reference(cls: Callable[..., Trainer], name: str) -> Callable[..., Trainer]:
    def make(case: Case, model: nn.Module, folder: str, optimizers: Any) -> Trainer:
        return cls(
            model,
            TrainingArguments(**_arguments(case, folder)),
            train_dataset=_mixed(case, case.rows),
            data_collator=default_data_collator,
            optimizers=optimizers,
            **{name: _shots(case)},
        )

    return make


#: Name → function that makes the Trainer.
VARIANTS: dict[str, Callable[..., Trainer]] = {
    "plain B": _plain(with_shots=False),
    "plain B+K": _plain(with_shots=True),
    "plain B, K": _reference(_ApartTrainer, "shots"),
    "ours": _ours(),
    "ours, 1 language": _ours(languages=1),
    "ours, 12 languages": _ours(languages=12),
    "ours, 2 shots": _ours(oracle_batch_size=2),
    "ours, 1 shot": _ours(oracle_batch_size=1),
    "ours, no surgery": _ours(surgery_probability=0.0),
    "ours, each micro-batch": _ours(paper_exact=True),
    "flattened": _reference(FlattenedTrainer, "oracles"),
    "PCGrad": _ours(surgery="pcgrad", all_languages=True),
    "UPGrad": _ours(surgery="upgrad", all_languages=True),
}


def new_trainer(name: str, case: Case, model: nn.Module, folder: str, optimizers: Any = (None, None)) -> Trainer:
    """Return a Trainer that is ready to train.

    Args:
        name: A name of `VARIANTS`. ``plain B+K`` needs a B + K that can be cut into equal micro-batches.
        case: What it trains on.
        model: The model, which may be shared with other trainers of this process.
        folder: Folder for what a Trainer may write.
        optimizers: Optimizer and scheduler to share, or Nones.

    Example:
        >>> import tempfile
        >>> from benchmarks.models import new_model
        >>> case = Case(shape="tiny", rows=2, shots=1, tokens=4, languages=2, rounds=1)
        >>> trainer = new_trainer("ours", case, new_model("tiny"), tempfile.mkdtemp())
        >>> trainer.args.per_device_train_batch_size
        2
    """
    trainer = VARIANTS[name](case, model, folder, optimizers)
    trainer.remove_callback(PrinterCallback)
    return trainer


def surgeries(trainer: Trainer) -> int:
    """Return how many surgeries there have been.

    Example:
        >>> surgeries(Trainer)
        0
    """
    statistics = getattr(trainer, "surgery_statistics", None)
    return statistics.to_dict()["steps"] if statistics else getattr(trainer, "surgeries", 0)


def _arguments(case: Case, folder: str, *, rows: int | None = None) -> dict[str, Any]:
    per_step, rest = divmod(rows or case.rows, case.accumulation * case.processes)
    if rest:
        raise ValueError(f"{rows or case.rows} rows cannot be cut into equal micro-batches: {case.title}")
    return {
        "output_dir": folder,
        "per_device_train_batch_size": per_step,
        "gradient_accumulation_steps": case.accumulation,
        "use_cpu": not torch.cuda.is_available(),
        "bf16": case.precision == "bf16",
        "max_steps": _most_steps(case),
        "learning_rate": 1e-5,
        "lr_scheduler_type": "constant",
        "logging_steps": 100_000,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "dataloader_drop_last": True,
        "dataloader_pin_memory": torch.cuda.is_available(),
        "ddp_find_unused_parameters": False,
    }


def _most_steps(case: Case) -> int:
    return case.rounds + 8


def _mixed(case: Case, rows: int) -> list[dict]:
    return random_rows(case.shape, rows * _most_steps(case), case.tokens, seed=1)


def _shots(case: Case) -> list[list[dict]]:
    return [random_rows(case.shape, case.shots, case.tokens, seed=10 + number) for number in range(case.languages)]

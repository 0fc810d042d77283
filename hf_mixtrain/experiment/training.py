"""One training: build the Trainer, go on from a checkpoint if there is one, keep the chosen model."""

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datasets import Dataset, concatenate_datasets
from torch.utils.data import Sampler
from transformers import (
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from hf_mixtrain import GradientMixTrainer, GradientMixTrainingArguments
from hf_mixtrain.data import FewShotData, data_collator
from hf_mixtrain.evaluation import evaluate_languages
from hf_mixtrain.experiment.environment import peak_memory, reset_peak_memory
from hf_mixtrain.experiment.freezing import freeze
from hf_mixtrain.experiment.material import Material
from hf_mixtrain.experiment.model_selection import Averaging, BestOnDev, save_model
from hf_mixtrain.experiment.row_order import EpochSampler, RowOrder
from hf_mixtrain.experiment.settings import Settings
from hf_mixtrain.methods import Selection, Stage

_STATE = "hf_mixtrain"


@dataclass
class Trained:
    """What a training left behind, besides its model.

    Attributes:
        train_seconds: Time in the training loop, looks at dev data included; over all tries of an interrupted one.
        peak_memory_bytes: Most memory while training and evaluating.
        surgery: What surgery did; empty without surgery.
        scores: ``{language: {metric: 0 to 100}}`` for the test sets that it has been evaluated on, by decoding rule.
        rule: The rule that its tags are decoded with; empty before it has been evaluated.
    """

    train_seconds: float
    peak_memory_bytes: int
    surgery: dict[str, Any]
    scores: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    rule: str = ""


def train(
    material: Material,
    stage: Stage,
    *,
    start: str,
    data: FewShotData,
    language: str | None,
    folder: Path,
    on_step: Callable[[int, int], None] = lambda step, steps: None,
) -> Trained:
    """Train one model and leave it in ``folder/model``.

    Args:
        material: Features and models.
        stage: What to do.
        start: Name or folder of the model to start from.
        data: The cell's data.
        language: The target, if the stage is for one.
        folder: Checkpoints go there too; a training that was interrupted goes on from the last whole one.
        on_step: Called after each update with its number and the number of updates in all.

    Returns:
        What it took and what surgery did.
    """
    reset_peak_memory()
    arguments = stage_arguments(material.settings, stage, data.seed, folder)
    source = [material.features(data.train)] if stage.train_on != "shots" else []
    shots = {name: material.features(part) for name, part in _shots(stage, data, language).items()}
    rows = concatenate_datasets([*source, *shots.values()])
    model = material.new_model(start, data.seed)
    freeze(model, material.settings.run.freeze)
    trainer = _StageTrainer(
        model=model,
        args=arguments,
        train_dataset=rows,
        data_collator=data_collator(data.task, material.tokenizer),
        processing_class=material.tokenizer,
        callbacks=[_Clock(on_step)],
        oracle_dataset=shots if stage.surgery else None,
    )
    trainer.row_order = _row_order(stage, arguments, rows, sum(map(len, source)))
    if not material.settings.run.verbose:
        trainer.remove_callback(PrinterCallback)
    if stage.order == "alternating":
        # Each batch of an update counts the same, not in proportion to its labels.
        trainer.model_accepts_loss_kwargs = False
    finish = _select(trainer, material, stage, data, language, folder)
    trainer.train(resume_from_checkpoint=last_checkpoint(folder))
    finish()
    seconds = _kept(trainer.state)[_STATE]["seconds"]
    surgery = trainer.surgery_statistics.to_dict() if arguments.surgery != "none" else {}
    return Trained(seconds, peak_memory(), surgery)


def stage_arguments(settings: Settings, stage: Stage, seed: int, folder: Path) -> GradientMixTrainingArguments:
    """Return the training arguments of a stage: the user's, with what the stage and the cell decide."""
    run = settings.run
    values: dict[str, Any] = {"output_dir": str(folder), "seed": seed, "data_seed": seed}
    if not stage.surgery:
        values |= {"surgery": "none", "paper_exact": False}
    if stage.adapts:
        values |= {"max_steps": -1, **stage.settings}
        if run.adapt_epochs is not None:
            values["num_train_epochs"] = run.adapt_epochs
        if run.adapt_learning_rate is not None:
            values["learning_rate"] = run.adapt_learning_rate
    if stage.order == "alternating":
        values["gradient_accumulation_steps"] = 2 * settings.training.get("gradient_accumulation_steps", 1)
    return settings.training_arguments(**values)


def evaluation_trainer(material: Material, folder: Path) -> Trainer:
    """Return a Trainer around the model in ``folder``, for evaluation."""
    arguments = material.settings.training_arguments(output_dir=str(folder), surgery="none", paper_exact=False)
    return GradientMixTrainer(
        model=material.new_model(str(folder), seed=0),
        args=arguments,
        data_collator=data_collator(material.settings.task, material.tokenizer),
        processing_class=material.tokenizer,
    )


class _StageTrainer(GradientMixTrainer):
    row_order: RowOrder | None = None

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> Sampler | None:
        if self.row_order is None:
            return super()._get_train_sampler(train_dataset)
        return EpochSampler(self.row_order, epoch=lambda: int(self.state.epoch or 0))


class _Clock(TrainerCallback):
    """Counts the seconds of a training in the Trainer's state, so that a resumed one goes on counting."""

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


def _shots(stage: Stage, data: FewShotData, language: str | None) -> dict[str, Dataset]:
    if stage.train_on == "source":
        return {}
    # By name, not in the user's order: the order of `--languages` must not change a result.
    return {name: data.shots[name] for name in sorted(data.shots) if language in (None, name)}


def _row_order(stage: Stage, arguments: GradientMixTrainingArguments, rows: Dataset, source: int) -> RowOrder | None:
    if arguments.train_sampling_strategy not in ("random", "group_by_length"):
        return None
    grouped = arguments.train_sampling_strategy == "group_by_length"
    return RowOrder(
        source=source,
        shots=len(rows) - source,
        order=stage.order,
        batch_size=arguments.train_batch_size,
        seed=arguments.seed,
        lengths=rows["length"][:] if grouped else None,
    )


def _select(
    trainer: Trainer, material: Material, stage: Stage, data: FewShotData, language: str | None, folder: Path
) -> Callable[[], None]:
    """Set up what the selection needs while training; return what puts the chosen model into ``folder/model``."""
    rule: Selection = stage.select_on or material.settings.run.select_on
    model = folder / "model"
    if rule == "last":
        return lambda: save_model(trainer, model)
    if rule == "average":
        averaging = Averaging(folder)
        averaging.trainer = trainer
        trainer.add_callback(averaging)

        def save_mean() -> None:
            trainer.accelerator.unwrap_model(trainer.model).load_state_dict(averaging.mean(), strict=False)
            save_model(trainer, model)

        return save_mean

    languages = [data.source_language]
    if rule == "target-dev":
        languages = [language] if language else [name for name in data.dev if name != data.source_language]
    dev = {name: data.dev[name] for name in languages}

    def score() -> float:
        piece = material.settings.label_piece
        scores = evaluate_languages(
            trainer, data.task, dev, material.tokenizer, max_length=material.max_length, label_piece=piece
        )
        return sum(scores[name][data.task.metric] for name in languages) / len(languages)

    every = None if stage.adapts else material.settings.run.select_steps
    best = BestOnDev(folder, score, every=every, patience=stage.patience)
    best.trainer = trainer
    trainer.add_callback(best)

    def keep_best() -> None:
        found = best.best()
        assert found is not None
        if trainer.is_world_process_zero():
            shutil.copytree(found[2], model, ignore=shutil.ignore_patterns("score.json"), dirs_exist_ok=True)
        trainer.accelerator.wait_for_everyone()

    return keep_best


def last_checkpoint(folder: str | Path) -> str | None:
    """Return the last checkpoint below ``folder`` that is whole, or None: the Trainer writes its state file last.

    Example:
        >>> last_checkpoint("no/such/folder") is None
        True
    """
    whole = []
    for path in Path(folder).glob("checkpoint-*"):
        try:
            json.loads((path / "trainer_state.json").read_text())
        except (OSError, ValueError):
            continue
        whole.append(path)
    return str(max(whole, key=lambda path: int(path.name.split("-")[1]))) if whole else None

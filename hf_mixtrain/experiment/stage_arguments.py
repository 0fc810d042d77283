"""The training arguments of one stage: the user's, with what the stage, the cell and the launch decide."""

from pathlib import Path
from typing import Any

from hf_mixtrain import GradientMixTrainingArguments
from hf_mixtrain.experiment.settings import Settings
from hf_mixtrain.methods import Stage


def stage_arguments(settings: Settings, stage: Stage, seed: int, folder: Path) -> GradientMixTrainingArguments:
    """Return the training arguments of a stage.

    Args:
        settings: The grid's settings.
        stage: The stage.
        seed: The cell's seed.
        folder: Where checkpoints go.
    """
    run = settings.run
    values: dict[str, Any] = {"output_dir": str(folder), "seed": seed, "data_seed": seed}
    values["source_language"] = settings.source_languages[0]  # of several, the trainer knows the first
    if not stage.surgery:
        values |= {"surgery": "none", "paper_exact": False}
    if stage.adapts:
        values |= {"max_steps": -1, **stage.settings}
        if run.adapt_epochs is not None:
            values["num_train_epochs"] = run.adapt_epochs
        if run.adapt_learning_rate is not None:
            values["learning_rate"] = run.adapt_learning_rate
    rows, batches = settings.batch(settings.processes)
    # By turns a batch of source rows and a batch of shots: two for each one.
    turns = 2 if stage.order == "alternating" else 1
    values |= {"per_device_train_batch_size": rows, "gradient_accumulation_steps": turns * batches}
    # Checkpoints are there to go on from, with the optimizer; and the grid saves them itself when it is stopped.
    values |= {name: False for name in ("save_only_model", "enable_jit_checkpoint") if name in settings.training}
    return settings.training_arguments(**values)


def rows_of_update(arguments: GradientMixTrainingArguments) -> int:
    """Return how many rows one update has, over all processes."""
    return int(arguments.train_batch_size * arguments.gradient_accumulation_steps * arguments.world_size)


def arithmetic_of(arguments: GradientMixTrainingArguments) -> str:
    """Return in which numbers a training computes: ``"bf16"``, ``"fp16"`` or ``"float32"``."""
    return "bf16" if arguments.bf16 else "fp16" if arguments.fp16 else "float32"

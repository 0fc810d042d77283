"""The settings of a grid: what to run, on what data, with which training arguments."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_mixtrain.errors import InputError
from hf_mixtrain.experiment.global_batch import default_batch, divided
from hf_mixtrain.experiment.lora import Lora
from hf_mixtrain.experiment.run_arguments import RunArguments, default_of
from hf_mixtrain.files import is_path, portable_path
from hf_mixtrain.neutral_settings import NEUTRAL_SETTINGS
from hf_mixtrain.results import portable_settings
from hf_mixtrain.source_languages import source_languages

if TYPE_CHECKING:
    from hf_mixtrain.data import Task
    from hf_mixtrain.data.features.label_pieces import LabelPiece
    from hf_mixtrain.evaluation.decoding import Rule
    from hf_mixtrain.trainer import GradientMixTrainingArguments

logger = logging.getLogger(__name__)

# Where a grid starts from instead of `TrainingArguments`' own defaults: only the last checkpoint is kept, because it is
# there to resume from, and progress is shown for the grid and not for each training, nor hints by every process.
TRAINING_DEFAULTS: Mapping[str, Any] = {
    "output_dir": "out", "save_total_limit": 1, "disable_tqdm": True, "log_level_replica": "error",
}  # fmt: skip

# Flags of `TrainingArguments` that would fight with the grid, and what to use instead.
REFUSED: Mapping[str, str] = {
    "seed": "The seed is the cell's: use --seeds.",
    "data_seed": "The seed is the cell's: use --seeds.",
    "resume_from_checkpoint": "Run the same command again: interrupted cells resume, finished ones are skipped.",
    "load_best_model_at_end": "Use --select_on source-dev.",
    "metric_for_best_model": "Models are compared by the task's main metric: use --select_on source-dev.",
    "eval_strategy": "Use --select_on source-dev --select_steps N to evaluate on the dev set while training.",
    "hub_strategy": "With --push_to_hub, a cell is pushed when it is finished.",
    "hub_always_push": "With --push_to_hub, a cell is pushed when it is finished.",
    "hub_revision": "With --push_to_hub, cells go to the main branch. Use `hf-mixtrain push` for others.",
    "hub_token": "Set HF_TOKEN, or run `hf auth login`: a token must not come into files of a run.",
    "remove_unused_columns": "Features hold columns that no model takes.",
}

# What a reader of results wants to know although it decides nothing: the content of the data is recorded beside it.
_RECORDED = ("data_source", "shots_file")

_HUB = ("push_to_hub", "hub_model_id", "hub_private_repo")


@dataclass(frozen=True)
class Settings:
    """A grid's settings, ready to run.

    Attributes:
        run: What to run.
        task: The task.
        training: Values for `GradientMixTrainingArguments`: those that differ from its defaults, and those for which
            the task or the grid has a default of its own.
        changed: What differs from the defaults of the flags and of the task: the ``settings`` of a results file. Of
            paths only the names, so that a folder is the same however it is written.
        global_batch_size: Rows of one update, over all processes and accumulation steps.
        most_rows: Most of them that a process takes at a time.
        push_to_hub: Whether finished cells are pushed.
        hub_model_id: Template of the repositories' names, if one was given.
        hub_private_repo: Whether new repositories are private; None: as the account is set.

    Example:
        >>> from hf_mixtrain.data import load_task
        >>> run = RunArguments(task="panx", method=["naive-mix-train"])
        >>> settings = Settings.from_values(run, load_task("panx"), {"learning_rate": 1e-4})
        >>> settings.global_batch_size, settings.changed["learning_rate"], str(settings.output_dir)
        (32, 0.0001, 'out')
    """

    run: RunArguments
    task: "Task"
    training: Mapping[str, Any]
    changed: Mapping[str, Any]
    global_batch_size: int
    most_rows: int
    push_to_hub: bool = False
    hub_model_id: str | None = None
    hub_private_repo: bool | None = None

    @classmethod
    def from_values(cls, run: RunArguments, task: "Task", training: Mapping[str, Any]) -> "Settings":
        """Check the values, and find what differs from the defaults.

        Args:
            run: What to run.
            task: The task, loaded.
            training: See `Settings`.

        Raises:
            InputError: If a training argument would fight with the grid, or is refused by `transformers`.
        """
        for name, instead in REFUSED.items():
            if name in training:
                raise InputError(f"--{name} does not work in a grid. {instead}")
        _check_decoding(run, task)
        # The grid pushes, and not the Trainer of a training, whose model may be only a step on the way.
        hub = {name: training[name] for name in _HUB if name in training}
        training = {name: value for name, value in training.items() if name not in _HUB}
        if hub.get("push_to_hub") and run.save_models != "all":
            raise InputError(
                "--push_to_hub needs the models. Expected --save_models all. "
                f"Got {run.save_models}: leave out one of both."
            )
        if "source_language" in training:
            training["source_language"] = ",".join(source_languages(training["source_language"]))
        defaults = {**TRAINING_DEFAULTS, **task.defaults, **default_batch(task)}
        accumulation = training.pop("gradient_accumulation_steps", None)
        if accumulation is not None and run.global_batch_size is not None:
            raise InputError(
                "--gradient_accumulation_steps follows from --global_batch_size, --per_device_train_batch_size and the "
                "number of processes. Leave one of --global_batch_size and --gradient_accumulation_steps out."
            )
        changed = {f.name: getattr(run, f.name) for f in fields(run) if getattr(run, f.name) != default_of(f)}
        if run.use_peft:
            changed |= {"lora_r": run.lora_r, "lora_alpha": run.lora_alpha}
        given = training | ({} if accumulation is None else {"gradient_accumulation_steps": accumulation})
        changed |= {name: value for name, value in given.items() if name not in defaults or value != defaults[name]}
        if "global_batch_size" in changed and run.global_batch_size == defaults["global_batch_size"]:
            del changed["global_batch_size"]
        most = training.get("per_device_train_batch_size", defaults["per_device_train_batch_size"])
        for name, value in (("per_device_train_batch_size", most), ("gradient_accumulation_steps", accumulation)):
            if value is not None and value < 1:
                raise InputError(f"--{name}: expected 1 or more. Got {value}.")
        rows = run.global_batch_size or (most * accumulation if accumulation else defaults["global_batch_size"] or most)
        recorded = sorted(name for name in changed if name in _RECORDED or name not in NEUTRAL_SETTINGS)
        changed = portable_settings({name: changed[name] for name in recorded})
        settings = cls(run, task, training, changed, rows, most, **hub)
        try:
            settings.batch(settings.processes)
        except InputError:
            raise
        except (ValueError, TypeError) as error:
            raise InputError(" ".join(str(error).split())) from error
        return settings

    @property
    def model(self) -> str:
        """The encoder as results name it: see `model_name`."""
        return model_name(self.run.model_name_or_path)

    @cached_property
    def processes(self) -> int:
        """How many processes, or devices of one process, share the rows of one update in this launch."""
        arguments = self.training_arguments()
        return int(arguments.world_size * max(1, arguments.n_gpu))

    def batch(self, processes: int) -> tuple[int, int]:
        """Return the rows of one batch of one process, and its batches in one update; see `divided`."""
        return divided(self.global_batch_size, self.most_rows, processes)

    @property
    def label_piece(self) -> "LabelPiece":
        """Which word piece carries a word's label."""
        return self.run.label_piece or ("first" if self.training.get("paper_exact") else "content")

    @property
    def decode(self) -> "Rule | None":
        """How tags are decoded; None: as is best on dev data of the source."""
        return self.run.decode or ("argmax" if self.training.get("paper_exact") else None)

    @property
    def output_dir(self) -> Path:
        """Where the grid writes."""
        return Path(self.training.get("output_dir", "out"))

    @property
    def source_languages(self) -> tuple[str, ...]:
        """The languages with full training sets, mostly one."""
        return source_languages(self.training.get("source_language", "en"))

    @property
    def lora(self) -> Lora | None:
        """How adapters are made; None if whole models are trained."""
        run = self.run
        return Lora(run.lora_r, run.lora_alpha, run.lora_target_modules) if run.use_peft else None

    def training_arguments(self, **overrides: Any) -> "GradientMixTrainingArguments":
        """Return training arguments; ``overrides`` win over the user's values."""
        import torch

        from hf_mixtrain import GradientMixTrainingArguments
        from hf_mixtrain.experiment.precision import bf16_on_processor

        values = {**self.training, **overrides}
        on_processor = not torch.accelerator.is_available()
        if on_processor and int(os.environ.get("WORLD_SIZE", "1")) > 1:
            values["use_cpu"] = True  # else `TrainingArguments` lets each process train alone, on all rows
        if on_processor or values.get("use_cpu"):
            values.setdefault("dataloader_pin_memory", False)
            if values.get("bf16"):
                # `TrainingArguments` takes bf16 on a processor only when told that no GPU is meant.
                values |= {"use_cpu": True, "bf16": bf16_on_processor(self.run.bf16_on_processor, self.output_dir)}
        return GradientMixTrainingArguments(**values)


def _check_decoding(run: RunArguments, task: "Task") -> None:
    for flag, value in (("decode", run.decode), ("label_piece", run.label_piece)):
        if value is not None and task.kind != "token-classification":
            raise InputError(f"--{flag}: expected a task that tags words. Got {task.name}: leave it out.")
    if run.decode == "legal" and not any(label.startswith(("B-", "I-")) for label in task.labels):
        raise InputError(
            f"--decode legal: expected tags with B- and I-. {task.name} has none: use --decode argmax or transitions."
        )


def model_name(name_or_path: str) -> str:
    """Return an encoder's name as results have it: a folder as ``./NAME``, anything else as it is.

    Example:
        >>> model_name("xlm-roberta-base"), model_name("/models/mine")
        ('xlm-roberta-base', './mine')
    """
    folder = is_path(name_or_path) or Path(name_or_path).is_dir()
    return portable_path(name_or_path) if folder else name_or_path

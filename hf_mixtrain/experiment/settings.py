"""The settings of a grid: what to run, on what data, with which training arguments."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from hf_mixtrain.errors import InputError
from hf_mixtrain.experiment.global_batch import default_batch, divided
from hf_mixtrain.experiment.lora import Lora
from hf_mixtrain.files import is_path, portable_path
from hf_mixtrain.methods import METHODS
from hf_mixtrain.neutral_settings import NEUTRAL_SETTINGS
from hf_mixtrain.results import portable_settings
from hf_mixtrain.shot_count import shot_count
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


@dataclass
class RunArguments:
    """What to run. Every flag of `GradientMixTrainingArguments` and `transformers.TrainingArguments` works as well.

    Example:
        >>> RunArguments(task="panx", shots=[1, 5], seeds=[1, 2, 3]).method
        ['gradient-mix-train']
    """

    task: str | None = field(default=None, metadata={"help": "panx, udpos, tydiqa, xnli, or a YAML file of your own."})
    method: list[str] = field(
        default_factory=lambda: ["gradient-mix-train"],
        metadata={"help": f"One or more of: {', '.join(METHODS)}."},
    )
    shots: list[int] = field(
        default_factory=lambda: [5],
        metadata={
            "help": "Labelled examples of each target language (K; xnli: of each class), or all, or of each by hand as "
            "de=5,sw=20. zero-shot takes none."
        },
    )
    seeds: list[int] = field(
        default_factory=lambda: [1],
        metadata={"help": "A seed decides the shots, the head's first weights and the order of training. Paper: 1-5."},
    )
    languages: list[str] | None = field(default=None, metadata={"help": "Target languages. Default: all of the task."})
    data_source: str = field(
        default="hub", metadata={"help": "hub, demo (ships with the package), or a folder in XTREME's layout."}
    )
    shots_file: str | None = field(
        default=None,
        metadata={
            "help": "Take the shots from the shots.json of an earlier cell, or from a folder of published buckets "
            "(Zhao et al. 2021), instead of drawing them."
        },
    )
    shots_per: Literal["example", "class", "entity"] | None = field(
        default=None, metadata={"help": "What K counts: examples, examples of each class, or entities of each type."}
    )
    strict_shots: bool = field(
        default=False,
        metadata={"help": "Stop if a target language has fewer than K examples, instead of taking all it has."},
    )
    model_name_or_path: str = field(
        default="xlm-roberta-base",
        metadata={"help": "Encoder: a Hub name, a folder, or embedded:multilingual-e5-small (needs no Hub)."},
    )
    trim_vocabulary: bool = field(
        default=False,
        metadata={"help": "Keep only the word pieces that the task's texts in these languages use: less memory."},
    )
    max_source_examples: int | None = field(
        default=None, metadata={"help": "Train on at most N source examples, always the same random ones."}
    )
    max_eval_examples: int | None = field(
        default=None, metadata={"help": "Evaluate on at most N examples of each dev and test set, always the same."}
    )
    max_length: int | None = field(
        default=None, metadata={"help": "Longest input in word pieces. Default: the task's."}
    )
    global_batch_size: int | None = field(
        default=None,
        metadata={
            "help": "Rows of one update, over all processes and accumulation steps; per_device_train_batch_size is the "
            "most that a process takes at a time. Default: the task's."
        },
    )
    bf16_on_processor: Literal["measure", "always", "never"] = field(
        default="measure",
        metadata={"help": "What --bf16 means without an accelerator: bf16 if a short measurement finds it faster."},
    )
    freeze: list[str] = field(
        default_factory=list,
        metadata={"help": "Do not train the parameters in whose names one of these regular expressions is found."},
    )
    select_on: Literal["last", "source-dev", "target-dev", "average"] = field(
        default="last",
        metadata={
            "help": "Which model of a training is kept: the last one, the best one on dev data of the source language "
            "or of the target languages, or the mean of ten. ord-fs-dev always takes dev data of its target language."
        },
    )
    select_steps: int = field(
        default=100,
        metadata={"help": "Evaluate on dev data every N updates; after each epoch where only shots are trained on."},
    )
    adapt_epochs: float | None = field(
        default=None,
        metadata={"help": "Epochs of a training on shots alone. Default: num_train_epochs; ord-fs-dev: at most 50."},
    )
    adapt_learning_rate: float | None = field(
        default=None, metadata={"help": "Learning rate of a training on shots alone. Default: learning_rate."}
    )
    decode: Literal["argmax", "legal", "transitions"] | None = field(
        default=None,
        metadata={
            "help": "How tags are chosen: the likeliest tag of each word, the best legal sequence, or the best "
            "sequence with the frequencies of tag pairs in training. Default: the best of the three on dev data of the "
            "source language; without such data, transitions for entities."
        },
    )
    label_piece: Literal["first", "content", "all"] | None = field(
        default=None,
        metadata={
            "help": "Which word piece carries a word's label: the first (as in the paper), the first that is more than "
            "a mark for a space, or every one. Default: content."
        },
    )
    save_models: Literal["all", "best", "last", "none"] = field(
        default="all",
        metadata={
            "help": "Which cells keep their models: all of them; for each method and K, only the seed with the best "
            "average or only the last seed; or none. Results and cards are always kept."
        },
    )
    use_peft: bool = field(
        default=False, metadata={"help": "Train LoRA adapters and the head, and freeze the encoder's own weights."}
    )
    lora_r: int = field(default=16, metadata={"help": "Rank of the adapters."})
    lora_alpha: float = field(default=32.0, metadata={"help": "Adapters are multiplied by lora_alpha / lora_r."})
    lora_target_modules: list[str] | None = field(
        default=None,
        metadata={"help": "Layers that get adapters, such as query value, or all-linear; default: as PEFT has it."},
    )
    lora_export: Literal["merged", "adapter"] = field(
        default="merged", metadata={"help": "What a cell keeps: a whole model, or the adapters and the head alone."}
    )
    launcher: Literal["here", "local", "slurm", "ray"] = field(
        default="here",
        metadata={
            "help": "Where to run: here, in --workers processes of this machine (default: one for each GPU), as "
            "jobs of Slurm, or on a Ray cluster. Workers share the cells."
        },
    )
    workers: int | None = field(default=None, metadata={"help": "How many processes or jobs --launcher starts."})
    launcher_options: list[str] = field(
        default_factory=list,
        metadata={"help": "For submitit or Ray, as name=value, such as timeout_min=240 slurm_partition=gpu."},
    )
    cell_index: int = field(default=0, metadata={"help": "With --cell_count N: the share to run, from 0 to N-1."})
    cell_count: int = field(
        default=1, metadata={"help": "Cut the grid into N shares, for machines that share no folder."}
    )
    save_predictions: bool = field(
        default=False, metadata={"help": "Keep the predictions of the test rows: predictions.jsonl beside the results."}
    )
    license: str | None = field(
        default=None, metadata={"help": "Licence of the models, for their cards; the Hub's name of it, such as mit."}
    )
    overwrite: bool = field(
        default=False, metadata={"help": "Run a finished cell again if it was made from other data or settings."}
    )
    dry_run: bool = field(
        default=False, metadata={"help": "Check the data, show the cells and which are finished, and stop."}
    )
    list_tasks: bool = field(default=False, metadata={"help": "Show the tasks and stop."})
    verbose: bool = field(default=False, metadata={"help": "Show the messages of transformers and the training logs."})

    def __post_init__(self) -> None:
        for name in self.method:
            if name not in METHODS:
                raise InputError(f"--method: unknown method {name!r}. Expected one of {', '.join(METHODS)}.")
        self.shots = [shot_count(shots) for shots in ([self.shots] if isinstance(self.shots, dict) else self.shots)]
        for flag, values, least in (("shots", self.shots, 1), ("seeds", self.seeds, 0)):
            for value in values:
                if value < least:
                    hint = " Without any shots, use --method zero-shot." if flag == "shots" else ""
                    raise InputError(f"--{flag}: expected {least} or more. Got {value}.{hint}")
        for flag in (
            *("max_source_examples", "max_eval_examples", "max_length", "global_batch_size"),
            *("select_steps", "cell_count", "workers", "lora_r"),
        ):
            value, least = getattr(self, flag), 8 if flag == "max_length" else 1
            if value is not None and value < least:
                raise InputError(f"--{flag}: expected {least} or more. Got {value}.")
        self._check_lora()
        if not 0 <= self.cell_index < self.cell_count:
            raise InputError(
                f"--cell_index: expected 0 to {self.cell_count - 1}, below --cell_count. Got {self.cell_index}."
            )

    def _check_lora(self) -> None:
        for item in fields(self):
            if item.name.startswith("lora_") and not self.use_peft and getattr(self, item.name) != _default(item):
                raise InputError(f"--{item.name} needs --use_peft true. Got it without.")
        if self.use_peft and ("averaged-mix-train" in self.method or self.select_on == "average"):
            raise InputError(
                "--use_peft: the mean of adapters is not the adapter of the mean. Leave out averaged-mix-train and "
                "--select_on average, or --use_peft."
            )


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
        changed = {f.name: getattr(run, f.name) for f in fields(run) if getattr(run, f.name) != _default(f)}
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


def _default(flag: Any) -> Any:
    return flag.default_factory() if callable(flag.default_factory) else flag.default

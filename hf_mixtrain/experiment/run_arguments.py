"""The flags of a grid that are not training arguments: what to run, on what data."""

from dataclasses import dataclass, field, fields
from typing import Any, Literal

from hf_mixtrain.errors import InputError
from hf_mixtrain.methods import METHODS
from hf_mixtrain.shot_count import shot_count


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
            if item.name.startswith("lora_") and not self.use_peft and getattr(self, item.name) != default_of(item):
                raise InputError(f"--{item.name} needs --use_peft true. Got it without.")
        if self.use_peft and ("averaged-mix-train" in self.method or self.select_on == "average"):
            raise InputError(
                "--use_peft: the mean of adapters is not the adapter of the mean. Leave out averaged-mix-train and "
                "--select_on average, or --use_peft."
            )


def default_of(flag: Any) -> Any:
    """Return the default of a flag: a field of `RunArguments`."""
    return flag.default_factory() if callable(flag.default_factory) else flag.default

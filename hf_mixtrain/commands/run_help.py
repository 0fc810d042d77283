"""``hf-mixtrain run --help``: all flags of a run in groups, and the training flags that most runs set."""

import argparse
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from hf_mixtrain.commands.declared import Flag, surgery_flags, training_flags
from hf_mixtrain.experiment.run_arguments import RunArguments
from hf_mixtrain.experiment.settings import TRAINING_DEFAULTS

_GROUPS = {
    "task and data": (
        "task", "data_source", "languages", "shots", "shots_per", "shots_file", "max_source_examples",
        "max_eval_examples", "max_length", "strict_shots", "list_tasks",
    ),
    "method and surgery": ("method", *surgery_flags()),
    "model and training": (
        "model_name_or_path", "trim_vocabulary", "freeze", "num_train_epochs", "max_steps", "learning_rate",
        "global_batch_size", "per_device_train_batch_size", "warmup_steps", "weight_decay", "bf16", "bf16_on_processor",
        "train_sampling_strategy", "adapt_epochs", "adapt_learning_rate", "select_on", "select_steps", "decode",
        "label_piece", "use_peft", "lora_r", "lora_alpha", "lora_target_modules", "lora_export",
    ),
    "Hub": ("push_to_hub", "hub_model_id", "hub_private_repo", "license"),
    "grid": (
        "seeds", "output_dir", "save_models", "save_predictions", "launcher", "workers", "launcher_options",
        "cell_index", "cell_count", "overwrite", "dry_run", "report_to",
        "verbose",
    ),
}  # fmt: skip

_METAVARS = {
    "languages": "CODE", "oracle_languages_per_step": "N", "max_steps": "N", "select_steps": "N", "warmup_steps": "N",
    "lora_r": "R", "report_to": "TRACKER", "hub_model_id": "NAME", "method": "METHOD", "shots": "K", "seeds": "SEED",
    "freeze": "REGEX", "adapt_epochs": "N", "num_train_epochs": "N", "oracle_batch_size": "N", "global_batch_size": "N",
    "per_device_train_batch_size": "N", "max_source_examples": "N", "max_eval_examples": "N", "workers": "N",
    "cell_count": "N", "cell_index": "I", "launcher_options": "NAME=VALUE", "lora_target_modules": "LAYER",
}  # fmt: skip

# Flags whose defaults are those of the task.
OF_THE_TASK = {
    "max_length", "learning_rate", "num_train_epochs", "global_batch_size", "per_device_train_batch_size",
    "warmup_steps", "weight_decay", "surgery_probability",
}  # fmt: skip

# What flags of `TrainingArguments` mean in a grid.
_IN_A_GRID = {
    "max_steps": "Number of updates of a training; if positive, num_train_epochs does not count.",
    "num_train_epochs": "Number of training epochs.",
    "push_to_hub": "Push each finished cell to the Hub.",
    "hub_model_id": "Repository of a cell; may use {name}, {task}, {method}, {shots}, {seed}. Default: {name}.",
    "hub_private_repo": "Make new repositories private.",
    "output_dir": "Folder for models, results and the report.",
    "train_sampling_strategy": "Order of training rows: random, sequential, group_by_length (less padding), …",
    "report_to": "Trackers, such as tensorboard, wandb, trackio.",
}

_EPILOG = """\
Every flag of transformers.TrainingArguments works as well. Seeds and shots take ranges: --seeds 1-5.
--shots all takes every row, --shots de=5,sw=20 a number for each language.
Several source languages: --source_language en,de.
RECIPE is a YAML file with `flag: value` lines, or the name of one that ships with the package; flags win over it.

Examples:
  hf-mixtrain run quickstart
  hf-mixtrain run --list_tasks
  hf-mixtrain run panx/gradient-mix-train --data_source DATA --dry_run
  hf-mixtrain run --task panx --method zero-shot naive-mix-train gradient-mix-train \\
      --shots 1 5 10 --seeds 1-5 --languages de sw zh --data_source DATA --output_dir out
  accelerate launch run_xtreme_fewshot.py recipes/quickstart.yaml --cell_index 0 --cell_count 2
"""


def run_help() -> str:
    """Return the help. It needs neither torch nor transformers."""
    parser = argparse.ArgumentParser(
        prog="hf-mixtrain run",
        usage="%(prog)s [RECIPE] --task TASK [flags]",
        description="Few-shot cross-lingual transfer. Trains every combination of method, number of shots (K) and "
        "seed, evaluates each language and writes a report.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    flags = flags_of_run()
    grouped = [name for names in _GROUPS.values() for name in names]
    rest = [flag.name for flag in _run_flags() if flag.name not in grouped]
    for title, names in {**_GROUPS, "more": rest}.items():
        group = parser.add_argument_group(title)
        for flag in (flags[name] for name in names if name in flags):
            _add(group, flag)
    return parser.format_help()


def flags_of_run() -> dict[str, Flag]:
    """Return all flags by name, those of the training arguments among them.

    Example:
        >>> flags_of_run()["select_on"].choices
        ('last', 'source-dev', 'target-dev', 'average')
    """
    return {**training_flags(), **surgery_flags(), **{flag.name: flag for flag in _run_flags()}}


def _run_flags() -> Iterator[Flag]:
    kinds = get_type_hints(RunArguments)
    for field in fields(RunArguments):
        yield Flag(field.name, _kind(kinds[field.name]), field.metadata["help"], _default(field))


def _add(group: Any, flag: Flag) -> None:
    default = TRAINING_DEFAULTS.get(flag.name, flag.default)
    shown = " ".join(map(str, default)) if isinstance(default, list | tuple) else default
    text = " ".join(_IN_A_GRID.get(flag.name, flag.help).split())
    known = shown not in (None, False, "") and "default:" not in text.lower()
    if flag.name in OF_THE_TASK:
        text, known, shown = text.removesuffix(" Default: the task's."), True, "the task's"
    help_ = f"{text} Default: {shown}." if known else text
    help_ = help_.replace("%", "%%")
    if flag.is_switch:
        group.add_argument(f"--{flag.name}", action="store_true", help=help_)
    else:
        many = flag.kind.startswith("list")
        metavar = flag.kind if flag.choices else _METAVARS.get(flag.name, flag.name.split("_")[-1].upper())
        group.add_argument(f"--{flag.name}", metavar=metavar, nargs="+" if many else None, help=help_)


def _kind(kind: Any) -> str:
    """The kind as `_add` reads it: choices in braces, ``list``, or the name of a type."""
    parts = [part for part in get_args(kind) if part is not type(None)]
    if get_origin(kind) is Literal:
        return "{" + ",".join(parts) + "}"
    if get_origin(kind) is list:
        return "list"
    return _kind(parts[0]) if parts else kind.__name__


def _default(field: "Field[Any]") -> Any:
    if callable(field.default_factory):
        return field.default_factory()
    return None if field.default is MISSING else field.default

"""``init``: from a folder of files to the YAML file of a task and a recipe, to be edited."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from hf_mixtrain.commands.parser import CommandParser
from hf_mixtrain.errors import InputError


def command_parser() -> CommandParser:
    """Return the parser of the command line."""
    parser = CommandParser(
        "init",
        "Look at the files of a folder and write task.yaml and recipe.yaml for them. File names say the language, as a "
        "code or in English, and the split: train-en.conll, swahili.txt, en/test.jsonl. Without a split it is train.",
        "hf-mixtrain init my-data\nhf-mixtrain init my-data --output my-task",
    )
    parser.add_argument("folder", help="a folder with one file for each language and split")
    parser.add_argument(
        "--source_language", metavar="CODE", help="or several, as en,de (default: English, or the one with most rows)"
    )
    parser.add_argument(
        "--output",
        default=".",
        metavar="DIR",
        help="folder for the two files, and for what a run writes (default: this folder)",
    )
    return parser


def main(argv: Sequence[str]) -> int:
    """Write ``task.yaml`` and ``recipe.yaml``; `InputError` if the files are not understood."""
    arguments = command_parser().parse_args(argv)
    output = Path(arguments.output)
    for name in ("task.yaml", "recipe.yaml"):
        if (output / name).exists():
            raise InputError(f"{output / name}: expected no such file, found one. Use another --output, or delete it.")
    # Imported where they are used: help should not wait for them.
    from hf_mixtrain.data import load_task
    from hf_mixtrain.data.proposal import propose
    from hf_mixtrain.files import atomic_write_text
    from hf_mixtrain.source_languages import source_languages

    sources = source_languages(arguments.source_language) if arguments.source_language else ()
    proposal = propose(Path(arguments.folder), sources)
    output.mkdir(parents=True, exist_ok=True)
    task, recipe = output / "task.yaml", output / "recipe.yaml"
    atomic_write_text(task, _task_text(proposal.task))
    try:
        atomic_write_text(recipe, _recipe_text(proposal.recipe, task, Path(arguments.folder)))
    except OSError:  # the same command is to write both when there is room
        task.unlink()
        raise
    load_task(task)  # reports a mistake in the file now
    for line in proposal.notes:
        print(line)
    print(f"Wrote {task} and {recipe}. Look at them, then: hf-mixtrain run {recipe}")
    return 0


def _lines(values: Mapping[str, Any], comments: Mapping[str, str]) -> str:
    text = ""
    for key, value in values.items():
        text += f"{comments[key]}\n" if key in comments else ""
        flow = yaml.safe_dump([value], allow_unicode=True, default_flow_style=True, sort_keys=False, width=10**6)
        text += f"{key}: {flow.strip()[1:-1]}\n"
    return text


def _task_text(task: Mapping[str, Any]) -> str:
    comments = {
        "labels": "# As found in the files. Labels that are to be read as others: label_map: {B-DATE: O, '-': null}",
        "metric": "# What models are compared by; docs/metrics.md has the others.",
        "shots_split": "# Where the labelled examples of the other languages are drawn from.",
        "folder": "# Paths below --data_source.",
        "test_from_train": "# The source language has no test file: this share of its training rows is kept for one.",
    }
    return "# A task of your own; docs/data.md says what each line means.\n" + _lines(task, comments)


def _recipe_text(recipe: Mapping[str, Any], task: Path, folder: Path) -> str:
    comments = {
        "method": "# Everything mixed and trained once; gradient-mix-train adds surgery. Several methods are compared.",
        "shots": "# Labelled examples of each language; where there are fewer, all there are; all takes every one.",
        "seeds": "# Three or more seeds show how much the scores move by chance.",
        "model_name_or_path": "# embedded:multilingual-e5-small needs no Hub; then learning_rate: 2.0e-4.",
        "num_train_epochs": "# To suit the size of the training set.",
        "output_dir": "# Where models, results and the report go. Paths are relative to where you start the command.",
    }
    values = {"task": str(task), "data_source": str(folder), "output_dir": str(task.parent / "out"), **recipe}
    return "# hf-mixtrain run reads this file; every flag of it can be a line here.\n" + _lines(values, comments)

"""``run``: a grid of methods, K and seeds, from a recipe and flags."""

import logging
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from hf_mixtrain.commands.messages import set_up_messages
from hf_mixtrain.commands.quick_check import check_words
from hf_mixtrain.commands.run_help import run_help
from hf_mixtrain.errors import InputError
from hf_mixtrain.experiment.cells import grid, share
from hf_mixtrain.experiment.run_arguments import RunArguments
from hf_mixtrain.experiment.settings import TRAINING_DEFAULTS, Settings
from hf_mixtrain.experiment.stopping import stop_on_signals

if TYPE_CHECKING:
    from hf_mixtrain.experiment.grid_data import GridData
    from hf_mixtrain.experiment.grid_run import Outcome

logger = logging.getLogger(__name__)


def main(argv: Sequence[str]) -> int:
    """Run a grid, or show what it would be.

    Args:
        argv: The command line, without the program's name.

    Returns:
        0 if every cell that was to be run has results, and is on the Hub if it should be, else 1.

    Raises:
        InputError: If the input cannot be used.
    """
    if not argv or {"-h", "--help"} & set(argv):
        print(run_help())
        return 0
    if "--list_tasks" in argv or "--list-tasks" in argv:
        print(_tasks())
        return 0
    check_words(argv)
    settings = parse_settings(argv)
    if settings.run.dry_run:
        from hf_mixtrain.experiment.preflight import check_before_training

        print(_dry_run(settings))
        check_before_training(settings, online=False)
        return 0
    return _run(settings) if settings.run.launcher == "here" else _launch(argv, settings)


def parse_settings(argv: Sequence[str]) -> Settings:
    """Read recipe and flags; defaults < the task's < recipe < flags.

    Args:
        argv: The command line, without the program's name.

    Raises:
        InputError: If a key, a flag or a value is wrong.
    """
    # Imported where they are used: torch comes with them, and help should not wait for it.
    from hf_mixtrain import GradientMixTrainingArguments
    from hf_mixtrain.commands.recipe_parser import RecipeParser
    from hf_mixtrain.data import list_tasks, load_task
    from hf_mixtrain.metrics import metric_for

    parser = RecipeParser([RunArguments, GradientMixTrainingArguments])
    ours = {field.name for field in fields(RunArguments)}
    # Parsed, as argparse converts defaults that are texts.
    untouched = parser.parse([])
    theirs = {field.name: untouched[field.name] for field in fields(GradientMixTrainingArguments) if field.init}
    values = parser.parse(argv)
    if values["task"] is None:
        raise InputError(f"--task is missing. Expected one of {', '.join(list_tasks())}, or the YAML file of a task.")
    task = load_task(values["task"])
    metric_for(task)  # a metric that does not fit the task is an error before anything is trained
    # Task settings about data (max_length, doc_stride) are not training arguments.
    defaults = {**TRAINING_DEFAULTS, **{key: value for key, value in task.defaults.items() if key in theirs}}
    defaults["gradient_accumulation_steps"] = None  # unless it is given, it follows from the global batch
    values = parser.parse(argv, defaults)
    run = RunArguments(**{name: values[name] for name in ours})
    # A value that only the task changes, and a flag changes back, is a setting too.
    training = {name: values[name] for name in theirs if name in defaults or values[name] != theirs[name]}
    return Settings.from_values(run, task, training)


def _run(settings: Settings) -> int:
    is_main = int(os.environ.get("RANK", "0")) == 0
    set_up_messages(verbose=settings.run.verbose, is_main=is_main)
    with stop_on_signals():
        from accelerate import PartialState

        from hf_mixtrain.experiment.environment import use_all_cores
        from hf_mixtrain.experiment.grid_run import run_grid
        from hf_mixtrain.experiment.preflight import check_before_training

        use_all_cores()
        check_before_training(settings)
        outcome = run_grid(settings)
        # gloo (torch 2.13) now and then aborts a process that ends while its process group is open.
        PartialState().destroy_process_group()
        if not is_main:
            return 1 if outcome.failed else 0
        return _tell(outcome, Path(settings.training["output_dir"]))


def _tell(outcome: "Outcome", output_dir: Path) -> int:
    """Show what came out, write the report, and return the exit status."""
    if outcome.results:
        from hf_mixtrain.experiment.summary import summary_table

        report = _write_report(output_dir)
        print(f"\n{summary_table(outcome.results)}\n{report}")
    for cell in outcome.missing:
        logger.info("Not run here: %s", cell)
    for cell, error in outcome.failed.items():
        reason = " ".join(str(error).split())
        print(f"failed: {cell}: {reason or type(error).__name__}", file=sys.stderr)
    if outcome.failed:
        count, them = ("1 cell", "it") if len(outcome.failed) == 1 else (f"{len(outcome.failed)} cells", "them")
        print(f"{count} failed. Run the same command again to try {them} again.", file=sys.stderr)
    for cell, reason in outcome.not_pushed.items():
        print(f"not pushed: {cell}: {reason}", file=sys.stderr)
    if outcome.not_pushed:
        print("The models are in their folders. The same command again pushes what is missing.", file=sys.stderr)
    return 1 if outcome.failed or outcome.not_pushed else 0


def _launch(argv: Sequence[str], settings: Settings) -> int:
    """Start workers; when they have ended, show what became of the cells."""
    set_up_messages(verbose=settings.run.verbose)
    from hf_mixtrain.experiment.queue_records import queue_folder
    from hf_mixtrain.experiment.status import grid_status, status_text
    from hf_mixtrain.launchers import Job, launch, parse_options, worker_command

    run, output_dir = settings.run, Path(settings.training["output_dir"])
    if {"RANK", "WORLD_SIZE"} <= os.environ.keys():
        raise InputError(f"--launcher {run.launcher}: start it once, without `accelerate launch` or `torchrun`.")
    logs = queue_folder(output_dir, settings.task.name) / "logs"
    job = Job(worker_command(argv), run.workers, logs, parse_options(run.launcher_options))
    statuses = launch(run.launcher, job)
    if not statuses:
        print(f"How far they are: hf-mixtrain status {shlex.quote(str(output_dir))} --watch")
        return 0
    if 2 in statuses:
        raise InputError(f"--launcher {run.launcher}: the input cannot be used. See the end of the logs in {logs}.")
    mine = set(grid(run, settings.task.name))
    cells = [status for status in grid_status(output_dir) if status.cell in mine]
    print(status_text(cells))
    if all(status.state == "finished" for status in cells):
        return max(statuses) if max(statuses) == 1 else 0  # 1: not everything is on the Hub
    return 75 if 75 in statuses else 1


def _write_report(output_dir: Path) -> str:
    """Write the report; return a line that says where it is."""
    from hf_mixtrain.report import write_report

    try:
        return f"\nReport: {write_report(output_dir)}"
    except Exception as error:  # such as a broken file of another grid in the folder: this one has its results
        logger.warning("No report: %s: %s", type(error).__name__, error)
        return ""


def _dry_run(settings: Settings) -> str:
    from hf_mixtrain.experiment.finished import finished_results
    from hf_mixtrain.experiment.forecast import forecast, forecast_lines
    from hf_mixtrain.experiment.plan import costs

    run, task = settings.run, settings.task
    output_dir = Path(settings.training["output_dir"])
    cells = grid(run, task.name)
    data = _data_here(settings)
    finished = {cell: found for cell in cells if (found := finished_results(cell, settings, None)) is not None}
    mine = cells
    if data is not None and run.cell_count > 1:
        mine = share({cell: costs([cell], settings, data) for cell in cells}, run.cell_index, run.cell_count)
    lines = []
    for number, cell in enumerate(cells, 1):
        state = "finished" if cell in finished else "to do" if cell in mine else "for another process"
        lines.append(f"[{number}/{len(cells)}] {cell}: {state}, {cell.folder(output_dir)}")
    if data is None and run.cell_count > 1:
        lines.append("Which of them are for this process is known when the data are here.")
    lines += forecast_lines(forecast(settings, [cell for cell in mine if cell not in finished], finished, data))
    languages = " ".join(run.languages or task.languages)
    lines += [f"task: {task.title}", f"model: {run.model_name_or_path}", f"data: {run.data_source}, {languages}"]
    defaults = {**TRAINING_DEFAULTS, **task.defaults}
    shown = {**{key: defaults[key] for key in sorted(defaults)}, **settings.training, **settings.changed}
    lines += [f"{name}: {value}" for name, value in shown.items() if name not in ("data_source", "disable_tqdm")]
    if settings.push_to_hub:
        from hf_mixtrain.experiment.publishing import repositories

        lines += [f"{cell}: to be pushed to {name}" for cell, name in repositories(settings, cells).items()]
    return "\n".join(lines)


def _data_here(settings: Settings) -> "GridData | None":
    """Return the grid's data if they can be read without the Hub; faults in them are told later, all at once."""
    from hf_mixtrain.experiment.grid_data import GridData

    if settings.run.data_source == "hub":
        return None
    data = GridData(settings)
    try:
        for cell in grid(settings.run, settings.task.name):
            data.of(cell.shots, cell.seed)
    except InputError:
        return None
    return data


def _tasks() -> str:
    from hf_mixtrain.data import list_tasks, load_task

    lines = []
    for name in list_tasks():
        task = load_task(name)
        lines.append(f"{name}: {task.title}; {len(task.languages)} languages: {' '.join(task.languages)}")
    return "\n".join(lines)

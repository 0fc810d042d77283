"""What to start, and which library starts it."""

import importlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from hf_mixtrain.errors import InputError
from hf_mixtrain.yaml_text import load_yaml

# Which library starts the workers: none for processes of this machine.
LAUNCHERS: Mapping[str, str | None] = {"local": None, "slurm": "submitit", "ray": "ray"}
"""Launchers by name, each with the package that it needs."""


@dataclass(frozen=True)
class Job:
    """Workers to start.

    Attributes:
        command: What each of them runs.
        workers: How many; None: as many as there are GPUs here, at least one.
        folder: Where their logs go.
        options: For the library that starts them.

    Example:
        >>> job = Job(["hf-mixtrain", "run", "recipe.yaml"], workers=2, folder=Path("out/panx/.queue/logs"))
        >>> job.workers
        2
    """

    command: Sequence[str]
    workers: int | None
    folder: Path
    options: Mapping[str, Any] = field(default_factory=dict)


def launch(launcher: str, job: Job) -> list[int]:
    """Start workers.

    Args:
        launcher: One of `LAUNCHERS`.
        job: What to start.

    Returns:
        Their exit statuses when all have ended; empty if they run on without this process, as Slurm jobs do.

    Raises:
        InputError: If the launcher is not installed, or refuses an option.

    Example:
        >>> import sys, tempfile
        >>> job = Job([sys.executable, "-c", "pass"], workers=2, folder=Path(tempfile.mkdtemp()))
        >>> launch("local", job)
        [0, 0]
    """
    module = importlib.import_module(f"hf_mixtrain.launchers.{launcher}")
    library = LAUNCHERS[launcher]
    if library is not None:
        try:
            importlib.import_module(library)
        except ImportError:
            raise InputError(
                f'--launcher {launcher} needs {library}: pip install "hf_mixtrain[{launcher}]". '
                "Without it, --launcher local runs on this machine."
            ) from None
    statuses: list[int] = module.start(job)
    return statuses


def worker_command(argv: Sequence[str]) -> list[str]:
    """Return the command of one worker: the same run, in its own process.

    Example:
        >>> worker_command(["recipe.yaml", "--launcher", "slurm"])[1:]
        ['-m', 'hf_mixtrain', 'run', 'recipe.yaml', '--launcher', 'slurm', '--launcher', 'here']
    """
    return [sys.executable, "-m", "hf_mixtrain", "run", *argv, "--launcher", "here"]


def parse_options(words: Sequence[str]) -> dict[str, Any]:
    """Return ``name=value`` words as a dict; values are YAML.

    Raises:
        InputError: If a word is not of that form.

    Example:
        >>> parse_options(["timeout_min=240", "slurm_partition=gpu"])
        {'timeout_min': 240, 'slurm_partition': 'gpu'}
    """
    found: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise InputError(f"--launcher_options: expected name=value, such as timeout_min=240. Got {word!r}.")
        try:
            found[name] = load_yaml(value)
        except yaml.YAMLError:
            raise InputError(f"--launcher_options {name}: expected a YAML value. Got {value!r}.") from None
    return found

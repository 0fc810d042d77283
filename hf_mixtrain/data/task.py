"""A task as data: languages, labels, where its rows are, and the paper's training settings, all from one YAML file."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.errors import InputError

Split = Literal["train", "dev", "test"]
ShotsPer = Literal["example", "class", "entity"]

_FOLDER = Path(__file__).parent / "tasks"
_HUB = ("repository", "files", "splits", "columns", "labels", "revision", "id_prefix", "url", "treebanks")


@dataclass(frozen=True)
class Task:
    """What is learnt, in which languages, and where the rows are. `load_task` makes one from a YAML file.

    Attributes:
        name: Short name, used in paths and tables.
        title: One line for people.
        kind: Which head and features it needs; see `hf_mixtrain.data.kinds`.
        labels: Names of the labels in the order of their ids; empty for question answering.
        languages: Codes of all languages, source included.
        metric: Key of the main metric among the scores.
        shots_split: Split of a target language from which its shots are drawn; from ``dev`` they are taken out.
        shots_per: What K counts: examples (for question answering those with an answer), examples of each class, or
            mentions of each entity type (or tag).
        parallel: Whether the dev rows of all languages are translations of one another, row by row.
        dev_from_train: Share of the training texts that serves as dev set, for tasks that have none of their own.
        folder: For each split, the path of its file below a data folder, with ``{language}`` in it.
        source_folder: Paths of the source language's files, for splits that it has somewhere else.
        columns: Where the readers find a column, if not under its own name or in its usual place.
        quoted: Whether fields of ``.tsv`` files that hold a double quote are quoted, as Python's ``csv`` does it.
        hub: Where the rows are on the Hub; see ``docs/data.md``.
        defaults: Training arguments, ``max_length`` and the like, as in the paper's scripts.
    """

    name: str
    title: str
    kind: str
    languages: tuple[str, ...]
    metric: str
    labels: tuple[str, ...] = ()
    shots_split: Literal["train", "dev"] = "train"
    shots_per: ShotsPer = "example"
    parallel: bool = False
    dev_from_train: float = 0.0
    folder: Mapping[str, str] = field(default_factory=dict)
    source_folder: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str | int] = field(default_factory=dict)
    quoted: bool = True
    hub: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)


def list_tasks() -> list[str]:
    """Return the names of the tasks that come with the package.

    Example:
        >>> list_tasks()
        ['panx', 'tydiqa', 'udpos', 'xnli']
    """
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def load_task(name: str | Path) -> Task:
    """Read a task of the package by its name, or one of your own from its YAML file.

    Args:
        name: ``"panx"``, ``"udpos"``, ``"tydiqa"``, ``"xnli"``, or the path of a ``.yaml`` file.

    Returns:
        The task, checked.

    Raises:
        InputError: If there is no such task, or its file cannot be used.

    Example:
        >>> load_task("panx").labels[:3]
        ('O', 'B-PER', 'I-PER')
    """
    path = Path(name)
    if path.suffix not in {".yaml", ".yml"}:
        if str(name) not in list_tasks():
            raise InputError(
                f"Expected a task: {', '.join(list_tasks())}, or the path of a .yaml file. Found {str(name)!r}."
                + _near(str(name), list_tasks())
            )
        return _packaged(str(name))
    return _read(path)


@cache
def _packaged(name: str) -> Task:
    return _read(_FOLDER / f"{name}.yaml")


def _read(path: Path) -> Task:
    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: expected the YAML file of a task, found {error}. Check the path.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else f"{path}"
        raise InputError(f"{where}: expected YAML, found {getattr(error, 'problem', error)}. Correct it.") from error
    if not isinstance(settings, dict):
        raise InputError(f"{path}: expected `name:`, `kind:`, `languages:` and so on, found {settings!r:.60}.")
    known = [item.name for item in fields(Task)]
    for key in settings:
        if key not in known:
            raise InputError(f"{path}: expected one of {', '.join(known)}, found {key!r}.{_near(str(key), known)}")
    if missing := [key for key in ("name", "kind", "languages", "metric") if key not in settings]:
        raise InputError(f"{path}: expected `{missing[0]}:`, found nothing. Add it.")
    for key in ("labels", "languages"):
        settings[key] = _texts(path, key, settings.get(key) or [])
    task = Task(**{"title": settings["name"], **settings})
    _check(task, path)
    return task


def _texts(path: Path, key: str, values: Any) -> tuple[str, ...]:
    values = values if isinstance(values, list) else [values]
    for value in values:
        # YAML reads a bare `no` (Norwegian) as False and `1` as a number.
        if not isinstance(value, str):
            raise InputError(f"{path}: expected text in `{key}`, found {value!r}. Put it in quotes, such as 'no'.")
        if values.count(value) > 1:
            raise InputError(f"{path}: expected each entry of `{key}` once, found {value!r} again. Take one out.")
    return tuple(values)


def _check(task: Task, path: Path) -> None:
    choices: dict[str, tuple[str, ...]] = {
        "kind": tuple(KINDS),
        "shots_split": ("train", "dev"),
        "shots_per": get_args(ShotsPer),
    }
    for key, allowed in choices.items():
        if (found := getattr(task, key)) not in allowed:
            raise InputError(
                f"{path}: expected `{key}` to be one of {', '.join(allowed)}. Found {found!r}."
                + _near(str(found), allowed)
            )
    for key in ("folder", "source_folder", "columns", "hub", "defaults"):
        if not isinstance(getattr(task, key), Mapping):
            raise InputError(f"{path}: expected `{key}` to be a block of `name: value` lines. Indent them below it.")
    for key in task.hub:
        if key not in _HUB:
            raise InputError(f"{path}: expected one of {', '.join(_HUB)} in `hub`. Found {key!r}.{_near(key, _HUB)}")
    for split in (*task.folder, *task.source_folder):
        if split not in get_args(Split):
            raise InputError(f"{path}: expected train, dev or test in `folder`, found {split!r}. Rename it.")
    for template in task.folder.values():
        if "{language}" not in str(template):
            raise InputError(
                f"{path}: expected {{language}} in each path of `folder`, found {template!r}. "
                "Put files of the source language alone under `source_folder`."
            )
    for column in task.columns:
        allowed = tuple(sorted(("id", *KINDS[task.kind].columns)))
        if column not in allowed:
            raise InputError(
                f"{path}: expected columns of {task.kind}: {', '.join(allowed)}. Found {column!r}."
                + _near(column, allowed)
            )
    if bool(task.labels) != KINDS[task.kind].has_labels:
        raise InputError(f"{path}: expected `labels` for every kind but question-answering, and there none.")
    if not 0 <= task.dev_from_train < 1:
        raise InputError(f"{path}: expected `dev_from_train` from 0 to below 1, found {task.dev_from_train}.")


def _near(found: str, allowed: list[str] | tuple[str, ...]) -> str:
    near = difflib.get_close_matches(found, allowed, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""

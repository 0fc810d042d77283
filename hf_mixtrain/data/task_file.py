"""Reads a task from its YAML file, or says everything that is wrong with the file at once."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any, get_args

import yaml

from hf_mixtrain.data.folder_names import unsafe
from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.data.task import ProblemType, ShotsPer, Split, Task, number_faults
from hf_mixtrain.errors import CombinedInputError, InputError, did_you_mean
from hf_mixtrain.yaml_text import load_yaml

_FOLDER = Path(__file__).parent / "tasks"
_HUB = ("repository", "files", "splits", "columns", "labels", "revision", "id_prefix", "url", "treebanks")
_NEEDED = ("name", "kind", "languages", "metric")
_BLOCKS = ("folder", "source_folder", "columns", "label_map", "hub", "defaults")
#: Settings under ``defaults`` that are about data, and that no training argument is named like.
DATA_DEFAULTS = ("max_length", "doc_stride", "max_question_length")
# Columns that a file may have beside those of its kind of task.
_MORE_COLUMNS = {"token-classification": ("sentence",), "question-answering": ("answer_start",)}


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
                + did_you_mean(str(name), list_tasks())
            )
        return _packaged(str(name))
    return _read(path)


@cache
def _packaged(name: str) -> Task:
    return _read(_FOLDER / f"{name}.yaml")


def _read(path: Path) -> Task:
    settings = _yaml(path)
    try:
        faults = list(_faults(settings))
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        raise InputError(
            f"{path}: expected `name:`, `kind:` and so on, each with a value of its own kind. Found {error}."
        ) from error
    if faults:
        raise CombinedInputError([f"{path}: {fault}" for fault in faults])
    for key in ("labels", "languages"):
        settings[key] = tuple(_listed(settings.get(key)))
    return Task(**{"title": settings["name"], **settings})


def _yaml(path: Path) -> dict[str, Any]:
    try:
        settings = load_yaml(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: expected the YAML file of a task, found {error}. Check the path.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else f"{path}"
        raise InputError(f"{where}: expected YAML, found {getattr(error, 'problem', error)}. Correct it.") from error
    if not isinstance(settings, dict):
        raise InputError(f"{path}: expected `name:`, `kind:`, `languages:` and so on, found {settings!r:.60}.")
    return settings


def _listed(values: Any) -> list[Any]:
    return values if isinstance(values, list) else [] if values is None else [values]


def _faults(settings: Mapping[Any, Any]) -> Iterator[str]:
    """Yield one line for each mistake in the content of a task's file."""
    known = [item.name for item in fields(Task) if item.init]
    for key in settings:
        if key not in known:
            yield f"expected one of {', '.join(known)}, found {key!r}.{did_you_mean(str(key), known)}"
    for key in _NEEDED:
        if key not in settings:
            yield f"expected `{key}:`, found nothing. Add it."
    for key in ("labels", "languages"):
        yield from _texts(key, _listed(settings.get(key)))
    yield from _names(settings)
    choices: dict[str, tuple[str, ...]] = {
        "kind": tuple(KINDS),
        "shots_split": ("train", "dev"),
        "shots_per": get_args(ShotsPer),
        "problem_type": get_args(ProblemType),
    }
    for key, allowed in choices.items():
        if key in settings and settings[key] not in allowed:
            found = settings[key]
            near = did_you_mean(str(found), allowed)
            yield f"expected `{key}` to be one of {', '.join(allowed)}. Found {found!r}.{near}"
    for key in _BLOCKS:
        if not isinstance(settings.get(key, {}), Mapping):
            yield f"expected `{key}` to be a block of `name: value` lines. Indent them below it."
    yield from _block_faults({key: value for key, value in settings.items() if isinstance(value, Mapping)})
    if settings.get("kind") in KINDS:
        yield from _kind_faults(settings, settings["kind"])
    for key in ("parallel", "entities", "quoted"):
        if not isinstance(settings.get(key, False), bool):
            yield f"expected `{key}` to be true or false, found {settings[key]!r}. Correct it, or leave it out."
    for key in ("dev_from_train", "test_from_train"):
        share = settings.get(key, 0.0)
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share < 1:
            yield f"expected `{key}` from 0 to below 1, found {share!r}."


def _texts(key: str, values: list[Any]) -> Iterator[str]:
    for place, value in enumerate(values):
        # YAML reads a bare `no` (Norwegian) as False and `1` as a number.
        if not isinstance(value, str):
            yield f"expected text in `{key}`, found {value!r}. Put it in quotes, such as 'no'."
        elif value in values[:place]:
            yield f"expected each entry of `{key}` once, found {value!r} again. Take one out."


def _names(settings: Mapping[Any, Any]) -> Iterator[str]:
    if "name" in settings:
        if not isinstance(settings["name"], str):
            yield f"expected text in `name`, found {settings['name']!r}. Put it in quotes."
        elif reason := unsafe(settings["name"]):
            yield f"expected a `name` that can be one of a folder, found {settings['name']!r}: {reason}. Change it."
    for language in _listed(settings.get("languages")):
        if isinstance(language, str) and (reason := unsafe(language)):
            yield f"expected `languages` that can be names of folders, found {language!r}: {reason}. Change it."
    if "languages" in settings and not _listed(settings["languages"]):
        yield "expected codes of languages in `languages`, found none. Add them."


def _block_faults(blocks: Mapping[str, Mapping[Any, Any]]) -> Iterator[str]:
    for key in blocks.get("hub", {}):
        if key not in _HUB:
            yield f"expected one of {', '.join(_HUB)} in `hub`. Found {key!r}.{did_you_mean(str(key), _HUB)}"
    for block in ("folder", "source_folder"):
        for split, path in blocks.get(block, {}).items():
            if split not in get_args(Split):
                yield f"expected train, dev or test in `{block}`, found {split!r}. Rename it."
            if not isinstance(path, str):
                yield f"expected the path of a file for {split} in `{block}`, found {path!r}."
            elif block == "folder" and "{language}" not in path and "language" not in blocks.get("columns", {}):
                yield (
                    f"expected {{language}} in each path of `folder`, found {path!r}. Put files of the source language "
                    "alone under `source_folder`; if the file holds all languages, name the column under `columns`: "
                    "`language`."
                )
    yield from number_faults(blocks.get("defaults", {}))
    for key in blocks.get("defaults", {}):
        # The others are compared with the training arguments where these are known, before a run.
        if key not in DATA_DEFAULTS and (near := did_you_mean(str(key), DATA_DEFAULTS)) and _differs_little(str(key)):
            yield f"expected settings in `defaults`, found {key!r}, which nothing reads.{near}"


def _differs_little(key: str) -> bool:
    return any(sorted(key.replace("_", "")) == sorted(name.replace("_", "")) for name in DATA_DEFAULTS)


def _kind_faults(settings: Mapping[Any, Any], kind: str) -> Iterator[str]:
    columns = settings.get("columns", {})
    allowed = tuple(sorted(("id", "language", *KINDS[kind].columns, *_MORE_COLUMNS.get(kind, ()))))
    for column, place in columns.items() if isinstance(columns, Mapping) else ():
        if column not in allowed:
            near = did_you_mean(str(column), allowed)
            yield f"expected columns of {kind}: {', '.join(allowed)}. Found {column!r}.{near}"
        elif isinstance(place, bool) or not isinstance(place, str | int):
            yield f"expected a name or a number for {column!r} in `columns`, found {place!r}."
    labels = _listed(settings.get("labels"))
    problem = settings.get("problem_type", "single_label_classification")
    if problem != "single_label_classification" and kind != "text-classification":
        yield f"expected `problem_type` {problem} for text-classification alone. Leave it out for {kind}."
    if bool(labels) != (KINDS[kind].has_labels and problem != "regression"):
        yield "expected `labels` for every kind but question-answering (and regression), and there none."
    label_map = settings.get("label_map", {})
    for name, label in label_map.items() if isinstance(label_map, Mapping) else ():
        if label is not None and label not in labels:
            yield (
                f"expected each label of `label_map` to be among `labels`, or null. Found {name!r}: {label!r}."
                + did_you_mean(str(label), [one for one in labels if isinstance(one, str)])
            )

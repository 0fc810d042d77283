"""What a training and a cell are made from: two are the same only if their content is, wherever it lies."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import hf_mixtrain
from hf_mixtrain.data import FewShotData, Task
from hf_mixtrain.experiment.cells import Cell
from hf_mixtrain.experiment.context import GridContext
from hf_mixtrain.experiment.plan import Chain
from hf_mixtrain.experiment.settings import Settings, model_name
from hf_mixtrain.experiment.stage_arguments import arithmetic_of, rows_of_update, stage_arguments
from hf_mixtrain.methods import Selection, Stage
from hf_mixtrain.neutral_settings import NEUTRAL_SETTINGS, OF_ADAPTING, OF_SURGERY, deciding_settings

# The data and the batch are compared by what they are, and not by the flags that chose them.
_CHOOSE_DATA = ("data_source", "shots_file", "shots_per", "max_source_examples", "max_eval_examples")
_CONTENT = {*_CHOOSE_DATA, "global_batch_size", "gradient_accumulation_steps"}
# What a task says about places, and for people.
_TASK_PLACES = ("name", "title", "languages", "folder", "source_folder", "hub")


def task_checksum(task: Task) -> str:
    """Return the SHA-256 of what a task says about its rows and its training: labels, columns, defaults and the like.

    Example:
        >>> from hf_mixtrain.data import load_task
        >>> task_checksum(load_task("panx")) == task_checksum(load_task("udpos"))
        False
    """
    what = {}
    for item in fields(task):
        value = getattr(task, item.name)
        if isinstance(value, Mapping):
            value = {str(key): value[key] for key in sorted(value, key=str) if key not in NEUTRAL_SETTINGS}
        # What a task does not say is left out, so that a field that comes with a later version changes no checksum.
        if item.name not in _TASK_PLACES and value != _default_of(item):
            what[item.name] = value
    return _sha256(what)


def _default_of(item: "Field[Any]") -> Any:
    return {} if item.default_factory is not MISSING else item.default


def training_key(chain: Chain, context: GridContext) -> str:
    """Return the key under which a training is kept: equal content, equal key."""
    settings, stage, data = context.settings, chain.stages[-1], context.data.of(chain.shots, chain.seed)
    arguments = stage_arguments(settings, stage, chain.seed, Path("unused"))
    what = {
        "version": hf_mixtrain.__version__,
        "task": task_checksum(settings.task),
        "encoder": context.models.encoder_key if chain.before is None else "",
        "before": training_key(chain.before, context) if chain.before else "",
        "settings": _settings_of_stage(settings, stage),
        "label_piece": settings.label_piece,
        "seed": chain.seed,
        "stage": {**vars(stage), "settings": dict(stage.settings)},
        "language": chain.language,
        "rows": _rows_of_training(chain, data, context),
        "arithmetic": arithmetic_of(arguments),
        "world_size": arguments.world_size,
        "global_batch_size": rows_of_update(arguments),
    }
    return _sha256(what)[:16]


def evaluation_of(settings: Settings, rows_checksum: str) -> dict[str, Any]:
    """Return what decides the scores of a model on some rows, beside the model."""
    return {
        "version": hf_mixtrain.__version__,
        "rows": rows_checksum,
        "task": task_checksum(settings.task),
        "max_length": settings.run.max_length,
        "label_piece": settings.label_piece,
    }


def rule_of(context: GridContext, data: FewShotData) -> dict[str, Any]:
    """Return what decides how a model's tags are decoded, beside the model."""
    settings = context.settings
    dev = [context.data.checksum(rows) for rows in _dev_of_rule(settings, data).values()]
    return {"decode": settings.decode, **evaluation_of(settings, "".join(dev))}


class CellIdentity:
    """What a cell's results are made from, found step by step: what needs no data comes first.

    Args:
        cell: The cell.
        settings: The grid's settings.
        context: Its data and models; None where neither may be read (``--dry_run``).
    """

    def __init__(self, cell: Cell, settings: Settings, context: GridContext | None) -> None:
        self._cell, self._settings, self._context = cell, settings, context

    @cached_property
    def record(self) -> dict[str, Any]:
        """The keys of a results file that say what its scores are made from."""
        assert self._context is not None
        stage = self._cell.method.stages[-1]
        arguments = stage_arguments(self._settings, stage, self._cell.seed, Path("unused"))
        return {
            "data": self._data,
            "task_checksum": task_checksum(self._settings.task),
            "encoder": self._context.models.content,
            "arithmetic": arithmetic_of(arguments),
            "world_size": arguments.world_size,
            "global_batch_size": rows_of_update(arguments),
        }

    def difference(self, results: Mapping[str, Any]) -> str | None:
        """Say in what results differ from what this cell would be made from; None if in nothing that counts."""
        return (
            self._other_model(results)
            or self._other_languages(results)
            or self._other_settings(results)
            or (self._other_content(results) if self._context is not None else None)
        )

    def _other_model(self, results: Mapping[str, Any]) -> str | None:
        before, now = model_name(results["model"]), self._settings.model
        # Two folders can have the same name, and one folder two: their content is compared where it is known.
        if before == now or (before.startswith("./") and now.startswith("./") and "encoder" in results):
            return None
        return f"model {before!r}, now {now!r}"

    def _other_languages(self, results: Mapping[str, Any]) -> str | None:
        if self._context is None or results["languages"] == self._context.data.languages:
            return None
        return f"languages {results['languages']!r}, now {self._context.data.languages!r}"

    def _other_settings(self, results: Mapping[str, Any]) -> str | None:
        before, now = (
            deciding_settings(settings, self._cell.method_name)
            for settings in (results["settings"], self._settings.changed)
        )
        unused = _CONTENT if any(stage.surgery for stage in self._cell.method.stages) else _CONTENT | OF_SURGERY
        return _first_difference(before, now, (before.keys() | now.keys()) - unused)

    def _other_content(self, results: Mapping[str, Any]) -> str | None:
        if missing := [key for key in self.record if key not in results]:
            return f"a version that did not record {missing[0]!r} yet"
        version = results["versions"].get("hf_mixtrain")
        if version not in (None, hf_mixtrain.__version__):
            return f"hf_mixtrain {version}, now {hf_mixtrain.__version__}"
        if {**results["encoder"], "name": ""} != {**self.record["encoder"], "name": ""}:
            return f"another content of model {self._settings.model!r}"
        for key in ("arithmetic", "world_size", "global_batch_size"):
            if results[key] != self.record[key]:
                return f"{key} {results[key]}, now {self.record[key]}"
        if results["task_checksum"] != self.record["task_checksum"]:
            return f"other labels, columns or defaults of the task {self._cell.task!r}"
        if parts := _different_parts(results["data"], self.record["data"]):
            flag = _first_difference(results["settings"], self._settings.changed, _CHOOSE_DATA)
            return f"other data: {', '.join(parts)}" + (f" ({flag})" if flag else "")
        return None

    @cached_property
    def _data(self) -> dict[str, dict[str, str]]:
        assert self._context is not None
        grid_data, cell = self._context.data, self._cell
        data = grid_data.of(cell.shots, cell.seed)
        dev = _dev_of_rule(self._settings, data)
        for stage in cell.method.stages:
            languages: list[str | None] = [*data.shots] if stage.per_language else [None]
            for language in languages:
                dev |= _dev_rows(stage, self._settings, data, language)
        parts = {"train": data.train_by_language, "shots": data.shots, "dev": dev, "test": data.test}
        found = grid_data.checksums(parts)
        if self._settings.run.trim_vocabulary:
            for language, sums in grid_data.vocabulary_checksums.items():
                found[language]["vocabulary"] = _sha256(sorted(sums.values()))
        return found


def selection_of(stage: Stage, settings: Settings) -> Selection:
    """Return which model of a stage is kept: as the stage says, else as the user asks."""
    return stage.select_on or settings.run.select_on


def dev_languages(stage: Stage, settings: Settings, data: FewShotData, language: str | None) -> list[str]:
    """Return the languages whose dev rows select the model of a stage."""
    rule = selection_of(stage, settings)
    if rule == "source-dev":
        return [name for name in data.source_languages if name in data.dev]
    if rule == "target-dev":
        return [language] if language else [name for name in data.dev if name not in data.source_languages]
    return []


def _dev_rows(stage: Stage, settings: Settings, data: FewShotData, language: str | None) -> dict[str, Any]:
    return {name: data.dev[name] for name in dev_languages(stage, settings, data, language)}


def _dev_of_rule(settings: Settings, data: FewShotData) -> dict[str, Any]:
    """The dev rows that decide how tags are decoded: those of the source, unless the user decides."""
    needed = settings.task.kind == "token-classification" and settings.decode is None
    return {name: data.dev[name] for name in data.source_languages if needed and len(data.dev.get(name, ()))}


def _rows_of_training(chain: Chain, data: FewShotData, context: GridContext) -> dict[str, dict[str, str]]:
    stage = chain.stages[-1]
    shots = {name: rows for name, rows in data.shots.items() if chain.language in (None, name)}
    return context.data.checksums(
        {
            "train": data.train_by_language if stage.train_on != "shots" else {},
            "shots": shots if stage.train_on != "source" else {},
            "dev": _dev_rows(stage, context.settings, data, chain.language),
        }
    )


def _settings_of_stage(settings: Settings, stage: Stage) -> dict[str, Any]:
    """Return the settings that decide what comes out of a stage whose rows are known."""
    unused = _CONTENT | {"trim_vocabulary", "decode", "label_piece"}
    if not stage.surgery:
        unused |= {*OF_SURGERY, "paper_exact"}
    if not stage.adapts:
        unused |= OF_ADAPTING
    if stage.select_on is not None:
        unused |= {"select_on"}
    if stage.adapts or selection_of(stage, settings) not in ("source-dev", "target-dev"):
        unused |= {"select_steps"}
    return {
        name: value for name, value in settings.changed.items() if name not in unused and name not in NEUTRAL_SETTINGS
    }


def _first_difference(before: Mapping[str, Any], now: Mapping[str, Any], names: Iterable[str]) -> str | None:
    for name in sorted(names):
        if before.get(name) != now.get(name):
            return f"{name} {before.get(name, 'at its default')!r}, now {now.get(name, 'at its default')!r}"
    return None


def _different_parts(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return [
        f"{split} of {language}"
        for language in sorted(before.keys() | now.keys())
        for split in sorted(before.get(language, {}).keys() | now.get(language, {}).keys())
        if before.get(language, {}).get(split) != now.get(language, {}).get(split)
    ]


def _sha256(what: Any) -> str:
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()

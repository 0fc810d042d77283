"""Scores of any model on any files."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hf_mixtrain.data import load_task, open_source
from hf_mixtrain.data.fewshot import capped
from hf_mixtrain.data.task import Split, Task
from hf_mixtrain.errors import InputError
from hf_mixtrain.evaluation import Decoding, evaluate_decodings, write_predictions
from hf_mixtrain.evaluation.decoding import Rule, has_spans
from hf_mixtrain.evaluation.predictions import prediction_lines
from hf_mixtrain.evaluation.scores import gold_of
from hf_mixtrain.files import atomic_write_text, portable_path, require_writable, require_writable_file
from hf_mixtrain.prediction.model import LoadedModel, load_model
from hf_mixtrain.results import RESULTS_FILE, read_results


def evaluate_model(
    model: str | Path | LoadedModel,
    *,
    task: str | Path | Task,
    data_source: str | Path = "hub",
    languages: Sequence[str] | None = None,
    source_language: str | Sequence[str] = "en",
    split: Split = "test",
    decode: Rule | None = None,
    max_eval_examples: int | None = None,
    batch_size: int = 32,
    predictions: str | Path | None = None,
) -> dict[str, Any]:
    """Score a model on the rows of a task, language by language, as a grid scores its cells.

    Args:
        model: See `hf_mixtrain.predict`.
        task: A task, its name, or the path of its YAML file.
        data_source: ``"hub"``, ``"demo"``, or a folder in XTREME's layout.
        languages: Default: all that have rows.
        source_language: The language that files without a language in their name belong to, or several, with commas
            between them or as a list.
        split: ``"test"``, ``"dev"`` or ``"train"``.
        decode: How tags are decoded. Default: as ``decoding.json`` beside the model says, else argmax.
        max_eval_examples: Most rows of each language, by the same choice as in a grid.
        batch_size: See `hf_mixtrain.predict`.
        predictions: Where to write the predictions too: a file named ``.jsonl``, or a folder, which gets XTREME's
            layout.

    Returns:
        Results as `hf_mixtrain.results.write_results` takes them. ``method``, ``shots`` and ``seed`` are those of the
        ``results.json`` beside the model; without one ``"evaluate"``, 0 and 0.

    Raises:
        InputError: If the model does not fit the task, or something is missing.
    """
    if predictions is not None:  # before the work
        (require_writable_file if str(predictions).endswith(".jsonl") else require_writable)(predictions)
    task = task if isinstance(task, Task) else load_task(task)
    source = open_source(data_source, task, source_language)
    found = list(languages or [code for code in source.languages() if source.has(code, split)])
    if not found:
        raise InputError(f"{data_source}: expected {split} rows of {task.name}, found none in any language.")
    rows = {code: capped(source.read(code, split), max_eval_examples, task.name, code, split) for code in found}
    if empty := [code for code, part in rows.items() if not len(part)]:
        raise InputError(f"{data_source}: expected {split} rows of {task.name} in {empty[0]}, found none.")
    loaded = model if isinstance(model, LoadedModel) else load_model(model, batch_size=batch_size)
    if loaded.reading.kind != task.kind:
        raise InputError(
            f"{loaded.name}: expected a model for {task.kind}, as the task {task.name} is. Found one for "
            f"{loaded.reading.kind}."
        )
    task = replace(task, defaults={**task.defaults, **loaded.reading.settings})
    decodings = {"used": _decoding(loaded, task, decode), "argmax": Decoding("argmax", loaded.labels)}
    scores: dict[str, dict[str, dict[str, float]]] = {name: {} for name in decodings}
    lines = []
    for code, part in rows.items():
        outcome = evaluate_decodings(
            loaded.trainer, task, part, loaded.tokenizer, decodings,
            max_length=loaded.max_length, label_piece=loaded.reading.label_piece,
        )  # fmt: skip
        for name, (_, of_language) in outcome.items():
            scores[name][code] = of_language
        tags = outcome["used"][0]
        if predictions is not None and str(predictions).endswith(".jsonl"):
            lines.append(prediction_lines(task, code, part, tags, gold_of(task, part), split=split))
        elif predictions is not None:
            write_predictions(predictions, task, code, part, tags, split=split)
    if lines:
        atomic_write_text(str(predictions), "".join(lines))
    return _results(loaded, task, scores, decodings["used"].rule, str(data_source))


def _decoding(model: LoadedModel, task: Task, decode: Rule | None) -> Decoding:
    kept = model.reading.decoding
    if decode is None:
        return kept or Decoding("argmax", model.labels)
    if task.kind != "token-classification":
        raise InputError(f"--decode: expected a task that tags words. Got {task.name}: leave it out.")
    if decode == "legal" and not has_spans(task.labels):
        raise InputError(f"--decode legal: expected tags with B- and I-. {task.name} has none: use argmax.")
    if decode == "transitions" and (kept is None or kept.log_transitions is None):
        raise InputError(
            f"--decode transitions: expected a table of transitions in {model.name}/decoding.json, found none. "
            "Use --decode legal, or train the model with --decode transitions."
        )
    return replace(kept, rule=decode) if kept else Decoding(decode, model.labels)


def _results(
    model: LoadedModel, task: Task, scores: dict[str, dict[str, dict[str, float]]], rule: Rule, data_source: str
) -> dict[str, Any]:
    from hf_mixtrain.experiment.environment import versions

    cell: dict[str, Any] = {"method": "evaluate", "shots": 0, "seed": 0}
    if Path(model.name, RESULTS_FILE).is_file():
        trained = read_results(model.name)
        cell = {name: trained[name] for name in cell}
    used = scores["used"]
    tagging = task.kind == "token-classification"
    return {
        "task": task.name,
        **cell,
        "model": portable_path(model.name) if Path(model.name).is_dir() else model.name,
        "languages": list(used),
        "metric": task.metric,
        "scores": used,
        "average": sum(of_language[task.metric] for of_language in used.values()) / len(used),
        "settings": {"data_source": data_source},
        "shot_ids": {},
        "versions": versions(),
        "train_seconds": 0.0,
        "peak_memory_bytes": 0,
        "surgery": {},
    } | ({"scores_argmax": scores["argmax"], "decoding": {"rule": rule}} if tagging else {})

"""``results.json``: what one cell of a grid found. Tables, figures and cards are views of these files."""

import json
import math
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from types import NoneType
from typing import Any

from hf_mixtrain.errors import InputError
from hf_mixtrain.files import atomic_write_text, is_path, portable_path
from hf_mixtrain.neutral_settings import deciding_settings
from hf_mixtrain.shot_count import shot_count, written_count

RESULTS_FILE = "results.json"

# In the order in which they are written.
_SCHEMA: dict[str, type | tuple[type, ...]] = {
    "task": str,
    "method": str,
    "shots": int,
    "seed": int,
    "model": str,
    "languages": list,
    "metric": str,
    "scores": dict,
    "average": (int, float),
    "settings": dict,
    "shot_ids": dict,
    "versions": dict,
    "train_seconds": (int, float),
    "peak_memory_bytes": int,
    "surgery": dict,
}

# What earlier versions did not write; of a reader's results without them, nothing is known about these.
_LATER: dict[str, type | tuple[type, ...]] = {
    "data": dict,
    "task_checksum": str,
    "encoder": dict,
    "arithmetic": str,
    "world_size": int,
    "global_batch_size": int,
    "updates": int,
    "final_loss": (int, float, NoneType),
    "warnings": list,
    "scores_argmax": dict,
    "decoding": dict,
}


def write_results(folder: str | Path, results: Mapping[str, Any]) -> Path:
    """Write ``folder/results.json`` atomically: a reader sees all of it or none.

    Args:
        folder: The cell's folder; it is made if it is missing.
        results: A value for every key of the first list, any of the second, and no other key:

            - ``task``, ``method``, ``shots`` (K, in the file also ``"all"`` or
              ``{"de": 5}``, see `hf_mixtrain.shot_count`), ``seed``: which cell this is;
            - ``model``: the model it started from; a folder as ``./NAME``;
            - ``languages``: the test languages, source first;
            - ``metric``: name of the main metric;
            - ``scores``: ``{language: {metric: 0 to 100}}``, one entry for each of ``languages``;
            - ``average``: mean of the main metric over all ``languages``;
            - ``settings``: those that differ from the defaults, paths as ``./NAME`` (`portable_settings`);
            - ``shot_ids``: ``{language: [id of a row, ...]}``;
            - ``versions``: of Python and the libraries; ``data_revisions`` by repository; ``model_revision``;
            - ``train_seconds``, ``peak_memory_bytes``;
            - ``surgery``: what surgery did, ``{}`` where there was none;

            and, where they are known,

            - ``data``: ``{language: {split: SHA-256 of the rows}}``; ``shots`` and, of a trimmed encoder,
              ``vocabulary`` count as splits;
            - ``task_checksum``: SHA-256 of the task's labels, columns, defaults and the like;
            - ``encoder``: ``{"name": …, "sha256" of its files or "commit" on the Hub}``;
            - ``arithmetic``: in which numbers it was trained, ``"bf16"``, ``"fp16"`` or ``"float32"``;
            - ``world_size``: number of processes; ``global_batch_size``: rows of one update over all of them;
            - ``updates``: of all trainings of the cell together;
            - ``final_loss``: of the last update (of several models, the mean), None if it is no finite number;
            - ``warnings``: sentences about what makes the scores doubtful;
            - ``scores_argmax``: of tagging, ``scores`` with the likeliest tag of each word; ``decoding``: the rule that
              ``scores`` are decoded with, and the main metric by each rule.

    Returns:
        The path of the file.

    Raises:
        InputError: If a key is missing, unknown or of the wrong type.

    Example:
        >>> import tempfile
        >>> cell = dict(task="panx", method="zero-shot", shots=0, seed=1, model="m", languages=["en"], metric="f1",
        ...     scores={"en": {"f1": 80.0}}, average=80.0, settings={}, shot_ids={}, versions={}, train_seconds=1.5,
        ...     peak_memory_bytes=1, surgery={})
        >>> read_results(write_results(tempfile.mkdtemp(), cell)) == cell
        True
    """
    path = Path(folder) / RESULTS_FILE
    if unknown := sorted(results.keys() - _SCHEMA.keys() - _LATER.keys()):
        raise InputError(f"{path}: unknown key {unknown[0]!r}. Expected only {', '.join([*_SCHEMA, *_LATER])}.")
    _validate(path, results)
    ordered = _portable(results) | {"shots": written_count(results["shots"])}
    for key in ("scores", "shot_ids"):
        ordered[key] = dict(sorted(ordered[key].items()))
    text = json.dumps(ordered, indent=2, ensure_ascii=False, allow_nan=False)
    return atomic_write_text(path, text + "\n")


def read_results(path: str | Path) -> dict[str, Any]:
    """Read and check one results file.

    Args:
        path: The file, or the folder of a cell.

    Returns:
        The keys that `write_results` names and no others: keys of later versions are left out, and those that earlier
        versions did not write yet are missing. Paths, which earlier versions wrote as they were given, are as they are
        written now.

    Raises:
        InputError: If the file is missing or is no JSON, or a key is missing or of the wrong type; one line that names
            the file and the key.
    """
    path = Path(path)
    if path.is_dir():
        path = path / RESULTS_FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file. Expected the results of a finished cell.") from None
    except ValueError as error:
        raise InputError(f"{path}: not JSON ({error}). Delete the file and run its cell again.") from None
    return _parsed(str(path), text)


def find_results(*paths: str | Path) -> list[dict[str, Any]]:
    """Read every results file below some folders, and every line of some files of results.

    Args:
        paths: Folders, each usually the ``--output_dir`` of a grid, or one with the grids of a study, in which the same
            methods ran with different settings; hidden folders are not searched. Or JSON Lines files (``.jsonl``)
            with the content of one ``results.json`` a line.

    Returns:
        The results, sorted by task, method, K and seed, then by model, languages and settings, and so in the same order
        whatever the folders are called; empty if there are none.

    Raises:
        InputError: If a path is no folder and no ``.jsonl`` file, if a file or line is no result, or if two are of the
            same cell, with the same model, languages and settings that count.

    Example:
        >>> import tempfile
        >>> find_results(tempfile.mkdtemp())
        []
    """
    cells: dict[tuple[str, str, int, int, str, str, str], tuple[str, dict[str, Any]]] = {}
    for place, results in chain.from_iterable(_found(Path(path)) for path in paths):
        settings = deciding_settings(results["settings"], results["method"])
        same = (encoder_of(results), " ".join(sorted(results["languages"])), json.dumps(settings, sort_keys=True))
        cell = (results["task"], results["method"], results["shots"], results["seed"], *same)
        if cell in cells:
            name = "{} {} k{} seed{}".format(*cell)
            raise InputError(
                f"{place}: {name} is also in {cells[cell][0]}, with the same model, languages and settings. "
                "Give each cell once."
            )
        cells[cell] = (place, results)
    return [cells[cell][1] for cell in sorted(cells)]


def _found(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where a result lies, and the result."""
    if path.is_file() and path.suffix == ".jsonl":
        try:
            lines = path.read_text(encoding="utf-8").split("\n")
        except ValueError as error:
            raise InputError(f"{path}: not UTF-8 ({error}). Expected a results.json on each line.") from None
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield f"{path}, line {number}", _parsed(f"{path}, line {number}", line)
    elif path.is_dir():
        for file in sorted(path.rglob(RESULTS_FILE)):
            if not any(part.startswith(".") for part in file.relative_to(path).parts):
                yield str(file), read_results(file)
    elif path.exists():
        raise InputError(f"{path}: not a folder. Expected the --output_dir of a run, or a .jsonl file of results.")
    else:
        raise InputError(f"{path}: no such folder. Expected the --output_dir of a run, or a .jsonl file of results.")


def encoder_of(results: Mapping[str, Any]) -> str:
    """Return what tells the encoder of results from others: its name and, where it is known, the start of its checksum.

    Example:
        >>> encoder_of({"model": "./mine", "encoder": {"name": "./mine", "sha256": "0123456789abcdef"}})
        './mine 01234567'
        >>> encoder_of({"model": "xlm-roberta-base"})
        'xlm-roberta-base'
    """
    content = results.get("encoder") or {}
    return " ".join([results["model"], *[str(content[key])[:8] for key in ("sha256", "commit") if content.get(key)]])


def portable_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with the name alone of every file and folder: paths mean nothing on another machine.

    Example:
        >>> portable_settings({"data_source": "/home/me/xtreme", "shots_file": "a/shots.json", "optim": "adafactor"})
        {'data_source': './xtreme', 'shots_file': './shots.json', 'optim': 'adafactor'}
    """

    def portable(key: str, value: Any) -> Any:
        named = key in ("data_source", "shots_file") and value not in ("hub", "demo")
        return portable_path(value) if isinstance(value, str) and (named or is_path(value)) else value

    return {key: portable(key, value) for key, value in settings.items()}


def _parsed(place: str, text: str) -> dict[str, Any]:
    try:
        results = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{place}: not JSON ({error}). Delete the file and run its cell again.") from None
    if not isinstance(results, dict):
        raise InputError(f"{place}: expected a JSON object, found {type(results).__name__}. Delete it and run again.")
    if results.get("shots") == "all" or isinstance(results.get("shots"), dict):
        results["shots"] = shot_count(results["shots"])
    _validate(place, results)
    try:
        return _portable(results)
    except (ValueError, RuntimeError) as error:  # names that are no paths on any machine
        raise InputError(f"{place}: a path in it cannot be read ({error}). Run its cell again.") from None


def _portable(results: Mapping[str, Any]) -> dict[str, Any]:
    model = results["model"]
    paths = {
        "model": portable_path(model) if is_path(model) else model,
        "settings": portable_settings(results["settings"]),
    }
    return {key: paths.get(key, results[key]) for key in [*_SCHEMA, *_LATER] if key in results}


def _validate(path: Path | str, results: Mapping[str, Any]) -> None:
    for key, types in {**_SCHEMA, **_LATER}.items():
        if key not in results:
            if key in _LATER:
                continue
            raise InputError(f"{path}: key {key!r} is missing. Run its cell again.")
        value = results[key]
        if not isinstance(value, types) or isinstance(value, bool):
            expected = types.__name__ if isinstance(types, type) else "number"
            raise InputError(f"{path}: {key!r} must be of type {expected}. Got {value!r}. Run its cell again.")
        if isinstance(value, int | float) and not _is_finite(value):
            raise InputError(f"{path}: {key!r} must be a number that a float can hold. Run its cell again.")
    for language, ids in results["shot_ids"].items():
        if not isinstance(ids, list):
            raise InputError(f"{path}: 'shot_ids' of {language!r} must be a list. Run its cell again.")
    if not all(isinstance(warning, str) for warning in results.get("warnings", ())):
        raise InputError(f"{path}: 'warnings' must be texts. Run its cell again.")
    languages, scores, metric = results["languages"], results["scores"], results["metric"]
    if not all(isinstance(language, str) for language in languages):
        raise InputError(f"{path}: 'languages' must be texts. Got {languages}. Run its cell again.")
    if not languages or sorted(languages) != sorted(scores):
        raise InputError(f"{path}: 'scores' must be for {languages}. Got {sorted(scores)}. Run its cell again.")
    for language, values in scores.items():
        if not isinstance(values, dict) or metric not in values:
            raise InputError(f"{path}: 'scores' of {language!r} lack the metric {metric!r}. Run its cell again.")
        for name, value in values.items():
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not _is_finite(value):
                raise InputError(
                    f"{path}: {name!r} of {language!r} must be a number. Got {value!r}. Run its cell again."
                )


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer larger than any float
        return False

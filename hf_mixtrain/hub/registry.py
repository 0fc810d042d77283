"""Which checkpoints have been released: where they are, their hashes, and what their cards are made of."""

import difflib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from hf_mixtrain.cards import (
    CARD_FILE,
    compared,
    folder_facts,
    model_name,
    planned_card,
    published_card,
    recipe,
    write_card,
)
from hf_mixtrain.errors import InputError
from hf_mixtrain.files import atomic_write_text
from hf_mixtrain.hub.push import Release
from hf_mixtrain.results import RESULTS_FILE, find_results, read_results, write_results
from hf_mixtrain.shot_count import is_whole_number, shot_count, written_count
from hf_mixtrain.yaml_text import load_yaml

_HEAD = "# Released checkpoints, written by `hf-mixtrain push --registry`. No commit: not yet published.\n"


@dataclass(frozen=True)
class Released:
    """One entry of a registry.

    Attributes:
        name: The model's name, as on its card.
        task: Of the cell that it is, like ``method``, ``shots`` and ``seed``.
        model: What it started from.
        repo_id: Where it is, or will be.
        tag: The release's tag.
        commit: The commit that is loaded; None as long as it is not published.
        sha256: SHA-256 of every file.
        publish: The command that publishes it.

    Example:
        >>> from hf_mixtrain.hub import read_registry
        >>> entry = read_registry()[0]
        >>> entry.task, entry.shots, entry.seed
        ('panx', 5, 1)
    """

    name: str
    task: str
    method: str
    shots: int
    seed: int
    model: str
    repo_id: str
    tag: str | None
    commit: str | None
    sha256: Mapping[str, str]
    publish: str


def read_registry(path: str | Path | None = None) -> list[Released]:
    """Read a registry.

    Args:
        path: A registry of your own; default: that of the package.

    Returns:
        Its entries.

    Raises:
        InputError: If the file is missing or is no registry.

    Example:
        >>> all(entry.commit is None or len(entry.commit) == 40 for entry in read_registry())
        True
    """
    name = str(path or "registry.yaml of hf_mixtrain")
    try:
        source = Path(path) if path else files(__package__) / "registry.yaml"
        entries = load_yaml(source.read_text(encoding="utf-8")) or []
        found = [Released(**entry) for entry in entries]
    except FileNotFoundError:
        raise InputError(
            f"{name}: no such file. Expected one that `hf-mixtrain push --registry` has written."
        ) from None
    except (yaml.YAMLError, OSError, ValueError, TypeError) as error:
        said = " ".join(str(error).split())
        raise InputError(f"{name}: expected a list of released checkpoints, found something else ({said}).") from None
    in_words = (str, dict)  # all, or a number for each language
    found = [replace(one, shots=shot_count(one.shots)) if isinstance(one.shots, in_words) else one for one in found]
    for entry in found:
        _check_entry(name, entry)
    return found


def _check_entry(name: str, entry: Released) -> None:
    """Check an entry by its types: what is wrong there would otherwise show when it is downloaded."""
    texts = ("name", "task", "method", "model", "repo_id", "publish")
    wrong = [key for key in texts if not isinstance(getattr(entry, key), str)]
    wrong += [key for key in ("shots", "seed") if not is_whole_number(getattr(entry, key))]
    wrong += [key for key in ("tag", "commit") if not isinstance(getattr(entry, key), str | None)]
    sums = entry.sha256
    if not isinstance(sums, dict) or not all(isinstance(text, str) for pair in sums.items() for text in pair):
        wrong.append("sha256")
    if wrong:
        found = getattr(entry, wrong[0])
        raise InputError(f"{name}: `{wrong[0]}` of an entry is {found!r:.60}. Push that checkpoint again.")


def find_released(entries: Sequence[Released], name: str | None = None, **cell: Any) -> Released:
    """Find one released checkpoint.

    Args:
        entries: The registry.
        name: Its name; or else
        cell: Its ``task``, ``method``, ``shots``, ``seed`` and ``model``; those that are None fit everything.

    Returns:
        The entry.

    Raises:
        InputError: If none fits, with the names that come near; or if several do, with their names.

    Example:
        >>> find_released([], "panx-5")
        Traceback (most recent call last):
        hf_mixtrain.errors.InputError: no released checkpoint 'panx-5'. There are: none yet.
    """
    wanted = {key: value for key, value in cell.items() if value is not None}
    if "shots" in wanted:
        wanted["shots"] = shot_count(wanted["shots"])
    if name is not None:
        wanted["name"] = name
    found = [entry for entry in entries if all(getattr(entry, key) == value for key, value in wanted.items())]
    if len(found) == 1:
        return found[0]
    what = repr(name) if name is not None else ", ".join(f"{key}={value!r}" for key, value in wanted.items())
    if found:
        several = ", ".join(entry.name for entry in found)
        raise InputError(f"several released checkpoints fit {what}: {several}. Say which `model` you want.")
    names = [entry.name for entry in entries if name is not None or entry.task == wanted.get("task")]
    near = difflib.get_close_matches(name or "", names, n=3, cutoff=0.4) or names
    raise InputError(f"no released checkpoint {what}. There are: {', '.join(near) or 'none yet'}.")


def register(path: str | Path, results: Mapping[str, Any], release: Release, publish: str) -> Released:
    """Write a release into a registry, in place of an older one of the same name.

    Args:
        path: The registry; made if it is missing.
        results: The cell that was released.
        release: What `push_release` returned; after a dry run the entry says that it is not yet published.
        publish: The command that publishes it.

    Returns:
        The entry.

    Raises:
        InputError: If the file is there and is no registry; or if a plan would take the place of what is published.

    Example:
        >>> import tempfile
        >>> from hf_mixtrain.hub import Release
        >>> from hf_mixtrain.results import find_results
        >>> cell = find_results("reproduction/study.jsonl")[0]
        >>> plan = Release("me/my-model", None, "v1.0", "https://huggingface.co/me/my-model", changed=False, sha256={})
        >>> entry = register(Path(tempfile.mkdtemp(), "registry.yaml"), cell, plan, "hf-mixtrain push ./seed1 my-model")
        >>> entry.repo_id, entry.commit
        ('me/my-model', None)
    """
    entry = Released(
        name=model_name(results),
        **{key: results[key] for key in ("task", "method", "shots", "seed", "model")},
        repo_id=release.repo_id,
        tag=release.tag,
        commit=release.commit,
        sha256=dict(release.sha256),
        publish=publish,
    )
    known = read_registry(path) if Path(path).is_file() else []
    others = [other for other in known if other.name != entry.name]
    for other in known:
        if other.name == entry.name and other.commit and not entry.commit:
            raise InputError(
                f"{path}: {entry.name} is published already, as {other.repo_id} at {other.tag or other.commit}. Leave "
                "out --dry_run to publish what has changed, or leave out --registry."
            )
    entries = sorted([*others, entry], key=lambda one: tuple(str(getattr(one, field.name)) for field in fields(one)))
    listed = [asdict(one) | {"shots": written_count(one.shots)} for one in entries]
    body = yaml.safe_dump(listed, sort_keys=False, allow_unicode=True, width=1000)
    atomic_write_text(path, _HEAD + body)
    return entry


_COMPARED = "compared_with"


def export_release(folder: str | Path, model_cards: str | Path, entry: Released) -> Path:
    """Keep card, results, shots, recipe and configuration of a release, in place of those of an older one.

    Args:
        folder: The cell's folder. If it is in a grid, the results of other cells that the card compares it with are
            kept too, in ``compared_with/``.
        model_cards: The folder for all releases; this one's is named as the model is.
        entry: What `hf_mixtrain.hub.register` returned.

    Returns:
        The release's folder.

    Raises:
        InputError: If results cannot be read, or the task is not one of the package.

    Example:
        >>> export_release("out/panx/mix-ft/k5/seed1", "model_cards", entry)  # doctest: +SKIP
        PosixPath('model_cards/xlm-roberta-base-panx-mix-ft-k5-seed1')
    """
    folder, target = Path(folder), Path(model_cards, entry.name)
    results = read_results(folder)
    siblings = compared(results, _siblings(folder, results["method"], results["shots"]))
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name in (CARD_FILE, RESULTS_FILE, "shots.json", "config.json"):  # the card for its hand-written sections
        if (folder / name).is_file():
            shutil.copyfile(folder / name, target / name)
    atomic_write_text(target / "recipe.yaml", recipe(results) + "\n")
    for cell in siblings:
        write_results(target / _COMPARED / "{method}-k{shots}-seed{seed}".format(**cell), cell)
    rewrite_model_card(target, entry)
    return target


def rewrite_model_card(folder: str | Path, entry: Released) -> Path:
    """Make the card of a release again, from its folder in ``model_cards`` and its entry in the registry.

    Args:
        folder: What `export_release` has written.
        entry: The release; whether it is published is said as there.

    Returns:
        The path of the card.

    Raises:
        InputError: If the folder is of another model, or its results cannot be used.

    Example:
        >>> for entry in read_registry():  # doctest: +SKIP
        ...     rewrite_model_card(f"model_cards/{entry.name}", entry)
    """
    folder = Path(folder)
    if folder.name != entry.name:
        raise InputError(f"{folder}: expected the folder of {entry.name}. Give the entry of this model.")
    weights = {path: digest for path, digest in entry.sha256.items() if path.endswith(".safetensors")}
    facts = folder_facts(folder)._replace(
        has_model="config.json" in entry.sha256 and any("/" not in path for path in weights),
        parts=sorted(path.split("/")[0] for path in entry.sha256 if path.endswith("/config.json")),
        sha256={path: digest for path, digest in sorted(weights.items()) if "/" not in path},
    )
    results = read_results(folder)
    others = find_results(folder / _COMPARED) if (folder / _COMPARED).is_dir() else []
    path = write_card(folder, results, others, facts=facts)
    text = path.read_text(encoding="utf-8")
    if entry.commit is None:
        return atomic_write_text(path, planned_card(text, entry.publish))
    return atomic_write_text(path, published_card(text, entry.repo_id, entry.tag or entry.commit))


def _siblings(folder: Path, method: str, shots: int) -> list[dict]:
    parents = folder.resolve().parents
    in_grid = (parents[0].name, parents[1].name) == (f"k{shots}", method)
    return find_results(parents[2]) if in_grid else []

"""What is kept of a release beside its weights: the card, and all that the card is made from."""

import shutil
from pathlib import Path

from hf_mixtrain.cards import CARD_FILE, compared, folder_facts, planned_card, published_card, recipe, write_card
from hf_mixtrain.errors import InputError
from hf_mixtrain.files import atomic_write_text
from hf_mixtrain.hub.registry import Released
from hf_mixtrain.results import RESULTS_FILE, find_results, read_results, write_results

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

"""What a card needs to know beside the numbers: names, the data's place on the Hub, what stands in the folder."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from huggingface_hub.utils.sha import sha_fileobj

from hf_mixtrain.cards.base_models import base_model
from hf_mixtrain.cards.notes import METRIC_TITLES
from hf_mixtrain.errors import InputError

if TYPE_CHECKING:
    from hf_mixtrain.data import Task


class DataPart(NamedTuple):
    """Where the test set of one language is; ``hub_id`` is None for data that did not come from the Hub."""

    hub_id: str | None
    config: str
    split: str
    revision: str | None


class DataFacts(NamedTuple):
    """The task of a cell in words, and the test set of every language."""

    kind: str
    title: str
    language_names: dict[str, str]
    parts: dict[str, DataPart]
    source: str
    revisions: dict[str, str]
    shots_per: str
    defaults: dict[str, Any]

    def metric_title(self, metric: str) -> str:
        """Return the metric's name as tables show it, such as ``F1 (seqeval)`` or ``F1 (seqeval) of PER``."""
        titles = METRIC_TITLES.get(self.kind, {})
        if metric in titles or "_" not in metric:
            return titles.get(metric, metric)
        whole, part = metric.split("_", 1)
        return f"{titles.get(whole, whole)} of {part}"


class FolderFacts(NamedTuple):
    """What the folder of a cell holds beside its results; ``parts`` are folders with a model each."""

    has_model: bool
    parts: list[str]
    has_shots: bool
    labels: list[str]
    sha256: dict[str, str]


def model_name(results: Mapping[str, Any]) -> str:
    """Name a cell so that it can be told from every other.

    Example:
        >>> model_name(dict(model="FacebookAI/xlm-roberta-base", task="panx", method="mix-ft", shots=5, seed=1))
        'xlm-roberta-base-panx-mix-ft-k5-seed1'
    """
    base = base_model(results["model"]).name
    return "{}-{task}-{method}-k{shots}-seed{seed}".format(base, **results)


def data_facts(results: Mapping[str, Any], task: "Task | None" = None) -> DataFacts:
    """Look up the task of a cell.

    Args:
        results: The cell.
        task: Its task; default: the task of the package with the cell's name.

    Returns:
        Its data sets in words. Hub ids are given only where the cell's data came from the Hub, and revisions only where
        the cell recorded them in ``versions["data_revisions"]``.

    Raises:
        InputError: If there is no such task.
    """
    # Reading data needs `datasets`, which takes a second to import; pushing a card to the Hub does not need it.
    from hf_mixtrain.data import LANGUAGES, load_task

    task = task or load_task(results["task"])
    source = results["settings"].get("data_source", "hub")
    hub = task.hub if source == "hub" and "repository" in task.hub else {}
    revisions = dict(results["versions"].get("data_revisions", {}))

    def part(language: str) -> DataPart:
        if not hub:
            return DataPart(None, language, "test", None)
        splits = hub.get("splits", {})
        config = hub.get("files", language).split("/")[0].format(language=language, split="test")
        return DataPart(hub["repository"], config, splits.get("test", "test"), revisions.get(hub["repository"]))

    languages = results["languages"]
    names = {code: LANGUAGES[code].name if code in LANGUAGES else code for code in languages}
    parts = {language: part(language) for language in languages}
    title = "Made-up demo corpus of hf_mixtrain" if source == "demo" else task.title
    shots_per = results["settings"].get("shots_per") or task.shots_per
    return DataFacts(task.kind, title, names, parts, source, revisions, shots_per, dict(task.defaults))


def folder_facts(folder: str | Path) -> FolderFacts:
    """Look at what stands in the folder of a cell.

    Args:
        folder: The cell's folder; it need not hold a model.

    Returns:
        Whether there is a model, its labels in the order of their ids, and the SHA-256 of its weights.

    Raises:
        InputError: If ``config.json`` cannot be read.
    """
    folder = Path(folder)
    weights = sorted(folder.glob("*.safetensors"))
    labels: list[str] = []
    config = folder / "config.json"
    if config.is_file():
        try:
            id2label = json.loads(config.read_text(encoding="utf-8")).get("id2label") or {}
            labels = [id2label[key] for key in sorted(id2label, key=int)]
        except (ValueError, AttributeError) as error:
            raise InputError(f"{config}: not a model configuration ({error}). Save the model again.") from None
    return FolderFacts(
        has_model=config.is_file() and bool(weights),
        parts=sorted(path.parent.name for path in folder.glob("*/config.json")),
        has_shots=(folder / "shots.json").is_file(),
        labels=labels,
        sha256={path.name: _sha256(path) for path in weights},
    )


def shots_checksum(shot_ids: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the ids of all shots, the same whatever the order of languages.

    Example:
        >>> shots_checksum({"de": ["a"], "sw": ["b"]}) == shots_checksum({"sw": ["b"], "de": ["a"]})
        True
    """
    text = json.dumps(shot_ids, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return sha_fileobj(file).hex()

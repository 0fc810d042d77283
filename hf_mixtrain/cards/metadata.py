"""The part of a card that the Hub reads: languages, base model, data sets, one result per language."""

import re
from collections.abc import Mapping
from typing import Any

from huggingface_hub import EvalResult, ModelCardData
from huggingface_hub.repocard_data import eval_results_to_model_index

from hf_mixtrain.cards.base_models import BaseModel
from hf_mixtrain.cards.facts import DataFacts, model_name

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
        >>> from hf_mixtrain.cards.facts import data_facts
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

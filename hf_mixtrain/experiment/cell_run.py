"""One cell: train what it needs, evaluate, and write its folder, the results last."""

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from accelerate import PartialState

from hf_mixtrain.cards import write_card
from hf_mixtrain.data import FewShotData, write_shots
from hf_mixtrain.experiment.cells import Cell
from hf_mixtrain.experiment.environment import versions
from hf_mixtrain.experiment.material import Material
from hf_mixtrain.experiment.plan import Chain, plan
from hf_mixtrain.experiment.training import Trained
from hf_mixtrain.experiment.training_store import Stages
from hf_mixtrain.results import write_results

logger = logging.getLogger(__name__)


def run_cell(cell: Cell, material: Material, stages: Stages, folder: Path) -> dict[str, Any]:
    """Run one cell.

    Args:
        cell: The cell.
        material: Data and models.
        stages: Where its trainings are done and kept.
        folder: The cell's folder: model and tokenizer (one folder of its own for each language if the method makes
            one model for each), ``shots.json``, ``README.md``, and at last ``results.json``.

    Returns:
        The results.
    """
    data = material.data(cell.shots, cell.seed)
    legs = plan(cell, data.languages)
    keep_models = material.settings.run.save_models == "all"
    scores: dict[str, dict[str, float]] = {}
    by_rule: dict[str, dict[str, dict[str, float]]] = {}
    for chain, tested in legs:
        found, rule = stages.scores(chain, tested), stages.trained(chain).rule
        scores |= found[rule]
        for name, of_languages in found.items():
            by_rule.setdefault(name, {}).update(of_languages)
        target = folder if len(legs) == 1 else folder / tested[0]
        if keep_models and not (len(legs) > 1 and (target / "config.json").is_file()):
            stages.copy_model(chain, target)
        if len(legs) > 1 and chain.language is not None:
            stages.drop(chain, model_only=True)
    results = _results(cell, material, data, scores, [stages.trained(chain) for chain in _all_chains(legs)])
    if data.task.kind == "token-classification":
        results |= _decoded(data, by_rule, stages.trained(legs[-1][0]).rule)
    if PartialState().is_main_process:
        if data.shots:
            write_shots(data, folder / "shots.json")
        try_card(folder, results, task=data.task)
        write_results(folder, results)
    PartialState().wait_for_everyone()
    for chain, _ in legs:
        if chain.stages == cell.method.stages and cell.method.uses_shots:
            stages.drop(chain)
    return results


def try_card(folder: Path, results: Mapping[str, Any] | None = None, **more: Any) -> None:
    """Write a cell's card; if that fails, say so and go on: no card is worth a trained model."""
    try:
        write_card(folder, results, **more)
    except Exception as error:
        logger.warning("No new model card in %s: %s: %s", folder, type(error).__name__, error)


def _all_chains(legs: Iterable[tuple[Chain, list[str]]]) -> list[Chain]:
    found: dict[Chain, None] = {}
    for last, _ in legs:
        chain: Chain | None = last
        while chain is not None:
            found[chain] = None
            chain = chain.before
    return list(found)


def _model_revision(material: Material) -> dict[str, str]:
    return {"model_revision": material.model_revision} if material.model_revision else {}


def _decoded(data: FewShotData, by_rule: Mapping[str, Mapping[str, Mapping[str, float]]], rule: str) -> dict[str, Any]:
    """What each rule of decoding made of the same outputs: argmax in full, of each the main metric by language."""
    main = {
        name: {language: scores[data.task.metric] for language, scores in of_languages.items()}
        for name, of_languages in sorted(by_rule.items())
    }
    return {"scores_argmax": by_rule["argmax"], "decoding": {"rule": rule, "scores": main}}


def _results(
    cell: Cell, material: Material, data: FewShotData, scores: Mapping[str, Mapping[str, float]], trained: list[Trained]
) -> dict[str, Any]:
    metric = data.task.metric
    surgery = [training.surgery for training in trained if training.surgery]
    return {
        "task": data.task.name,
        "method": cell.method_name,
        "shots": cell.shots,
        "seed": cell.seed,
        "model": material.settings.model,
        "languages": data.languages,
        "metric": metric,
        "scores": scores,
        "average": sum(scores[language][metric] for language in data.languages) / len(data.languages),
        "settings": dict(material.settings.changed),
        "shot_ids": data.shot_ids,
        "versions": versions() | {"data_revisions": dict(data.origin)} | _model_revision(material),
        "train_seconds": round(sum(training.train_seconds for training in trained), 3),
        "peak_memory_bytes": max(training.peak_memory_bytes for training in trained),
        "surgery": surgery[0] if surgery else {},
    }

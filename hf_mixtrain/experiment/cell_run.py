"""One cell, straight through: data → plan → train → evaluate → export → results, which are written last."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from hf_mixtrain.cards import write_card
from hf_mixtrain.data import FewShotData, write_shots
from hf_mixtrain.evaluation.decoding import Rule
from hf_mixtrain.evaluation.predictions import PREDICTIONS_FILE
from hf_mixtrain.experiment.cells import Cell
from hf_mixtrain.experiment.context import GridContext
from hf_mixtrain.experiment.decoding import decodings_of, reading_of
from hf_mixtrain.experiment.environment import versions
from hf_mixtrain.experiment.evaluation import Evaluation, Found
from hf_mixtrain.experiment.identity import CellIdentity, training_key
from hf_mixtrain.experiment.locks import on_main_process
from hf_mixtrain.experiment.models import is_exported
from hf_mixtrain.experiment.plan import Chain, own_chains, plan
from hf_mixtrain.experiment.training_store import Trained
from hf_mixtrain.experiment.trainings import trained
from hf_mixtrain.files import atomic_write_text, remove
from hf_mixtrain.prediction.reading import write_reading
from hf_mixtrain.results import RESULTS_FILE, write_results

logger = logging.getLogger(__name__)


def run_cell(cell: Cell, context: GridContext) -> dict[str, Any]:
    """Run one cell.

    Its folder gets model and tokenizer (in one folder of its own for each language if the method makes one model for
    each), ``shots.json``, ``README.md``, with ``--save_predictions`` ``predictions.jsonl``, and at last
    ``results.json``.

    Args:
        cell: The cell.
        context: The grid.

    Returns:
        The results.
    """
    folder, data = cell.folder(context.settings.output_dir), context.data.of(cell.shots, cell.seed)
    on_main_process(remove, folder / RESULTS_FILE)
    on_main_process(remove, folder / PREDICTIONS_FILE)
    legs = plan(cell, data.languages, data.shots)
    trainings: list[Trained] = []
    found: list[Found] = []
    for chain, tested in legs:
        target = folder if len(legs) == 1 else folder / tested[0]
        # A model of one target is not measured on the source: it takes the rule of the model that it was made from.
        rule = found[0].rule if found else None
        training, its_found = _run_leg(chain, tested, target, data, context, rule)
        trainings.append(training)
        found.append(its_found)
        if len(legs) > 1 and chain.language is not None:
            on_main_process(context.store.drop_model, training.key)
    results = _results(cell, context, data, trainings, found)
    for warning in results["warnings"]:
        logger.warning("      %s", warning)
    predictions = {language: lines for its in found for language, lines in its.predictions.items()}
    lines = "".join(predictions.get(name, "") for name in data.languages)
    on_main_process(_write, folder, data, results, lines, context.settings.run.license)
    on_main_process(drop_own_trainings, cell, context)
    return results


def drop_own_trainings(cell: Cell, context: GridContext) -> None:
    """Remove from the store what only this cell, which is finished, has needed."""
    data = context.data.of(cell.shots, cell.seed)
    for chain in own_chains(cell, data.languages, data.shots):
        context.store.drop(training_key(chain, context))


def try_card(folder: Path, results: Mapping[str, Any] | None = None, **more: Any) -> None:
    """Write a cell's card; if that fails, say so and go on: no card is worth a trained model."""
    try:
        write_card(folder, results, **more)
    except Exception as error:
        logger.warning("No new model card in %s: %s: %s", folder, type(error).__name__, error)


def _run_leg(
    chain: Chain, tested: list[str], target: Path, data: FewShotData, context: GridContext, rule: Rule | None
) -> tuple[Trained, Found]:
    """Train one model, test it and export it, as far as that has not been done."""
    store, key = context.store, training_key(chain, context)
    evaluation = Evaluation(key, chain, tested, data, context, rule)
    run = context.settings.run
    export = run.save_models in ("all", "best") or (run.save_models == "last" and chain.seed == run.seeds[-1])
    export = export and not on_main_process(lambda: is_exported(target, store.read_exported(key)))
    training = trained(chain, context, with_model=export or not evaluation.is_complete)
    found = evaluation.run(training)
    if export:
        on_main_process(_export, training, chain, target, data, context, found.rule)
    return training, found


def _export(training: Trained, chain: Chain, target: Path, data: FewShotData, context: GridContext, rule: Rule) -> None:
    # Before the model, whose configuration comes last: a folder that has that is whole.
    write_reading(target, reading_of(context.settings, chain, data, decodings_of(chain, data)[rule]))
    checksums = context.models.export(context.store.model(training.key), target)
    context.store.write_exported(training.key, checksums)


def _write(folder: Path, data: FewShotData, results: Mapping[str, Any], predictions: str, license: str | None) -> None:
    if data.shots:
        write_shots(data, folder / "shots.json")
    if predictions:
        atomic_write_text(folder / PREDICTIONS_FILE, predictions)
    try_card(folder, results, task=data.task, license=license)
    write_results(folder, results)


def _results(
    cell: Cell, context: GridContext, data: FewShotData, trainings: Sequence[Trained], found: Sequence[Found]
) -> dict[str, Any]:
    metric, models = data.task.metric, context.models
    # A training that several others started from counts once.
    every = {part.key: part for training in trainings for part in training.chain()}
    scores = {language: rules[its.rule] for its in found for language, rules in its.scores.items()}
    surgery = [training.surgery for training in every.values() if training.surgery]
    revision = {"model_revision": models.revision} if models.revision else {}
    peft = {"peft": metadata.version("peft")} if context.settings.run.use_peft else {}
    peaks = [part.peak_memory_bytes for part in every.values()] + [part.peak_memory_bytes for part in found]
    results = {
        "task": data.task.name,
        "method": cell.method_name,
        "shots": cell.shots,
        "seed": cell.seed,
        "model": context.settings.model,
        "languages": data.languages,
        "metric": metric,
        "scores": scores,
        "average": sum(scores[language][metric] for language in data.languages) / len(data.languages),
        "settings": dict(context.settings.changed),
        "shot_ids": data.shot_ids,
        "versions": versions() | {"data_revisions": dict(data.origin)} | revision | peft,
        "train_seconds": round(sum(part.train_seconds for part in every.values()), 3),
        "peak_memory_bytes": max(peaks),
        "surgery": surgery[0] if surgery else {},
        **CellIdentity(cell, context.settings, context).record,
        "updates": sum(part.updates for part in every.values()),
        "final_loss": _mean([training.final_loss for training in trainings]),
        "warnings": _warnings(data, every.values(), found),
    }
    return results | (_decoded(metric, found) if data.task.kind == "token-classification" else {})


def _decoded(metric: str, found: Sequence[Found]) -> dict[str, Any]:
    """What each rule of decoding made of the same outputs: argmax in full, of each the main metric by language."""
    by_language = {language: rules for its in found for language, rules in its.scores.items()}
    rules = sorted({rule for rules in by_language.values() for rule in rules})
    main = {rule: {language: by_rule[rule][metric] for language, by_rule in by_language.items()} for rule in rules}
    return {
        "scores_argmax": {language: by_rule["argmax"] for language, by_rule in by_language.items()},
        "decoding": {"rule": found[-1].rule, "scores": main},
    }


def _mean(losses: Sequence[float | None]) -> float | None:
    finite = [loss for loss in losses if loss is not None]
    return sum(finite) / len(finite) if len(finite) == len(losses) else None


def _warnings(data: FewShotData, trainings: Iterable[Trained], found: Iterable[Found]) -> list[str]:
    warnings = list(getattr(data, "warnings", ()))
    if any(training.final_loss is None for training in trainings):
        warnings.append("diverged: the loss of the last update, or a weight after it, is no finite number")
    by_language = {language: warnings for its in found for language, warnings in its.warnings.items()}
    return [*warnings, *(warning for language in data.languages for warning in by_language[language])]

"""One training: build the Trainer, go on from a checkpoint if there is one, keep the chosen model."""

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from datasets import Dataset, concatenate_datasets
from transformers import PrinterCallback, Trainer, TrainerState

from hf_mixtrain import GradientMixTrainingArguments
from hf_mixtrain.data import FewShotData, data_collator
from hf_mixtrain.data.fewshot import by_language
from hf_mixtrain.evaluation import evaluate_languages
from hf_mixtrain.experiment.checkpoints import CheckpointChecksums, last_checkpoint
from hf_mixtrain.experiment.context import GridContext
from hf_mixtrain.experiment.environment import peak_memory, reset_peak_memory
from hf_mixtrain.experiment.freezing import freeze
from hf_mixtrain.experiment.identity import dev_languages, selection_of
from hf_mixtrain.experiment.locks import on_main_process
from hf_mixtrain.experiment.model_selection import SCORE_FILE, Averaging, BestOnDev, remove_candidates, save_model
from hf_mixtrain.experiment.plan import Chain
from hf_mixtrain.experiment.row_order import RowOrder
from hf_mixtrain.experiment.stage_arguments import stage_arguments
from hf_mixtrain.experiment.stage_trainer import Clock, StageTrainer, StopAtUpdate
from hf_mixtrain.experiment.stopping import StoppedError, StopSignals
from hf_mixtrain.experiment.tracking import tracked, tracked_run
from hf_mixtrain.experiment.training_store import Trained
from hf_mixtrain.methods import Stage

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rows:
    """The features of what a training trains on; source is empty, or of one part."""

    source: list[Dataset]
    shots: dict[str, Dataset]


def rows_of(chain: Chain, context: GridContext) -> Rows:
    """Make the features of what a chain's last stage trains on; `train` takes them."""
    stage, data, tokenizer = chain.stages[-1], context.data.of(chain.shots, chain.seed), context.models.tokenizer
    source = [context.data.features(data.train, tokenizer)] if stage.train_on != "shots" else []
    shots = _shots(stage, data, chain.language)
    return Rows(source, {name: context.data.features(part, tokenizer) for name, part in shots.items()})


def train(
    chain: Chain,
    context: GridContext,
    its: Rows,
    *,
    start: str,
    folder: Path,
    on_step: Callable[[int, int], None] = lambda step, steps: None,
) -> Trained:
    """Train the model of a chain's last stage and leave it in ``folder/model``.

    Args:
        chain: The chain.
        context: Settings, data and models.
        its: What it trains on.
        start: Name or folder of the model to start from.
        folder: Checkpoints go there too; a training that was interrupted goes on from the last whole one.
        on_step: Called after each update with its number and the number of updates in all.

    Returns:
        What it took and what surgery did.
    """
    reset_peak_memory()
    settings, models, stage = context.settings, context.models, chain.stages[-1]
    data = context.data.of(chain.shots, chain.seed)
    arguments = stage_arguments(settings, stage, data.seed, folder)
    rows = concatenate_datasets([*its.source, *its.shots.values()])
    model = models.new_model(start, data.seed)
    freeze(model, settings.run.freeze)
    trainer = StageTrainer(
        model=model,
        args=arguments,
        train_dataset=rows,
        data_collator=data_collator(data.task, models.tokenizer),
        processing_class=models.tokenizer,
        callbacks=[Clock(on_step), CheckpointChecksums()],
        oracle_dataset=_oracles(its, data, arguments) if stage.surgery else None,
    )
    one_process, _ = settings.batch(processes=1)  # the order of the rows must not depend on how many there are
    trainer.row_order = _row_order(stage, arguments, rows, sum(map(len, its.source)), one_process)
    if not settings.run.verbose:
        trainer.remove_callback(PrinterCallback)
    if stage.order == "alternating":
        # Each batch of an update counts the same, not in proportion to its labels.
        trainer.model_accepts_loss_kwargs = False
    candidates, keep_chosen = _select(trainer, chain, context, data, folder)
    stopper = StopAtUpdate(context.stop)
    trainer.add_callback(stopper)
    with tracked(trainer, tracked_run(chain, settings.task.name, settings.output_dir, folder.name)):
        _train_to_the_end(trainer, stopper, context.stop, _checkpoint(folder, candidates))
    final_loss = trainer.final_loss()
    keep_chosen()
    surgery = trainer.surgery_statistics.to_dict() if arguments.surgery != "none" else {}
    return Trained(trainer.seconds(), peak_memory(), trainer.state.global_step, final_loss, surgery)


def _checkpoint(folder: Path, candidates: BestOnDev | Averaging | None) -> str | None:
    """Return the checkpoint to go on from, if it and the models that were kept before it are whole."""
    checkpoint = last_checkpoint(folder)
    if checkpoint and candidates is not None:
        state = TrainerState.load_from_json(str(Path(checkpoint, "trainer_state.json")))
        if damaged := candidates.damaged(state):
            logger.warning("%s is damaged or missing: the training begins anew.", damaged)
            checkpoint = None
    if checkpoint is None:
        on_main_process(remove_candidates, folder)
    return checkpoint


def _train_to_the_end(trainer: StageTrainer, stopper: StopAtUpdate, stop: StopSignals, checkpoint: str | None) -> None:
    """Train; raise if the training ended before its last update and nothing but a signal could have ended it."""
    if checkpoint:
        logger.info("      going on from update %s", checkpoint.rsplit("-", 1)[1])
    try:
        trainer.train(resume_from_checkpoint=checkpoint)
    except RuntimeError as error:
        if stop.requested:  # such as a process that loads data, which has got the signal too
            raise StoppedError("stopped; the same command goes on from the last checkpoint") from error
        raise
    state = trainer.state
    if stopper.stopped or (state.global_step < state.max_steps and not trainer.ended_early):
        raise StoppedError(f"stopped at update {state.global_step:,} of {state.max_steps:,}; the same command goes on")


def _shots(stage: Stage, data: FewShotData, language: str | None) -> dict[str, Dataset]:
    if stage.train_on == "source":
        return {}
    # By name, not in the user's order: the order of `--languages` must not change a result.
    return {name: data.shots[name] for name in sorted(data.shots) if language in (None, name)}


def _oracles(its: Rows, data: FewShotData, arguments: GradientMixTrainingArguments) -> dict[str, Dataset]:
    """Return what surgery draws from; a single source language is added by the trainer, if it is to be drawn."""
    if not arguments.oracle_include_source or not its.source or len(data.source_languages) == 1:
        return its.shots
    return its.shots | by_language(concatenate_datasets(its.source), data.source_languages)


def _row_order(
    stage: Stage, arguments: GradientMixTrainingArguments, rows: Dataset, source: int, batch_size: int
) -> RowOrder | None:
    if arguments.train_sampling_strategy not in ("random", "group_by_length"):
        return None
    grouped = arguments.train_sampling_strategy == "group_by_length"
    return RowOrder(
        source=source,
        shots=len(rows) - source,
        order=stage.order,
        batch_size=batch_size,
        seed=arguments.seed,
        lengths=rows["length"][:] if grouped else None,
    )


def _select(
    trainer: Trainer, chain: Chain, context: GridContext, data: FewShotData, folder: Path
) -> tuple[BestOnDev | Averaging | None, Callable[[], None]]:
    """Set up what the selection needs while training; return it, and what puts the chosen model into its folder."""
    stage, models = chain.stages[-1], context.models
    rule = selection_of(stage, context.settings)
    model = folder / "model"
    if rule == "last":
        return None, lambda: save_model(trainer, model)
    if rule == "average":
        averaging = Averaging(folder)
        averaging.trainer = trainer
        trainer.add_callback(averaging)

        def save_mean() -> None:
            trainer.accelerator.unwrap_model(trainer.model).load_state_dict(averaging.mean(), strict=False)
            save_model(trainer, model)

        return averaging, save_mean

    languages = dev_languages(stage, context.settings, data, chain.language)
    dev = {name: data.dev[name] for name in languages}

    def score() -> float:
        settings = context.settings
        scores = evaluate_languages(
            trainer, data.task, dev, models.tokenizer,
            max_length=settings.run.max_length, label_piece=settings.label_piece,
        )  # fmt: skip
        return sum(scores[name][data.task.metric] for name in languages) / len(languages)

    every = None if stage.adapts else context.settings.run.select_steps
    best = BestOnDev(folder, score, every=every, patience=stage.patience)
    best.trainer = trainer
    trainer.add_callback(best)

    def keep_best() -> None:
        found = best.best()
        assert found is not None
        if trainer.is_world_process_zero():
            shutil.copytree(found[2], model, ignore=shutil.ignore_patterns(SCORE_FILE), dirs_exist_ok=True)
        trainer.accelerator.wait_for_everyone()

    return best, keep_best

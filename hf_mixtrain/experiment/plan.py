"""From cells to trainings: which models a cell needs, what they are tested on, and what that costs."""

import math
from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass
from pathlib import Path

from hf_mixtrain.data import FewShotData
from hf_mixtrain.experiment.cells import Cell
from hf_mixtrain.experiment.grid_data import GridData
from hf_mixtrain.experiment.settings import Settings
from hf_mixtrain.experiment.stage_arguments import rows_of_update, stage_arguments
from hf_mixtrain.methods import Stage

# A training step is a forward and a backward pass, and the backward pass costs two forward passes.
_TRAINING = 3


@dataclass(frozen=True)
class Chain:
    """Stages one after the other, the last of which gives a model.

    Attributes:
        stages: From first to last.
        shots: K.
        seed: The cell's seed.
        language: The target, if the last stage is for one.
    """

    stages: tuple[Stage, ...]
    shots: int
    seed: int
    language: str | None = None

    @property
    def before(self) -> "Chain | None":
        """What comes before the last stage; a stage on the source alone is the same for every K."""
        stages = self.stages[:-1]
        if not stages:
            return None
        return Chain(stages, self.shots if any(stage.train_on != "source" for stage in stages) else 0, self.seed)

    def __str__(self) -> str:
        return f"training on {self.stages[-1].train_on}" + (f" of {self.language}" if self.language else "")


def plan(cell: Cell, languages: list[str], with_shots: Collection[str]) -> list[tuple[Chain, list[str]]]:
    """Return the models that a cell needs, each with the languages it is tested on.

    A method with one model for each target is tested on the source language, and on targets without shots, with the
    model before adaptation.

    Args:
        cell: The cell.
        languages: All languages that are tested, source first.
        with_shots: Those of them that have shots.

    Example:
        >>> for chain, tested in plan(Cell("panx", "ord-fs", 5, 1), ["en", "de", "sw"], ["de", "sw"]):
        ...     print(chain, tested)
        training on source ['en']
        training on shots of de ['de']
        training on shots of sw ['sw']
    """
    stages = cell.method.stages
    whole = Chain(stages, cell.shots, cell.seed)
    if not stages[-1].per_language:
        return [(whole, languages)]
    targets = [language for language in languages if language in with_shots]
    legs = [(Chain(stages, cell.shots, cell.seed, language), [language]) for language in targets]
    others = [language for language in languages if language not in with_shots]
    return [(whole.before, others), *legs] if whole.before else legs


def own_chains(cell: Cell, languages: list[str], with_shots: Collection[str]) -> list[Chain]:
    """Return the trainings of a cell that no other cell can use: those with all stages of a method with shots."""
    if not cell.method.uses_shots:
        return []
    return [chain for chain, _ in plan(cell, languages, with_shots) if chain.stages == cell.method.stages]


def all_chains(cell: Cell, languages: list[str], with_shots: Collection[str]) -> list[Chain]:
    """Return all trainings that a cell needs, those before others too."""
    found: dict[Chain, None] = {}
    for last, _ in plan(cell, languages, with_shots):
        chain: Chain | None = last
        while chain is not None:
            found[chain] = None
            chain = chain.before
    return list(found)


def costs(cells: Iterable[Cell], settings: Settings, grid_data: GridData) -> dict[Hashable, float]:
    """Return what each training and each evaluation of some cells costs, in forward passes of one example.

    Args:
        cells: The cells that are still to be run.
        settings: The grid's settings.
        grid_data: Their data.
    """
    found: dict[Hashable, float] = {}
    for cell in cells:
        data = grid_data.of(cell.shots, cell.seed)
        for last, tested in plan(cell, data.languages, data.shots):
            found |= {(last, language): float(len(data.test[language])) for language in tested}
            chain: Chain | None = last
            while chain is not None and chain not in found:
                found[chain] = _training_cost(chain, data, settings)
                chain = chain.before
    return found


def _training_cost(chain: Chain, data: FewShotData, settings: Settings) -> float:
    stage = chain.stages[-1]
    arguments = stage_arguments(settings, stage, chain.seed, Path("unused"))
    batch = rows_of_update(arguments)
    shots = sum(len(rows) for language, rows in data.shots.items() if chain.language in (None, language))
    rows = {"source": len(data.train), "mixed": len(data.train) + shots, "shots": shots}[stage.train_on]
    if stage.order != "shuffled":
        rows = 2 * len(data.train)
    seen = arguments.max_steps * batch if arguments.max_steps > 0 else rows * arguments.num_train_epochs
    oracle = 0.0
    if stage.surgery and data.shots:
        oracle = arguments.surgery_probability * min(1.0, shots / len(data.shots) / batch)
    return seen * _TRAINING * (1 + oracle) + _selection_cost(chain, data, settings, seen / batch, rows / batch)


def _selection_cost(chain: Chain, data: FewShotData, settings: Settings, updates: float, per_epoch: float) -> float:
    """Return what the evaluations on dev data cost that select a model; an early end may spare some."""
    from hf_mixtrain.experiment.identity import dev_languages  # which takes chains from here

    stage = chain.stages[-1]
    rows = sum(len(data.dev[name]) for name in dev_languages(stage, settings, data, chain.language))
    every = max(1.0, per_epoch) if stage.adapts else settings.run.select_steps
    return rows * math.ceil(updates / every)

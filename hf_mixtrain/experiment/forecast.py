"""What a grid will take, before it starts: trainings, examples, disk, and time once a cell is finished."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import try_to_load_from_cache
from safetensors import SafetensorError, safe_open

from hf_mixtrain.experiment.cells import Cell
from hf_mixtrain.experiment.grid_data import GridData
from hf_mixtrain.experiment.plan import Chain, all_chains, costs, own_chains, plan
from hf_mixtrain.experiment.progress import duration
from hf_mixtrain.experiment.settings import Settings

# Weights are trained and saved in 32 bits; AdamW keeps two more numbers for each in a checkpoint.
_BYTES, _CHECKPOINT = 4, 3
# Encoders that people ask about before they have them, in millions of parameters.
_MILLIONS = {
    "xlm-roberta-base": 278, "xlm-roberta-large": 560, "bert-base-multilingual-cased": 178,
    "embedded:multilingual-e5-small": 118,
}  # fmt: skip


@dataclass(frozen=True)
class Forecast:
    """What the cells that are to do will take.

    Attributes:
        cells: How many they are.
        trainings: Trainings; what cells share counts once.
        examples: Examples that go forward through a model, an example of a training update counting three times; None
            if the data are not here yet.
        kept: Models that stay in the folders of the cells.
        scratch: Models that are on disk meanwhile, in the size of a model.
        model_bytes: Size of one model; None if the encoder is not here yet.
        seconds: Time on a machine like that of the finished cells; None if there is none.
    """

    cells: int
    trainings: int
    examples: float | None
    kept: int
    scratch: int
    model_bytes: int | None
    seconds: float | None


def forecast(
    settings: Settings, cells: Sequence[Cell], finished: Mapping[Cell, Mapping[str, Any]], data: GridData | None
) -> Forecast:
    """Say what a grid will take.

    Args:
        settings: The grid's settings.
        cells: Those that are to do.
        finished: The results of those that are finished.
        data: The grid's data; None if they may not be read.
    """
    run = settings.run
    targets = {cell: _targets(cell, settings, data) for cell in cells}
    chains = {chain for cell, its in targets.items() for chain in all_chains(cell, *its)}
    shared = chains - {chain for cell, its in targets.items() for chain in own_chains(cell, *its)}
    models = {cell: len(plan(cell, *its)) for cell, its in targets.items()}
    of_groups = {(cell.method_name, cell.shots): count for cell, count in models.items()}
    kept = {
        "all": sum(models.values()),
        "best": sum(of_groups.values()),
        "last": sum(of_groups.values()),
        "none": 0,
    }[run.save_models]
    checkpoints = int(settings.training.get("save_total_limit") or 1) + 1
    work = costs(cells, settings, data) if data is not None and cells else {}
    examples = math.fsum(work.values()) if work else None
    seconds = None
    if data is not None and examples is not None and (rate := _seconds_per_example(settings, finished, data)):
        seconds = examples * rate
    scratch = len(shared) + _CHECKPOINT * checkpoints
    return Forecast(len(cells), len(chains), examples, kept, scratch, model_bytes(run.model_name_or_path), seconds)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def forecast_lines(found: Forecast) -> list[str]:
    """Return a forecast for people.

    Example:
        >>> for line in forecast_lines(Forecast(2, 3, 4e6, 2, 8, 10**9, None)):
        ...     print(line)
        to do: 2 cells, 3 trainings, 4.0 million examples (one in a training update counts three times)
        disk: 2 GB for 2 models of 1 GB that are kept, and at most 8 GB while it runs
        time: known when one cell is finished; then ask again
        >>> forecast_lines(Forecast(1, 1, 7560.0, 1, 6, 10**9, None))[0]
        'to do: 1 cell, 1 training, 7,560 examples (one in a training update counts three times)'
    """
    examples = "examples not counted, as the data are not here yet"
    if found.examples is not None:
        count = f"{found.examples / 1e6:.1f} million" if found.examples >= 1e6 else f"{found.examples:,.0f}"
        examples = f"{count} examples (one in a training update counts three times)"
    lines = [f"to do: {_counted(found.cells, 'cell')}, {_counted(found.trainings, 'training')}, {examples}"]
    if found.model_bytes is None:
        lines.append(f"disk: {_counted(found.kept, 'model')} that are kept, and at most {found.scratch} while it runs")
    else:
        size = found.model_bytes
        lines.append(
            f"disk: {_size(found.kept * size)} for {_counted(found.kept, 'model')} of {_size(size)} that are kept, and "
            f"at most {_size(found.scratch * size)} while it runs"
        )
    time = "known when one cell is finished; then ask again"
    if found.seconds is not None:
        time = f"about {duration(found.seconds)} for one process, by the cells that are finished"
    return [*lines, f"time: {time}"]


def model_bytes(name: str) -> int | None:
    """Return the size of a model that is trained from an encoder, None if that is not on this machine.

    Example:
        >>> model_bytes("xlm-roberta-large")
        2240000000
    """
    short = name.removeprefix("FacebookAI/").removeprefix("google-bert/")
    if short in _MILLIONS:
        return _MILLIONS[short] * 10**6 * _BYTES
    files = sorted(Path(name).glob("*.safetensors"))
    if not files and isinstance(cached := try_to_load_from_cache(name, "model.safetensors"), str):
        files = [Path(cached)]
    return sum(map(_numbers, files)) * _BYTES or None


def _targets(cell: Cell, settings: Settings, data: GridData | None) -> tuple[list[str], list[str]]:
    """Return the languages that are tested, and those that have shots: of data that are not here, as the task says."""
    if data is not None:
        rows = data.of(cell.shots, cell.seed)
        return rows.languages, list(rows.shots)
    sources = settings.source_languages
    targets = [name for name in settings.run.languages or settings.task.languages if name not in sources]
    return [*sources, *targets], targets


def _numbers(path: Path) -> int:
    try:
        with safe_open(path, "pt") as weights:
            return sum(math.prod(weights.get_slice(name).get_shape()) for name in weights.keys())  # noqa: SIM118
    except (SafetensorError, OSError):  # told when the encoder is loaded
        return 0


def _seconds_per_example(
    settings: Settings, finished: Mapping[Cell, Mapping[str, Any]], data: GridData
) -> float | None:
    work, seconds = 0.0, 0.0
    for cell, results in finished.items():
        work += math.fsum(cost for what, cost in costs([cell], settings, data).items() if isinstance(what, Chain))
        seconds += results["train_seconds"]
    return seconds / work if work else None


def _size(count: int) -> str:
    return f"{count / 1e12:.1f} TB" if count >= 1e12 else f"{count / 1e9:.3g} GB"

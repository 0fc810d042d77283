"""The table of what the methods cost: stages, selection of the model, time, memory, conflicts."""

from collections.abc import Mapping
from typing import Any

from hf_mixtrain.methods import METHODS
from hf_mixtrain.report.grouping import Group
from hf_mixtrain.report.statistics import summarize
from hf_mixtrain.report.table import MISSING, Table


def cost_table(group: Group) -> Table:
    """What each method and K trained on and took: selection of the model, time, memory, conflicts.

    Example:
        >>> from hf_mixtrain.report import group_results
        >>> from hf_mixtrain.results import find_results
        >>> group = group_results(find_results("reproduction/study.jsonl"))[1]
        >>> cost_table(group).header
        ['method', 'K', 'stages', 'model kept', 'seconds', 'GiB', 'conflicts', 'cosine']
    """
    rows = []
    for row in group.rows:
        for shots in group.shots:
            if cells := list(group.cells.get((row, shots), {}).values()):
                rows.append([group.title(row), str(shots), *_costs(cells)])
    return Table(
        f"{group.task}, {group.model}: training",
        ["method", "K", "stages", "model kept", "seconds", "GiB", "conflicts", "cosine"],
        rows,
        "Means over seeds. Seconds of training and peak memory as each run reports them; conflicts: share of the "
        "surgeries in which the mixed gradient opposed the drawn language; cosine between the two.",
        text_columns=4,
    )


def _costs(cells: list[Mapping[str, Any]]) -> list[str]:
    seconds = summarize(cell["train_seconds"] for cell in cells)
    memory = summarize(cell["peak_memory_bytes"] / 2**30 for cell in cells)
    surgery = [cell["surgery"] for cell in cells if cell["surgery"]]
    conflicts = summarize(100 * each["conflict_rate"] for each in surgery if each.get("conflict_rate") is not None)
    cosine = summarize(each["cosine"] for each in surgery if each.get("cosine") is not None)
    return [
        _stages(cells[0]["method"]),
        _selection(cells),
        f"{seconds.mean:.0f}" if seconds else MISSING,
        f"{memory.mean:.1f}" if memory else MISSING,
        f"{conflicts.mean:.1f} %" if conflicts else MISSING,
        f"{cosine.mean:+.3f}" if cosine else MISSING,
    ]


def _stages(method: str) -> str:
    if method not in METHODS:
        return MISSING
    stages = METHODS[method].stages
    return ", then ".join(f"{s.train_on}{' (one model per language)' * s.per_language}" for s in stages)


def _selection(cells: list[Mapping[str, Any]]) -> str:
    """The rule by which the model was kept: the method's own, else what the settings say."""
    method = METHODS.get(cells[0]["method"])
    own = method.stages[-1].select_on if method else None
    return own or str(cells[0]["settings"].get("select_on", "last"))

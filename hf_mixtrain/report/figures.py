"""Figures of one group of results: gain over zero-shot per language, and score against K."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_mixtrain.report.comparison_tables import gains
from hf_mixtrain.report.grouping import Group
from hf_mixtrain.report.statistics import summarize

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's colours, which colour-blind people tell apart; yellow is left out, it is too light for lines on white.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
_DASHES = ("-", "--", "-.", ":")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_GAIN, _LOSS = "#0072B2", "#D55E00"


def draw_figures(group: Group, folder: str | Path) -> list[Path]:
    """Draw all figures of a group as PNG files.

    Args:
        group: One of `hf_mixtrain.report.group_results`.
        folder: Where to write them; it is made if it is missing.

    Returns:
        The files: score against K, then for every K the gains per language; what has no data is not drawn.

    Raises:
        ImportError: If matplotlib is missing.
    """
    stem = re.sub(r"[^A-Za-z0-9.]+", "-", f"{group.task}-{group.model}-{group.metric}").strip("-")
    figures = {f"{stem}-score": score_figure(group)}
    figures |= {f"{stem}-gain-k{shots}": gain_figure(group, shots) for shots in group.shots if shots > 0}
    return [save_figure(figure, Path(folder) / f"{name}.png") for name, figure in figures.items() if figure]


def score_figure(group: Group) -> "Figure | None":
    """Average against K: a line for each method with a band of one sd over seeds; zero-shot is level.

    Returns:
        The figure; None if there is no result with K above 0.
    """
    ks = [shots for shots in group.shots if shots > 0]
    if not ks or not group.common:
        return None
    longest = max(len(group.title(row)) for row in group.rows)
    figure = new_figure(max(7.5, 5.0 + 0.08 * longest), max(4.8, 1.0 + 0.2 * len(group.rows)))
    axes = figure.subplots()
    places = {shots: place for place, shots in enumerate(ks)}
    ends = (-0.3, len(ks) - 0.7)
    for number, row in enumerate(group.rows):
        found = {k: summarize(group.averages(row, k).values()) for k in group.shots}
        points = [(float(places[k]), summary) for k, summary in found.items() if summary and k in places]
        level = not points
        if level and (zero := found.get(0)):
            points = [(end, zero) for end in ends]
        xs, means = [x for x, _ in points], [point.mean for _, point in points]
        colour = _COLOURS[number % len(_COLOURS)]
        dashes = "--" if level else _DASHES[number // len(_COLOURS) % len(_DASHES)]
        marker = None if level else _MARKERS[number % len(_MARKERS)]
        axes.plot(xs, means, dashes, marker=marker, markersize=6, linewidth=1.8, color=colour, label=group.title(row))
        low, high = ([point.mean + sign * (point.sd or 0.0) for _, point in points] for sign in (-1, 1))
        axes.fill_between(xs, low, high, color=colour, alpha=0.15, linewidth=0)
    axes.set_xticks(list(places.values()), [str(shots) for shots in ks])
    axes.set_xlim(*ends)
    axes.set_xlabel("shots per language (K)")
    axes.set_ylabel(f"{group.metric}, average over {len(group.common)} languages")
    axes.set_title(f"{group.task}, {group.model}", fontsize=11)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=9, title="mean ± sd over seeds")
    return figure


def gain_figure(group: Group, shots: int) -> "Figure | None":
    """Gain per language at one K over zero-shot: a panel of bars for each method, languages in the same order.

    Languages are sorted by the gain of the method with the highest average. Without zero-shot the gains are over the
    first method.

    Returns:
        The figure; None if there are no two methods to compare.
    """
    rows = list(group.rows_at(shots))
    found: dict[str, dict[str, float]] = {}
    for row in rows[1:] if len(rows) > 1 else []:
        over = group.zero_shot_of(row) or rows[0]
        if row != over and (values := gains(group, shots, row, over)):
            found[row] = values
    if not found:
        return None
    means = {row: sum(values.values()) / len(values) for row, values in found.items()}
    order = list(found[max(means, key=lambda row: means[row])])
    order += [code for code in group.languages if code not in order and any(code in v for v in found.values())]
    figure = new_figure(max(6.0, 1.6 + 0.26 * len(order)), 1.0 + 1.75 * len(found))
    panels = figure.subplots(len(found), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for axes, (row, values) in zip(panels, found.items(), strict=True):
        _bars(axes, order, values)
        axes.set_title(f"{group.title(row)}, mean {means[row]:+.2f}", fontsize=10, loc="left")
    panels[-1].set_xticks(range(len(order)), order, fontsize=9, rotation=90 if len(order) > 20 else 0)
    baselines = {group.zero_shot_of(row) or rows[0] for row in found}
    over = group.title(baselines.pop()) if len(baselines) == 1 else "zero-shot of the same settings"
    figure.suptitle(f"{group.task}, {group.model}, K={shots}: gain in {group.metric} over {over}", fontsize=11)
    return figure


def _bars(axes: Any, order: list[str], values: Mapping[str, float]) -> None:
    heights = [values.get(code, 0.0) for code in order]
    axes.bar(range(len(order)), heights, 0.75, color=[_GAIN if height >= 0 else _LOSS for height in heights])
    for place, code in enumerate(order):
        if code not in values:
            axes.text(place, 0, "—", ha="center", va="bottom", fontsize=8)
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xlim(-0.6, len(order) - 0.4)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)


def new_figure(width: float, height: float) -> "Figure":
    """An empty figure, in inches, that needs no screen and no pyplot.

    Raises:
        ImportError: If matplotlib is missing.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError('Figures need matplotlib: pip install "hf_mixtrain[plot]"') from None
    return Figure(figsize=(width, height), layout="constrained")


def save_figure(figure: "Figure", path: Path) -> Path:
    """Write a figure as PNG, whole or not at all; the same figure gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        figure.savefig(unfinished, format="png", dpi=130, metadata={"Software": None})
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path

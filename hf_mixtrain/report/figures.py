"""Pictures of one group of results as PNG files: averages by method, and gains by language and method."""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hf_mixtrain.report.colours import colour_of
from hf_mixtrain.report.figure_data import GainMap, Scores, gain_map_of, scores_of, wrapped
from hf_mixtrain.report.grouping import Group
from hf_mixtrain.report.score_tables import language_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DASHES = ("-", "--", "-.", ":")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_HATCHES = ("", "//", "..", "xx", "\\\\", "++", "oo", "--")


def draw_figures(group: Group, folder: str | Path, baseline: str | None = None) -> list[Path]:
    """Draw all figures of a group as PNG files.

    Args:
        group: One of `hf_mixtrain.report.group_results`.
        folder: Where to write them; it is made if it is missing.
        baseline: The row that gains are over; None: `hf_mixtrain.report.default_baseline`.

    Returns:
        The files: averages by method, then for every K the gains by language; what has no data is not drawn.

    Raises:
        ImportError: If matplotlib is missing.
    """
    stem = re.sub(r"[^A-Za-z0-9.]+", "-", f"{group.task}-{group.model}-{group.metric}").strip("-")
    figures: dict[str, Figure] = {}
    if scores := scores_of(group, baseline):
        figures[f"{stem}-score"] = score_figure(group, scores)
    for shots in [k for k in group.shots if k > 0] or group.shots:
        if gains := gain_map_of(group, shots, baseline):
            figures[f"{stem}-gain-k{shots}"] = gain_figure(group, gains)
    return [save_figure(figure, Path(folder) / f"{name}.png") for name, figure in figures.items()]


def score_figure(group: Group, scores: Scores) -> "Figure":
    """Averages by method with 95 % intervals: bars for one K, a line for each method over several."""
    return _bars(group, scores) if len(scores.shots) == 1 else _lines(group, scores)


def gain_figure(group: Group, gains: GainMap) -> "Figure":
    """Gains as a map, languages × methods: blue above 0, red below, the number in each cell."""
    from matplotlib.colors import TwoSlopeNorm

    count = len(gains.languages)
    values = np.array(gains.values, dtype=float)
    figure = new_figure(3.2 + 1.15 * len(gains.rows), 1.6 + 0.23 * count)
    axes = figure.subplots()
    norm = TwoSlopeNorm(0.0, -gains.limit, gains.limit)
    image = axes.imshow(values, cmap=_diverging(), norm=norm, aspect="auto", interpolation="nearest")
    for (place, column), value in np.ndenumerate(values):
        text = gains.texts[place][column]
        dark = not np.isnan(value) and abs(value) > 0.6 * gains.limit
        axes.text(column, place, text, ha="center", va="center", fontsize=8, color="white" if dark else "black")
    names = [f"{wrapped(group.title(row), 18)}\n(n={gains.seeds[row]})" for row in gains.rows]
    axes.set_xticks(range(len(gains.rows)), names, fontsize=8)
    axes.xaxis.tick_top()
    axes.set_yticks(range(count), [language_name(code) for code in gains.languages], fontsize=8)
    axes.tick_params(length=0)
    for place in range(1, count):  # a line between families
        if gains.families[place] != gains.families[place - 1]:
            axes.axhline(place - 0.5, color="black", linewidth=0.6)
    figure.colorbar(image, ax=axes, shrink=min(1.0, 14 / count), pad=0.02).set_label(
        "points; n: common seeds", fontsize=8
    )
    figure.suptitle(wrapped(gains.title, 36 + 14 * len(gains.rows)), fontsize=10)
    return figure


def _bars(group: Group, scores: Scores) -> "Figure":
    rows, k = list(scores.points), scores.shots[0]
    figure = new_figure(7.5, 1.5 + 0.42 * len(rows))
    axes = figure.subplots()
    seen: dict[str, int] = {}
    lowest = []
    for place, row in enumerate(rows):
        mean, low, high = scores.points[row][k]
        colour = colour_of(row)
        variant = seen[colour] = seen.get(colour, -1) + 1
        hatch = _HATCHES[variant % len(_HATCHES)]
        axes.barh(place, mean, 0.68, color=colour, alpha=0.75, hatch=hatch, edgecolor="white")
        if low is not None and high is not None:
            axes.errorbar(mean, place, xerr=[[mean - low], [high - mean]], color="black", capsize=3, linewidth=1.2)
        axes.text(max(mean, high or mean), place, f"  {mean:.2f}", va="center", fontsize=8)
        lowest.append(mean if low is None else low)
    axes.set_yticks(range(len(rows)), [wrapped(group.title(row), 42) for row in rows], fontsize=9)
    axes.invert_yaxis()
    axes.set_xlim(min(0.0, *lowest), 1.1 * axes.get_xlim()[1])
    _finish(axes, scores, "x")
    axes.set_xlabel(f"{scores.axis} (black: 95 % interval over seeds)")
    return figure


def _lines(group: Group, scores: Scores) -> "Figure":
    figure = new_figure(9.5, 4.8)
    axes = figure.subplots()
    places = {shots: float(place) for place, shots in enumerate(scores.shots)}
    seen: dict[str, int] = {}
    width = 0.05
    for number, (row, points) in enumerate(scores.points.items()):
        colour = colour_of(row)
        variant = seen[colour] = seen.get(colour, -1) + 1
        shift = width * (number - (len(scores.points) - 1) / 2)  # so that intervals do not hide one another
        xs = [places[k] + shift for k in points]
        means = [mean for mean, _, _ in points.values()]
        style: dict[str, Any] = {
            "linestyle": _DASHES[variant % len(_DASHES)],
            "marker": _MARKERS[number % len(_MARKERS)],
        }
        axes.plot(xs, means, color=colour, linewidth=1.8, markersize=6, label=wrapped(group.title(row), 34), **style)
        for x, (mean, low, high) in zip(xs, points.values(), strict=True):
            if low is not None and high is not None:
                axes.errorbar(x, mean, yerr=[[mean - low], [high - mean]], color=colour, capsize=3, linewidth=1.0)
    axes.set_xticks(list(places.values()), [str(shots) for shots in scores.shots])
    axes.set_xlim(-0.4, len(scores.shots) - 0.6)
    axes.set_xlabel("shots per language (K)")
    axes.set_ylabel(scores.axis)
    _finish(axes, scores, "y")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=9, title="bars: 95 % interval")
    return figure


def _finish(axes: Any, scores: Scores, along: str) -> None:
    axes.set_title(wrapped(scores.title, 78), fontsize=10)
    axes.grid(axis=along, color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _diverging() -> Any:
    from matplotlib import colormaps

    return colormaps["RdBu"].with_extremes(bad="#dddddd")


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

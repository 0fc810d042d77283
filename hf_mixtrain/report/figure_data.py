"""What the pictures show, apart from how they are drawn: for files and for the HTML page."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hf_mixtrain.data.languages import LANGUAGES
from hf_mixtrain.report.grouping import Group
from hf_mixtrain.report.pairing import comparable_means, default_baseline, pair_rows
from hf_mixtrain.report.significance import mean_interval
from hf_mixtrain.report.statistics import summarize

MOST_ROWS = 8


@dataclass(frozen=True)
class Scores:
    """Averages of rows over languages.

    Attributes:
        title: About the data, in one line.
        axis: What the numbers are.
        shots: Every K that a row other than zero-shot has.
        points: ``{row: {K: (mean, lower end, upper end)}}``; the ends are None where there are too few seeds for a 95 %
            interval. Zero-shot has the same at every K.
    """

    title: str
    axis: str
    shots: tuple[int, ...]
    points: Mapping[str, Mapping[int, tuple[float, float | None, float | None]]]


@dataclass(frozen=True)
class GainMap:
    """Gains over one row by language and method.

    Attributes:
        title: About the data, in one line.
        rows: The methods.
        languages: Codes, by family.
        families: The family of each language.
        values: Mean differences over the common seeds, languages × rows; None where there are none.
        seeds: ``{row: number of common seeds}``.
        limit: Where the colours end, so that a few large gains do not hide the others.
    """

    title: str
    rows: tuple[str, ...]
    languages: tuple[str, ...]
    families: tuple[str, ...]
    values: Sequence[Sequence[float | None]]
    seeds: Mapping[str, int]
    limit: float

    @property
    def texts(self) -> list[list[str]]:
        """The values with one decimal and their sign."""
        return [["—" if v is None else f"{round(v, 1) + 0.0:+.1f}" for v in row] for row in self.values]


def scores_of(group: Group, baseline: str | None = None) -> Scores | None:
    """What the picture of the averages shows; None if there are no two rows or no common language."""
    shots = tuple(k for k in group.shots if k > 0) or tuple(group.shots)
    fullest = max(shots, key=lambda k: len(group.rows_at(k)))
    rows = _chosen(group, group.rows, fullest, baseline or default_baseline(group))
    if len(rows) < 2 or not group.common:
        return None
    points: dict[str, dict[int, tuple[float, float | None, float | None]]] = {}
    for row in rows:
        for k in shots:
            at = group.rows_at(k)
            values = list(group.averages(row, at[row]).values()) if row in at else []
            if summary := summarize(values):
                points.setdefault(row, {})[k] = (summary.mean, *(mean_interval(values) or (None, None)))
    where = f", K={shots[0]}" if len(shots) == 1 and shots[0] else ""
    title = f"{about(group)}: {group.metric} by method{where}{_left_out(group.rows, rows)}"
    count = f"{len(group.common)} language{'s' * (len(group.common) != 1)}"
    return Scores(title, f"{group.metric}, average over {count}", shots, points)


def gain_map_of(group: Group, shots: int, baseline: str | None = None) -> GainMap | None:
    """What the map of the gains at one K shows; None if there is nothing to compare."""
    over = default_baseline(group) if baseline is None else baseline
    at = group.rows_at(shots)
    if over is None or over not in at:
        return None
    gains: dict[tuple[str, str], float] = {}
    seeds: dict[str, int] = {}
    for row in _chosen(group, list(at), shots, over):
        if row != over and (pairs := pair_rows(group, shots, row, over)):
            seeds[row] = len(pairs.seeds)
            gains |= {(language, row): gain for language, gain in pairs.by_language.items()}
    languages = by_family([language for language in group.languages if any(language == code for code, _ in gains)])
    if not gains:
        return None
    k = f", K={shots}" if shots else ""
    title = f"{about(group)}{k}: gain in {group.metric} over {group.title(over)}{_left_out(list(at), [*seeds, over])}"
    families = tuple(family_of(code) for code in languages)
    values = [[gains.get((code, row)) for row in seeds] for code in languages]
    limit = max(0.5, float(np.quantile([abs(gain) for gain in gains.values()], 0.9)))
    return GainMap(title, tuple(seeds), tuple(languages), families, values, seeds, limit)


def _chosen(group: Group, rows: Sequence[str], shots: int, baseline: str | None) -> list[str]:
    """At most 8 rows for one picture, in the order of the group: baseline, zero-shot, those at most Ks, the best."""
    if len(rows) <= MOST_ROWS:
        return list(rows)
    at = group.rows_at(shots)
    means = comparable_means(group, at, group.common)
    ks = {row: sum((row, k) in group.cells for k in group.shots) for row in means}
    ranked = sorted(means, key=lambda row: (-ks[row], -means[row][0]))
    first = [row for row in (baseline, "zero-shot") if row in rows]
    kept = list(dict.fromkeys([*first, *ranked, *rows]))[:MOST_ROWS]
    return [row for row in rows if row in kept]


def by_family(languages: list[str]) -> list[str]:
    """Languages by family, those of one family in the order given; unknown ones last.

    Example:
        >>> by_family(["xx", "de", "fr", "en"])
        ['de', 'en', 'fr', 'xx']
    """
    return sorted(languages, key=lambda code: (family_of(code) == "unknown", family_of(code)))


def family_of(code: str) -> str:
    """The family of a language; ``unknown`` where it is not known."""
    return LANGUAGES[code].family if code in LANGUAGES else "unknown"


def about(group: Group) -> str:
    """Task and model for the title of a picture, without folders.

    Example:
        >>> from types import SimpleNamespace
        >>> about(SimpleNamespace(task="panx", model="embedded:multilingual-e5-small"))
        'panx, multilingual-e5-small'
    """
    return f"{group.task}, {re.split(r'[/:]', group.model)[-1] or group.model}"


def wrapped(text: str, width: int, line_end: str = "\n") -> str:
    """Text in lines of about ``width``, cut after spaces and the signs within names of methods and settings.

    Example:
        >>> wrapped("gradient-mix-train (max_steps=7)", 18, " / ")
        'gradient-mix-train / (max_steps=7)'
    """
    lines = [""]
    for piece in re.split(r"(?<=[-_=,/ ])(?!\d)", text):
        if lines[-1] and len(lines[-1]) + len(piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return line_end.join(line.rstrip() for line in lines)


def _left_out(rows: Sequence[str], shown: Sequence[str]) -> str:
    return f" ({len(shown)} of {len(rows)} rows)" if len(shown) < len(rows) else ""

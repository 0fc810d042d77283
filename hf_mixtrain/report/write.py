"""The report of a grid: ``report.md``, ``report.csv``, ``report.tex`` and figures, from its results files alone."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby, zip_longest
from pathlib import Path
from typing import Any

from hf_mixtrain.errors import InputError
from hf_mixtrain.files import atomic_write_text
from hf_mixtrain.report.comparison_tables import cost_table, gains_table, significance_table
from hf_mixtrain.report.figures import draw_figures
from hf_mixtrain.report.grouping import Group, group_results
from hf_mixtrain.report.score_tables import has_targets, kinds_table, language_table, method_table, rank_table
from hf_mixtrain.report.significance import row_pairs
from hf_mixtrain.report.statistics import ranks, summarize
from hf_mixtrain.report.table import Table, to_latex, to_markdown, to_text
from hf_mixtrain.results import find_results

_AVERAGE = "average"


def write_report(
    *paths: str | Path,
    over: str | None = None,
    languages: Sequence[str] | None = None,
    to: str | Path | None = None,
) -> Path:
    """Write ``report.md``, ``.csv``, ``.tex`` and ``figures/*.png`` of results.

    The same results give the same files. Without matplotlib there are no figures, without scipy no tests of
    significance; the report then says what to install.

    Args:
        paths: One or more of: the folder of a grid (``--output_dir``), a folder that holds several, a ``.jsonl`` file
            with a result a line (`hf_mixtrain.results.find_results`).
        over: Compare every row with this one only, by name or title; None: every row with every other.
        languages: Report on these test languages alone; None: on all.
        to: Where the report goes; it is made if it is missing. None: the first folder or, for a file, a folder beside
            it with its name (without ``.jsonl``).

    Returns:
        The path of ``report.md``.

    Raises:
        InputError: If there is nothing to read, a results file is broken or there twice, there is no row ``over`` or
            no result has one of ``languages``, or ``to`` is a file.

    Example:
        >>> import tempfile
        >>> from hf_mixtrain.results import write_results
        >>> cell = dict(task="panx", method="mix-ft", shots=5, seed=1, model="m", languages=["en", "de"], metric="f1",
        ...     scores={"en": {"f1": 80.0}, "de": {"f1": 60.0}}, average=70.0, settings={}, shot_ids={}, versions={},
        ...     train_seconds=1.5, peak_memory_bytes=1, surgery={})
        >>> out = Path(tempfile.mkdtemp())
        >>> path = write_results(out / "a", cell)
        >>> write_report(out, languages=["de"], to=out / "only-de").relative_to(out).as_posix()
        'only-de/report.md'
    """
    first = Path(paths[0])
    to = (first.with_suffix("") if first.is_file() else first) if to is None else Path(to)
    if to.exists() and not to.is_dir():
        raise InputError(f"{to}: is a file. Expected a folder for the report, which is made if it is missing.")
    results = find_results(*paths)
    if not results:
        raise InputError(
            f"{' '.join(map(str, paths))}: no results.json in this folder or below. Expected the --output_dir of a run."
        )
    groups = _groups(results, languages, over)
    figures: dict[int, list[Path]] = {}
    hints = []
    try:
        figures = {number: draw_figures(group, to / "figures") for number, group in enumerate(groups)}
    except ImportError as error:
        hints.append(str(error))
    images = {number: [path.relative_to(to).as_posix() for path in paths] for number, paths in figures.items()}
    atomic_write_text(to / "report.csv", report_csv(results, languages=languages))
    atomic_write_text(to / "report.tex", report_latex(results, over=over, languages=languages))
    text = report_markdown(results, images=images, hints=hints, over=over, languages=languages)
    return atomic_write_text(to / "report.md", text)


def report_tables(group: Group, over: str | None = None) -> Iterator[tuple[str, Table]]:
    """All tables of one group, each with the heading that it stands under.

    Without scipy there are no tests of significance.

    Args:
        group: One of `group_results`.
        over: Compare every row with this one only; a group that does not have it has no comparisons. None: all pairs.
    """
    for metric in _metrics(group):
        # Those of one entity type or label, such as f1_PER beside f1, are in the CSV file only.
        if metric == group.metric or not any(metric.startswith(f"{other}_") for other in _metrics(group)):
            yield "Methods", method_table(group, metric)
            if has_targets(group):
                yield "Methods", method_table(group, metric, targets=True)
    yield "Methods", rank_table(group)
    yield "Methods", cost_table(group)
    compared = [shots for shots in group.shots if shots > 0] or group.shots
    for shots in compared:
        yield "Languages", language_table(group, shots)
    comparable = [shots for shots in compared if _has_row(group, over) and row_pairs(group, shots, over)]
    for shots in comparable:
        yield "Largest gains", gains_table(group, shots, over=over)
    for shots in comparable:
        try:
            yield "Significance", significance_table(group, shots, over)
        except ImportError:
            break
    for kind in ("family", "script"):
        for shots in compared:
            if group.common:
                yield "Families and scripts", kinds_table(group, shots, kind)


def report_markdown(
    results: Sequence[Mapping[str, Any]],
    *,
    images: Mapping[int, Sequence[str]] | None = None,
    hints: Sequence[str] = (),
    over: str | None = None,
    languages: Sequence[str] | None = None,
) -> str:
    """The whole report in Markdown.

    Args:
        results: As `hf_mixtrain.results.find_results` returns them.
        images: Paths of the figures of each group, by its place in `group_results`, relative to the report.
        hints: Sentences for its end: what is missing, and why.
        over: Compare every row with this one only; None: every row with every other.
        languages: Report on these test languages alone; None: on all.

    Raises:
        InputError: If there are no results, no row ``over``, or no result has one of ``languages``.
    """
    parts = ["# Results", ""]
    missing = list(hints)
    for number, group in enumerate(_groups(results, languages, over)):
        parts += [f"## {group.task}, {group.model}", ""]
        parts += [f"Test languages ({len(group.languages)}): {', '.join(group.languages)}. Metric: {group.metric}.", ""]
        parts += [f"- {note}" for note in group.notes] + [""] * bool(group.notes)
        for heading, found in groupby(report_tables(group, over), key=lambda item: item[0]):
            tables = [table for _, table in found]
            parts += [f"### {heading}", ""]
            for table, following in zip_longest(tables, tables[1:]):
                # A note that holds for several tables stands after the last of them.
                told_later = following is not None and following.note == table.note
                parts.append(to_markdown(replace(table, note="") if told_later else table))
        if paths := (images or {}).get(number, ()):
            parts += ["### Figures", ""]
            for path in paths:
                parts += [f"![{Path(path).stem}]({path})", ""]
    try:
        import scipy  # noqa: F401
    except ImportError:
        missing.append('Significance tests need scipy: pip install "hf_mixtrain[plot]"')
    for hint in missing:
        parts += [f"{hint}", ""]
    return "\n".join(parts)


def report_latex(
    results: Sequence[Mapping[str, Any]], *, over: str | None = None, languages: Sequence[str] | None = None
) -> str:
    r"""The tables in LaTeX, to be read with ``\input``; they need the package booktabs.

    Arguments and errors are those of `report_markdown`.
    """
    groups = _groups(results, languages, over)
    tables = [to_latex(table) for group in groups for _, table in report_tables(group, over)]
    return "\n".join(["% Needs \\usepackage{booktabs} and UTF-8.", *tables])


def report_csv(results: Sequence[Mapping[str, Any]], *, languages: Sequence[str] | None = None) -> str:
    """All scores as one tidy table: a line for each metric, method, K and language, and for the averages.

    Columns: ``task, model, metric, method, shots, language, mean, sd, n, gain, rank``. ``gain`` is over zero-shot;
    ``rank`` is among the methods of that K and zero-shot; what is missing is empty. ``languages`` is as in
    `report_markdown`.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["task", "model", "metric", "method", "shots", "language", "mean", "sd", "n", "gain", "rank"])
    for group in group_results(results, languages=languages):
        for metric in _metrics(group):
            for shots in group.shots:
                for language in [*group.languages, _AVERAGE]:
                    for cells in _csv_rows(group, metric, shots, language):
                        writer.writerow([group.task, group.model, metric, *cells])
    return text.getvalue()


def format_table(results: Sequence[Mapping[str, Any]], *, languages: Sequence[str] | None = None) -> str:
    """Languages × methods for the screen: one block for each task, model and K; ``*`` marks the best of a row.

    Args:
        results: As `hf_mixtrain.results.find_results` returns them; at least one.
        languages: Show these test languages alone; None: all.

    Raises:
        InputError: If there are no results, or no result has one of ``languages``.

    Example:
        >>> result = dict(task="panx", method="mix-ft", shots=5, seed=1, model="m", languages=["en"], metric="f1",
        ...     scores={"en": {"f1": 80.0}}, settings={}, versions={})
        >>> print(format_table([result]))
        panx, m: f1 per language, K=5
        language      mix-FT
        en English     80.00
        average of 1   80.00
    """
    blocks = []
    for group in group_results(results, languages=languages):
        compared = [shots for shots in group.shots if shots > 0] or group.shots
        blocks += [to_text(language_table(group, shots)) for shots in compared]
    return "\n\n".join(blocks)


def _groups(results: Sequence[Mapping[str, Any]], languages: Sequence[str] | None, over: str | None) -> list[Group]:
    """The groups; those without the row ``over`` say so. At least one must have it."""
    groups = group_results(results, languages=languages)
    if not any(_has_row(group, over) for group in groups):
        rows = dict.fromkeys(row for group in groups for row in group.rows)
        raise InputError(f"no row {over!r} to compare with. Expected one of: {'; '.join(rows)}.")
    note = f"There is no row {over!r} here: nothing is compared with it."
    return [g if _has_row(g, over) else replace(g, notes=(*g.notes, note)) for g in groups]


def _has_row(group: Group, over: str | None) -> bool:
    if over is None:
        return True
    try:
        return bool(group.row_named(over))
    except InputError:
        return False


def _metrics(group: Group) -> list[str]:
    """All metrics that any score is of, the main one first."""
    results = [result for cells in group.cells.values() for result in cells.values()]
    found = {metric for result in results for scores in result["scores"].values() for metric in scores}
    return [group.metric, *sorted(found - {group.metric})]


def _csv_rows(group: Group, metric: str, shots: int, language: str) -> Iterator[list[str]]:
    def values(row: str, k: int) -> list[float]:
        if language == _AVERAGE:
            return list(group.averages(row, k, metric).values())
        return list(group.scores(row, k, language, metric).values())

    at = group.rows_at(shots)
    summaries = {row: summarize(values(row, k)) for row, k in at.items()}
    placed = dict(zip(at, ranks([s.mean if s else None for s in summaries.values()]), strict=True))
    for row, k in at.items():
        summary, baseline = summaries[row], group.zero_shot_of(row)
        if k != shots or summary is None:
            continue
        zero = summarize(values(baseline, 0)) if baseline not in (None, row) else None
        gain = f"{summary.mean - zero.mean:.6f}" if zero else ""
        sd = "" if summary.sd is None else f"{summary.sd:.6f}"
        yield [row, str(k), language, f"{summary.mean:.6f}", sd, str(summary.n), gain, f"{placed[row]:g}"]

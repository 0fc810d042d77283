"""The report of a grid: ``report.md``, ``.html``, ``.tex``, CSV files and figures, from its results files alone."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from hf_mixtrain.errors import InputError
from hf_mixtrain.escaping import markdown
from hf_mixtrain.files import atomic_write_text
from hf_mixtrain.report.answer import plan
from hf_mixtrain.report.content import Content, content_of, row_of
from hf_mixtrain.report.csv_files import report_csv, scores_csv
from hf_mixtrain.report.figures import draw_figures
from hf_mixtrain.report.grouping import Group, group_results
from hf_mixtrain.report.html_page import html_page
from hf_mixtrain.report.row_bootstrap import Predictions, find_predictions
from hf_mixtrain.report.score_tables import language_table
from hf_mixtrain.report.table import Table, to_latex, to_markdown, to_text
from hf_mixtrain.results import find_results


def write_report(
    *paths: str | Path,
    baseline: str | None = None,
    all_pairs: bool = False,
    languages: Sequence[str] | None = None,
    points: float = 1.0,
    to: str | Path | None = None,
) -> Path:
    """Write ``report.md``, ``.html``, ``.csv``, ``.tex``, ``scores.csv`` and ``figures/*.png`` of results.

    The same results give the same files. Without matplotlib there are no figures, and without plotly none in the HTML
    file; the report then says what to install.

    Args:
        paths: One or more of: the folder of a grid (``--output_dir``), a folder that holds several, a ``.jsonl`` file
            with a result a line (`hf_mixtrain.results.find_results`).
        baseline: Compare every row with this one, by name or title; None: with naive-mix-train, else zero-shot, else
            the first row.
        all_pairs: Compare every two rows instead; Holm's correction is then over all pairs.
        languages: Report on these test languages alone; None: on all.
        points: The difference for which the report says how many seeds it takes.
        to: Where the report goes; it is made if it is missing. None: the first folder or, for a file, a folder beside
            it with its name (without ``.jsonl``).

    Returns:
        The path of ``report.md``.

    Raises:
        InputError: If there is nothing to read, a results file is broken or there twice, there is no row ``baseline``
            or no result has one of ``languages``, or ``to`` is a file.

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
    contents = report_contents(
        results,
        baseline=baseline,
        all_pairs=all_pairs,
        languages=languages,
        points=points,
        predictions=find_predictions(*paths),
    )
    figures: dict[int, list[Path]] = {}
    hints = []
    try:
        figures = {n: draw_figures(c.group, to / "figures", c.baseline) for n, c in enumerate(contents)}
    except ImportError as error:
        hints.append(str(error))
    images = {number: [path.relative_to(to).as_posix() for path in paths] for number, paths in figures.items()}
    atomic_write_text(to / "report.csv", report_csv(results, languages=languages))
    atomic_write_text(to / "scores.csv", scores_csv(results, languages=languages))
    atomic_write_text(to / "report.tex", report_latex(contents))
    atomic_write_text(to / "report.html", html_page(contents))
    return atomic_write_text(to / "report.md", report_markdown(contents, images=images, hints=hints))


def report_contents(
    results: Sequence[Mapping[str, Any]],
    *,
    baseline: str | None = None,
    all_pairs: bool = False,
    languages: Sequence[str] | None = None,
    points: float = 1.0,
    predictions: Predictions | None = None,
) -> list[Content]:
    """What a report says, group by group; errors are those of `write_report`.

    Args:
        results: As `hf_mixtrain.results.find_results` returns them.
        baseline: As in `write_report`.
        all_pairs: As in `write_report`.
        languages: As in `write_report`.
        points: As in `write_report`.
        predictions: As `hf_mixtrain.report.row_bootstrap.find_predictions` returns them; with them, comparisons also
            have an interval that holds for other test rows.

    Returns:
        One content for each task, model and main metric.

    Example:
        >>> from hf_mixtrain.results import find_results
        >>> results = [cell for cell in find_results("reproduction/study.jsonl") if cell["task"] == "tydiqa"]
        >>> [content.group.task for content in report_contents(results)]
        ['tydiqa']
    """
    groups = _groups(results, languages, baseline)
    return [
        content_of(group, baseline, all_pairs=all_pairs, points=points, predictions=predictions) for group in groups
    ]


def report_markdown(
    contents: Sequence[Content],
    *,
    images: Mapping[int, Sequence[str]] | None = None,
    hints: Sequence[str] = (),
) -> str:
    """The whole report in Markdown.

    Args:
        contents: As `report_contents` returns them.
        images: Paths of the figures of each group, by its place, relative to the report.
        hints: Sentences for its end: what is missing, and why.

    Example:
        >>> from hf_mixtrain.results import find_results
        >>> results = [cell for cell in find_results("reproduction/study.jsonl") if cell["task"] == "tydiqa"]
        >>> report_markdown(report_contents(results)).splitlines()[0]
        '# Results'
    """
    parts = ["# Results", ""]
    for number, content in enumerate(contents):
        parts += [f"## {markdown(content.title)}", ""]
        for paragraph in content.answer:
            parts += [markdown(paragraph), ""]
        parts += [markdown(content.data), ""]
        parts += [f"- {markdown(note)}" for note in content.group.notes] + [""] * bool(content.group.notes)
        for path in (images or {}).get(number, ()):
            parts += [f"![{Path(path).stem}]({path})", ""]
        for heading, tables in content.sections:
            parts += [f"### {heading}", "", *map(to_markdown, _with_last_notes(tables))]
    for hint in hints:
        parts += [hint, ""]
    return "\n".join(parts)


def report_latex(contents: Sequence[Content]) -> str:
    r"""The tables in LaTeX, to be read with ``\input``; they need the package booktabs.

    Args:
        contents: As `report_contents` returns them.

    Example:
        >>> from hf_mixtrain.results import find_results
        >>> results = [cell for cell in find_results("reproduction/study.jsonl") if cell["task"] == "tydiqa"]
        >>> "\\toprule" in report_latex(report_contents(results))
        True
    """
    tables = [to_latex(table) for content in contents for table in content.tables]
    return "\n".join(["% Needs \\usepackage{booktabs} and UTF-8.", *tables])


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


def format_answer(contents: Sequence[Content], points: float | None = None) -> str:
    """The outcome for the screen; with ``points``, how many seeds a study needs to find such a difference.

    Args:
        contents: As `report_contents` returns them.
        points: A difference of the average over languages, above 0.

    Example:
        >>> from hf_mixtrain.results import find_results
        >>> results = [cell for cell in find_results("reproduction/study.jsonl") if cell["task"] == "tydiqa"]
        >>> format_answer(report_contents(results), points=0.5).partition("; ")[2].partition(" (")[0]
        '0.5 points needs n = 8'
    """
    if points is not None:
        return "\n".join(plan(content.group, content.comparisons, points) for content in contents)
    return "\n\n".join("\n".join([f"{content.title}:", *content.answer]) for content in contents)


def _groups(results: Sequence[Mapping[str, Any]], languages: Sequence[str] | None, baseline: str | None) -> list[Group]:
    """The groups; those without the row ``baseline`` say so. At least one must have it."""
    groups = group_results(results, languages=languages)
    if baseline is None:
        return groups
    if not any(row_of(group, baseline) for group in groups):
        rows = dict.fromkeys(row for group in groups for row in group.rows)
        raise InputError(f"no row {baseline!r} to compare with. Expected one of: {'; '.join(rows)}.")
    note = f"There is no row {baseline!r} here: nothing is compared with it."
    return [g if row_of(g, baseline) else replace(g, notes=(*g.notes, note)) for g in groups]


def _with_last_notes(tables: Sequence[Table]) -> list[Table]:
    """A note that holds for several tables stands after the last of them."""
    return [
        replace(table, note="") if following is not None and following.note == table.note else table
        for table, following in zip_longest(tables, tables[1:])
    ]

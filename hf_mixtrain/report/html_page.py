"""``report.html``: the report as one file that needs no network, with tables that sort and figures that show values."""

from collections.abc import Sequence
from typing import Any

from hf_mixtrain.escaping import html
from hf_mixtrain.report.colours import colour_of
from hf_mixtrain.report.content import Content
from hf_mixtrain.report.figure_data import GainMap, Scores, gain_map_of, scores_of, wrapped
from hf_mixtrain.report.grouping import Group
from hf_mixtrain.report.score_tables import language_name
from hf_mixtrain.report.table import to_html

_DASHES = ("solid", "dash", "dot", "dashdot")
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 76em; margin: 2em auto; padding: 0 1em; }
h2 { border-bottom: 1px solid #ccc; padding-bottom: .2em; margin-top: 2em; }
.answer { background: #f2f6fa; border-left: 4px solid #0072B2; padding: .4em 1em; }
figure.table { margin: 1.2em 0 .3em; overflow-x: auto; }
figcaption { font-weight: 600; margin-bottom: .3em; }
table { border-collapse: collapse; font-size: 13.5px; font-variant-numeric: tabular-nums; }
th, td { padding: .25em .7em; text-align: right; white-space: nowrap; border-bottom: 1px solid #e4e4e4; }
th { cursor: pointer; border-bottom: 2px solid #888; }
th.text, td.text { text-align: left; white-space: normal; max-width: 30em; }
th[aria-sort=ascending]::after { content: " ▲"; } th[aria-sort=descending]::after { content: " ▼"; }
tbody tr:hover { background: #f6f6f6; } tfoot td { border-top: 1px solid #888; }
.note { color: #666; font-size: 12.5px; margin: .2em 0 1em; max-width: 60em; }
"""

# A cell is sorted by the number that it begins with. Cells without a number come last in both directions.
_SORT = """
document.querySelectorAll("th").forEach((head) => head.addEventListener("click", () => {
  const column = [...head.parentNode.children].indexOf(head), body = head.closest("table").tBodies[0];
  const falling = head.getAttribute("aria-sort") === "descending" || (head.className === "text" &&
    head.getAttribute("aria-sort") !== "ascending");
  head.parentNode.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", falling ? "ascending" : "descending");
  const sign = falling ? 1 : -1, text = (row) => row.cells[column].textContent;
  const number = (row) => parseFloat(text(row).replace("<", ""));
  const compare = (a, b) => {
    if (head.className === "text") return sign * text(a).localeCompare(text(b));
    const x = number(a), y = number(b);
    return isNaN(x) || isNaN(y) ? isNaN(x) - isNaN(y) : sign * (x - y);
  };
  [...body.rows].sort(compare).forEach((row) => body.append(row));
}));
"""


def html_page(contents: Sequence[Content]) -> str:
    """The report as a page: the answer, figures with values under the pointer, tables that sort.

    Everything is in the file; without plotly there are no figures, and the page says what to install.

    Args:
        contents: As `hf_mixtrain.report.report_contents` returns them.

    Example:
        >>> from hf_mixtrain.report import report_contents
        >>> from hf_mixtrain.results import find_results
        >>> results = [cell for cell in find_results("reproduction/study.jsonl") if cell["task"] == "tydiqa"]
        >>> html_page(report_contents(results))[:15]
        '<!DOCTYPE html>'
    """
    script, hint = "", ""
    figures: list[list[str]] = [[] for _ in contents]
    try:
        from plotly.offline import get_plotlyjs

        figures = [_figures(content, number) for number, content in enumerate(contents)]
        if any(figures):
            script = f"<script>{get_plotlyjs()}</script>\n"
    except ImportError:
        hint = '<p class="note">Figures in this page need plotly: pip install "hf_mixtrain[plot]"</p>\n'
    body = [_section(content, found) for content, found in zip(contents, figures, strict=True)]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>Results</title>\n'
        f"<style>{_STYLE}</style>\n{script}</head>\n<body>\n<h1>Results</h1>\n{''.join(body)}{hint}"
        f"<script>{_SORT}</script>\n</body>\n</html>\n"
    )


def _section(content: Content, figures: Sequence[str]) -> str:
    answer = "".join(f"<p>{html(paragraph)}</p>\n" for paragraph in content.answer)
    notes = "".join(f"<li>{html(note)}</li>\n" for note in content.group.notes)
    parts = [f"<h2>{html(content.title)}</h2>\n", f'<div class="answer">\n{answer}</div>\n' if answer else ""]
    parts += [f"<p>{html(content.data)}</p>\n", f"<ul>\n{notes}</ul>\n" if notes else "", *figures]
    for heading, tables in content.sections:
        parts += [f"<h3>{html(heading)}</h3>\n", *map(to_html, tables)]
    return "".join(parts)


def _figures(content: Content, number: int) -> list[str]:
    group, found = content.group, []
    if scores := scores_of(group, content.baseline):
        found.append(_score_figure(group, scores))
    for shots in [k for k in group.shots if k > 0] or group.shots:
        if gains := gain_map_of(group, shots, content.baseline):
            found.append(_gain_figure(group, gains))
    config = {"displaylogo": False, "responsive": True}
    return [
        figure.to_html(full_html=False, include_plotlyjs=False, div_id=f"figure-{number}-{place}", config=config) + "\n"
        for place, figure in enumerate(found)
    ]


def _score_figure(group: Group, scores: Scores) -> Any:
    from plotly import graph_objects as go

    figure = go.Figure()
    single = len(scores.shots) == 1
    seen: dict[str, int] = {}
    for number, (row, points) in enumerate(scores.points.items()):
        means = [mean for mean, _, _ in points.values()]
        error = [0.0 if high is None else high - mean for mean, _, high in points.values()]
        texts = [
            f"K={k}: {mean:.2f}" + ("" if low is None else f", 95 % interval {low:.2f} to {high:.2f}")
            for k, (mean, low, high) in points.items()
        ]
        title, colour = html(group.title(row)), colour_of(row)
        variant = seen[colour] = seen.get(colour, -1) + 1
        error_bars = {"type": "data", "array": error, "visible": any(error)}
        shown: dict[str, Any] = {"name": title, "text": texts, "hovertemplate": "%{text}<extra>" + title + "</extra>"}
        if single:
            shown |= {"orientation": "h", "marker_color": colour, "opacity": 0.8, "textposition": "none"}
            figure.add_bar(x=means, y=[title], error_x=error_bars, **shown)
        else:
            # Side by side, so that intervals do not hide one another.
            shift = 0.05 * (number - (len(scores.points) - 1) / 2)
            places = [scores.shots.index(k) + shift for k in points]
            line = {"color": colour, "dash": _DASHES[variant % len(_DASHES)]}
            figure.add_scatter(x=places, y=means, mode="lines+markers", line=line, error_y=error_bars, **shown)
    height = 150 + 38 * len(scores.points) if single else 460
    _lay_out(figure, scores.title, height=height, showlegend=not single)
    if single:
        figure.update_yaxes(autorange="reversed", automargin=True).update_xaxes(title=html(scores.axis))
    else:
        ticks = {"tickvals": list(range(len(scores.shots))), "ticktext": [str(k) for k in scores.shots]}
        figure.update_xaxes(title="shots per language (K)", **ticks).update_yaxes(title=html(scores.axis))
    return figure


def _gain_figure(group: Group, gains: GainMap) -> Any:
    from plotly import graph_objects as go

    names = [wrapped(html(group.title(row)), 18, "<br>") for row in gains.rows]
    heat = go.Heatmap(
        z=gains.values,
        x=names,
        y=[html(language_name(code)) for code in gains.languages],
        text=gains.texts,
        texttemplate="%{text}",
        customdata=[[family] * len(gains.rows) for family in gains.families],
        hovertemplate="%{y} (%{customdata})<br>%{x}: %{z:+.2f} points<extra></extra>",
        colorscale="RdBu",
        zmin=-gains.limit,
        zmax=gains.limit,
        xgap=1,
        ygap=1,
        colorbar={"title": "points", "thickness": 12},
    )
    figure = go.Figure(heat)
    lines = max(name.count("<br>") for name in names)
    _lay_out(figure, gains.title, height=190 + 16 * lines + 21 * len(gains.languages), top=90 + 16 * lines)
    figure.update_yaxes(autorange="reversed", automargin=True, showgrid=False)
    return figure.update_xaxes(side="top", automargin=True, showgrid=False, tickangle=0)


def _lay_out(figure: Any, title: str, *, height: int, top: int = 60, showlegend: bool = False) -> None:
    figure.update_layout(
        title={"text": html(title), "font_size": 15, "y": 0.98, "yanchor": "top"},
        template="plotly_white",
        height=height,
        margin={"l": 10, "r": 10, "t": top, "b": 45},
        showlegend=showlegend,
    )

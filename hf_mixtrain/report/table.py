"""A table, and the ways to write it: Markdown, HTML, LaTeX (booktabs) and plain text."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hf_mixtrain.escaping import html, markdown, markdown_cell, one_line, terminal

MISSING = "—"

_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"$<$",
    ">": r"$>$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "—": "---",
}


@dataclass(frozen=True)
class Table:
    """Cells as they are printed.

    Attributes:
        title: One line.
        header: Names of the columns; the first columns of text are to the left, numbers to the right.
        rows: The cells, each row as long as ``header``.
        note: How to read it: what the numbers are, the rule for bold.
        bold: (row, column) of the cells in bold.
        text_columns: Number of leading columns that hold text.
        summary_rows: Number of last rows that sum up the others.

    Example:
        >>> table = Table("F1", ["method", "K=5"], [["mix-FT", "58.14"]])
        >>> to_markdown(table).splitlines()[-1]
        '| mix-FT | 58.14 |'
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""
    bold: frozenset[tuple[int, int]] = field(default_factory=frozenset)
    text_columns: int = 1
    summary_rows: int = 0


def to_markdown(table: Table) -> str:
    """The table in Markdown, with its title and note.

    Example:
        >>> print(to_markdown(Table("Scores", ["method", "f1"], [["a", "1.00"]], bold=frozenset({(0, 1)}))))
        **Scores**
        <BLANKLINE>
        | method | f1 |
        |---|---:|
        | a | **1.00** |
        <BLANKLINE>
    """
    rule = ["---" if column < table.text_columns else "---:" for column in range(len(table.header))]
    lines = [_line(map(markdown_cell, table.header)), "|" + "|".join(rule) + "|"]
    for number, row in enumerate(table.rows):
        cells = [markdown_cell(cell) for cell in row]
        lines.append(_line(f"**{c}**" if (number, column) in table.bold else c for column, c in enumerate(cells)))
    note = [markdown(table.note), ""] if table.note else []
    return "\n".join([f"**{markdown(table.title)}**", "", *lines, "", *note])


def to_html(table: Table) -> str:
    """The table in HTML; the page's script sorts it by the column whose header is clicked.

    Example:
        >>> print(to_html(Table("A & B", ["method", "f1"], [["<a>", "1.00"]], bold=frozenset({(0, 1)}))))
        <figure class="table"><figcaption>A &amp; B</figcaption>
        <table><thead><tr><th class="text">method</th><th>f1</th></tr></thead><tbody>
        <tr><td class="text">&lt;a&gt;</td><td><b>1.00</b></td></tr>
        </tbody></table></figure>
        <BLANKLINE>
    """
    kinds = [' class="text"' if column < table.text_columns else "" for column in range(len(table.header))]
    head = "".join(f"<th{kind}>{html(name)}</th>" for kind, name in zip(kinds, table.header, strict=True))
    body: list[str] = []
    foot: list[str] = []
    for number, row in enumerate(table.rows):
        texts = [f"<b>{html(c)}</b>" if (number, column) in table.bold else html(c) for column, c in enumerate(row)]
        line = "".join(f"<td{kind}>{text}</td>" for kind, text in zip(kinds, texts, strict=True))
        (body if number < len(table.rows) - table.summary_rows else foot).append(f"<tr>{line}</tr>\n")
    parts = [f"<tbody>\n{''.join(body)}</tbody>", f"<tfoot>\n{''.join(foot)}</tfoot>" if foot else ""]
    note = f'<p class="note">{html(table.note)}</p>\n' if table.note else ""
    header = f"<thead><tr>{head}</tr></thead>"
    caption = f"<figcaption>{html(table.title)}</figcaption>"
    return f'<figure class="table">{caption}\n<table>{header}{"".join(parts)}</table></figure>\n{note}'


def to_latex(table: Table) -> str:
    r"""The table in LaTeX, as a ``table`` environment for the package booktabs.

    Example:
        >>> print(to_latex(Table("A & B", ["method", "f1"], [["mix_ft", "1.00"]])))
        \begin{table}
          \centering
          \small
          \caption{A \& B.}
          \begin{tabular}{lr}
            \toprule
            method & f1 \\
            \midrule
            mix\_ft & 1.00 \\
            \bottomrule
          \end{tabular}
        \end{table}
        <BLANKLINE>
    """
    lines = [f"    {_latex_row(table.header)}", r"    \midrule"]
    for number, row in enumerate(table.rows):
        if table.summary_rows and number == len(table.rows) - table.summary_rows > 0:
            lines.append(r"    \midrule")
        lines.append(f"    {_latex_row(row, [column for line, column in table.bold if line == number])}")
    columns = "l" * table.text_columns + "r" * (len(table.header) - table.text_columns)
    caption = f"{table.title}. {table.note}".strip()
    head = [r"\begin{table}", r"  \centering", r"  \small", rf"  \caption{{{latex_escape(caption)}}}"]
    body = [rf"  \begin{{tabular}}{{{columns}}}", r"    \toprule", *lines, r"    \bottomrule", r"  \end{tabular}"]
    return "\n".join([*head, *body, r"\end{table}", ""])


def to_text(table: Table) -> str:
    """The table for a screen: columns aligned, ``*`` after the cells that are bold elsewhere.

    Example:
        >>> print(to_text(Table("Scores", ["language", "a", "b"], [["de", "1.00", "2.00"]], bold=frozenset({(0, 2)}))))
        Scores
        language     a     b
        de        1.00  2.00*
    """
    rows = [[terminal(cell) for cell in row] for row in [table.header, *table.rows]]
    for column in {column for _, column in table.bold}:
        for number, row in enumerate(rows):
            row[column] += "*" if (number - 1, column) in table.bold else " "
    widths = [max(_width(row[column]) for row in rows) for column in range(len(table.header))]
    lines = []
    for row in rows:
        cells = []
        for column, (cell, width) in enumerate(zip(row, widths, strict=True)):
            pad = " " * (width - _width(cell))
            cells.append(cell + pad if column < table.text_columns else pad + cell)
        lines.append("  ".join(cells).rstrip())
    return "\n".join([terminal(table.title), *lines])


def latex_escape(text: str) -> str:
    r"""Text as LaTeX prints it.

    Example:
        >>> print(latex_escape("50 % of run_1 & more"))
        50 \% of run\_1 \& more
    """
    return "".join(_LATEX.get(character, character) for character in one_line(text))


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _latex_row(cells: Sequence[str], bold: Sequence[int] = ()) -> str:
    escaped = [latex_escape(cell) for cell in cells]
    return " & ".join(rf"\textbf{{{cell}}}" if i in bold else cell for i, cell in enumerate(escaped)) + r" \\"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in text)

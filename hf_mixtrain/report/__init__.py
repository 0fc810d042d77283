"""Tables, a primary test and figures, from the results files of a grid alone."""

from hf_mixtrain.report.answer import answer
from hf_mixtrain.report.comparison_tables import gains, gains_table, significance_table
from hf_mixtrain.report.content import Content, content_of
from hf_mixtrain.report.cost_table import cost_table
from hf_mixtrain.report.csv_files import report_csv, scores_csv
from hf_mixtrain.report.grouping import Group, group_results
from hf_mixtrain.report.html_page import html_page
from hf_mixtrain.report.pairing import Paired, comparable_means, default_baseline, pair_rows
from hf_mixtrain.report.power import Spread, detectable, pooled_spread, power_note, power_of, seeds_needed
from hf_mixtrain.report.score_tables import kinds_table, language_table, method_table, rank_table
from hf_mixtrain.report.significance import (
    Comparison,
    compare_rows,
    holm,
    mean_interval,
    paired_t,
    significance,
)
from hf_mixtrain.report.statistics import Summary, best, ranks, summarize
from hf_mixtrain.report.table import Table, to_html, to_latex, to_markdown, to_text
from hf_mixtrain.report.write import (
    format_answer,
    format_table,
    report_contents,
    report_latex,
    report_markdown,
    write_report,
)

__all__ = [
    "Comparison", "Content", "Group", "Paired", "Spread", "Summary", "Table",
    "answer", "best", "comparable_means", "compare_rows", "content_of", "cost_table", "default_baseline", "detectable",
    "format_answer", "format_table", "gains", "gains_table", "group_results", "holm", "html_page",
    "kinds_table", "language_table", "mean_interval", "method_table", "pair_rows", "paired_t",
    "pooled_spread", "power_note", "power_of", "rank_table", "ranks", "report_contents", "report_csv",
    "report_latex", "report_markdown", "scores_csv", "seeds_needed", "significance",
    "significance_table", "summarize", "to_html", "to_latex", "to_markdown", "to_text", "write_report",
]  # fmt: skip

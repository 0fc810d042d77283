"""Tables, tests of significance and figures, from the results files of a grid alone."""

from hf_mixtrain.report.comparison_tables import cost_table, gains, gains_table, significance_table
from hf_mixtrain.report.grouping import Group, group_results
from hf_mixtrain.report.score_tables import kinds_table, language_table, method_table, rank_table
from hf_mixtrain.report.significance import (
    Comparison,
    compare_rows,
    holm,
    mean_interval,
    paired_t,
    significance,
    wilcoxon,
)
from hf_mixtrain.report.statistics import Summary, best, ranks, summarize
from hf_mixtrain.report.table import Table, to_latex, to_markdown, to_text
from hf_mixtrain.report.write import (
    format_table,
    report_csv,
    report_latex,
    report_markdown,
    report_tables,
    write_report,
)

__all__ = [
    "Comparison",
    "Group",
    "Summary",
    "Table",
    "best",
    "compare_rows",
    "cost_table",
    "format_table",
    "gains",
    "gains_table",
    "group_results",
    "holm",
    "kinds_table",
    "language_table",
    "mean_interval",
    "method_table",
    "paired_t",
    "rank_table",
    "ranks",
    "report_csv",
    "report_latex",
    "report_markdown",
    "report_tables",
    "significance",
    "significance_table",
    "summarize",
    "to_latex",
    "to_markdown",
    "to_text",
    "wilcoxon",
    "write_report",
]

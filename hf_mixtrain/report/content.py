"""What a report says of one group of results: the answer, notes, tables. How it is written is no matter here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hf_mixtrain.errors import InputError
from hf_mixtrain.report.answer import answer
from hf_mixtrain.report.comparison_tables import gains_table, significance_table
from hf_mixtrain.report.cost_table import cost_table
from hf_mixtrain.report.grouping import Group
from hf_mixtrain.report.pairing import default_baseline
from hf_mixtrain.report.row_bootstrap import Predictions, add_test_rows
from hf_mixtrain.report.score_tables import has_targets, kinds_table, language_table, method_table, rank_table
from hf_mixtrain.report.significance import Comparison, row_pairs, significance
from hf_mixtrain.report.table import Table


@dataclass(frozen=True)
class Content:
    """The report of one group.

    Attributes:
        group: The results.
        baseline: The row that all others are compared with; None if there is nothing to compare.
        comparisons: The primary test.
        answer: Paragraphs for the beginning.
        sections: Headings, each with the tables below it; tables with one row are left out.

    Example:
        >>> from hf_mixtrain.report import group_results
        >>> from hf_mixtrain.results import find_results
        >>> group = group_results(find_results("reproduction/study.jsonl"))[1]
        >>> content = content_of(group)
        >>> content.baseline, [heading for heading, _ in content.sections][:3]
        ('naive-mix-train', ['Methods', 'Significance', 'Largest gains'])
    """

    group: Group
    baseline: str | None
    comparisons: list[Comparison]
    answer: list[str]
    sections: list[tuple[str, list[Table]]]

    @property
    def title(self) -> str:
        """Task and model."""
        return f"{self.group.task}, {self.group.model}"

    @property
    def data(self) -> str:
        """The languages and the metric, in one sentence or two."""
        codes = ", ".join(self.group.languages)
        return f"Test languages ({len(self.group.languages)}): {codes}. Metric: {metric_name(self.group)}."

    @property
    def tables(self) -> list[Table]:
        """All tables, in order."""
        return [table for _, tables in self.sections for table in tables]


def content_of(
    group: Group,
    baseline: str | None = None,
    *,
    all_pairs: bool = False,
    points: float = 1.0,
    predictions: Predictions | None = None,
) -> Content:
    """Put together what a report says of a group.

    Args:
        group: One of `hf_mixtrain.report.group_results`.
        baseline: Compare every row with this one, by name or title; None: `hf_mixtrain.report.default_baseline`. A
            group without this row has no comparisons.
        all_pairs: Compare every two rows.
        points: The difference for which the number of seeds is told.
        predictions: As `hf_mixtrain.report.row_bootstrap.find_predictions` returns them.

    Example:
        >>> from hf_mixtrain.report import group_results
        >>> from hf_mixtrain.results import find_results
        >>> group = group_results(find_results("reproduction/study.jsonl"))[1]
        >>> content_of(group, "zero-shot").baseline
        'zero-shot'
    """
    row = row_of(group, baseline)
    group = replace(group, reference=row)
    compared = all_pairs or row is not None
    comparisons = significance(group, row, all_pairs=all_pairs) if compared else []
    if predictions:
        comparisons = add_test_rows(group, comparisons, predictions)
    sections: list[tuple[str, list[Table]]] = [("Methods", list(_method_tables(group)))]
    shown = [shots for shots in group.shots if shots > 0] or group.shots
    if comparisons:
        sections.append(("Significance", [significance_table(group, comparisons)]))
        pairs = [k for k in shown if row_pairs(group, k, row, all_pairs=all_pairs)]
        tables = [gains_table(group, k, baseline=row, all_pairs=all_pairs) for k in pairs]
        sections.append(("Largest gains", tables))
    sections.append(("Languages", [language_table(group, k) for k in shown]))
    kinds = [kinds_table(group, k, kind) for kind in ("family", "script") for k in shown if group.common]
    sections.append(("Families and scripts", kinds))
    sections.append(("Training", [cost_table(group)]))
    several = [(heading, [table for table in tables if len(table.rows) > 1]) for heading, tables in sections]
    told = answer(group, comparisons, row, points)
    return Content(group, row, comparisons, told, [(heading, tables) for heading, tables in several if tables])


def row_of(group: Group, baseline: str | None) -> str | None:
    """The row to compare with; None if the group does not have it, or has nothing to compare."""
    if baseline is None:
        return default_baseline(group)
    try:
        return group.row_named(baseline)
    except InputError:
        return None


def metrics_of(group: Group) -> list[str]:
    """All metrics that any score is of, the main one first."""
    results = [result for cells in group.cells.values() for result in cells.values()]
    found = {metric for result in results for scores in result["scores"].values() for metric in scores}
    return [group.metric, *sorted(found - {group.metric})]


def metric_name(group: Group) -> str:
    """The main metric as it is to be called: that of udpos is XTREME's own."""
    return "f1 as XTREME computes it for udpos" if (group.task, group.metric) == ("udpos", "f1") else group.metric


def _method_tables(group: Group) -> Sequence[Table]:
    tables = []
    for metric in metrics_of(group):
        # Those of one entity type or label, such as f1_PER, are in the CSV files only.
        if metric == group.metric or not metric.startswith(("f1_", "accuracy_")):
            tables.append(method_table(group, metric))
            if has_targets(group):
                tables.append(method_table(group, metric, targets=True))
    return [*tables, rank_table(group)]

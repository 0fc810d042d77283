"""Tables of one method against another: the primary test, and the languages that gain most."""

from hf_mixtrain.report.grouping import Group
from hf_mixtrain.report.pairing import MINIMUM_SEEDS, pair_rows
from hf_mixtrain.report.score_tables import signed
from hf_mixtrain.report.significance import Comparison, row_pairs
from hf_mixtrain.report.table import MISSING, Table


def gains(group: Group, shots: int, row: str, over: str) -> dict[str, float]:
    """Gain of one method over another in each language, the largest first, over the seeds that both have.

    Args:
        group: One of `hf_mixtrain.report.group_results`.
        shots: K; zero-shot is compared at every K.
        row: A row of the group.
        over: The row it is compared with.

    Returns:
        ``{language: mean over the common seeds of the differences}``; languages of equal gain in the order of the
        group. Empty if the rows have no seed and language in common.

    Example:
        >>> from hf_mixtrain.report import group_results
        >>> from hf_mixtrain.results import find_results
        >>> group = group_results(find_results("reproduction/study.jsonl"))[1]
        >>> {language: round(gain, 1) for language, gain in gains(group, 5, "naive-mix-train", "zero-shot").items()}
        {'ru': 1.9, 'ko': 1.0, 'en': -1.1, 'id': -1.8}
    """
    pairs = pair_rows(group, shots, row, over)
    return pairs.by_language if pairs else {}


def gains_table(
    group: Group, shots: int, count: int = 5, baseline: str | None = None, *, all_pairs: bool = False
) -> Table:
    """The languages that gain most by every method over the baseline, the highest mean first.

    Args:
        group: One of `hf_mixtrain.report.group_results`.
        shots: K.
        count: How many languages.
        baseline: The row that all others are compared with, by name or title; None:
            `hf_mixtrain.report.default_baseline`.
        all_pairs: Every row over every other instead, both ways.

    Raises:
        InputError: If the group has no row ``baseline``.

    Example:
        >>> from hf_mixtrain.report import group_results
        >>> from hf_mixtrain.results import find_results
        >>> group = group_results(find_results("reproduction/study.jsonl"))[1]
        >>> gains_table(group, 5, count=2, baseline="zero-shot").rows[0]
        ['gradient-mix-train', 'zero-shot', '+0.02', '3', 'en +1.15', 'ru +0.67']
    """
    chosen = row_pairs(group, shots, baseline, all_pairs=all_pairs)
    pairs = [*chosen, *((second, first) for first, second in chosen)] if all_pairs else chosen
    order = list(group.rows_at(shots))
    pairs.sort(key=lambda pair: (order.index(pair[0]), order.index(pair[1])))
    found = {pair: paired for pair in pairs if (paired := pair_rows(group, shots, *pair))}
    rows = []
    for pair, paired in sorted(found.items(), key=lambda item: -item[1].gain):
        top = [f"{language} {signed(gain)}" for language, gain in list(paired.by_language.items())[:count]]
        numbers = [signed(paired.gain), str(len(paired.seeds))]
        rows.append([*map(group.title, pair), *numbers, *top, *[MISSING] * (count - len(top))])
    return Table(
        f"{group.task}, {group.model}: languages that gain most in {group.metric}, K={shots}",
        ["method", "over", "mean", "seeds", *map(str, range(1, count + 1))],
        rows,
        "Mean differences over the seeds that both methods have; mean: over the languages that both have.",
        text_columns=2,
    )


def significance_table(group: Group, comparisons: list[Comparison]) -> Table:
    """The primary test as a table.

    Args:
        group: One of `hf_mixtrain.report.group_results`.
        comparisons: As `hf_mixtrain.report.significance` returns them for this group.

    Example:
        >>> from hf_mixtrain.report import group_results, significance
        >>> from hf_mixtrain.results import find_results
        >>> group = group_results(find_results("reproduction/study.jsonl"))[1]
        >>> significance_table(group, significance(group)).rows[0]
        ['zero-shot', 'naive-mix-train', '+0.02', '0.55', '-1.34 to +1.38', '0.9595', '1.0000', '5', '3', '2 of 4']
    """
    rows = [
        [
            group.title(pair.row),
            group.title(pair.over),
            signed(pair.gain),
            MISSING if pair.sd is None else f"{pair.sd:.2f}",
            "too few" if pair.low is None or pair.high is None else f"{signed(pair.low)} to {signed(pair.high)}",
            p_text(pair.p),
            p_text(pair.holm),
            str(pair.shots),
            str(pair.seeds),
            f"{pair.better} of {pair.languages}",
        ]
        for pair in comparisons
    ]
    with_rows = any(pair.low_rows is not None for pair in comparisons)
    for cells, pair in zip(rows, comparisons, strict=True) if with_rows else ():
        known = pair.low_rows is not None and pair.high_rows is not None
        cells.insert(5, f"{signed(pair.low_rows or 0.0)} to {signed(pair.high_rows or 0.0)}" if known else MISSING)
    left_out = sum(pair.left_out for pair in comparisons)
    note = (
        "The unit is the seed: all languages of a run share its shots, head and order of training. gain is the mean "
        "over the common seeds of the mean difference over the common languages, sd that of these; 95 % CI and p: "
        "Student's t, two-sided, paired. "
        f"Holm: p corrected over the {len(rows)} comparisons of this table. "
        f"too few: fewer than {MINIMUM_SEEDS} seeds, nothing can be said. better: languages with a gain above 0."
    )
    if left_out:
        note += f" {left_out} scores were left out because their seed or language lacks others."
    header = ["method", "over", "gain", "sd", "95 % CI", "p", "Holm", "K", "seeds", "better"]
    if with_rows:
        header.insert(5, "with test rows")
        note += " with test rows: 95 % interval for other test rows too, by a paired bootstrap over saved predictions."
    title = f"{group.task}, {group.model}: significance of gains in {group.metric}"
    bold = frozenset((number, 2) for number, pair in enumerate(comparisons) if pair.significant)
    note += " Bold: below 0.05 after Holm." if bold else ""
    return Table(title, header, rows, note, bold, text_columns=2)


def p_text(p: float | None) -> str:
    """A p-value with four decimals.

    Example:
        >>> p_text(0.03125), p_text(1e-6), p_text(None)
        ('0.0312', '<0.0001', 'too few')
    """
    if p is None:
        return "too few"
    return "<0.0001" if p < 0.0001 else f"{p:.4f}"

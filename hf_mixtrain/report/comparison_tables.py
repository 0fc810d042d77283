"""Tables of one method against another: the largest gains, and what is significant; and what the methods cost."""

from collections.abc import Mapping
from typing import Any

from hf_mixtrain.methods import METHODS
from hf_mixtrain.report.grouping import Group
from hf_mixtrain.report.score_tables import signed
from hf_mixtrain.report.significance import MINIMUM_LANGUAGES, MINIMUM_SEEDS, row_pairs, significance
from hf_mixtrain.report.statistics import summarize
from hf_mixtrain.report.table import MISSING, Table


def gains(group: Group, shots: int, row: str, over: str) -> dict[str, float]:
    """Gain of one method over another in each language that both have, the largest first.

    Args:
        group: One of `hf_mixtrain.report.group_results`.
        shots: K; zero-shot is compared at every K.
        row: A row of the group.
        over: The row it is compared with.

    Returns:
        ``{language: difference of the means over seeds}``; languages of equal gain in the order of the group.
    """
    at = group.rows_at(shots)
    found = {}
    for language in group.languages:
        summaries = [summarize(group.scores(name, at[name], language).values()) for name in (row, over)]
        if summaries[0] and summaries[1]:
            found[language] = summaries[0].mean - summaries[1].mean
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def gains_table(group: Group, shots: int, count: int = 5, over: str | None = None) -> Table:
    """The languages that gain most, for every method over every other, the highest mean first.

    Args:
        group: One of `hf_mixtrain.report.group_results`.
        shots: K.
        count: How many languages.
        over: The one row that all others are compared with, by name or title; None: all pairs, both ways.

    Raises:
        InputError: If the group has no row ``over``.
    """
    chosen = row_pairs(group, shots, over)
    both = chosen if over is not None else [*chosen, *((second, first) for first, second in chosen)]
    order = list(group.rows_at(shots))
    both.sort(key=lambda pair: (order.index(pair[0]), order.index(pair[1])))
    pairs = {pair: gains(group, shots, *pair) for pair in both}
    means = {pair: sum(found.values()) / len(found) for pair, found in pairs.items() if found}
    rows = []
    for pair, mean in sorted(means.items(), key=lambda item: -item[1]):
        top = [f"{language} {signed(gain)}" for language, gain in list(pairs[pair].items())[:count]]
        rows.append([*map(group.title, pair), signed(mean), *top, *[MISSING] * (count - len(top))])
    return Table(
        f"{group.task}, {group.model}: languages that gain most in {group.metric}, K={shots}",
        ["method", "over", "mean", *map(str, range(1, count + 1))],
        rows,
        "Differences of the means over seeds; mean over the languages that both methods have.",
        text_columns=2,
    )


def significance_table(group: Group, shots: int, over: str | None = None) -> Table:
    """Paired tests between every two methods at one K, the better one first; or of every method over one.

    Args:
        group: One of `hf_mixtrain.report.group_results`.
        shots: K.
        over: The one row that all others are compared with, by name or title; None: all pairs.

    Raises:
        ImportError: If scipy is missing.
        InputError: If the group has no row ``over``.
    """
    rows = [
        [
            group.title(pair.row),
            group.title(pair.over),
            signed(pair.gain),
            MISSING if pair.sd is None else f"{pair.sd:.2f}",
            "too few" if pair.low is None or pair.high is None else f"{signed(pair.low)} to {signed(pair.high)}",
            str(pair.languages),
            p_text(pair.p_languages),
            p_text(pair.holm_languages),
            str(pair.seeds),
            p_text(pair.p_seeds),
            p_text(pair.holm_seeds),
        ]
        for pair in significance(group, shots, over)
    ]
    note = (
        "Over languages: two-sided Wilcoxon signed-rank test on the languages' means over seeds; over seeds: two-sided "
        "paired t-test on the seeds' averages over languages; n is the number of pairs that both methods have. p is as "
        "the test gives it, Holm is corrected over all rows of the table. sd: sample sd over seeds of the paired "
        "differences, whose mean is the gain; 95 % CI: confidence interval of that mean (Student's t). "
        f"too few: fewer than {MINIMUM_LANGUAGES} languages or {MINIMUM_SEEDS} seeds, no test or interval."
    )
    header = ["method", "over", "gain", "sd", "95 % CI", "languages", "p", "Holm", "seeds", "p", "Holm"]
    title = f"{group.task}, {group.model}: significance of gains in {group.metric}, K={shots}"
    return Table(title, header, rows, note, text_columns=2)


def cost_table(group: Group) -> Table:
    """What each method and K trained on and took: selection of the model, time, memory, conflicts."""
    rows = []
    for row in group.rows:
        for shots in group.shots:
            if cells := list(group.cells.get((row, shots), {}).values()):
                rows.append([group.title(row), str(shots), *_costs(cells)])
    return Table(
        f"{group.task}, {group.model}: training",
        ["method", "K", "stages", "model kept", "seconds", "GiB", "conflicts", "cosine"],
        rows,
        "Means over seeds. Seconds of training and peak memory as each run reports them; conflicts: share of the "
        "surgeries in which the mixed gradient opposed the drawn language; cosine between the two.",
        text_columns=4,
    )


def _costs(cells: list[Mapping[str, Any]]) -> list[str]:
    seconds = summarize(cell["train_seconds"] for cell in cells)
    memory = summarize(cell["peak_memory_bytes"] / 2**30 for cell in cells)
    surgery = [cell["surgery"] for cell in cells if cell["surgery"]]
    conflicts = summarize(100 * each["conflict_rate"] for each in surgery if each.get("conflict_rate") is not None)
    cosine = summarize(each["cosine"] for each in surgery if each.get("cosine") is not None)
    return [
        _stages(cells[0]["method"]),
        _selection(cells),
        f"{seconds.mean:.0f}" if seconds else MISSING,
        f"{memory.mean:.1f}" if memory else MISSING,
        f"{conflicts.mean:.1f} %" if conflicts else MISSING,
        f"{cosine.mean:+.3f}" if cosine else MISSING,
    ]


def _stages(method: str) -> str:
    if method not in METHODS:
        return MISSING
    stages = METHODS[method].stages
    return ", then ".join(f"{s.train_on}{' (one model per language)' * s.per_language}" for s in stages)


def _selection(cells: list[Mapping[str, Any]]) -> str:
    """The rule by which the model was kept: the method's own, else what the settings say."""
    method = METHODS.get(cells[0]["method"])
    own = method.stages[-1].select_on if method else None
    return own or str(cells[0]["settings"].get("select_on", "last"))


def p_text(p: float | None) -> str:
    """A p-value with four decimals.

    Example:
        >>> p_text(0.03125), p_text(1e-6), p_text(None)
        ('0.0312', '<0.0001', 'too few')
    """
    if p is None:
        return "too few"
    return "<0.0001" if p < 0.0001 else f"{p:.4f}"

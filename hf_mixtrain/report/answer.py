"""What one wants to know first: the best method, by how much, how sure that is, and which languages gain and lose."""

from collections.abc import Sequence

from hf_mixtrain.report.grouping import Group
from hf_mixtrain.report.pairing import MINIMUM_SEEDS, comparable_means, default_baseline, pair_rows
from hf_mixtrain.report.power import power_note
from hf_mixtrain.report.score_tables import language_name, signed
from hf_mixtrain.report.significance import Comparison, compare_rows
from hf_mixtrain.report.statistics import summarize

_NAMED = 3


def answer(
    group: Group, comparisons: Sequence[Comparison], baseline: str | None = None, points: float = 1.0
) -> list[str]:
    """Say the outcome of a group in sentences.

    Args:
        group: One of `hf_mixtrain.report.group_results`.
        comparisons: As `hf_mixtrain.report.significance` returns them for this group.
        baseline: The row that others are compared with; None: `hf_mixtrain.report.default_baseline`.
        points: The difference for which the number of seeds is told.

    Returns:
        Paragraphs: one for each K, then what the number of seeds could have shown.

    Example:
        >>> from hf_mixtrain.report import group_results, significance
        >>> from hf_mixtrain.results import find_results
        >>> group = group_results(find_results("reproduction/study.jsonl"))[1]
        >>> answer(group, significance(group))[0].partition(", ")[0]
        'K = 5: the best of 3 methods is gradient-mix-train'
    """
    chosen = default_baseline(group) if baseline is None else group.row_named(baseline)
    compared = [shots for shots in group.shots if shots > 0] or group.shots
    told = [text for shots in compared if (text := _at(group, shots, comparisons, chosen))]
    return [*told, power_note(comparisons, points)] if comparisons else told


def _at(group: Group, shots: int, comparisons: Sequence[Comparison], baseline: str | None) -> str:
    at = group.rows_at(shots)
    means = comparable_means(group, at, group.common)
    # A row with one seed is not called the best if other rows have enough seeds.
    enough = {row: mean for row, (mean, seeds) in means.items() if seeds >= MINIMUM_SEEDS}
    ranked = sorted(enough or {row: mean for row, (mean, _) in means.items()}, key=lambda row: -means[row][0])
    if not ranked:
        return ""
    best = ranked[0]
    summary = summarize(group.averages(best, at[best]).values())
    where = f"on average over {len(group.common)} language{'s' * (len(group.common) != 1)}"
    where += " (some of its runs have warnings, see †)" * bool(group.doubts(best, at[best]))
    text = f"K = {shots}: " if shots else ""
    if len(ranked) == 1:
        return f"{text}{group.title(best)} has {group.metric} {summary} {where}."
    text += f"the best of {len(means)} methods is {group.title(best)}, {group.metric} {summary} {where}. "
    other = baseline if baseline in ranked and baseline != best else ranked[1]
    text += _how_sure(group, shots, comparisons, best, other)
    zero = group.zero_shot_of(best)
    return text + _languages(group, shots, best, zero if zero not in (None, best) else other)


def _how_sure(group: Group, shots: int, comparisons: Sequence[Comparison], best: str, other: str) -> str:
    pair = compare_rows(group, shots, best, other)
    if pair is None:
        return f"It has no seed in common with {group.title(other)}. "
    in_family = next((c for c in comparisons if c.shots == shots and {c.row, c.over} == {best, other}), None)
    holm = in_family.holm if in_family else pair.p
    text = f"Against {group.title(other)}: {signed(pair.gain)}"
    if pair.low is None or pair.high is None or holm is None:
        return f"{text}, from {pair.seeds} seed{'s' * (pair.seeds != 1)}: too few to tell it from chance. "
    p = f"p = {pair.p:.2g}" + (f", {holm:.2g} after Holm" if in_family and len(comparisons) > 1 else "")
    text += f" (95 % CI {signed(pair.low)} to {signed(pair.high)}, n = {pair.seeds}, {p}): "
    return text + ("more than chance. " if holm < 0.05 else "these seeds cannot tell it from chance. ")


def _languages(group: Group, shots: int, row: str, over: str | None) -> str:
    pairs = pair_rows(group, shots, row, over) if over else None
    if pairs is None or len(pairs.languages) < 2:
        return ""
    gains = pairs.by_language
    up = [f"{language_name(code)} {signed(gain)}" for code, gain in gains.items() if gain > 0]
    down = [f"{language_name(code)} {signed(gain)}" for code, gain in reversed(gains.items()) if gain < 0]
    text = f"Over {group.title(over or '')} it gains in {len(up)} of {len(gains)} languages"
    text += f", most in {', '.join(up[:_NAMED])}" if up else ""
    lost = f"in {len(down)}, most in" if len(down) > _NAMED else "in"
    return text + (f"; it loses {lost} {', '.join(down[:_NAMED])}." if down else "; it loses in none.")


def plan(group: Group, comparisons: Sequence[Comparison], points: float) -> str:
    """How many seeds a study like this one needs to find a difference of ``points`` with 80 % power.

    Args:
        group: One of `hf_mixtrain.report.group_results`.
        comparisons: As `hf_mixtrain.report.significance` returns them for this group.
        points: A difference of the mean over languages, above 0.
    """
    most = max((pair.seeds for pair in comparisons), default=0)
    more = "" if most >= MINIMUM_SEEDS else f" Fewer than {MINIMUM_SEEDS} common seeds: take it as a guess."
    return f"{group.task}, {group.model}: {power_note(comparisons, points)}{more}"

"""Paired tests between two methods: over seeds and over languages."""

import math
import statistics
import warnings
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

from hf_mixtrain.report.grouping import Group

# With fewer languages a two-sided Wilcoxon test cannot reach p < 0.05. Two differences are no estimate of their spread:
# a t-test calls any two that happen to be alike significant.
MINIMUM_LANGUAGES = 6
MINIMUM_SEEDS = 3


class Comparison(NamedTuple):
    """One method against another at one K.

    Attributes:
        row: The method with the higher average, unless one row was chosen to compare with.
        over: The other.
        gain: Mean over the common languages of the differences of their means over seeds.
        languages: Number of common languages, the pairs of the Wilcoxon test.
        p_languages: Its p-value; None if there are fewer than 6 languages.
        holm_languages: The same after Holm's correction over all comparisons of the table.
        seeds: Number of common seeds, the pairs of the t-test.
        p_seeds: Its p-value; None if there are fewer than 3 seeds.
        holm_seeds: The same after Holm's correction.
        sd: Sample sd over seeds of the differences of the seeds' averages, whose mean is ``gain``; None for one seed.
        low: Lower end of the 95 % confidence interval of their mean (`mean_interval`); None for fewer than 3 seeds.
        high: Upper end.
    """

    row: str
    over: str
    gain: float
    languages: int
    p_languages: float | None
    holm_languages: float | None
    seeds: int
    p_seeds: float | None
    holm_seeds: float | None
    sd: float | None
    low: float | None
    high: float | None

    def turned(self) -> "Comparison":
        """The same the other way round: ``over`` against ``row``."""
        low, high = (None if end is None else -end for end in (self.high, self.low))
        return self._replace(row=self.over, over=self.row, gain=-self.gain, low=low, high=high)


def wilcoxon(first: Sequence[float], second: Sequence[float]) -> float | None:
    """p-value of the two-sided Wilcoxon signed-rank test (`scipy.stats.wilcoxon` with its defaults).

    Args:
        first: One value for each language.
        second: The other method's values for the same languages.

    Returns:
        The p-value; 1.0 if all pairs are equal; None for fewer than 6 pairs, too few to reach 0.05.

    Raises:
        ImportError: If scipy is missing.

    Example:
        >>> wilcoxon([1, 2, 3, 4, 5, 6], [0, 0, 0, 0, 0, 0]), wilcoxon([1, 2], [0, 0])
        (0.03125, None)
    """
    stats = _stats()
    if len(first) < MINIMUM_LANGUAGES:
        return None
    if list(first) == list(second):
        return 1.0
    return float(stats.wilcoxon(first, second).pvalue)


def paired_t(first: Sequence[float], second: Sequence[float]) -> float | None:
    """p-value of the two-sided paired t-test (`scipy.stats.ttest_rel`).

    Args:
        first: One value for each seed.
        second: The other method's values for the same seeds.

    Returns:
        The p-value; 1.0 if all pairs are equal; None for fewer than 3 pairs.

    Raises:
        ImportError: If scipy is missing.

    Example:
        >>> round(paired_t([71.0, 72.0, 73.0], [70.0, 70.0, 70.0]), 4), paired_t([71.0], [70.0])
        (0.0742, None)
    """
    stats = _stats()
    if len(first) < MINIMUM_SEEDS:
        return None
    if list(first) == list(second):
        return 1.0
    with warnings.catch_warnings():
        # Equal differences have no spread; scipy warns of lost precision and returns a p-value near 0.
        warnings.simplefilter("ignore", RuntimeWarning)
        return float(stats.ttest_rel(first, second).pvalue)


def mean_interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float] | None:
    """Confidence interval of the mean of normal values: Student's t with n - 1 degrees of freedom.

    Args:
        values: One value for each seed.
        level: Share of such intervals that hold the true mean, between 0 and 1.

    Returns:
        Its ends; equal values are an interval without width; None for fewer than 3 values.

    Raises:
        ImportError: If scipy is missing.

    Example:
        >>> low, high = mean_interval([1.0, 2.0, 3.0])
        >>> round(low, 3), round(high, 3), mean_interval([1.0, 2.0])
        (-0.484, 4.484, None)
    """
    stats = _stats()
    if len(values) < MINIMUM_SEEDS:
        return None
    mean, error = statistics.fmean(values), statistics.stdev(values) / math.sqrt(len(values))
    half = float(stats.t.ppf((1 + level) / 2, len(values) - 1)) * error
    return mean - half, mean + half


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down correction; None (no test) stays None and does not count.

    Source: Holm (1979), A simple sequentially rejective multiple test procedure.

    Example:
        >>> holm([0.01, None, 0.04, 0.03])
        [0.03, None, 0.06, 0.06]
    """
    tests = sorted((p, place) for place, p in enumerate(p_values) if p is not None and not math.isnan(p))
    corrected = list(p_values)
    highest = 0.0
    for done, (p, place) in enumerate(tests):
        highest = max(highest, min(1.0, p * (len(tests) - done)))
        corrected[place] = highest
    return corrected


def significance(group: Group, shots: int, over: str | None = None) -> list[Comparison]:
    """Compare every two rows of a group at one K, zero-shot included; or every row with one.

    Two questions, two tests, each corrected by Holm over all comparisons of this K: does the gain hold over languages
    (Wilcoxon signed-rank test on the languages' means over seeds), and does it hold over seeds (paired t-test on the
    seeds' averages over languages)? Both use the languages and the seeds that the two rows share.

    Args:
        group: One of `hf_mixtrain.report.group_results`.
        shots: K.
        over: The one row that every other is compared with, by name or title; None: all pairs.

    Returns:
        One comparison for each two rows; pairs without a common language or seed are left out. With ``over``, one for
        each other row, which comes first even if its average is the lower one; none if ``over`` has no results at K.

    Raises:
        ImportError: If scipy is missing.
        InputError: If the group has no row ``over``.
    """
    found = [compare_rows(group, shots, *pair) for pair in row_pairs(group, shots, over)]
    pairs = [pair for pair in found if pair is not None]
    if over is not None:
        pairs = [pair.turned() if pair.row == group.row_named(over) else pair for pair in pairs]
    by_languages, by_seeds = holm([pair.p_languages for pair in pairs]), holm([pair.p_seeds for pair in pairs])
    return [
        pair._replace(holm_languages=languages, holm_seeds=seeds)
        for pair, languages, seeds in zip(pairs, by_languages, by_seeds, strict=True)
    ]


def row_pairs(group: Group, shots: int, over: str | None = None) -> list[tuple[str, str]]:
    """Every two rows at one K; with ``over``, every other row with it.

    Raises:
        InputError: If the group has no row ``over``.
    """
    at = group.rows_at(shots)
    if over is None:
        return list(combinations(at, 2))
    chosen = group.row_named(over)
    return [(row, chosen) for row in at if row != chosen] if chosen in at else []


def compare_rows(group: Group, shots: int, row: str, over: str) -> Comparison | None:
    """Compare two rows, without a correction for other comparisons; None if they share no language or no seed.

    The row with the higher average comes first in the result, whatever the order of the arguments.
    """
    at = group.rows_at(shots)
    seeds = sorted(group.cells[row, at[row]].keys() & group.cells[over, at[over]].keys())
    pairs: list[list[dict[int, float]]] = []
    for language in group.languages:
        scores = [group.scores(name, at[name], language) for name in (row, over)]
        if all(seed in one for one in scores for seed in seeds):
            pairs.append(scores)
    if not seeds or not pairs:
        return None
    mean, other = ([sum(pair[side][seed] for seed in seeds) / len(seeds) for pair in pairs] for side in (0, 1))
    average, second = ([sum(pair[side][seed] for pair in pairs) / len(pairs) for seed in seeds] for side in (0, 1))
    gain = sum(a - b for a, b in zip(mean, other, strict=True)) / len(pairs)
    names = (row, over) if gain >= 0 else (over, row)
    p_languages, p_seeds = wilcoxon(mean, other), paired_t(average, second)
    differences = [a - b if gain >= 0 else b - a for a, b in zip(average, second, strict=True)]
    sd = statistics.stdev(differences) if len(seeds) > 1 else None
    low, high = mean_interval(differences) or (None, None)
    return Comparison(
        *names, abs(gain), len(pairs), p_languages, None, len(seeds), p_seeds, None, sd=sd, low=low, high=high
    )


def _stats():  # type: ignore[no-untyped-def]
    try:
        from scipy import stats
    except ImportError:
        raise ImportError('Significance tests need scipy: pip install "hf_mixtrain[plot]"') from None
    return stats

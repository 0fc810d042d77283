"""One primary test of a method against a baseline: would the mean gain over languages be there with other seeds?"""

import math
import statistics
import warnings
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

from scipy import stats

from hf_mixtrain.report.grouping import Group
from hf_mixtrain.report.pairing import MINIMUM_SEEDS, default_baseline, pair_rows


class Comparison(NamedTuple):
    """One method against another at one K, over the seeds and languages that both have.

    Attributes:
        row: The method.
        over: What it is compared with.
        shots: K.
        gain: Mean difference, over seeds and languages.
        sd: Sample sd over seeds of the mean differences over languages; None for one seed.
        low: Lower end of the 95 % confidence interval of ``gain`` (`mean_interval`); None for fewer than 3 seeds.
        high: Upper end.
        p: Two-sided p-value (`paired_t`); None for fewer than 3 seeds.
        holm: The same after Holm's correction over the family; see `significance`.
        seeds: Number of common seeds.
        languages: Number of common languages.
        better: In how many of them the mean difference is above 0.
        left_out: Common cells that are not compared; see `hf_mixtrain.report.pairing.Paired`.
        low_rows: Lower end of the interval with the noise of the test rows in it too; None without saved predictions.
        high_rows: Its upper end; see `hf_mixtrain.report.row_bootstrap`.

    Example:
        >>> from hf_mixtrain.report import group_results
        >>> from hf_mixtrain.results import find_results
        >>> group = group_results(find_results("reproduction/study.jsonl"))[2]
        >>> (pair,) = [pair for pair in significance(group) if pair.shots == 5 and pair.row == "gradient-mix-train"]
        >>> f"{pair.gain:+.2f} ({pair.low:+.2f} to {pair.high:+.2f}), n = {pair.seeds}"
        '+0.12 (-0.24 to +0.47), n = 3'
    """

    row: str
    over: str
    shots: int
    gain: float
    sd: float | None
    low: float | None
    high: float | None
    p: float | None
    holm: float | None
    seeds: int
    languages: int
    better: int
    left_out: int
    low_rows: float | None = None
    high_rows: float | None = None

    @property
    def significant(self) -> bool:
        """Whether the p-value, corrected over the family, is below 0.05; never for fewer than 3 seeds."""
        return self.holm is not None and self.holm < 0.05


def paired_t(differences: Sequence[float]) -> float | None:
    """p-value of the two-sided paired t-test (`scipy.stats.ttest_1samp` on the differences).

    Args:
        differences: One value for each seed.

    Returns:
        The p-value; 1.0 if all differences are 0; None for fewer than 3.

    Example:
        >>> round(paired_t([1.0, 2.0, 3.0]), 4), paired_t([1.0, 1.0])
        (0.0742, None)
    """
    if len(differences) < MINIMUM_SEEDS:
        return None
    if not any(differences):
        return 1.0
    with warnings.catch_warnings():
        # Equal differences have no spread; scipy warns of lost precision and returns a p-value near 0.
        warnings.simplefilter("ignore", RuntimeWarning)
        return float(stats.ttest_1samp(differences, 0.0).pvalue)


def mean_interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float] | None:
    """Confidence interval of the mean of normal values: Student's t with n - 1 degrees of freedom.

    Args:
        values: One value for each seed.
        level: Share of such intervals that hold the true mean, between 0 and 1.

    Returns:
        Its ends; equal values are an interval without width; None for fewer than 3 values.

    Example:
        >>> low, high = mean_interval([1.0, 2.0, 3.0])
        >>> round(low, 3), round(high, 3), mean_interval([1.0, 2.0])
        (-0.484, 4.484, None)
    """
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


def significance(group: Group, baseline: str | None = None, *, all_pairs: bool = False) -> list[Comparison]:
    """Test every method against one baseline, at every K: the primary test of a report.

    The question is whether the mean gain over these languages would be there with other seeds. All languages of a run
    share its shots, head and order of training, so the unit is the seed: of each seed, the mean difference over
    languages; over seeds, a paired t-test and the interval that belongs to it. Its false-positive rate is 5 % whatever
    the number of languages; a test over languages of the same runs calls a third of the chance differences significant.

    The family of Holm's correction is all comparisons of the group that are returned.

    Args:
        group: One of `hf_mixtrain.report.group_results`.
        baseline: The row that every other is compared with, by name or title; None: `default_baseline`.
        all_pairs: Compare every two rows instead, the one with the higher mean first.

    Returns:
        One comparison for each other row and K, by K; rows without a common language and seed are left out.

    Raises:
        InputError: If the group has no row ``baseline``.

    Example:
        >>> from hf_mixtrain.report import group_results
        >>> from hf_mixtrain.results import find_results
        >>> group = group_results(find_results("reproduction/study.jsonl"))[2]
        >>> for pair in significance(group)[:2]:
        ...     print(f"K={pair.shots} {pair.row} over {pair.over}: {pair.gain:+.2f}, p = {pair.p:.2f}")
        K=1 zero-shot over naive-mix-train: -2.29, p = 0.01
        K=1 gradient-mix-train over naive-mix-train: -0.09, p = 0.15
    """
    found = []
    compared = [k for k in group.shots if k > 0] or group.shots
    for shots in compared:
        at = group.rows_at(shots)
        for row, over in row_pairs(group, shots, baseline, all_pairs=all_pairs):
            again = at[row] == at[over] == 0 and shots != compared[0]  # two rows of zero-shot, the same at every K
            pair = None if again else compare_rows(group, shots, row, over)
            if pair is not None and all_pairs and pair.gain < 0:
                pair = compare_rows(group, shots, over, row)
            if pair is not None:
                found.append(pair)
    corrected = holm([pair.p for pair in found])
    return [pair._replace(holm=p) for pair, p in zip(found, corrected, strict=True)]


def row_pairs(
    group: Group, shots: int, baseline: str | None = None, *, all_pairs: bool = False
) -> list[tuple[str, str]]:
    """Every other row at one K with the baseline; or every two rows.

    Raises:
        InputError: If the group has no row ``baseline``.
    """
    at = group.rows_at(shots)
    if all_pairs:
        return list(combinations(at, 2))
    chosen = default_baseline(group) if baseline is None else group.row_named(baseline)
    if chosen not in at:
        return []
    return [(row, chosen) for row in at if row != chosen]


def compare_rows(group: Group, shots: int, row: str, over: str) -> Comparison | None:
    """Compare two rows, without a correction for other comparisons; None if they share no language or no seed.

    Args:
        group: One of `hf_mixtrain.report.group_results`.
        shots: K; zero-shot is compared at every K.
        row: A row of the group.
        over: The row it is compared with.

    Example:
        >>> from hf_mixtrain.report import group_results
        >>> from hf_mixtrain.results import find_results
        >>> group = group_results(find_results("reproduction/study.jsonl"))[1]
        >>> pair = compare_rows(group, 5, "gradient-mix-train", "zero-shot")
        >>> f"{pair.gain:+.2f} points, p = {pair.p:.2f}"
        '+0.02 points, p = 0.95'
    """
    pairs = pair_rows(group, shots, row, over)
    if pairs is None:
        return None
    by_seed, gains = pairs.by_seed, pairs.by_language.values()
    low, high = mean_interval(by_seed) or (None, None)
    return Comparison(
        row=row,
        over=over,
        shots=shots,
        gain=pairs.gain,
        sd=statistics.stdev(by_seed) if len(by_seed) > 1 else None,
        low=low,
        high=high,
        p=paired_t(by_seed),
        holm=None,
        seeds=len(pairs.seeds),
        languages=len(pairs.languages),
        better=sum(gain > 0 for gain in gains),
        left_out=pairs.left_out,
    )

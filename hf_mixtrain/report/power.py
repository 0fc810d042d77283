"""What a study of so many seeds can see, and how many seeds it takes to see a difference."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from scipy import stats
from scipy.optimize import brentq

from hf_mixtrain.report.pairing import MINIMUM_SEEDS
from hf_mixtrain.report.significance import Comparison

POWER = 0.8
LEVEL = 0.05
_MOST_SEEDS = 100_000


class Spread(NamedTuple):
    """How much the differences of two methods vary from seed to seed: pooled sd and its degrees of freedom.

    Example:
        >>> Spread(sd=1.5, degrees=4)
        Spread(sd=1.5, degrees=4)
    """

    sd: float
    degrees: int


def pooled_spread(comparisons: Sequence[Comparison]) -> Spread | None:
    """The sd over seeds of the mean differences over languages, pooled over comparisons.

    Returns:
        The root of the mean variance, weighted by degrees of freedom; None if no comparison has two seeds.

    Example:
        >>> from hf_mixtrain.report import group_results, significance
        >>> from hf_mixtrain.results import find_results
        >>> group = group_results(find_results("reproduction/study.jsonl"))[1]
        >>> spread = pooled_spread(significance(group))
        >>> round(spread.sd, 2), spread.degrees
        (0.4, 4)
    """
    known = [(pair.sd, pair.seeds - 1) for pair in comparisons if pair.sd is not None]
    degrees = sum(count for _, count in known)
    return Spread(math.sqrt(sum(sd**2 * count for sd, count in known) / degrees), degrees) if degrees else None


def power_of(difference: float, sd: float, seeds: int) -> float:
    """Chance that a two-sided paired t-test at 5 % finds a true difference.

    Args:
        difference: The true mean difference, in points.
        sd: Standard deviation over seeds of the differences, above 0.
        seeds: Number of seeds, 2 or more.

    Returns:
        From 0.05 to 1.

    Example:
        >>> round(power_of(1.0, 1.0, 10), 3), round(power_of(0.0, 1.0, 10), 3)
        (0.803, 0.05)
    """
    critical = stats.t.ppf(1 - LEVEL / 2, seeds - 1)
    shift = difference / sd * math.sqrt(seeds)
    return float(stats.nct.sf(critical, seeds - 1, shift) + stats.nct.cdf(-critical, seeds - 1, shift))


def detectable(sd: float, seeds: int, power: float = POWER) -> float | None:
    """The smallest true difference that so many seeds find with this power; None for fewer than 3 seeds.

    Args:
        sd: Standard deviation over seeds of the differences, in points.
        seeds: Number of seeds that both methods have.
        power: Probability of finding the difference, between 0 and 1, by a two-sided test at 5 %.

    Example:
        >>> round(detectable(1.0, 10), 3), detectable(1.0, 2)
        (0.996, None)
    """
    if seeds < MINIMUM_SEEDS:
        return None
    if sd == 0:
        return 0.0
    top = 1.0
    while power_of(top, 1.0, seeds) < power:
        top *= 2
    return sd * float(brentq(lambda d: power_of(d, 1.0, seeds) - power, 0.0, top))


def seeds_needed(sd: float, difference: float, power: float = POWER) -> int | None:
    """The smallest number of seeds, 3 or more, with which a true difference is found with this power.

    Args:
        sd: Standard deviation over seeds of the differences, in points.
        difference: The true difference in points, above 0.
        power: Probability of finding it, between 0 and 1, by a two-sided test at 5 %.

    Returns:
        The number; None if it is above 100,000.

    Example:
        >>> seeds_needed(sd=1.5, difference=1.0), seeds_needed(sd=0.1, difference=1.0)
        (20, 3)
    """
    if sd == 0:
        return MINIMUM_SEEDS
    low, high = MINIMUM_SEEDS - 1, MINIMUM_SEEDS
    while power_of(difference, sd, high) < power:
        low, high = high, 2 * high
        if high > _MOST_SEEDS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power_of(difference, sd, middle) >= power else (middle, high)
    return high


def power_note(comparisons: Sequence[Comparison], points: float = 1.0) -> str:
    """A sentence or two: what this design could have seen, and how many seeds a difference of ``points`` needs.

    Args:
        comparisons: As `hf_mixtrain.report.significance` returns them.
        points: The difference that a study should find.

    Example:
        >>> from hf_mixtrain.report import group_results, significance
        >>> from hf_mixtrain.results import find_results
        >>> group = group_results(find_results("reproduction/study.jsonl"))[1]
        >>> power_note(significance(group), points=0.5).partition(" (")[0]
        'What this design can see: n = 3 finds 1.3 points with 80 % power; 0.5 points needs n = 8'
    """
    spread = pooled_spread(comparisons)
    if spread is None:
        return "How many seeds a study needs cannot be told yet: no two rows share two seeds. Run 3 of each."
    needed = seeds_needed(spread.sd, points)
    counts = sorted({pair.seeds for pair in comparisons if pair.seeds >= MINIMUM_SEEDS})
    found = [f"n = {n} finds {detectable(spread.sd, n):.1f} points" for n in counts]
    seen = f"{', '.join(found)} with {POWER:.0%} power; ".replace("%", " %") if found else ""
    count = f"n = {needed}" if needed else f"more than {_MOST_SEEDS:,} seeds"
    unit = "point" if points == 1 else "points"
    return (
        f"What this design can see: {seen}{points:g} {unit} needs {count} (differences between methods vary with sd "
        f"{spread.sd:.2f} from seed to seed, {spread.degrees} degrees of freedom; one two-sided test at 5 %)."
    )

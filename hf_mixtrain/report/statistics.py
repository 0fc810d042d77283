"""The arithmetic of the tables: mean and sample sd, ranks with ties."""

import math
import statistics
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Summary(NamedTuple):
    """Mean, sample standard deviation (n - 1; None for a single value) and number of values.

    Example:
        >>> from hf_mixtrain.report import summarize
        >>> summarize([1.0, 2.0, 3.0])
        Summary(mean=2.0, sd=1.0, n=3)
    """

    mean: float
    sd: float | None
    n: int

    def __str__(self) -> str:
        return f"{self.mean:.2f} ({self.n})" if self.sd is None else f"{self.mean:.2f} ± {self.sd:.2f} ({self.n})"


def summarize(values: Iterable[float]) -> Summary | None:
    """Mean, sample sd and n of ``values``; None if there are none.

    Example:
        >>> str(summarize([60.0, 62.0, 67.0])), str(summarize([60.0])), summarize([])
        ('63.00 ± 3.61 (3)', '60.00 (1)', None)
    """
    values = list(values)
    if not values:
        return None
    sd = statistics.stdev(values) if len(values) > 1 else None
    return Summary(statistics.fmean(values), sd, len(values))


def ranks(values: Sequence[float | None]) -> list[float | None]:
    """Ranks with 1 for the highest value; equal values share the mean of their ranks, None stays None.

    Example:
        >>> ranks([70.0, 72.0, None, 70.0])
        [2.5, 1.0, None, 2.5]
    """
    found = [value for value in values if value is not None]
    return [
        None if value is None else sum(other > value for other in found) + (found.count(value) + 1) / 2
        for value in values
    ]


def best(values: Sequence[float | None], digits: int = 2) -> set[int]:
    """Places of the highest value as printed with ``digits`` decimals; none where there is nothing to compare.

    Args:
        values: Numbers to compare; None is left out.
        digits: Decimals that are printed: values that are printed alike are equal.

    Example:
        >>> sorted(best([70.001, None, 70.004, 69.0])), best([70.0, None])
        ([0, 2], set())
    """
    printed = [-math.inf if value is None else round(value, digits) for value in values]
    if sum(value is not None for value in values) < 2:
        return set()
    return {place for place, value in enumerate(printed) if value == max(printed)}

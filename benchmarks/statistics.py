"""Medians of ratios within one run, with their spread."""

import statistics
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Ratio", "ratio"]


class Ratio(NamedTuple):
    """Median of the ratios of n pairs, and the quartiles around it."""

    median: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.median:.2f} [{self.low:.2f}, {self.high:.2f}]"


def ratio(values: Sequence[float], references: Sequence[float]) -> Ratio:
    """Compare what was measured in the same rounds.

    Args:
        values: One number a round.
        references: As many.

    Example:
        >>> str(ratio([2.0, 3.0, 8.0], [2.0, 2.0, 2.0]))
        '1.50 [1.25, 2.75]'
    """
    ratios = sorted(a / b for a, b in zip(values, references, strict=True))
    if len(ratios) < 2:
        return Ratio(ratios[0], ratios[0], ratios[0], len(ratios))
    low, median, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return Ratio(median, low, high, len(ratios))

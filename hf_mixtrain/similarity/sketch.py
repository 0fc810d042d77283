"""A random projection of a gradient to a few thousand numbers that keeps the angles between gradients."""

from torch import Tensor

# SplitMix64 (Steele, Lea and Flood 2014), as signed 64-bit numbers.
_GOLDEN, _FIRST, _SECOND = (n - 2**64 for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
_PIECE = 2**20


def add_to_sketch_(sketch: Tensor, values: Tensor, places: Tensor, weight: float = 1.0) -> None:
    """Add the sketch of a part of a vector to ``sketch``, in place.

    Every place of the vector has a random bucket and a random sign; a bucket holds the sum of its signed values. The
    inner product of two sketches is that of the vectors but for an error with mean 0 and a standard deviation of at
    most ``sqrt((1 + cos²) / d)`` of the product of the lengths, d being the size of the sketch.

    Source: count sketch (Charikar, Chen and Farach-Colton 2002), used for inner products as in feature hashing
    (Weinberger et al. 2009).

    Args:
        sketch: d numbers, float64.
        values: Some values of the vector, one-dimensional.
        places: Their places in the vector; the same place has always the same bucket and sign.
        weight: Factor of the values.

    Example:
        >>> import torch
        >>> sketch = torch.zeros(64, dtype=torch.float64)
        >>> add_to_sketch_(sketch, torch.tensor([3.0, 4.0]), torch.tensor([7, 2**40]))
        >>> round(sketch.norm().item(), 6)
        5.0
    """
    for part, where in zip(values.split(_PIECE), places.split(_PIECE), strict=True):
        random = _mixed(where)
        signs = 1 - 2 * (random & 1)
        buckets = ((random >> 1) & (2**62 - 1)) % len(sketch)
        sketch.index_add_(0, buckets.to(sketch.device), (part.to(sketch) * signs.to(sketch)), alpha=weight)


def _mixed(number: Tensor) -> Tensor:
    number = (number + 1) * _GOLDEN
    number = (number ^ _shift(number, 30)) * _FIRST
    number = (number ^ _shift(number, 27)) * _SECOND
    return number ^ _shift(number, 31)


def _shift(number: Tensor, bits: int) -> Tensor:
    """Shift to the right and fill with zeros; torch would fill with the sign."""
    return (number >> bits) & (2 ** (64 - bits) - 1)

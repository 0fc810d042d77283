"""Batches of about equally long features: little padding, and no more tokens at a time than fit."""

from collections.abc import Sequence

__all__ = ["token_batches"]


def token_batches(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Cut the features into batches of at most ``budget`` tokens after padding, the longest features first.

    Rows of a batch are neighbours in length, so little is padded; short features come in batches of many rows, long
    ones in batches of few. The largest batch is the first, so that memory runs out at once or not at all.

    Args:
        lengths: Number of tokens of each feature.
        budget: Rows times the longest row of one batch. A feature longer than that is a batch of its own.

    Returns:
        Batches of positions in ``lengths``; every position once.

    Example:
        >>> token_batches([2, 9, 3, 2, 8], budget=18)
        [[1, 4], [2, 0, 3]]
    """
    batches: list[list[int]] = []
    for position in sorted(range(len(lengths)), key=lambda at: -lengths[at]):
        # The first of a batch is its longest.
        if batches and (len(batches[-1]) + 1) * lengths[batches[-1][0]] <= budget:
            batches[-1].append(position)
        else:
            batches.append([position])
    return batches

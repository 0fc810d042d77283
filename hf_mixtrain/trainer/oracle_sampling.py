"""Which language and which of its shots judge an update: a function of (seed, optimizer step) alone."""

import random
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class OracleDraw:
    """One drawn language and the numbers of the rows that make its oracle batch."""

    language: str
    rows: tuple[int, ...]


def draw_oracles(
    sizes: Mapping[str, int],
    *,
    seed: int,
    step: int,
    micro_step: int = 0,
    languages_per_step: int = 1,
    batch_sizes: Mapping[str, int],
    probability: float = 1.0,
    fixed_batches: bool = False,
) -> list[OracleDraw]:
    """Draw the oracles of one surgery.

    No state and no global random stream: every process draws the same, a resumed training draws again what it would
    have drawn, and no number that the Trainer uses is consumed.

    Args:
        sizes: Number of rows of each language, 1 or more each.
        seed: The run's seed.
        step: Optimizer step, from 0.
        micro_step: Number of the micro-batch in the step, for surgery at every micro-batch.
        languages_per_step: Languages to draw, without replacement; at most all of them are.
        batch_sizes: Rows in an oracle batch of each language; a language with fewer gives all that it has.
        probability: Probability that there is a surgery at all.
        fixed_batches: Cut each language's rows into batches once per seed and draw one of these, as the authors'
            code does; otherwise draw rows afresh.

    Returns:
        The draws, in the order in which they are drawn; empty if this step has no surgery.

    Example:
        >>> draw_oracles({"de": 5, "sw": 5}, seed=1, step=0, batch_sizes={"de": 2, "sw": 2})
        [OracleDraw(language='de', rows=(2, 4))]
        >>> draw_oracles({"sw": 5, "de": 5}, seed=1, step=0, batch_sizes={"de": 2, "sw": 2})
        [OracleDraw(language='de', rows=(2, 4))]
    """
    rng = random.Random(f"oracle:{seed}:{step}:{micro_step}")
    if rng.random() >= probability:
        return []
    languages = rng.sample(sorted(sizes), min(languages_per_step, len(sizes)))
    draws = []
    for language in languages:
        size, batch_size = sizes[language], min(batch_sizes[language], sizes[language])
        if fixed_batches:
            order = random.Random(f"oracle-batches:{seed}:{language}").sample(range(size), size)
            start = batch_size * rng.randrange(-(-size // batch_size))
            rows = order[start : start + batch_size]
        else:
            rows = rng.sample(range(size), batch_size)
        draws.append(OracleDraw(language, tuple(sorted(rows))))
    return draws

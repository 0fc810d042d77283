"""In which order a training sees its rows: a function of (seed, epoch) alone, so that a resumed run sees the same."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from torch.utils.data import Sampler

from hf_mixtrain.methods import Order

# Rows of similar length are looked for among so many batches: enough to save padding, few enough to stay shuffled.
_BATCHES_TO_SORT = 50


@dataclass(frozen=True)
class RowOrder:
    """The rows of a training set, source first and then the shots, in the order of each epoch.

    Attributes:
        source: Number of source rows.
        shots: Number of shots after them.
        order: How source and shots are put together; see `hf_mixtrain.methods.Stage`.
        batch_size: Rows in one batch of one process.
        seed: The cell's seed.
        lengths: Length of each row, to put rows of similar length into one batch; None: do not.

    Example:
        >>> order = RowOrder(source=4, shots=2, order="alternating", batch_size=2, seed=1)
        >>> [[row >= 4 for row in order.rows(epoch=0)[start:start + 2]] for start in range(0, 8, 2)]
        [[False, False], [True, True], [False, False], [True, True]]
    """

    source: int
    shots: int
    order: Order
    batch_size: int
    seed: int
    lengths: Sequence[int] | None = None

    def __len__(self) -> int:
        if self.order == "shuffled":
            return self.source + self.shots
        if self.order == "upsampled":
            return self.source + max(self.source, self.shots)
        return 2 * self.batch_size * -(-self.source // self.batch_size)

    def rows(self, epoch: int) -> list[int]:
        """Return the numbers of the rows of one epoch."""
        rng = random.Random(f"order:{self.seed}:{epoch}")
        source, shots = range(self.source), range(self.source, self.source + self.shots)
        if self.order == "shuffled":
            return self._shuffled([*source, *shots], rng)
        if self.order == "upsampled":
            return self._shuffled([*source, *_repeated(shots, max(self.source, self.shots), rng)], rng)
        # Only whole batches: then those of the source and those of the shots weigh the same in the mean.
        half = len(self) // 2
        by_turns = zip(
            self._batches(_repeated(self._shuffled(list(source), rng), half, None)),
            self._batches(_repeated(shots, half, rng)),
            strict=True,
        )
        return [row for pair in by_turns for batch in pair for row in batch]

    def _shuffled(self, rows: list[int], rng: random.Random) -> list[int]:
        rng.shuffle(rows)
        if self.lengths is None:
            return rows
        lengths, size = self.lengths, _BATCHES_TO_SORT * self.batch_size
        near = [sorted(rows[i : i + size], key=lambda row: lengths[row]) for i in range(0, len(rows), size)]
        batches = [batch for part in near for batch in self._batches(part)]
        # The one short batch stays last: in the middle, it would shift the cuts between all later ones.
        last = [batches.pop(i) for i in range(len(batches) - 1, -1, -1) if len(batches[i]) < self.batch_size]
        rng.shuffle(batches)
        return [row for batch in batches + last for row in batch]

    def _batches(self, rows: list[int]) -> list[list[int]]:
        return [rows[i : i + self.batch_size] for i in range(0, len(rows), self.batch_size)]


def _repeated(rows: Sequence[int], count: int, rng: random.Random | None) -> list[int]:
    """Return ``count`` rows: all of them again and again, each time in a new order if there is an ``rng``."""
    repeated: list[int] = []
    while len(repeated) < count:
        repeated += rng.sample(rows, len(rows)) if rng else rows
    return repeated[:count]


class EpochSampler(Sampler[int]):
    """The rows of the epoch that the Trainer is in.

    The epoch is asked for when it begins: accelerate does not pass ``set_epoch`` on through all the wrappers that it
    puts around a sampler when a run resumes in the middle of an epoch (accelerate 1.15).

    Example:
        >>> list(EpochSampler(RowOrder(3, 0, "shuffled", batch_size=1, seed=1), epoch=lambda: 2))
        [2, 1, 0]
    """

    def __init__(self, order: RowOrder, epoch: Callable[[], int]) -> None:
        self._order = order
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[int]:
        return iter(self._order.rows(self._epoch()))

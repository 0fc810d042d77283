"""Dev sets that are translations of one another: what is a shot in one language leaves the dev sets of all."""

import logging
from collections.abc import Mapping, Sequence
from functools import cache

from datasets import Dataset

from hf_mixtrain.data.sources import Source

logger = logging.getLogger(__name__)


class DevWithoutShots:
    """Takes shots, and their translations, out of dev sets: rows of one id, or, where no ids are shared, of one place.

    Args:
        source: The dev rows.
        taken: For each language, the numbers of its dev rows that are shots.
        parallel: Whether the dev sets are translations of one another, row by row.
    """

    def __init__(self, source: Source, taken: Mapping[str, Sequence[int]], *, parallel: bool):
        self.taken, self.parallel = taken, parallel
        self._shape = cache(lambda language: _shape(source.read(language, "dev")))
        self._ids = cache(lambda language: list(source.read(language, "dev")["id"]))

    def rows(self, dataset: Dataset, language: str) -> Dataset:
        """Return the dev rows of a language that are no shots, and no translations of shots of another language.

        Where two dev sets do not go row by row, a warning says that translations cannot be found.
        """
        out = set(self.taken.get(language, []))
        apart = []
        for other, numbers in self.taken.items() if self.parallel else ():
            if other == language:
                continue
            own, others = self._ids(language), self._ids(other)
            if set(own) & set(others):
                names = {others[number] for number in numbers}
                out |= {row for row, name in enumerate(own) if name in names}
            elif self._shape(other) == self._shape(language):
                out |= set(numbers)
            else:
                apart.append(other)
        if apart:
            logger.warning(
                "The dev rows of %s do not go row by row with those of %s, so translations of shots may be among them.",
                language,
                ", ".join(apart),
            )
        return dataset.select([row for row in range(len(dataset)) if row not in out]) if out else dataset


def _shape(rows: Dataset) -> tuple[int, tuple[object, ...]]:
    """Return what two data sets have in common if they are translations: the number of rows, and the labels."""
    return len(rows), tuple(rows["label"][:]) if "label" in rows.features else ()

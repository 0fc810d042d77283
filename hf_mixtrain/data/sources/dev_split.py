"""A dev set, or a test set, out of the training set, for tasks that have none of their own."""

import hashlib
from collections.abc import Sequence

from datasets import Dataset

from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.data.sources.source import Source
from hf_mixtrain.data.task import Split, Task


class CarvedSource:
    """A source whose dev rows, or test rows, are a share of the train rows of the source underneath.

    Test rows are taken of the source languages alone, and only where there is no test set: targets have few rows. A row
    goes to dev by a hash of its text, so the division is the same everywhere, whatever the seed, and all
    questions on one text are on the same side. It differs from the paper, which trains on all English questions and
    selects nothing.
    """

    def __init__(self, source: Source, task: Task, source_languages: Sequence[str] = ()):
        self._source = source
        self._task = task
        self._source_languages = source_languages

    @property
    def origin(self) -> dict[str, str]:
        """As of the source underneath."""
        return self._source.origin

    def languages(self) -> list[str]:
        """As of the source underneath."""
        return self._source.languages()

    def has(self, language: str, split: Split) -> bool:
        """Whether the rows are there; those of dev are where those of train are."""
        if (split == "dev" and self._task.dev_from_train) or (split == "test" and self._tested_on_train(language)):
            split = "train"
        return self._source.has(language, split)

    def read(self, language: str, split: Split) -> Dataset:
        """Return the rows of a language and split, those of train without those of dev."""
        tested_on_train = self._tested_on_train(language)
        if (split == "test" and not tested_on_train) or (split == "dev" and not self._task.dev_from_train):
            return self._source.read(language, split)
        rows = self._source.read(language, "train")
        texts = rows[KINDS[self._task.kind].texts[0]][:]
        parts = (self._part(text, tested_on_train=tested_on_train) for text in texts)
        return rows.select([row for row, part in enumerate(parts) if part == split])

    def _tested_on_train(self, language: str) -> bool:
        of_source = self._task.test_from_train > 0 and language in self._source_languages
        return of_source and not self._source.has(language, "test")

    def _part(self, text: str | list[str], *, tested_on_train: bool) -> Split:
        text = text if isinstance(text, str) else " ".join(text)
        digest = hashlib.blake2b(f"{self._task.name}\t{text}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
        place = int.from_bytes(digest, "big")
        dev, test = self._task.dev_from_train, self._task.test_from_train
        if place < dev * 2**64:
            return "dev"
        return "test" if tested_on_train and place < (dev + test) * 2**64 else "train"

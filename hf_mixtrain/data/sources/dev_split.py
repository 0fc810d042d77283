"""A dev set out of the training set, for tasks that have none of their own."""

import hashlib

from datasets import Dataset

from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.data.sources.source import Source
from hf_mixtrain.data.task import Split, Task


class CarvedSource:
    """A source whose dev rows are a share of the train rows of the source underneath.

    A row goes to dev by a hash of its text, so the division is the same everywhere, whatever the seed, and all
    questions on one text are on the same side. It differs from the paper, which trains on all English questions and
    selects nothing.
    """

    def __init__(self, source: Source, task: Task):
        self._source = source
        self._task = task

    @property
    def origin(self) -> dict[str, str]:
        """As of the source underneath."""
        return self._source.origin

    def languages(self) -> list[str]:
        """As of the source underneath."""
        return self._source.languages()

    def has(self, language: str, split: Split) -> bool:
        """Whether the rows are there; those of dev are where those of train are."""
        return self._source.has(language, "train" if split == "dev" else split)

    def read(self, language: str, split: Split) -> Dataset:
        """Return the rows of a language and split, those of train without those of dev."""
        if split == "test":
            return self._source.read(language, split)
        rows = self._source.read(language, "train")
        texts = rows[KINDS[self._task.kind].texts[0]][:]
        return rows.select([row for row, text in enumerate(texts) if self._is_dev(text) == (split == "dev")])

    def _is_dev(self, text: str | list[str]) -> bool:
        text = text if isinstance(text, str) else " ".join(text)
        digest = hashlib.blake2b(f"{self._task.name}\t{text}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return int.from_bytes(digest, "big") < self._task.dev_from_train * 2**64

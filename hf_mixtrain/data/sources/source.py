"""What every source can do."""

from typing import Protocol

from datasets import Dataset

from hf_mixtrain.data.task import Split


class Source(Protocol):
    """Rows by language and split.

    Example:
        >>> from hf_mixtrain.data import load_task, open_source
        >>> source = open_source("demo", load_task("panx"), "en")
        >>> source.has("sw", "test"), source.has("el", "test")
        (True, True)
        >>> len(source.read("sw", "test"))
        60
    """

    @property
    def origin(self) -> dict[str, str]:
        """What the rows came from, and in which revision, as far as that is known."""

    def languages(self) -> list[str]:
        """Return the languages that are there, those of the task first and in its order."""

    def has(self, language: str, split: Split) -> bool:
        """Whether the rows of a language and split are there."""

    def read(self, language: str, split: Split) -> Dataset:
        """Return the rows of a language and split."""

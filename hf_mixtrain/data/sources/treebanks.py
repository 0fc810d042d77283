"""Rows from the treebanks of Universal Dependencies, at one release."""

from collections.abc import Iterator
from pathlib import Path

from datasets import Dataset, DownloadManager

from hf_mixtrain.data.cache import cached_dataset, key_of
from hf_mixtrain.data.languages import unknown_language
from hf_mixtrain.data.readers import read_bytes, read_rows
from hf_mixtrain.data.rows import batches, row_features
from hf_mixtrain.data.task import Split, Task
from hf_mixtrain.errors import InputError

#: Raised when the same files would give other rows.
_VERSION = 1
_PARTS = ("train", "dev", "test")


class TreebankSource:
    """CoNLL-U files of all treebanks of a language, one after the other, as XTREME joins them.

    No repository of the Hub has them with their multiword tokens at release 2.7, so they come from the treebanks' own
    repositories. What was read once is read again without the network.
    """

    def __init__(self, task: Task):
        self.task = task

    @property
    def origin(self) -> dict[str, str]:
        """The address of the release."""
        return {"Universal Dependencies": str(self.task.hub["url"])}

    def languages(self) -> list[str]:
        """Return the task's languages that have treebanks."""
        return [code for code in self.task.languages if code in self.task.hub["treebanks"]]

    def has(self, language: str, split: Split) -> bool:
        """Whether a treebank of the language has such a file."""
        return bool(self._urls(language, split))

    def read(self, language: str, split: Split) -> Dataset:
        """Return the rows of a language and split, fetched if need be.

        Raises:
            InputError: If no treebank has such rows, or the files cannot be fetched.
        """
        if language not in self.task.hub["treebanks"]:
            raise InputError(unknown_language(language, self.languages(), f"in the task {self.task.name!r}"))
        urls = self._urls(language, split)
        if not urls:
            raise InputError(
                f"{language}: expected {split} rows in a treebank, found none at this release. Leave the language out."
            )
        key = key_of(_VERSION, urls, self.task.reading, language, split)

        def rows() -> Iterator[dict[str, list]]:
            columns: dict[str, list] = {}
            for url in urls:
                for name, values in read_rows(_fetch(url), Path(url.rpartition("/")[2]), self.task, language).items():
                    columns.setdefault(name, []).extend(values)
            return batches(columns, language, split)

        return cached_dataset("rows", key, row_features(self.task), rows)

    def _urls(self, language: str, split: Split) -> list[str]:
        urls = []
        for entry in sorted(self.task.hub["treebanks"].get(language, []), key=str.lower):
            treebank, *parts = entry.split()
            prefix = f"{language}_{treebank.rpartition('-')[2].lower()}"
            # A large train set is in several parts, named train-a-1 and so on.
            for part in parts or _PARTS:
                if part == split or part.startswith(f"{split}-"):
                    urls.append(str(self.task.hub["url"]).format(treebank=treebank, prefix=prefix, part=part))
        return urls


def _fetch(url: str) -> bytes:
    try:
        return read_bytes(Path(DownloadManager().download(url)))
    except OSError as error:
        raise InputError(
            f"Expected to fetch {url}, found: {type(error).__name__}. Check the network and HF_HUB_OFFLINE, or use a "
            "folder as `data_source`."
        ) from error

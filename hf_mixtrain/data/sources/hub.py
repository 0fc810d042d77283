"""Rows from the Hub: the parquet files of a data set repository, at one commit."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pyarrow.parquet
from datasets import Dataset, Features
from huggingface_hub import constants, snapshot_download

from hf_mixtrain.data.cache import cached_dataset, key_of
from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.data.languages import unknown_language
from hf_mixtrain.data.readers import columns_of
from hf_mixtrain.data.readers.records import parquet_records, stored_labels
from hf_mixtrain.data.rows import batches, row_features
from hf_mixtrain.data.task import Split, Task
from hf_mixtrain.errors import InputError

#: Raised when the same files would give other rows.
_VERSION = 2


class HubSource:
    """Parquet files of one repository, for one task.

    Only the files of the languages and splits that are read are fetched: `datasets.load_dataset` would fetch all splits
    of a language, and XNLI's have 392,702 machine-translated training pairs each, which nothing here uses.

    The first use looks up the commit of the branch; from then on everything is read at that commit, and `origin` says
    which it was. What was read once is read again without the network.
    """

    def __init__(self, task: Task):
        self.task = task
        self.repository = str(task.hub.get("repository", ""))
        self.splits: Mapping[str, str] = task.hub.get("splits", {})
        if not self.repository or "files" not in task.hub:
            raise InputError(
                f"Task {task.name!r} says not where its rows are on the Hub. Add `hub:` with `repository:` and "
                "`files:` to its YAML file, or use a folder as `data_source`."
            )

    @property
    def origin(self) -> dict[str, str]:
        """The repository and the commit that is read."""
        return {self.repository: self._commit()}

    def languages(self) -> list[str]:
        """Return the task's languages."""
        return list(self.task.languages)

    def has(self, language: str, split: Split) -> bool:
        """Whether the task says that there are such rows; the Hub is not asked."""
        return language in self.task.languages and split in self.splits

    def read(self, language: str, split: Split) -> Dataset:
        """Return the rows of a language and split, fetched if need be.

        Raises:
            InputError: If the task has no such language or split, or the Hub cannot be reached.
        """
        task, hub = self.task, self.task.hub
        if language not in task.languages:
            raise InputError(unknown_language(language, task.languages, f"in the task {task.name!r}"))
        if split not in self.splits:
            raise InputError(f"Task {task.name!r} has no {split} rows on the Hub. Use a folder as `data_source`.")
        pattern = str(hub["files"]).format(language=language, split=self.splits[split])
        prefix = hub.get("id_prefix", {}).get(language, "")
        of_task = (task.reading, sorted(hub.get("columns", {}).items()), hub.get("labels", ()), prefix)
        key = key_of(_VERSION, self.repository, self._commit(), pattern, of_task, language, split)

        def rows() -> Iterator[dict[str, list]]:
            files = self._fetch(pattern)
            opened = ((f"{self.repository}/{file.name}", pyarrow.parquet.ParquetFile(file)) for file in files)
            records = (record for name, file in opened for record in parquet_records(file, name))
            wanted = (record for record in records if str(record[1].get("id", "")).startswith(prefix))
            schema = pyarrow.parquet.read_schema(files[0])
            order = stored_labels(Features.from_arrow_schema(schema), self._label_column()) or hub.get("labels", ())
            columns = columns_of(wanted, task, hub.get("columns", {}), order, path=self.repository, language=language)
            if not next(iter(columns.values())):
                raise InputError(f"{self.repository}: expected {split} rows of {language!r}, found none in {pattern}.")
            return batches(columns, language, split)

        return cached_dataset("rows", key, row_features(task), rows)

    def _commit(self) -> str:
        return _commit_of(self.repository, self.task.hub.get("revision"), constants.HF_HUB_CACHE)

    def _fetch(self, pattern: str) -> list[Path]:
        folder = _snapshot(self.repository, self._commit(), pattern)
        if not (files := sorted(folder.glob(pattern))):
            raise InputError(
                f"{self.repository}: expected files {pattern}, found none at commit {self._commit():.12}. If this "
                "machine is offline, fetch them first on one that is not; else correct `files` in the task's YAML file."
            )
        return files

    def _label_column(self) -> str:
        name = KINDS[self.task.kind].gold
        return str(self.task.hub.get("columns", {}).get(name, name))


@cache
def _commit_of(repository: str, revision: str | None, _cache_folder: str) -> str:
    """Look up the commit of a branch once a process, so that all languages are read at the same one."""
    return _snapshot(repository, revision, "README.md").name


def _snapshot(repository: str, revision: str | None, pattern: str) -> Path:
    try:
        return Path(
            snapshot_download(
                repository,
                repo_type="dataset",
                revision=revision,
                allow_patterns=[pattern],
                cache_dir=constants.HF_HUB_CACHE,
            )
        )
    except OSError as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(
            f"Expected the data set {repository!r} on the Hub, found: {reason} Check the network and HF_HUB_OFFLINE, "
            "or use a folder or 'demo' as `data_source`."
        ) from error

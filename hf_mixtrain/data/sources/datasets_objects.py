"""Rows from data sets of the library `datasets`: in memory, or as `save_to_disk` left them in a folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from datasets import Dataset, load_from_disk

from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.data.languages import unknown_language
from hf_mixtrain.data.readers import columns_of
from hf_mixtrain.data.readers.languages_in_file import is_called
from hf_mixtrain.data.readers.records import stored_labels
from hf_mixtrain.data.rows import batches, row_features
from hf_mixtrain.data.task import Split, Task
from hf_mixtrain.errors import InputError

_SPLITS: Mapping[Split, tuple[str, ...]] = {
    "train": ("train",),
    "dev": ("dev", "validation", "valid", "val"),
    "test": ("test",),
}


def is_saved(folder: Path) -> bool:
    """Whether `save_to_disk` wrote a folder, or the folders of languages in it."""
    return any((one / "dataset_dict.json").is_file() for one in (folder, *_inside(folder)))


def saved(folder: Path) -> Mapping[str, Any]:
    """Return what `save_to_disk` wrote to a folder: splits, or languages with splits."""
    try:
        if (folder / "dataset_dict.json").is_file():
            found: Mapping[str, Any] = load_from_disk(str(folder))
            return found
        return {one.name: load_from_disk(str(one)) for one in _inside(folder) if (one / "dataset_dict.json").is_file()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(
            f"{folder}: expected a folder from `save_to_disk`, found: {reason:.80}. Save it again."
        ) from error


def _inside(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


class ObjectSource:
    """Data sets by split, with the language in each row, or by language and split.

    Args:
        content: ``{split: dataset}`` whose rows have a column ``language`` (or the one that the task names), or
            ``{language: {split: dataset}}``. ``validation`` is the dev set.
        task: Kind, labels and columns.

    Example:
        >>> from hf_mixtrain.data import load_task
        >>> rows = Dataset.from_dict({"tokens": [["Bonn"]], "tags": [["B-LOC"]]})
        >>> ObjectSource({"de": {"train": rows}}, load_task("panx")).read("de", "train")["tags"][0]
        [5]
    """

    def __init__(self, content: Mapping[str, Any], task: Task):
        self.task = task
        self._column = str(task.columns.get("language", "language"))
        self._by_language = bool(content) and all(isinstance(value, Mapping) for value in content.values())
        if not self._by_language and not all(isinstance(value, Dataset) for value in content.values()):
            found = ", ".join(f"{key!r}: {type(value).__name__}" for key, value in content.items())
            raise InputError(
                "`source`: expected data sets by split, or by language and split, found "
                f"{found or 'nothing'!s:.80}. Use {{'en': {{'train': dataset, …}}, …}}."
            )
        self._content = content
        if not self._by_language:
            for split, dataset in content.items():
                if self._column not in dataset.features:
                    raise InputError(
                        f"`source`: expected a column {self._column!r} in the {split} rows, found "
                        f"{', '.join(dataset.features)}. Use {{'en': {{'train': dataset, …}}, …}}."
                    )

    @property
    def origin(self) -> dict[str, str]:
        """Nothing to record: shots carry a checksum of their rows."""
        return {}

    def languages(self) -> list[str]:
        """Return the languages that have rows: those of the task first, in its order, then others."""
        if self._by_language:
            found = set(self._content)
        else:
            found = {str(code) for rows in self._content.values() for code in rows.unique(self._column)}
            called = {code: name for code in self.task.languages for name in found if is_called(name, code)}
            found = (found - set(called.values())) | set(called)
        return [code for code in self.task.languages if code in found] + sorted(found - set(self.task.languages))

    def has(self, language: str, split: Split) -> bool:
        """Whether there are such rows."""
        rows = self._rows(language, split)
        return rows is not None and (
            self._by_language or any(is_called(str(c), language) for c in rows.unique(self._column))
        )

    def read(self, language: str, split: Split) -> Dataset:
        """Return the rows of a language and split.

        Raises:
            InputError: If there are none, or they are not as the task says.
        """
        rows = self._rows(language, split)
        if rows is None or not self.has(language, split):
            there = [code for code in self.languages() if self.has(code, split)]
            raise InputError(unknown_language(language, there, f"with {split} rows"))
        name = f"{language} {split}"
        task, gold = self.task, KINDS[self.task.kind].gold
        records = ((f"{name}: row {number}", row) for number, row in enumerate(rows))
        order = stored_labels(rows.features, str(task.columns.get(gold, gold)))
        wanted = "" if self._by_language else language
        columns = columns_of(records, task, task.columns, order, path=name, language=wanted)
        if not columns[gold]:
            raise InputError(f"{name}: expected rows, found none. Leave the language out.")
        parts = list(batches(columns, language, split))
        whole = {key: [value for part in parts for value in part[key]] for key in parts[0]}
        return Dataset.from_dict(whole, features=row_features(task))

    def _rows(self, language: str, split: Split) -> Dataset | None:
        splits = self._content.get(language, {}) if self._by_language else self._content
        found = next((splits[name] for name in _SPLITS[split] if name in splits), None)
        return found if isinstance(found, Dataset) else None

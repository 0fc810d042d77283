"""Rows from data sets of the library `datasets`: in memory, or as `save_to_disk` left them in a folder."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from datasets import Dataset, load_from_disk

from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.data.languages import unknown_language
from hf_mixtrain.data.readers import columns_of
from hf_mixtrain.data.readers.json_rows import Record
from hf_mixtrain.data.readers.languages_in_file import called, language_key
from hf_mixtrain.data.readers.records import stored_labels, with_names
from hf_mixtrain.data.rows import batches, row_features
from hf_mixtrain.data.task import Split, Task
from hf_mixtrain.errors import InputError

_SPLITS: Mapping[Split, tuple[str, ...]] = {
    "train": ("train", "training", "trn"),
    "dev": ("dev", "validation", "valid", "val", "devel", "development"),
    "test": ("test", "testing", "tst"),
}
_FORM = "Use {'en': {'train': dataset, …}, …}, or {'train': dataset, …} with a column of languages."


def is_saved(folder: Path) -> bool:
    """Whether `save_to_disk` wrote a folder, or the folders of languages or splits in it."""
    inside = _inside(folder)
    return any(_is_of_disk(one) for one in (folder, *inside, *(deep for one in inside for deep in _inside(one))))


def saved(folder: Path) -> Mapping[str, Any]:
    """Return what `save_to_disk` wrote to a folder: splits, or languages with splits."""
    try:
        if _is_of_disk(folder):
            found = load_from_disk(str(folder))
        else:
            found = {
                one.name: load_from_disk(str(one)) if _is_of_disk(one) else saved(one)
                for one in _inside(folder)
                if is_saved(one)
            }
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(
            f"{folder}: expected a folder from `save_to_disk`, found: {reason:.80}. Save it again."
        ) from error
    if not isinstance(found, Mapping):
        raise InputError(
            f"{folder}: expected data sets by split, from `DatasetDict.save_to_disk`, found one data set. Save a "
            "DatasetDict, or the data set of each split in a folder named train, dev or test."
        )
    return found


def _is_of_disk(folder: Path) -> bool:
    return (folder / "dataset_dict.json").is_file() or all(
        (folder / name).is_file() for name in ("state.json", "dataset_info.json")
    )


def _inside(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


class ObjectSource:
    """Data sets by split, with the language in each row, or by language and split.

    Args:
        content: ``{split: dataset}`` whose rows have a column ``language`` (or the one that the task names), or
            ``{language: {split: dataset}}``, or the same the other way round. ``validation`` is the dev set. A data set
            of one language whose rows say several gives the rows of that language.
        task: Kind, labels and columns.

    Example:
        >>> from hf_mixtrain.data import load_task
        >>> rows = Dataset.from_dict({"tokens": [["Bonn"]], "tags": [["B-LOC"]]})
        >>> ObjectSource({"de": {"train": rows}}, load_task("panx")).read("de", "train")["tags"][0]
        [5]
    """

    def __init__(self, content: Mapping[str, Any], task: Task):
        self.task = task
        self._by_language = bool(content) and all(isinstance(value, Mapping) for value in content.values())
        if self._by_language and all(_split_of(key) for key in content):
            languages = dict.fromkeys(language for splits in content.values() for language in splits)
            content = {
                code: {split: rows[code] for split, rows in content.items() if code in rows} for code in languages
            }
        self._content = content
        for name, rows in self._all():
            if not isinstance(rows, Dataset):
                found = f"{name}: {type(rows).__module__.partition('.')[0]}.{type(rows).__name__}"
                raise InputError(
                    f"`source`: expected data sets of the library `datasets`, found {found}. Make them by "
                    f"`Dataset.from_list` or `Dataset.from_pandas`. {_FORM}"
                )
            if not self._by_language and not self._key(rows):
                raise InputError(
                    f"`source`: expected a column 'language' in the {name} rows, found {', '.join(rows.features)}. "
                    f"Name it under `columns` of the task. {_FORM}"
                )
        if not content:
            raise InputError(f"`source`: expected data sets by split, or by language and split, found none. {_FORM}")

    @property
    def origin(self) -> dict[str, str]:
        """Nothing to record: shots carry a checksum of their rows."""
        return {}

    def languages(self) -> list[str]:
        """Return the languages that have rows: those of the task first, in its order, then others."""
        if self._by_language:
            found = set(self._content)
        else:
            found = {name for _, rows in self._all() for name in self._names(rows)}
            known = {code: called(found, code) for code in self.task.languages}
            found = found.difference(*known.values()) | {code for code, names in known.items() if names}
        return [code for code in self.task.languages if code in found] + sorted(found - set(self.task.languages))

    def has(self, language: str, split: Split) -> bool:
        """Whether there are such rows."""
        rows = self._rows(language, split)
        return rows is not None and (self._by_language or bool(called(self._names(rows), language)))

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
        records: Iterable[Record] = ((f"{name}: row {number}", row) for number, row in enumerate(rows))
        if names := stored_labels(rows.features, self._key(rows)):
            records = with_names(records, self._key(rows), names)
        order = stored_labels(rows.features, str(task.columns.get(gold, gold)))
        keys = {name: key for name, key in task.columns.items() if name != "language" or key in rows.features}
        columns = columns_of(records, task, keys, order, path=name, language=language)
        if not columns[gold]:
            raise InputError(f"{name}: expected rows, found none. Leave the language out.")
        parts = list(batches(columns, language, split))
        whole = {key: [value for part in parts for value in part[key]] for key in parts[0]}
        return Dataset.from_dict(whole, features=row_features(task))

    def _all(self) -> Iterator[tuple[str, Any]]:
        for name, value in self._content.items():
            if isinstance(value, Mapping):
                yield from ((f"{name} {split}", rows) for split, rows in value.items())
            else:
                yield str(name), value

    def _key(self, rows: Dataset) -> str:
        """Return the column that says the language of a row, or an empty string."""
        taken = [column for name, column in self.task.columns.items() if name != "language"]
        named = str(self.task.columns.get("language", ""))
        return named if named in rows.features else language_key(rows.features, taken)

    def _names(self, rows: Dataset) -> list[str]:
        """Return what a data set calls its languages."""
        key = self._key(rows)
        names = stored_labels(rows.features, key)
        return [names[code] if names and isinstance(code, int) else str(code) for code in rows.unique(key)]

    def _rows(self, language: str, split: Split) -> Dataset | None:
        splits = self._content.get(language, {}) if self._by_language else self._content
        return next((splits[name] for name in splits if _split_of(name) == split), None)


def _split_of(name: str) -> Split | None:
    return next((split for split, names in _SPLITS.items() if str(name).casefold() in names), None)

"""Rows from a folder in XTREME's layout: one file for each language and split."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from datasets import Dataset

from hf_mixtrain.data.cache import cached_dataset, key_of
from hf_mixtrain.data.languages import unknown_language
from hf_mixtrain.data.readers import languages_in, read_bytes, read_rows
from hf_mixtrain.data.readers.languages_in_file import called
from hf_mixtrain.data.rows import batches, row_features
from hf_mixtrain.data.task import Split, Task
from hf_mixtrain.errors import InputError

#: Raised when a reader would give other rows for the same file.
_VERSION = 2
_SPLITS: tuple[Split, ...] = ("train", "dev", "test")


class FolderSource:
    """The files of one task below a data folder. Which languages there are is found from the files."""

    def __init__(self, folder: str | Path, task: Task, source_languages: Sequence[str] = ("en",)):
        self.folder = Path(folder).expanduser()
        self.task = task
        self.source_languages = tuple(source_languages)
        self._of_file: dict[Path, list[str]] = {}
        if not self.folder.is_dir():
            raise InputError(
                f"{folder}: expected a folder with data, 'hub' or 'demo', found no such folder. Check `data_source`."
            )
        if not task.folder:
            raise InputError(
                f"Expected the task {task.name!r} to say which files it has, found nothing. Add `folder:` with train, "
                "dev and test to its YAML file."
            )

    @property
    def origin(self) -> dict[str, str]:
        """Nothing to record: shots carry a checksum of their rows."""
        return {}

    def path(self, language: str, split: Split) -> Path | None:
        """Return where the rows of a language and split should be, or None if the task has no such file."""
        if language in self.source_languages and split in self.task.source_folder:
            return self.folder / self.task.source_folder[split].replace("{language}", language)
        template = self.task.folder.get(split)
        return self.folder / template.replace("{language}", language) if template else None

    def has(self, language: str, split: Split) -> bool:
        """Whether there is such a file, and, if one file holds all languages, whether this one is among them."""
        path = self.path(language, split)
        if path is None or not path.is_file():
            return False
        if "{language}" not in self.task.folder.get(split, "{language}"):
            return bool(called(self._languages_of(path), language))
        return True

    def _languages_of(self, path: Path) -> list[str]:
        """Return what a file that holds all languages says in its column of languages."""
        if path not in self._of_file:
            self._of_file[path] = languages_in(read_bytes(path), path, self.task)
        return self._of_file[path]

    def languages(self) -> list[str]:
        """Return the languages that have a file for any split: those of the task first, in its order, then others."""
        found = {code for code in self.source_languages if any(self.has(code, split) for split in _SPLITS)}
        for template in self.task.folder.values():
            if "{language}" not in template:
                path = self.folder / template
                names = self._languages_of(path) if path.is_file() else []
                found |= {code for code in self.task.languages if called(names, code)}
                continue
            # Only the first placeholder can be found; a further one must then say the same.
            first, *others = (re.escape(part) for part in template.split("{language}"))
            pattern = re.compile(first + r"(?P<code>[^/]+?)" + "(?P=code)".join(others))
            for path in self.folder.glob(template.replace("{language}", "*")):
                if match := pattern.fullmatch(path.relative_to(self.folder).as_posix()):
                    found.add(match["code"])
        return [code for code in self.task.languages if code in found] + sorted(found - set(self.task.languages))

    def read(self, language: str, split: Split) -> Dataset:
        """Return the rows of one file.

        Raises:
            InputError: If the file is missing, or is not as its reader expects.
        """
        path = self.path(language, split)
        if path is None or not path.is_file():
            raise InputError(self._missing(language, split, path))
        content = read_bytes(path)
        task = self.task
        of_file = hashlib.blake2b(content).hexdigest()
        key = key_of(_VERSION, of_file, path.suffixes, task.reading, language, split)
        return cached_dataset(
            "rows", key, row_features(task), lambda: batches(read_rows(content, path, task, language), language, split)
        )

    def _missing(self, language: str, split: Split, path: Path | None) -> str:
        if path is None:
            return (
                f"Expected a path for the {split} rows of {language!r} in the task {self.task.name!r}, found none. "
                "Add it under `folder` in the task's YAML file."
            )
        there = [code for code in self.languages() if self.has(code, split)]
        return f"{path}: no such file. {unknown_language(language, there, f'with {split} rows')}"

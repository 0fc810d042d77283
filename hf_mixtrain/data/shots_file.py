"""Shots in a file: ids, and a checksum of the rows, so that a data set with other rows is noticed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from datasets import ClassLabel, Dataset

from hf_mixtrain.data.readers import read_bytes
from hf_mixtrain.data.readers.json_rows import load_json
from hf_mixtrain.data.shot_keys import shot_keys
from hf_mixtrain.data.shots import first_shots
from hf_mixtrain.data.task import ShotsPer, Task
from hf_mixtrain.errors import InputError
from hf_mixtrain.files import atomic_write_text
from hf_mixtrain.shot_count import ALL_SHOTS, count_of, shot_count, written_count

if TYPE_CHECKING:
    from hf_mixtrain.data.fewshot import FewShotData


@dataclass(frozen=True)
class ShotsFile:
    """What `write_shots` wrote.

    Attributes:
        task: The task's name.
        shots: K; `ALL_SHOTS` if they are all rows that there were; or K for each language.
        shots_per: What K counts.
        split: The split that the rows are from.
        seed: The seed that they were drawn with.
        ids: Ids by language, in the order in which they were drawn.
        checksums: Checksum of the rows of each language.
        path: The file.

    Example:
        >>> import tempfile
        >>> from hf_mixtrain.data import load_fewshot
        >>> data = load_fewshot("panx", shots=1, seed=1, languages=["sw"], source="demo")
        >>> file = read_shots(write_shots(data, Path(tempfile.mkdtemp(), "shots.json")))
        >>> file.shots, file.split, list(file.ids)
        (1, 'train', ['sw'])
    """

    task: str
    shots: int
    shots_per: ShotsPer
    split: str
    seed: int
    ids: Mapping[str, list[str]]
    checksums: Mapping[str, str]
    path: Path = field(default=Path())

    def rows(self, task: Task, pool: Dataset, language: str, k: int) -> list[int]:
        """Return the numbers of the first ``k`` shots of a language among the rows of ``pool``.

        Raises:
            InputError: If the file has no or too few shots of the language, or ``pool`` has other rows.
        """
        if self.task != task.name:
            raise InputError(f"{self.path}: expected shots for the task {task.name!r}, found those for {self.task!r}.")
        if language not in self.ids:
            raise InputError(
                f"{self.path}: expected shots of {language!r}, found those of {', '.join(self.ids)}. "
                "Leave it out of `languages`."
            )
        there = count_of(self.shots, language)
        if k > there or (k < there and self.shots_per == "entity"):
            of_language = f" of {language!r}" if there != self.shots else ""
            raise InputError(
                f"{self.path}: expected {k} shots{of_language}, found {there}. Set `shots` to {self.shots}."
            )
        places = {name: row for row, name in enumerate(pool["id"])}
        rows = [places.get(name, -1) for name in self.ids[language]]
        if -1 in rows:
            name = self.ids[language][rows.index(-1)]
            raise InputError(
                f"{self.path}: expected a row {name!r} in the {self.split} data of {language!r}, found none. "
                "Use the data that the shots were drawn from."
            )
        if rows_checksum(pool.select(rows)) != self.checksums.get(language):
            raise InputError(
                f"{self.path}: expected the rows that the shots of {language!r} were drawn from, found others with the "
                "same ids. Use the data that the shots were drawn from."
            )
        if k == ALL_SHOTS:
            return rows
        return first_shots(rows, shot_keys(task, pool, self.shots_per), k, per=self.shots_per)


def write_shots(data: "FewShotData", path: str | Path) -> Path:
    """Write the shots of ``data`` as JSON, to be read by ``load_fewshot(shots_file=…)``.

    Args:
        data: From `load_fewshot`.
        path: The file, usually named ``shots.json``.

    Returns:
        The path.

    Example:
        >>> import tempfile
        >>> from hf_mixtrain.data import load_fewshot
        >>> data = load_fewshot("panx", shots=2, seed=1, languages=["de"], source="demo")
        >>> path = write_shots(data, Path(tempfile.mkdtemp(), "shots.json"))
        >>> read_shots(path).ids == data.shot_ids
        True
    """
    content = {
        "task": data.task.name,
        "shots": written_count(data.shots_per_language),
        "shots_per": data.shots_per,
        "split": data.task.shots_split,
        "seed": data.seed,
        "languages": {
            language: {"checksum": rows_checksum(rows), "ids": list(rows["id"])}
            for language, rows in data.shots.items()
        },
    }
    return atomic_write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def read_shots(path: str | Path) -> ShotsFile:
    """Read what `write_shots` wrote.

    Raises:
        InputError: If the file is something else.

    Example:
        >>> import tempfile
        >>> from hf_mixtrain.data import load_fewshot
        >>> data = load_fewshot("panx", shots=5, seed=1, languages=["de", "sw"], source="demo")
        >>> file = read_shots(write_shots(data, Path(tempfile.mkdtemp(), "shots.json")))
        >>> {language: len(ids) for language, ids in file.ids.items()}
        {'de': 5, 'sw': 5}
    """
    path = Path(path)
    content = load_json(read_bytes(path), path)
    try:
        languages = dict(content["languages"])
        return ShotsFile(
            shots=shot_count(content["shots"]),
            **{key: content[key] for key in ("task", "shots_per", "split", "seed")},
            ids={language: list(entry["ids"]) for language, entry in languages.items()},
            checksums={language: entry["checksum"] for language, entry in languages.items()},
            path=path,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{path}: expected a file of shots (task, shots, shots_per, split, seed, languages), found something else: "
            f"{error}. Write one with `hf_mixtrain.data.write_shots`."
        ) from error


def rows_checksum(rows: Dataset) -> str:
    """Return a checksum of what the rows say: not of ids, and the same for any order of the label names.

    Example:
        >>> rows_checksum(Dataset.from_dict({"id": ["1"], "text": ["a"]})) == rows_checksum(
        ...     Dataset.from_dict({"id": ["2"], "text": ["a"]}))
        True
    """
    digest = hashlib.blake2b(digest_size=16)
    for row in rows:
        for name, kind in rows.features.items():
            inner = getattr(kind, "feature", kind)
            if isinstance(inner, ClassLabel):
                row[name] = inner.int2str(row[name])
        said = {name: value for name, value in row.items() if name not in ("id", "language")}
        digest.update(json.dumps(said, sort_keys=True).encode() + b"\n")
    return digest.hexdigest()

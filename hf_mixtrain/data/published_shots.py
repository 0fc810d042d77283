"""The published shots of Zhao et al. (2021), «The Choice of Shots Matters»."""

import re
from pathlib import Path

from datasets import Dataset

from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.data.languages import LANGUAGES
from hf_mixtrain.data.readers import columns_of, read_bytes, read_rows
from hf_mixtrain.data.readers.json_rows import load_json
from hf_mixtrain.data.rows import batches, row_features
from hf_mixtrain.data.task import Task
from hf_mixtrain.errors import InputError
from hf_mixtrain.shot_count import ALL_SHOTS


def read_bucket(folder: str | Path, task: Task, language: str, bucket: int, shots: int) -> Dataset:
    """Read one bucket: shots that were published as they are, text and all.

    Source: github.com/fsxlt/buckets. There are 40 buckets for each task, language and K. For ``panx`` and ``udpos``
    each entity type or tag occurs K times or more, so K = 1 is some three sentences; for ``xnli`` there are K of each
    class.

    Args:
        folder: The folder of one task and K, such as ``buckets/panx/4-shots``.
        task: The task.
        language: The language's code.
        bucket: Number of the bucket, 0 to 39.
        shots: K, to be checked against the folder's name.

    Returns:
        The rows, with ids such as ``bucket7-de-0``, or for XNLI the published ones.

    Raises:
        InputError: If there is no such bucket.
    """
    folder = Path(folder)
    if not (match := re.fullmatch(r"(\d+)-shots", folder.resolve().name)) or int(match[1]) != shots:
        if shots == ALL_SHOTS:
            raise InputError(f"{folder}: expected a number of shots, the one in the folder's name. Got {shots}.")
        raise InputError(
            f"{folder}: expected a folder named {shots}-shots, for {shots} shots. Set `shots` to the folder's number."
        )
    places = [folder / name / f"{bucket}-th" for name in (language, _name(language))]
    place = next((path for path in places if path.is_dir()), None)
    if place is None:
        there = ", ".join(sorted(path.name for path in folder.iterdir() if path.is_dir()))
        raise InputError(
            f"{places[0]}: expected a bucket, found none. The seed is the number of the bucket, 0 to 39; languages "
            f"there: {there}."
        )
    if task.kind == "text-classification":
        columns = _classes(place / "sampled.json", task)
    else:
        path = place / "train.tsv"
        columns = read_rows(read_bytes(path), path, task, language)
    rows = next(batches(columns, language, f"bucket{bucket}"))
    return Dataset.from_dict(rows, features=row_features(task))


def rows_alike(shots: Dataset, rows: Dataset) -> list[int]:
    """Return the numbers of those ``rows`` that say the same as one of ``shots``.

    Letters and digits are compared and nothing else, as the published texts of XNLI have spaces between all tokens.

    Example:
        >>> rows_alike(Dataset.from_dict({"premise": ["Oh , no ."]}), Dataset.from_dict({"premise": ["Oh, no."]}))
        [0]
    """
    names = [name for kind in KINDS.values() for name in kind.texts if name in rows.features]

    def said(row: dict) -> tuple[str, ...]:
        return tuple("".join(char for char in str(row[name]) if char.isalnum()).casefold() for name in names)

    taken = {said(row) for row in shots}
    return [number for number, row in enumerate(rows) if said(row) in taken]


def _name(language: str) -> str:
    """Return what the folders for XNLI are called."""
    return LANGUAGES[language].name.lower() if language in LANGUAGES else language


def _classes(path: Path, task: Task) -> dict[str, list]:
    content = load_json(read_bytes(path), path)
    records = [(f"{path}: {label}", row) for label, rows in dict(content).items() for row in rows]
    keys = {"id": "uid", "premise": "text_a", "hypothesis": "text_b", "label": "label"}
    return columns_of(records, task, keys, path=path)

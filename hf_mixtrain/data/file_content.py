"""What a data file holds, found from its content: the kind of task, the columns and the labels."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datasets import Dataset

from hf_mixtrain.data.readers.json_rows import read_records
from hf_mixtrain.data.readers.lines import decode, read_bytes, unpacked
from hf_mixtrain.data.readers.records import read_parquet, stored_labels
from hf_mixtrain.data.readers.table import cells_of
from hf_mixtrain.data.tag_schemes import iob2_labels, style_of
from hf_mixtrain.errors import InputError

_KEYS = {
    "tokens": ("tokens", "words"),
    "tags": ("tags", "ner_tags", "pos_tags", "upos", "labels"),
    "context": ("context", "passage"),
    "question": ("question",),
    "answers": ("answers", "answer"),
    "premise": ("premise", "sentence1", "text_a", "text", "sentence", "review", "tweet", "content"),
    "hypothesis": ("hypothesis", "sentence2", "text_b"),
    "label": ("label", "gold_label", "labels", "class", "sentiment", "category", "target"),
}
_MOST_LABELS = 200
_LINES = 5000


@dataclass
class Content:
    """What a file holds.

    Attributes:
        kind: Kind of task.
        columns: For ``columns`` of the task; empty where the file has the usual form.
        labels: The labels that occur.
        rows: Number of rows, as far as it was counted.
    """

    kind: str
    columns: dict[str, str | int] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)
    rows: int = 0


def content_of(path: Path) -> Content:
    """Look into a file.

    Raises:
        InputError: If it cannot be told what it holds.
    """
    content, ending = unpacked(read_bytes(path), path)
    if ending == ".json" and b'"paragraphs"' in content:
        return Content("question-answering", rows=content.count(b'"question"'))
    if ending == ".conllu":
        return Content("token-classification", {}, _universal_tags(content, path), content.count(b"\n1\t"))
    if ending in {".json", ".jsonl", ".ndjson"}:
        rows = [row for _, row in read_records(content, path)]
        return _of_rows(rows, [], path)
    if ending == ".parquet":
        records, _ = read_parquet(content, path, "")
        rows = [row for _, row in records]
        features = Dataset.from_parquet(str(path)).features if path.suffix == ".parquet" else {}
        names = {key: stored_labels(features, key) for key in features}
        gold = next((key for key in (*_KEYS["tags"], *_KEYS["label"]) if names.get(key)), "")
        return _of_rows(rows, names.get(gold, []), path)
    return _of_text(decode(content, path), ending, path)


def _universal_tags(content: bytes, path: Path) -> set[str]:
    rows = (line.split("\t") for line in decode(content, path).split("\n"))
    return {cells[3] for cells in rows if len(cells) > 3 and cells[0].isdecimal()}


def _of_rows(rows: Sequence[Any], order: Sequence[str], path: Path) -> Content:
    if not rows:
        raise InputError(f"{path}: expected rows, found none. Check how the file was made.")
    keys = rows[0].keys()
    return _of_keys(keys, rows, order, path)


def _of_keys(keys: Iterable[str], rows: Sequence[Any], order: Sequence[str], path: Path) -> Content:
    keys = list(keys)
    found = {name: next((key for key in options if key in keys), None) for name, options in _KEYS.items()}
    for kind, needed, gold in (
        ("token-classification", ("tokens", "tags"), "tags"),
        ("question-answering", ("context", "question", "answers"), ""),
        ("text-classification", ("premise", "label"), "label"),
    ):
        if not all(found[name] for name in needed):
            continue
        names = [*needed, *(["hypothesis"] if kind == "text-classification" and found["hypothesis"] else [])]
        columns = {name: str(found[name]) for name in names}
        if "language" in keys or "lang" in keys:
            columns["language"] = "language" if "language" in keys else "lang"
        labels = _labels((row[found[gold]] for row in rows), order) if gold else set()
        plain = all(name == key for name, key in columns.items()) and (kind != "text-classification" or len(names) > 2)
        return Content(kind, {} if plain else dict(columns), labels, len(rows))
    raise InputError(
        f"{path}: expected keys or a header such as tokens and tags, text and label, or context, question and answers; "
        f"found {', '.join(keys)!s:.80}. Write the task's YAML file by hand; see docs/data.md."
    )


def _labels(values: Iterable[Any], order: Sequence[str]) -> set[str]:
    if order:
        return set(order)
    found: set[str] = set()
    for value in values:
        several = value if isinstance(value, list) else [value]
        found.update(str(one) for one in several if one is not None)
    return found


def _of_text(text: str, ending: str, path: Path) -> Content:
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    separator = "," if ending == ".csv" else "\t" if "\t" in text else " "
    filled = [line for line in lines if line.strip() and not line.startswith("-DOCSTART-")]
    rows = [cells_of(line, separator) for line in filled if not line.startswith("# ")]
    if not rows:
        raise InputError(f"{path}: expected rows, found none. Check how the file was made.")
    header = [cell.strip() for cell in rows[0]]
    known = {key for options in _KEYS.values() for key in options}
    if len(header) > 1 and len({*header} & known) > 1:
        records = [dict(zip(header, row, strict=False)) for row in rows[1:]]
        if "label" in header or not {"tokens", "words"} & {*header}:
            return _of_keys(header, [row for row in records if len(row) == len(header)], [], path)
    long_texts = separator != " " and any(" " in row[0].strip() for row in rows)
    if long_texts:
        labels = {row[-1] for row in rows}
        columns: dict[str, str | int] = {} if len(rows[0]) in (2, 3) else {"premise": 0, "label": len(rows[0]) - 1}
        return Content("text-classification", columns, labels, len(rows))
    return _of_words(rows[:_LINES], lines, path)


def _of_words(rows: list[list[str]], lines: list[str], path: Path) -> Content:
    width = len(rows[0])
    columns = list(zip(*(row for row in rows if len(row) == width), strict=True))
    small = [number for number, cells in enumerate(columns) if 1 < len(set(cells)) <= _MOST_LABELS and number]
    if width < 2 or not small:
        raise InputError(
            f"{path}: expected a word and its tag on each line, found {' '.join(rows[0])!r:.60}. Write the task's YAML "
            "file by hand; see docs/data.md."
        )
    marked = [number for number in small if style_of(set(columns[number])) in ("prefix", "suffix", "letter")]
    tags = (marked or small)[-1]
    counted = [number for number, cells in enumerate(columns) if not all(cell.isdecimal() for cell in cells)]
    tokens = next(number for number in counted if number != tags)
    filled = [bool(line.strip()) and not line.startswith(("#", "-DOCSTART-")) for line in lines]
    sentences = sum(here and not before for before, here in zip([False, *filled], filled, strict=False))
    places: dict[str, str | int] = {} if width == 2 else {"tokens": tokens, "tags": tags}
    return Content("token-classification", places, set(columns[tags]), sentences)


def ordered_labels(labels: set[str]) -> list[str]:
    """Return labels as a task lists them: entities in IOB2, ``O`` first; other labels in the order of the alphabet.

    Example:
        >>> ordered_labels({"S-LOC", "O", "B-PER", "E-PER"})
        ['O', 'B-LOC', 'I-LOC', 'B-PER', 'I-PER']
    """
    ordered = sorted(labels, key=lambda label: (label != "O", re.sub(r"^[BIMELSUW][-_]", "", label), label))
    style = style_of(ordered)
    return list(iob2_labels(ordered, style)) if style is not None else ordered

"""The labels of one file, as it writes them, to the numbers of the task's labels."""

import logging
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from hf_mixtrain.data.tag_schemes import Style, iob2, is_iob, is_iob1, style_of
from hf_mixtrain.data.task import Task
from hf_mixtrain.errors import InputError

logger = logging.getLogger(__name__)

#: What a label map says of rows that are to be left out.
DROPPED = None
# Written for the label where it was taken away: the number of the Hub's data sets, and the letter of XTREME's files.
_MASKS = (-1, "-1", "M", "_", "-", "?", "", None)


def no_labels(path: Path | str) -> InputError:
    """Return the error for a file whose labels were taken away."""
    return InputError(
        f"{path}: expected labels, found texts alone. XTREME's scripts take the labels off test files, and the Hub "
        "has -1 for them: use the files of the original release, or leave the language out."
    )


class LabelReader:
    """Turns the labels of one file into numbers.

    Args:
        task: Its labels and its ``label_map``.
        order: The names of label numbers, where the file or the task says them.
    """

    def __init__(self, task: Task, order: Sequence[str] = ()):
        self.task = task
        self.order = list(order)
        self.map: Mapping[Any, str | None] = {str(key): value for key, value in task.label_map.items()}
        self.known = {*task.labels, *task.file_labels}
        self._seen: dict[Any, str | None] = {}

    def name(self, value: Any, where: str) -> str | None:
        """Return the label's name, or None if the row is to be left out.

        Raises:
            InputError: If it is no label of the task, or a number that nothing explains.
        """
        key = (type(value), value) if isinstance(value, str | int | float) else None
        if key is None or key not in self._seen:
            found = self._name(value, where)
            if key is None:
                return found
            self._seen[key] = found
        return self._seen[key]

    def _name(self, value: Any, where: str) -> str | None:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        number = isinstance(value, int) and not isinstance(value, bool)
        if number and 0 <= value < len(self.order):
            value, number = self.order[value], False
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if isinstance(value, str | int) and text in self.map:
            return self.map[text]
        if isinstance(value, str | int) and text in self.known:
            return text
        if isinstance(value, bool) and str(value) in self.known:
            return str(value)
        if number and value >= 0 and not self.order:
            raise InputError(
                f"{where}: expected a label out of {self._labels()}, found the number {value}. A number cannot be read "
                "by its place in that list: say under `label_map` of the task what each number stands for, such as "
                f"`label_map: {{{value}: {self.task.labels[0]}}}`."
            )
        raise InputError(
            f"{where}: expected a label out of {self._labels()}, found {value!r:.60}. Correct it, add it to `labels` "
            "in the task's YAML file, or say under `label_map` what it stands for (`null` leaves its rows out)."
        )

    def _labels(self) -> str:
        return ", ".join(self.task.file_labels or self.task.labels)


def is_masked(values: Sequence[Any]) -> bool:
    """Whether one and the same sign stands in the place of all labels: they were taken away."""
    first = values[0] if values else 0
    plain = first is None or isinstance(first, str | int | float)
    return plain and first in _MASKS and all(value == first for value in values)


class TagReader:
    """Turns the tags of one file into IOB2, if they mark entities, and into numbers.

    Args:
        task: Its labels, and its ``label_map``.
        path: The file, for messages.
        order: The names of tag numbers, where the file or the task says them.
    """

    def __init__(self, task: Task, path: Path | str, order: Sequence[str] = ()):
        self.task, self.path = task, path
        self.labels = LabelReader(task, order)
        #: Each tag of the file, with where it stands first.
        self.first: dict[Any, str] = {}

    def known(self, tag: str) -> bool:
        """Whether a tag is one of the task's, or explained by its label map."""
        return tag in self.labels.known or tag in self.labels.map

    def ids(self, sentences: Sequence[Sequence[Any]]) -> list[list[int] | None]:
        """Return the numbers of the tags of each sentence, or None for one that is to be left out.

        Raises:
            InputError: If there is a tag that is not the task's; it says where.
        """
        names = self._names()
        found = sentences
        if any(key != name for key, name in names.items()):
            found = [[names[tag] for tag in tags] for tags in sentences]
        kept = [None if DROPPED in tags else tags for tags in found] if DROPPED in names.values() else found
        converted = self._iob2(kept, {name for name in names.values() if name is not DROPPED})
        ids = {label: number for number, label in enumerate(self.task.labels)}
        return [None if tags is None else [ids[tag] for tag in tags] for tags in converted]

    def _names(self) -> dict[Any, str | None]:
        """Return the name of each tag; those of a scheme that the task's labels are not in are found too."""
        order = dict(enumerate(self.labels.order))
        numbered = {tag: order[tag] for tag in self.first if not isinstance(tag, str | bool) and tag in order}
        texts = {tag: tag for tag in self.first if isinstance(tag, str)} | numbered
        if self.task.marks_entities and len(texts) == len(self.first):
            mapped = {tag: self.labels.map.get(text, text) for tag, text in texts.items()}
            wanted = [tag for tag in mapped.values() if tag is not DROPPED]
            if not all(tag in self.labels.known for tag in wanted) and self._readable(wanted):
                return mapped
        return {tag: self.labels.name(tag, where) for tag, where in self.first.items()}

    def _style(self, tags: Collection[str]) -> Style:
        """Return how the file writes tags: as the task does, or in a way of its own."""
        for more in (self.task.file_labels, self.task.labels, ()):
            style = style_of({*tags, *more, "O"})
            if style is not None and style != "bare":
                return style
        return "bare"

    def _readable(self, tags: list[str]) -> bool:
        style = self._style(tags)
        kinds = {label[2:] for label in self.task.labels if label != "O"}
        return {tag[2:] for one in tags for tag in iob2([one], style) or ["B-\0"] if tag != "O"} <= kinds

    def _iob2(self, sentences: Sequence[Sequence[Any] | None], tags: set[str]) -> Sequence[Sequence[Any] | None]:
        if not self.task.marks_entities or not tags - {"O"}:
            return sentences
        there = [one for one in sentences if one is not None]
        if is_iob(tags):
            if not tags <= set(self.task.labels) or not is_iob1(there):
                return sentences
            if not all(f"B-{tag[2:]}" in self.task.labels for tag in tags if tag != "O"):
                return sentences
            logger.info("%s: its tags are in IOB1; they are read into IOB2.", self.path)
        style = self._style(tags)
        found = [None if one is None else iob2(one, style) for one in sentences]
        labels = set(self.task.labels)
        return [one if one is None else [tag if tag in labels else f"B-{tag[2:]}" for tag in one] for one in found]

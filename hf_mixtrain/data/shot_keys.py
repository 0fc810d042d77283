"""Which rows of a data set can be shots, and what each counts for."""

from collections.abc import Iterator

from datasets import Dataset

from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.data.readers import NOWHERE
from hf_mixtrain.data.shots import Key
from hf_mixtrain.data.task import ShotsPer, Task
from hf_mixtrain.errors import InputError


def shot_keys(task: Task, rows: Dataset, per: ShotsPer) -> list[Key]:
    """Return, for each row, what `hf_mixtrain.data.sample_shots` counts.

    A question without an answer in its text, and a sentence without words, can be no shots.

    Args:
        task: The task of the rows.
        rows: Raw rows.
        per: What K counts.

    Raises:
        InputError: If rows of this kind of task cannot be counted so.
    """
    if per not in ("example", KINDS[task.kind].shots_per):
        raise InputError(
            f"`shots_per` {per!r} is not for {task.kind}, the kind of {task.name!r}. Expected "
            f"{' or '.join(filter(None, ('example', KINDS[task.kind].shots_per)))}."
        )
    gold = KINDS[task.kind].gold
    if gold == "answers":
        return [0 if any(start != NOWHERE for start in row["answer_start"]) else None for row in rows["answers"]]
    if gold == "label":
        if per != "class":
            return [0] * len(rows)
        if task.problem_type == "regression":
            raise InputError(f"`shots_per` 'class' is not for regression, as {task.name!r} is. Use 'example'.")
        if task.problem_type == "multi_label_classification":
            return [[task.labels[label] for label in labels] for labels in rows["label"]]
        return [task.labels[label] for label in rows["label"]]
    if per == "entity":
        return [list(entity_types([task.labels[tag] for tag in tags])) for tags in rows["tags"]]
    return [0 if tags else None for tags in rows["tags"]]


def countable(task: Task, per: ShotsPer) -> list[str]:
    """Return everything of which there should be K: the classes, or the entity types (or tags).

    Example:
        >>> from hf_mixtrain.data import load_task
        >>> countable(load_task("panx"), "entity")
        ['PER', 'ORG', 'LOC']
    """
    if per == "example":
        return []
    if per == "class":
        return list(task.labels)
    return list(entity_types([label for label in task.labels if not label.startswith("I-")]))


def entity_types(tags: list[str]) -> Iterator[str]:
    """Yield the type of each mention in a sentence; tags that are not B- or I- count one by one, O not at all.

    Example:
        >>> list(entity_types(["B-PER", "I-PER", "O", "I-LOC"])), list(entity_types(["DET", "NOUN"]))
        (['PER', 'LOC'], ['DET', 'NOUN'])
    """
    before = "O"
    for tag in tags:
        prefix, dash, kind = tag.partition("-")
        if not dash:
            if tag != "O":
                yield tag
        elif prefix == "B" or before.partition("-")[2] != kind:
            yield kind
        before = tag

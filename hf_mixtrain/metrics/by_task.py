"""Which metric scores which task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hf_mixtrain.errors import InputError
from hf_mixtrain.metrics.in_memory import InMemoryMetric
from hf_mixtrain.metrics.question_answering import SquadF1
from hf_mixtrain.metrics.text_classification import Accuracy, Correlation, MultiLabelF1
from hf_mixtrain.metrics.token_classification import EntityF1, PosTagging, TagAccuracy, has_prefix

if TYPE_CHECKING:
    from hf_mixtrain.data import Task

# XTREME's part-of-speech task is scored as XTREME does it, so that its numbers can be compared with published ones.
_XTREME_POS = "udpos"
_OF_TEXTS: Mapping[str, type[InMemoryMetric]] = {
    "single_label_classification": Accuracy,
    "multi_label_classification": MultiLabelF1,
    "regression": Correlation,
}


def metric_for(task: Task) -> InMemoryMetric:
    """Return a new metric for ``task``; its labels decide between entities and other tags.

    Args:
        task: Its ``kind``, ``labels`` and ``problem_type`` choose the metric; ``metric`` must be among that metric's
            scores.

    Returns:
        For tags: `EntityF1` if they mark entities, which have prefixes such as ``B-`` and ``I-``, or ``O`` among them;
        `PosTagging` for the task ``udpos``; `TagAccuracy` for others. For texts: `Accuracy`, `MultiLabelF1` or
        `Correlation`. `SquadF1` for question answering.

    Raises:
        InputError: ``task.metric`` is not a score of that metric, or only some of the tags have a prefix.

    Example:
        >>> from types import SimpleNamespace
        >>> metric_for(SimpleNamespace(name="mine", kind="token-classification", labels=("O", "B-X"), metric="f1")).name
        'entity_f1'
    """
    metric: InMemoryMetric
    if task.kind == "question-answering":
        metric = SquadF1()
    elif task.kind == "text-classification":
        metric = _OF_TEXTS[getattr(task, "problem_type", "single_label_classification")]()
    else:
        metric = _tag_metric(task)
    if task.metric not in metric.keys:
        raise InputError(
            f"Task {task.name!r}: `metric` must be one of {', '.join(metric.keys)} for its kind and labels. "
            f"Got {task.metric!r}. Correct it in the task's file."
        )
    return metric


def _tag_metric(task: Task) -> InMemoryMetric:
    if task.name == _XTREME_POS:
        return PosTagging()
    bare = [label for label in task.labels if label != "O" and not has_prefix(label)]
    entities = getattr(task, "marks_entities", len(bare) < len(task.labels))
    if entities and bare and any(map(has_prefix, task.labels)):
        raise InputError(
            f"Task {task.name!r}: expected a prefix such as B- or I- on every label but O, or on none. "
            f"Found none on {bare[0]!r}. Correct `labels` in the task's file."
        )
    return EntityF1() if entities else TagAccuracy()

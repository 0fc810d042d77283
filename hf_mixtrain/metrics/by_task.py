"""Which metric scores which task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hf_mixtrain.errors import InputError
from hf_mixtrain.metrics.in_memory import InMemoryMetric
from hf_mixtrain.metrics.question_answering import SquadF1
from hf_mixtrain.metrics.text_classification import Accuracy
from hf_mixtrain.metrics.token_classification import EntityF1, PosTagging

if TYPE_CHECKING:
    from hf_mixtrain.data import Task


def metric_for(task: Task) -> InMemoryMetric:
    """Return a new metric for ``task``; its labels decide between entities and other tags.

    Args:
        task: Its ``kind`` and ``labels`` choose the metric; ``metric`` must be among that metric's scores.

    Returns:
        `EntityF1` for tags with ``B-`` or ``I-``, `PosTagging` for other tags, `Accuracy` for text classification,
        `SquadF1` for question answering.

    Raises:
        InputError: ``task.metric`` is not a score of that metric.

    Example:
        >>> from types import SimpleNamespace
        >>> metric_for(SimpleNamespace(name="mine", kind="token-classification", labels=("O", "B-X"), metric="f1")).name
        'entity_f1'
    """
    metric: InMemoryMetric
    if task.kind == "question-answering":
        metric = SquadF1()
    elif task.kind == "text-classification":
        metric = Accuracy()
    else:
        metric = EntityF1() if any(label.startswith(("B-", "I-")) for label in task.labels) else PosTagging()
    if task.metric not in metric.keys:
        raise InputError(
            f"Task {task.name!r}: `metric` must be one of {', '.join(metric.keys)} for its kind and labels. "
            f"Got {task.metric!r}. Correct it in the task's file."
        )
    return metric

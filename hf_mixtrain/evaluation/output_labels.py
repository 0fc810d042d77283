"""The names of a model's outputs: its own if it has them, else the task's."""

import torch

from hf_mixtrain.data import Task
from hf_mixtrain.errors import InputError


def output_labels(task: Task, model: torch.nn.Module) -> list[str]:
    """Return the label of each output of ``model``, in the order of the outputs.

    A downloaded checkpoint may have learnt the task's labels in another order; its own names tell.

    Args:
        task: A tagging or classification task.
        model: A model with one output for each label.

    Returns:
        The task's labels in the model's order; in the task's own order if the model has only numbers for them.

    Raises:
        InputError: If the model was made for other labels.
    """
    if not task.labels:
        return []  # regression
    names = getattr(getattr(model, "config", None), "id2label", None)
    if not names:
        return list(task.labels)
    ordered = [str(names[position]) for position in sorted(names, key=int)]
    if sorted(ordered) == sorted(task.labels):
        return ordered
    if ordered == [f"LABEL_{position}" for position in range(len(task.labels))]:
        return list(task.labels)
    raise InputError(
        f"Expected a model with the {len(task.labels)} labels of {task.name} ({', '.join(task.labels)}). "
        f"Found {len(ordered)}: {', '.join(ordered)}. Take a model that was trained for this task."
    )

"""The rows of one update, divided over processes and accumulation: part of the experiment, whatever it runs on."""

from typing import TYPE_CHECKING, Any

from hf_mixtrain.errors import InputError

if TYPE_CHECKING:
    from hf_mixtrain.data import Task


def divided(global_batch_size: int, most: int, processes: int) -> tuple[int, int]:
    """Return how many rows a process takes at a time, and how often for one update.

    Args:
        global_batch_size: Rows of one update, over all processes.
        most: Most rows that a process takes at a time (``per_device_train_batch_size``).
        processes: How many processes, or devices, share the update.

    Returns:
        Rows of one batch of one process, as many as can be; and the number of batches of each process in one update.

    Raises:
        InputError: If the rows cannot be shared evenly.

    Example:
        >>> divided(32, most=8, processes=1), divided(32, most=8, processes=2), divided(32, most=8, processes=16)
        ((8, 4), (8, 2), (2, 1))
    """
    if global_batch_size % processes:
        nearest = max(1, round(global_batch_size / processes)) * processes
        raise InputError(
            f"--global_batch_size: expected a multiple of the {processes} processes that share the rows of one update. "
            f"Got {global_batch_size}. Use {nearest}, or start another number of processes."
        )
    share = global_batch_size // processes
    size = next(size for size in range(min(most, share), 0, -1) if share % size == 0)
    return size, share // size


def default_batch(task: "Task") -> dict[str, Any]:
    """Return what a task says about the rows of one update; ``global_batch_size`` is None if it says nothing."""
    most = task.defaults.get("per_device_train_batch_size", 8)
    accumulation = task.defaults.get("gradient_accumulation_steps")
    rows = task.defaults.get("global_batch_size") or (most * accumulation if accumulation else None)
    return {
        "global_batch_size": rows,
        "per_device_train_batch_size": most,
        "gradient_accumulation_steps": max(1, (rows or most) // most),
    }

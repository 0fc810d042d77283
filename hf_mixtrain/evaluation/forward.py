"""One pass of a Trainer's model over features, shared by all processes, that leaves the Trainer as it was."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import torch
from accelerate.utils import gather_object
from datasets import Dataset
from transformers import PreTrainedTokenizerBase, Trainer

from hf_mixtrain.evaluating import evaluating
from hf_mixtrain.evaluation.batches import token_batches

T = TypeVar("T")
Run = Callable[[Callable[[Any, list[int]], Sequence[Any]]], list[Any]]
"""`forward` with all its arguments but ``read``."""


def forward(
    trainer: Trainer,
    features: Dataset,
    tokenizer: PreTrainedTokenizerBase,
    read: Callable[[Any, list[int]], Sequence[T]],
    *,
    max_length: int,
) -> list[T]:
    """Run the model once over ``features`` and return what ``read`` makes of its outputs.

    Batches are padded to their longest row. The largest has as many tokens as ``per_device_eval_batch_size`` rows of
    ``max_length``, which is what the user said fits; short rows come in larger batches. The processes take turns with
    the batches and share the results. Nothing is drawn from a random stream, no callback is called, nothing is logged.

    Differs from ``Trainer.predict``: logits never leave their batch, so memory does not grow with the data; rows come
    back in their own order; the precision is that of training (``fp16_full_eval`` and ``bf16_full_eval``, which
    convert the model for good, are not looked at).

    Args:
        trainer: Any `transformers.Trainer`, before, during or after training.
        features: Rows with the model's inputs, not padded.
        tokenizer: Pads the inputs, on the right.
        read: Takes the logits of one batch (a tensor, or a tuple of them), on their device, and the positions of its
            rows in ``features``; returns one small result for each row.
        max_length: Longest row that can occur.

    Returns:
        One result for each row of ``features``, in their order, on every process.
    """
    names = [name for name in tokenizer.model_input_names if name in features.column_names]
    columns = {name: features[name][:] for name in names}
    lengths = [len(ids) for ids in columns["input_ids"]]
    batches = token_batches(lengths, trainer.args.per_device_eval_batch_size * max_length)
    processes, process = trainer.accelerator.num_processes, trainer.accelerator.process_index
    results: list[tuple[int, T]] = []
    with _evaluating(trainer) as model:
        # A sharded model needs all processes in each of its forward passes: the last ones may run a batch in vain.
        for first in range(0, len(batches), processes):
            rows = batches[min(first + process, len(batches) - 1)]
            inputs = tokenizer.pad(
                {name: [column[row] for row in rows] for name, column in columns.items()},
                padding_side="right",
                return_tensors="pt",
            )
            with trainer.accelerator.autocast():
                _, logits, _ = trainer.prediction_step(model, dict(inputs), prediction_loss_only=False)
            if first + process < len(batches):
                results.extend(zip(rows, read(logits, rows), strict=True))
    by_row = dict(gather_object(results))
    return [by_row[row] for row in range(len(lengths))]


@contextmanager
def _evaluating(trainer: Trainer) -> Iterator[torch.nn.Module]:
    model = cast(torch.nn.Module, trainer.model)
    with evaluating(model):
        # Schedule-free optimizers keep averaged weights aside; the next training step switches back, as after
        # `Trainer.evaluate`.
        if callable(use_averages := getattr(trainer.optimizer, "eval", None)):
            use_averages()
        yield model

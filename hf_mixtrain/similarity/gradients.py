"""Inner products of the gradients of many languages, in memory that does not grow with languages × parameters."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.tensor import DTensor

from hf_mixtrain.errors import InputError
from hf_mixtrain.evaluating import evaluating
from hf_mixtrain.similarity.blocks import Piece, blocks_of, rows_of
from hf_mixtrain.similarity.matrix import Similarity, similarity_of_gram
from hf_mixtrain.similarity.sketch import add_to_sketch_
from hf_mixtrain.trainer.side_effects import isolated_pass

Batch = Mapping[str, Any]
Loss = Callable[[nn.Module, Batch], Tensor]

_FLOAT_BYTES = 4
# Inner products are summed in float64, of so many columns at a time.
_COLUMNS = 2**16


def gradient_similarity(
    model: nn.Module,
    batches: Mapping[str, Sequence[Batch]],
    *,
    sketch_size: int | None = None,
    block_bytes: int = 2**30,
    loss: Loss | None = None,
) -> Similarity:
    """Cosine between the gradients of all languages, over all trainable parameters as one vector.

    The gradient of a language is that of the mean of its batches' losses, with the model in evaluation mode (no
    dropout). The model, its gradients and buffers, and all random streams are left as they were.

    Exact (the default): the parameters are cut into blocks; for each block every language's gradient of that block
    alone is computed and its inner products are added up, so that the work is languages × blocks passes. Of an
    embedding table only the rows count that any language touches. Beside the model this takes ``block_bytes`` and
    the gradient of the largest parameter.

    Sketch: one pass a language; each gradient is kept as ``sketch_size`` numbers. Beside the model this takes one
    gradient. The error of a cosine has a standard deviation of about ``(1 - cos²) / sqrt(sketch_size)``: 0.016 for
    4,096.

    Args:
        model: Any module; its ``forward`` takes the batches.
        batches: Batches of each language, two languages or more; tensors are moved to the model's device.
        sketch_size: Numbers to keep of each gradient; None for the exact matrix.
        block_bytes: Memory for the blocks of the exact matrix.
        loss: Loss of the model on a batch. Default: ``model(**batch).loss``, the way of `transformers`.

    Returns:
        The cosines before and after surgery.

    Raises:
        InputError: If there are fewer than two languages, one has no batch, nothing is trainable, or the model is
            sharded over processes.

    Example:
        >>> model = nn.Linear(2, 1, bias=False)
        >>> batches = {"de": [{"x": torch.tensor([1.0, 0.0])}], "sw": [{"x": torch.tensor([-3.0, 4.0])}]}
        >>> found = gradient_similarity(model, batches, loss=lambda model, batch: model(batch["x"]).sum())
        >>> found.before.tolist(), found.after.tolist()
        ([[1.0, -0.6], [-0.6, 1.0]], [[1.0, 0.0], [0.0, 1.0]])
    """
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    _check(model, parameters, batches, sketch_size)
    gradients = _Gradients(model, list(batches.values()), loss or _own_loss)
    with isolated_pass(model, None, "similarity"), evaluating(model), torch.enable_grad():
        if sketch_size is None:
            gram = _exact_gram(gradients, parameters, block_bytes)
        else:
            sketches = _sketches(gradients, parameters, sketch_size)
            gram = sketches @ sketches.T
    return similarity_of_gram(tuple(batches), gram, sketch_size)


def language_batches(
    datasets: Mapping[str, Any], collator: Callable[[list[Any]], Batch], *, batch_size: int = 8
) -> dict[str, list[Batch]]:
    """Cut the rows of each language into batches, in their order.

    Args:
        datasets: Rows by language; what can be indexed by a number, such as the features of shots.
        collator: Makes a batch of rows, as for a `transformers.Trainer`.
        batch_size: Most rows of a batch.

    Example:
        >>> language_batches({"de": [1, 2, 3]}, lambda rows: {"x": rows}, batch_size=2)
        {'de': [{'x': [1, 2]}, {'x': [3]}]}
    """
    return {
        language: [
            collator([rows[number] for number in range(start, min(start + batch_size, len(rows)))])
            for start in range(0, len(rows), batch_size)
        ]
        for language, rows in datasets.items()
    }


class _Gradients:
    """Computes gradients of the languages, of as few parameters as are asked for."""

    def __init__(self, model: nn.Module, batches: Sequence[Sequence[Batch]], loss: Loss) -> None:
        self._model, self._batches, self._loss = model, batches, loss
        self._device = next(model.parameters()).device

    def __len__(self) -> int:
        return len(self._batches)

    def of(self, language: int, parameters: Sequence[nn.Parameter]) -> Iterator[tuple[list[Tensor | None], float]]:
        """Yield the gradient of each batch, and its weight in the mean."""
        batches = self._batches[language]
        for batch in batches:
            moved = {k: v.to(self._device) if isinstance(v, Tensor) else v for k, v in batch.items()}
            found = torch.autograd.grad(self._loss(self._model, moved), parameters, allow_unused=True)
            yield [None if g is None else g.to_dense() if g.is_sparse else g for g in found], 1 / len(batches)


def _exact_gram(gradients: _Gradients, parameters: Sequence[nn.Parameter], block_bytes: int) -> Tensor:
    most = max(1, block_bytes // (_FLOAT_BYTES * len(gradients)))
    gram = torch.zeros(len(gradients), len(gradients), dtype=torch.float64)
    for block in blocks_of(_pieces(gradients, parameters, most), most):
        numbers = sorted({piece.parameter for piece in block})
        device = parameters[numbers[0]].device
        rows = torch.zeros(len(gradients), sum(piece.width for piece in block), device=device)
        for language in range(len(gradients)):
            for found, weight in gradients.of(language, [parameters[number] for number in numbers]):
                by_number = dict(zip(numbers, found, strict=True))
                start = 0
                for piece in block:
                    if (gradient := by_number[piece.parameter]) is not None:
                        part = rows[language, start : start + piece.width]
                        part.add_(piece.of(gradient).to(part), alpha=weight)
                    start += piece.width
                del found, by_number, gradient
        _add_products_(gram, rows)
        del rows
    return gram


def _pieces(gradients: _Gradients, parameters: Sequence[nn.Parameter], most: int) -> list[Piece]:
    """Every parameter is a piece; of those too large for a block, the rows that any language touches."""
    large = [number for number, parameter in enumerate(parameters) if parameter.numel() > most]
    touched = [torch.zeros(len(parameters[number]), dtype=torch.bool) for number in large]
    for language in range(len(gradients)) if large else ():
        for found, _ in gradients.of(language, [parameters[number] for number in large]):
            for rows, gradient in zip(touched, found, strict=True):
                if gradient is not None:
                    rows[rows_of(gradient).cpu()] = True
    pieces = [Piece(n, None, p.numel()) for n, p in enumerate(parameters) if p.numel() <= most]
    for number, mask in zip(large, touched, strict=True):
        rows = mask.nonzero()[:, 0].to(parameters[number].device)
        if len(rows):
            pieces.append(Piece(number, rows, len(rows) * (parameters[number].numel() // len(mask))))
    return sorted(pieces, key=lambda piece: piece.parameter)


def _add_products_(gram: Tensor, rows: Tensor) -> None:
    for columns in rows.split(_COLUMNS, dim=1):
        wide = (columns.cpu() if columns.device.type == "mps" else columns).double()  # mps has no float64
        gram += (wide @ wide.T).cpu()


def _sketches(gradients: _Gradients, parameters: Sequence[nn.Parameter], size: int) -> Tensor:
    sketches = torch.zeros(len(gradients), size, dtype=torch.float64)
    for language in range(len(gradients)):
        for found, weight in gradients.of(language, parameters):
            start = 0
            for number, parameter in enumerate(parameters):
                gradient, found[number] = found[number], None  # each is freed when it has been read
                if gradient is not None:
                    values, places = _nonzero(gradient)
                    add_to_sketch_(sketches[language], values.cpu(), places.cpu() + start, weight)
                start += parameter.numel()
    return sketches


def _nonzero(gradient: Tensor) -> tuple[Tensor, Tensor]:
    """Values and their places, without the rows that are all zero."""
    if gradient.dim() < 2:
        return gradient.reshape(-1), torch.arange(gradient.numel(), device=gradient.device)
    rows = rows_of(gradient)
    width = gradient.numel() // len(gradient)
    places = rows[:, None] * width + torch.arange(width, device=gradient.device)
    return gradient.flatten(1)[rows].reshape(-1), places.reshape(-1)


def _own_loss(model: nn.Module, batch: Batch) -> Tensor:
    return model(**batch).loss


def _check(
    model: nn.Module, parameters: Sequence[nn.Parameter], batches: Mapping[str, Sequence[Batch]], size: int | None
) -> None:
    if len(batches) < 2:
        raise InputError(f"expected batches of at least two languages. Got {len(batches)}. Add languages.")
    if empty := [language for language, found in batches.items() if not found]:
        raise InputError(f"{empty[0]}: no batch to compute a gradient from. Leave {empty[0]!r} out, or add rows.")
    if size is not None and size < 1:
        raise InputError(f"`sketch_size` must be 1 or more. Got {size}. Leave it out for exact cosines.")
    if not parameters:
        raise InputError("the model has no trainable parameter. Set `requires_grad` on those to compare.")
    sharded = any(isinstance(parameter, DTensor) or hasattr(parameter, "ds_id") for parameter in parameters)
    if sharded or any(type(module).__name__ == "FullyShardedDataParallel" for module in model.modules()):
        raise InputError(
            "the model is sharded over processes (FSDP, DeepSpeed), gradients cannot be compared here. "
            "Save a checkpoint and run `hf-mixtrain similarity` on it."
        )

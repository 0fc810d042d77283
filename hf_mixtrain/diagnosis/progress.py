"""How far an update of the model serves held-out text: all that follows from inner products of gradients."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from hf_mixtrain.report.significance import mean_interval


@dataclass(frozen=True)
class Progress:
    """What an update does for held-out text, with and without surgery.

    An update's progress on a language is the cosine between the direction of the update and the gradient of the
    language's held-out text: how much a small step lowers that loss, for a step of given length. Each number is a mean
    over the batches; with surgery or repeated shots also over the oracle language that is drawn.

    Attributes:
        plain: Progress of the batch's gradient on each language, L.
        surgery: The same after surgery, L.
        repeated: The same where the drawn language's shots are put into the batch instead, L.
        conflicts: Share of the batches whose gradient conflicts with the language's shots, L.
        shots_and_held_out: Cosine between the gradients of the language's shots and of its held-out text, L. Near 0
            the shots are memorized: their gradient tells nothing about the language any more.
        surgery_gain: Mean of ``surgery - plain`` over the languages, and its 95 % interval over the batches (None
            below three batches).
        repeated_gain: Mean of ``repeated - plain`` and its interval, likewise.

    Example:
        >>> languages = [torch.tensor([0.2, 0.1])] * 5
        >>> Progress(*languages, surgery_gain=(0.01, (-0.02, 0.04)), repeated_gain=(0.03, None)).conflicts.shape
        torch.Size([2])
    """

    plain: Tensor
    surgery: Tensor
    repeated: Tensor
    conflicts: Tensor
    shots_and_held_out: Tensor
    surgery_gain: tuple[float, tuple[float, float] | None]
    repeated_gain: tuple[float, tuple[float, float] | None]


def progress_of_gram(gram: Tensor, *, batches: int, weights: Sequence[float]) -> Progress:
    r"""Work out the progress of updates from the inner products of gradients.

    Args:
        gram: Inner products :math:`g_i^\top g_j` of N batches, then the shots of L languages, then the held-out text
            of the same languages in the same order; (N + 2 L) × (N + 2 L).
        batches: N, 1 or more.
        weights: Shots of each language over rows of a batch: how much its gradient counts where shots are repeated.

    Example:
        A batch in conflict with the shots of one language, whose held-out text wants what the shots want:

        >>> b, s, h = [1.0, -1.0], [0.0, 1.0], [1.0, 1.0]
        >>> vectors = torch.tensor([b, s, h], dtype=torch.float64)
        >>> found = progress_of_gram(vectors @ vectors.T, batches=1, weights=[1.0])
        >>> found.plain.tolist(), [round(value, 3) for value in found.surgery.tolist()], found.conflicts.tolist()
        ([0.0], [0.707], [1.0])
    """
    gram = gram.double()
    count = (len(gram) - batches) // 2
    of_batch, of_shots, of_text = slice(0, batches), slice(batches, batches + count), slice(batches + count, None)
    lengths = gram.diagonal().clamp(min=0).sqrt()
    batch_shots, shots = gram[of_batch, of_shots], gram[of_shots, of_shots].diagonal()
    batch_text, shots_text, text = gram[of_batch, of_text], gram[of_shots, of_text], lengths[of_text]

    def cosines(added: Tensor) -> Tensor:
        """Return N × L (drawn) × L (text) cosines of ``batch + added * shots`` and text; added: N × L."""
        products = batch_text[:, None, :] + added[:, :, None] * shots_text[None]
        squares = gram[of_batch, of_batch].diagonal()[:, None] + 2 * added * batch_shots + added**2 * shots
        return products / squares.clamp(min=0).sqrt()[:, :, None] / text

    removed = -(batch_shots / shots).clamp(max=0)
    plain = cosines(torch.zeros_like(batch_shots))
    surgery, repeated = cosines(removed), cosines(torch.tensor(weights, dtype=gram.dtype).expand_as(batch_shots))
    return Progress(
        plain=plain.nanmean(dim=(0, 1)),
        surgery=surgery.nanmean(dim=(0, 1)),
        repeated=repeated.nanmean(dim=(0, 1)),
        conflicts=(batch_shots < 0).double().mean(0),
        shots_and_held_out=shots_text.diagonal() / lengths[of_shots] / text,
        surgery_gain=_gain(surgery, plain),
        repeated_gain=_gain(repeated, plain),
    )


def _gain(changed: Tensor, plain: Tensor) -> tuple[float, tuple[float, float] | None]:
    by_batch = (changed - plain).nanmean(dim=(1, 2)).tolist()
    return sum(by_batch) / len(by_batch), mean_interval(by_batch)

"""Cuts the parameters of a model into blocks, so that one block of all gradients fits into memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Piece:
    """Some rows of one parameter (along its first dimension).

    Attributes:
        parameter: Number of the parameter.
        rows: Numbers of the rows; None for all.
        width: Number of values.
    """

    parameter: int
    rows: Tensor | None
    width: int

    def of(self, gradient: Tensor) -> Tensor:
        """Cut this piece out of the parameter's gradient, as one vector."""
        return (gradient if self.rows is None else gradient[self.rows]).reshape(-1)


def rows_of(gradient: Tensor) -> Tensor:
    """Numbers of the rows that are not all zero; those of an embedding table are the tokens of the batch.

    Example:
        >>> import torch
        >>> rows_of(torch.tensor([[0.0, 0.0], [0.0, 2.0], [1.0, 0.0]])).tolist()
        [1, 2]
    """
    return gradient.reshape(len(gradient), -1).ne(0).any(1).nonzero()[:, 0]


def blocks_of(pieces: Sequence[Piece], most: int) -> Iterator[list[Piece]]:
    """Pack pieces into blocks of at most ``most`` values; what is larger alone is cut between rows.

    Example:
        >>> import torch
        >>> pieces = [Piece(0, None, 3), Piece(1, torch.tensor([4, 5, 6]), 6), Piece(2, None, 1)]
        >>> [[(piece.parameter, piece.width) for piece in block] for block in blocks_of(pieces, 5)]
        [[(0, 3)], [(1, 4)], [(1, 2), (2, 1)]]
    """
    block: list[Piece] = []
    free = most
    for piece in _cut(pieces, most):
        if piece.width > free and block:
            yield block
            block, free = [], most
        block.append(piece)
        free -= piece.width
    if block:
        yield block


def _cut(pieces: Sequence[Piece], most: int) -> Iterator[Piece]:
    for piece in pieces:
        if piece.rows is None or piece.width <= most:
            yield piece
            continue
        width = piece.width // len(piece.rows)
        for rows in piece.rows.split(max(1, most // width)):
            yield Piece(piece.parameter, rows, len(rows) * width)

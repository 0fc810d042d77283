"""Sentences to features: one sub-word of each word carries the label, long sentences are cut between words."""

from collections.abc import Iterator, Sequence
from typing import Any

from datasets import Features, List, Value
from transformers import PreTrainedTokenizerBase

from hf_mixtrain.data.features.label_pieces import (
    LabelPiece,
    bare_pieces,
    content_of,
    is_unspaced,
    piece_labels,
    unmarked_pieces,
)
from hf_mixtrain.data.features.special_tokens import filler_id, frame_of

#: The label that the loss leaves out (`torch.nn.CrossEntropyLoss`).
IGNORED = -100

TAGGING_COLUMNS = Features({"labels": List(Value("int64")), "first_word": Value("int32")})


def tagging_features(
    batch: dict[str, list[Any]],
    first_row: int,
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
    *,
    label_piece: LabelPiece = "first",
    further: Sequence[int] | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield the features of a batch of rows with ``tokens`` and ``tags``.

    Every word is in exactly one feature. A word without sub-words (a lone U+200B, say) is read as the unknown token,
    and a word longer than a whole feature is cut inside, so each word has a place where its label is predicted.

    Args:
        batch: Columns of raw rows.
        first_row: Number of the batch's first row in the data set.
        tokenizer: A fast tokenizer.
        max_length: Most tokens of a feature, special ones included.
        label_piece: Which piece of a word carries its label: the first, or the first with content, see `content_of`.
        further: The label of a word's pieces after that one, by the word's label; None: they carry none. With
            ``"content"``, only words of scripts without spaces have such pieces: ordinary text in them is cut into
            pieces, not words, so each piece must be one that the model can tag.

    Yields:
        Model inputs, ``labels``, the ``row`` and the number of the feature's ``first_word`` in it.
    """
    frame = frame_of(tokenizer, pair=False)
    room = max_length - frame.size
    rows = [row for row, words in enumerate(batch["tokens"]) if words]
    if not rows:
        return
    # Where a word is written otherwise after a space than alone (byte-level BPE), it is read as after a space.
    space = " " if _minds_spaces(tokenizer) else ""
    encoded = tokenizer(
        [[space + word for word in batch["tokens"][row]] for row in rows],
        is_split_into_words=True,
        add_special_tokens=False,
        verbose=False,
    )
    filler = filler_id(tokenizer)
    is_bare, unmarked = bare_pieces(tokenizer), unmarked_pieces(tokenizer)
    for row, encoding in zip(rows, encoded.encodings, strict=True):
        pieces: list[list[int]] = [[] for _ in batch["tokens"][row]]
        for piece, word in zip(encoding.ids, encoding.word_ids, strict=True):
            pieces[word].append(piece)
        pieces = [piece or [filler] for piece in pieces]
        starts = [0] * len(pieces)
        if label_piece != "first":
            found = [content_of(*word, is_bare, unmarked) for word in zip(batch["tokens"][row], pieces, strict=True)]
            pieces, starts = [piece for piece, _ in found], [start for _, start in found]
        for start, stop in cut_at_words([len(piece) for piece in pieces], room):
            ids: list[int] = []
            labels: list[int] = []
            for word in range(start, stop):
                piece, at, tag = pieces[word][:room], starts[word], batch["tags"][row][word]
                ids += piece
                every = further is not None and tag != IGNORED
                every = every and (label_piece == "all" or is_unspaced(batch["tokens"][row][word].strip()[:1]))
                others = further[tag] if further is not None and every else IGNORED
                labels += piece_labels(tag, len(piece), min(at, len(piece) - 1), others=others)
            labels = [IGNORED] * len(frame.before) + labels + [IGNORED] * len(frame.after)
            yield frame.wrap(ids) | {"labels": labels, "row": first_row + row, "first_word": start}


def cut_at_words(sizes: list[int], room: int) -> Iterator[tuple[int, int]]:
    """Cut a sentence into as few runs of words as fit, from the left.

    Args:
        sizes: Sub-words of each word, 1 or more.
        room: Most sub-words of a run; a word with more is a run of its own.

    Yields:
        First word of a run, and first word after it.

    Example:
        >>> list(cut_at_words([2, 1, 9, 1, 1], room=3))
        [(0, 2), (2, 3), (3, 5)]
    """
    start = used = 0
    for word, size in enumerate(sizes):
        if used and used + size > room:
            yield start, word
            start, used = word, 0
        used += size
    if sizes:
        yield start, len(sizes)


def _minds_spaces(tokenizer: PreTrainedTokenizerBase) -> bool:
    words = tokenizer(["a", "a"], is_split_into_words=True, add_special_tokens=False)["input_ids"]
    return words != tokenizer("a a", add_special_tokens=False)["input_ids"]

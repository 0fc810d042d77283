"""Which word pieces of a word carry its label, and which say nothing about it."""

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Literal

import regex  # type: ignore[import-untyped]
from transformers import PreTrainedTokenizerBase

LabelPiece = Literal["first", "content", "all"]
DEFAULT_LABEL_PIECE: LabelPiece = "content"

# How SentencePiece and byte-level tokenizers write a space, for tokenizers that have no decoder to ask.
_MARKS = re.compile("[\u2581\u0120\\s]+")
# Scripts written without spaces between words: Unicode's line breaking class SA (Thai, Lao, Khmer, Myanmar and more),
# Chinese characters and kana, and the wide punctuation and digits that stand among these. Korean has spaces.
_UNSPACED = regex.compile(
    r"[\p{Line_Break=SA}\p{Han}\p{Hiragana}\p{Katakana}\u3000-\u303f\u30fb\u30fc\ufe30-\ufe4f\uff00-\uffef]"
)


def is_unspaced(character: str) -> bool:
    """Whether a character is of a script that has no spaces between words.

    Example:
        >>> [is_unspaced(character) for character in "a.한東ก。"]
        [False, False, False, True, True, True]
    """
    return _UNSPACED.match(character) is not None


def bare_pieces(tokenizer: PreTrainedTokenizerBase) -> Callable[[int], bool]:
    """Return what tells whether a piece is a space and nothing more, such as SentencePiece's ``▁``.

    Args:
        tokenizer: A fast tokenizer; its own decoder says what a piece stands for.

    Returns:
        A function from a piece's id to the answer.

    Example:
        >>> from tokenizers import Tokenizer, models
        >>> from transformers import PreTrainedTokenizerFast
        >>> words = Tokenizer(models.WordLevel({"▁": 0, "▁a": 1, "a": 2}))
        >>> [bare_pieces(PreTrainedTokenizerFast(tokenizer_object=words))(piece) for piece in range(3)]
        [True, False, False]
    """
    backend = tokenizer.backend_tokenizer
    special = set(tokenizer.all_special_ids)

    @cache
    def is_bare(piece: int) -> bool:
        token = backend.id_to_token(piece)
        if token is None or piece in special:
            return False
        text = token if backend.decoder is None else backend.decoder.decode([token])
        return not _MARKS.sub("", text)

    return is_bare


def unmarked_pieces(tokenizer: PreTrainedTokenizerBase) -> Callable[[int], int]:
    """Return what gives, for a piece with a mark for a space and a word without spaces, the piece without the mark.

    Args:
        tokenizer: A fast tokenizer.

    Returns:
        A function from a piece's id to an id: its own if there is no such mark, or no such piece without it.

    Example:
        >>> from tokenizers import Tokenizer, models
        >>> from transformers import PreTrainedTokenizerFast
        >>> words = Tokenizer(models.WordLevel({"▁日": 0, "日": 1, "▁本": 2}))
        >>> [unmarked_pieces(PreTrainedTokenizerFast(tokenizer_object=words))(piece) for piece in range(3)]
        [1, 1, 2]
    """
    backend = tokenizer.backend_tokenizer

    @cache
    def unmarked(piece: int) -> int:
        rest = without_mark(backend.id_to_token(piece) or "")
        found = None if rest is None else backend.token_to_id(rest)
        return piece if found is None else found

    return unmarked


def without_mark(token: str) -> str | None:
    """Return a SentencePiece token without its mark for a space, if a script without spaces follows it.

    Example:
        >>> without_mark("▁日本"), without_mark("▁Bonn"), without_mark("日")
        ('日本', None, None)
    """
    return token[1:] if token[:1] == "\u2581" and is_unspaced(token[1:2]) else None


def content_of(
    word: str, pieces: Sequence[int], is_bare: Callable[[int], bool], unmarked: Callable[[int], int]
) -> tuple[list[int], int]:
    """Return the pieces of a word that go into the model, and which of them is its first with content.

    A mark for a space before a word, bare or joined to its first piece, is left out where the script has no spaces: the
    model never saw one there. In other scripts a bare mark stays, but says nothing about the word: it is the same
    before every word.

    Args:
        word: The word.
        pieces: Its pieces, one or more.
        is_bare: From `bare_pieces`.
        unmarked: From `unmarked_pieces`.

    Example:
        >>> is_bare, unmarked = (lambda piece: piece == 7), (lambda piece: piece)
        >>> content_of("東", [7, 3], is_bare, unmarked), content_of("Bo", [7, 3, 4], is_bare, unmarked)
        (([3], 0), ([7, 3, 4], 1))
    """
    first = next((at for at, piece in enumerate(pieces) if not is_bare(piece)), 0)
    if is_unspaced(word.strip()[:1]):
        return [unmarked(pieces[first]), *pieces[first + 1 :]], 0
    return list(pieces), first


def piece_labels(tag: int, size: int, at: int, *, others: int) -> list[int]:
    """Return the labels of a word's pieces: ``tag`` at its first piece with content, ``others`` after it.

    Example:
        >>> piece_labels(3, 4, 1, others=-100)
        [-100, 3, -100, -100]
    """
    return [-100] * at + [tag] + [others] * (size - at - 1)


def continuations(labels: Sequence[str]) -> list[int]:
    """Return, for each label, the one for the further pieces of its word: ``I-PER`` after ``B-PER``.

    Example:
        >>> continuations(["O", "B-PER", "I-PER", "B-X"])
        [0, 2, 2, 3]
    """
    place = {label: number for number, label in enumerate(labels)}
    return [
        place.get(f"I-{label[2:]}", number) if label.startswith("B-") else number for number, label in enumerate(labels)
    ]

"""Ordinary text to words, as the words of the training set were."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator

from hf_mixtrain.prediction.token_style import TokenStyle, is_mark, script_of

Span = tuple[int, int]
Cut = Callable[[str], list[Span]]


def split_words(text: str, style: TokenStyle, cut: Cut) -> list[Span]:
    """Return where the words of a text begin and end, in characters.

    Spaces end a word, and marks such as commas are words of their own, but for those that the training set has inside
    words or at their edges. In scripts without spaces, a word is one character if the training set's are, else what
    ``cut`` makes of it.

    Args:
        text: Any text.
        style: What words look like in training.
        cut: Cuts a run of a script without spaces, such as `piece_spans` does.

    Example:
        >>> text = "Mary's flat, in 東京"
        >>> [text[start:end] for start, end in split_words(text, TokenStyle(), lambda run: [(0, len(run))])]
        ['Mary', "'s", 'flat', ',', 'in', '東', '京']
    """
    words: list[Span] = []
    for chunk in re.finditer(r"\S+", text):
        words += _split_chunk(chunk.group(), chunk.start(), style, cut)
    return words


def piece_spans(starts: Iterable[int], text: str) -> list[Span]:
    """Return the words that a tokenizer's pieces of an unspaced text make, without gaps; marks stay with their letters.

    Args:
        starts: First character of each piece that is more than a space.
        text: The text.

    Example:
        >>> piece_spans([0, 2, 3], "กขคง")
        [(0, 2), (2, 3), (3, 4)]
    """
    kept = [at for at in sorted({0, *starts}) if at < len(text) and (at == 0 or not _continues(text[at]))]
    return list(zip(kept, [*kept[1:], len(text)], strict=True)) if text else []


def _split_chunk(chunk: str, shift: int, style: TokenStyle, cut: Cut) -> Iterator[Span]:
    by_character = style.beside_by_character and script_of(chunk) == "CJK"
    for start, end in _runs(chunk):
        run = chunk[start:end]
        script = script_of(run)
        if script is not None:
            spans = list(_characters(run)) if style.by_character(script) else cut(run)
        elif by_character:
            spans = list(_characters(run))
        else:
            spans = _split_spaced(run, style)
        for first, last in spans:
            yield shift + start + first, shift + start + last


def _runs(chunk: str) -> Iterator[Span]:
    """Cut where a script without spaces begins or ends."""
    start = 0
    for at in range(1, len(chunk) + 1):
        if at == len(chunk) or (
            not _continues(chunk[at]) and (script_of(chunk[at]) is None) != (script_of(chunk[start]) is None)
        ):
            yield start, at
            start = at


def _characters(text: str) -> Iterator[Span]:
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or not _continues(text[at]):
            yield start, at
            start = at


def _continues(character: str) -> bool:
    return unicodedata.category(character)[0] == "M" or character in "\u200c\u200d"


def _split_spaced(chunk: str, style: TokenStyle) -> list[Span]:
    if chunk.lower() in style.affixes:
        return [(0, len(chunk))]
    start, end = 0, len(chunk)
    while start < end and is_mark(chunk[start]):
        start += 1
    while end > start and is_mark(chunk[end - 1]):
        end -= 1
    if start == end:
        return _marks(chunk, 0, style)
    before, after = _affix(chunk, start, end, style)
    return [
        *_marks(chunk[:before], 0, style),
        *_split_inside(chunk, before, after, style),
        *_marks(chunk[after:], after, style),
    ]


def _affix(chunk: str, start: int, end: int, style: TokenStyle) -> Span:
    """Return the word between marks, with those marks that the training set has at it: ``St.``, ``U.S.``."""
    for after in range(len(chunk), end, -1):
        if chunk[start:after].lower() in style.affixes:
            return start, after
    for before in range(start):
        if chunk[before:end].lower() in style.affixes:
            return before, end
    abbreviation = chunk[end : end + 1] == "." and "." in chunk[start:end] and "." in style.joined
    return start, end + abbreviation


def _split_inside(chunk: str, start: int, end: int, style: TokenStyle) -> list[Span]:
    """Cut a word at its inner marks where the training set does."""
    for at in range(start + 1, end - 1):
        if not is_mark(chunk[at]):
            continue
        left, right = chunk[start : at + 1].lower(), chunk[at:end].lower()
        if right in style.affixes:
            return [*_split_inside(chunk, start, at, style), (at, end)]
        if left in style.affixes:
            return [(start, at + 1), *_split_inside(chunk, at + 1, end, style)]
        if chunk[at] in style.apart:
            return [(start, at), (at, at + 1), *_split_spans(chunk, at + 1, end, style)]
    return [(start, end)]


def _split_spans(chunk: str, start: int, end: int, style: TokenStyle) -> list[Span]:
    return [(start + first, start + last) for first, last in _split_spaced(chunk[start:end], style)]


def _marks(marks: str, shift: int, style: TokenStyle) -> list[Span]:
    spans: list[Span] = []
    for at, mark in enumerate(marks):
        if spans and mark in style.runs and marks[at - 1] == mark:
            spans[-1] = spans[-1][0], shift + at + 1
        else:
            spans.append((shift + at, shift + at + 1))
    return spans

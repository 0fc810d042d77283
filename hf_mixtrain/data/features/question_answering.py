"""Questions to features: windows over the text, each token with the characters it stands for."""

from collections.abc import Iterator, Sequence
from typing import Any

from datasets import Features, List, Value
from transformers import PreTrainedTokenizerBase

from hf_mixtrain.data.features.special_tokens import Frame, frame_of
from hf_mixtrain.data.readers import NOWHERE

ANSWER_COLUMNS = Features(
    {
        "start_positions": Value("int64"),
        "end_positions": Value("int64"),
        "offset_mapping": List(List(Value("int32"))),
        "max_context": List(Value("bool")),
    }
)
_OUTSIDE = [-1, -1]


def answer_features(
    batch: dict[str, list[Any]],
    first_row: int,
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
    *,
    doc_stride: int,
    max_question_length: int,
) -> Iterator[dict[str, Any]]:
    """Yield the features of a batch of rows with ``context``, ``question`` and ``answers``: one for each window.

    A window begins ``doc_stride`` tokens after the one before, as in the authors' pipeline (in the examples of
    transformers the word means the overlap). The first answer is the one to learn; a window that does not hold the
    whole of it points at the first token, ``[CLS]`` or ``<s>``, as theirs does.

    Args:
        batch: Columns of raw rows.
        first_row: Number of the batch's first row in the data set.
        tokenizer: A fast tokenizer.
        max_length: Most tokens of a feature, special ones and the question included.
        doc_stride: Tokens from the beginning of one window to that of the next.
        max_question_length: Most tokens of the question; the rest of it is left out.

    Yields:
        Model inputs; ``start_positions`` and ``end_positions``, the answer's first and last token; ``row``;
        ``offset_mapping``, for each token of the text its first character and the one after its last, without the
        space before it, and ``[-1, -1]`` for other tokens; ``max_context``, whether no other window has more text
        around the token.
    """
    frame = frame_of(tokenizer, pair=True)
    questions = tokenizer(batch["question"], add_special_tokens=False, verbose=False)["input_ids"]
    contexts = tokenizer(batch["context"], add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    for row, question in enumerate(questions):
        question = question[: min(max_question_length, (max_length - frame.size) // 2)]
        text = batch["context"][row]
        ids = contexts["input_ids"][row]
        offsets = [
            _without_space(text, start, stop) if text[start : start + 1].isspace() else [start, stop]
            for start, stop in contexts["offset_mapping"][row]
        ]
        answer = _answer_tokens(offsets, batch["answers"][row])
        spans = windows(len(ids), max_length - frame.size - len(question), doc_stride)
        best = _best_windows(len(ids), spans)
        for number, (first, stop) in enumerate(spans):
            yield {
                **_window(frame, question, ids[first:stop], offsets[first:stop]),
                **_positions(answer, first, stop, len(frame.before) + len(question) + len(frame.between)),
                "max_context": _around([best[token] == number for token in range(first, stop)], frame, question, False),
                "row": first_row + row,
            }


def windows(tokens: int, room: int, stride: int) -> list[tuple[int, int]]:
    """Return first token, and first token after, of the windows over a text; the last one ends where the text does.

    Example:
        >>> windows(10, room=4, stride=3)
        [(0, 4), (3, 7), (6, 10)]
    """
    stride = min(stride, room)
    found = [(0, min(room, tokens))]
    while found[-1][1] < tokens:
        start = found[-1][0] + stride
        found.append((start, min(start + room, tokens)))
    return found


def _window(frame: Frame, question: list[int], ids: list[int], offsets: list[list[int]]) -> dict[str, Any]:
    inputs: dict[str, Any] = frame.wrap(question, ids)
    return inputs | {"offset_mapping": _around(offsets, frame, question, _OUTSIDE)}


def _around(values: list[Any], frame: Frame, question: list[int], other: Any) -> list[Any]:
    """Put ``other`` in the places of the tokens that are not of the text."""
    before = len(frame.before) + len(question) + len(frame.between)
    return [other] * before + values + [other] * len(frame.after)


def _without_space(text: str, start: int, stop: int) -> list[int]:
    """Take white space off the front: a SentencePiece token has the space before it among its characters."""
    while start < stop and text[start].isspace():
        start += 1
    return [start, stop]


def _answer_tokens(offsets: list[list[int]], answers: dict[str, list[Any]]) -> tuple[int, int] | None:
    """Return the first and the last token of the first answer that is in the text."""
    placed = [(start, text) for start, text in zip(answers["answer_start"], answers["text"], strict=True)]
    for start, text in placed:
        if start == NOWHERE:
            continue
        touched = [
            token
            for token, (first, stop) in enumerate(offsets)
            if first < start + len(text) and stop > max(start, first)
        ]
        if touched:
            return touched[0], touched[-1]
    return None


def _positions(answer: tuple[int, int] | None, first: int, stop: int, shift: int) -> dict[str, int]:
    if answer is None or answer[0] < first or answer[1] >= stop:
        return {"start_positions": 0, "end_positions": 0}
    return {"start_positions": answer[0] - first + shift, "end_positions": answer[1] - first + shift}


def _best_windows(tokens: int, spans: Sequence[tuple[int, int]]) -> list[int]:
    """Return, for each token, the window in which it has the most text on its poorer side."""
    best = [0] * tokens
    if len(spans) == 1:
        return best
    context = [-1.0] * tokens
    for number, (first, stop) in enumerate(spans):
        for token in range(first, stop):
            around = min(token - first, stop - 1 - token) + 0.01 * (stop - first)
            if around > context[token]:
                best[token], context[token] = number, around
    return best

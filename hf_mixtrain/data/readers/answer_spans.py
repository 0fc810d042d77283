"""Answers and where they are in the text."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from hf_mixtrain.errors import InputError

logger = logging.getLogger(__name__)

#: The start of an answer whose text does not occur in the context.
NOWHERE = -1


def placed_answers(context: str, answers: Any, where: str) -> dict[str, list[Any]]:
    """Return answers whose text is in ``context`` at its start.

    Where a start is wrong, the occurrence of the text nearest to it is taken. An answer whose text occurs nowhere is
    kept for scoring, with the start -1: nothing is trained on it. Both are logged.

    Args:
        context: The text.
        answers: Lists ``text`` and ``answer_start``, or a list of such pairs, as in SQuAD's files. A start that is None
            is the first place of the text.
        where: Where the question is, for messages.

    Raises:
        InputError: If ``answers`` has another form.

    Example:
        >>> placed_answers("Bonn am Rhein", [{"text": "Rhein", "answer_start": 7}], "dev.json")
        {'text': ['Rhein'], 'answer_start': [8]}
    """
    try:
        if isinstance(answers, Mapping):
            pairs = list(zip(answers["text"], answers["answer_start"], strict=True))
        else:
            pairs = [(answer["text"], answer["answer_start"]) for answer in answers]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{where}: expected answers with `text` and `answer_start`, found {answers!r:.60}. Correct the file."
        ) from error
    texts, starts = [], []
    if all(text == "" for text, _ in pairs):
        pairs = []  # as some files, and XTREME's scripts, write that there is no answer
    for text, start in pairs:
        if start is None:
            start = context.find(text) if isinstance(text, str) else NOWHERE
        if not isinstance(text, str) or not isinstance(start, int) or not text:
            raise InputError(
                f"{where}: expected an answer as text and its place as a number, found {text!r:.40} at {start!r}. "
                "Correct the file."
            )
        texts.append(text)
        starts.append(_place(context, text, start, where))
    return {"text": texts, "answer_start": starts}


def _place(context: str, text: str, start: int, where: str) -> int:
    if start >= 0 and context.startswith(text, start):
        return start
    places = _occurrences(context, text)
    if not places:
        if start != NOWHERE:
            logger.warning("%s: the answer %.40r does not occur in its text; it only counts in scores.", where, text)
        return NOWHERE
    nearest = min(places, key=lambda place: abs(place - start))
    logger.warning("%s: the answer %.40r is not at %d; its occurrence at %d is taken.", where, text, start, nearest)
    return nearest


def _occurrences(context: str, text: str) -> Sequence[int]:
    places = []
    place = context.find(text)
    while place >= 0:
        places.append(place)
        place = context.find(text, place + 1)
    return places

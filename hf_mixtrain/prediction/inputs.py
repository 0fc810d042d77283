"""What is to be predicted: Python values, text files, JSON Lines."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hf_mixtrain.errors import InputError

#: One text, a pair of texts, or ``{"text"}``, ``{"text", "text_pair"}`` or ``{"question", "context"}``.
TextInput = str | tuple[str, str] | Mapping[str, str]

_NAMES = ({"text", "premise"}, {"text_pair", "hypothesis"})


class Item(NamedTuple):
    """One input.

    Attributes:
        text: The text; for questions the context.
        other: The second text of a pair, or the question; None if there is none.
    """

    text: str
    other: str | None = None


def check_inputs(
    values: Sequence[TextInput], kind: str, *, pairs: bool, places: Sequence[str] | None = None
) -> list[Item]:
    """Turn what a user gave into items that fit a model.

    Args:
        values: The inputs; a single text counts as a list of one.
        kind: The model's kind of task.
        pairs: Whether it classifies pairs of texts.
        places: Name of each input for error messages.

    Raises:
        InputError: If one of them is not as the model needs it; the message names it.

    Example:
        >>> check_inputs([{"question": "Who?", "context": "I."}], "question-answering", pairs=False)
        [Item(text='I.', other='Who?')]
    """
    values = [values] if isinstance(values, (str, Mapping)) else values
    items = []
    for number, value in enumerate(values):
        place = places[number] if places else f"texts[{number}]"
        items.append(_item(value, kind, place, pairs))
    return items


def read_inputs(path: str) -> tuple[list[TextInput], list[str]]:
    """Read a text file with one text a line, or JSON Lines; ``-`` is standard input.

    JSON Lines are known by their first line: an object, or a text in quotes in a file named ``.jsonl``.

    Args:
        path: The file.

    Returns:
        The inputs, and a name of each for error messages.

    Raises:
        InputError: If the file cannot be read, has no texts, or a line is not JSON where the first one is.
    """
    name = "standard input" if path == "-" else path
    try:
        content = sys.stdin.buffer.read() if path == "-" else Path(path).expanduser().read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise InputError(
            f"{name}: cannot be read ({error.strerror}). Expected a text file, JSON Lines, or -."
        ) from None
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(f"{name}:{line}: expected text in UTF-8, found another encoding. Convert it.") from None
    # Not `splitlines`: a text may hold characters such as U+2028.
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    if lines[-1] == "":
        lines.pop()
    if not any(line.strip() for line in lines):
        raise InputError(f"{name}: expected one text a line, found nothing.")
    numbered = [(number, line) for number, line in enumerate(lines, 1)]
    if _is_json(path, next(line for line in lines if line.strip())):
        numbered = [(number, line) for number, line in numbered if line.strip()]
        return [_parsed(line, f"{name}:{number}") for number, line in numbered], [f"{name}:{n}" for n, _ in numbered]
    return list(lines), [f"{name}:{number}" for number, _ in numbered]


def _is_json(path: str, line: str) -> bool:
    if path.endswith((".jsonl", ".ndjson")):
        return True
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and bool({"text", "premise", "question", "context"} & value.keys())


def _parsed(line: str, place: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{place}: expected a JSON object a line, found {line[:40]!r} ({error}).") from None


def _item(value: Any, kind: str, place: str, pairs: bool) -> Item:
    needed = {"question-answering": "`question` and `context`"}.get(
        kind, "`text` and `text_pair`" if pairs else "`text`"
    )
    text, other = _texts(value, kind, pairs)
    if not isinstance(text, str) or not isinstance(other, str | None):
        raise InputError(f"{place}: expected {needed}, found {_shown(value)}.")
    if (other is None) == (pairs or kind == "question-answering"):
        extra = "one text too many" if other is not None else "one text alone"
        raise InputError(f"{place}: this model reads {needed}. Found {extra}: {_shown(value)}.")
    for part in (text, other or ""):
        try:
            part.encode("utf-8")
        except UnicodeEncodeError:
            raise InputError(f"{place}: expected text, found half of a surrogate pair in {part[:40]!r}.") from None
    return Item(text, other)


def _texts(value: Any, kind: str, pairs: bool) -> tuple[Any, Any]:
    if isinstance(value, Mapping):
        if kind == "question-answering":
            return value.get("context"), value.get("question")
        first, second = (next((value[name] for name in names if name in value), None) for names in map(sorted, _NAMES))
        return first, second or None
    if isinstance(value, str):
        # In a file of lines, a tab stands between the texts of a pair, or a question and its text.
        if pairs or kind == "question-answering":
            left, tab, right = value.partition("\t")
            parts = (left, right if tab else None)
            return parts if pairs else (parts[::-1] if tab else (left, None))
        return value, None
    if isinstance(value, Sequence) and len(value) == 2:
        return (value[1], value[0]) if kind == "question-answering" else (value[0], value[1])
    return None, None


def _shown(value: Any) -> str:
    shown = ", ".join(sorted(map(str, value))) if isinstance(value, Mapping) else repr(value)
    return f"{shown[:60]}…" if len(shown) > 60 else shown

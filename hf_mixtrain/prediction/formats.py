"""Predictions as JSON Lines, CoNLL or a page of HTML."""

import json
from collections.abc import Sequence
from html import escape
from typing import Any

from hf_mixtrain.errors import InputError

FORMATS = ("jsonl", "conll", "html")

# Background and text of the first types; further ones begin again.
_COLOURS = ("#cfe2ff", "#ffd8a8", "#c3f0ca", "#f5c6e0", "#e0d4f7", "#fff3a3", "#c5f0f2", "#e5dcd3")
_PAGE = """<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>Predictions</title><style>
body {{ font: 16px/1.9 sans-serif; max-width: 50em; margin: 2em auto; padding: 0 1em; color: #222; background: #fff }}
p {{ white-space: pre-wrap; border-bottom: 1px solid #ddd; padding-bottom: .5em }}
mark {{ padding: .1em .25em; border-radius: .3em; color: #111 }}
small {{ font-size: 70%; margin-left: .4em; color: #333 }}
{colours}
</style></head><body>
{body}
</body></html>
"""


def to_jsonl(predictions: Sequence[dict[str, Any]]) -> str:
    r"""One JSON object a line.

    Example:
        >>> to_jsonl([{"text": "é", "entities": []}])
        '{"text": "é", "entities": []}\n'
    """
    return "".join(json.dumps(prediction, ensure_ascii=False) + "\n" for prediction in predictions)


def to_conll(sentences: Sequence[Sequence[tuple[str, str]]]) -> str:
    """Word, tab and tag a line, an empty line after each text.

    Args:
        sentences: For each text its words with their tags.

    Example:
        >>> print(to_conll([[("Bonn", "B-LOC"), (".", "O")]]), end="")
        Bonn	B-LOC
        .	O
        <BLANKLINE>
    """
    return "".join("".join(f"{word}\t{tag}\n" for word, tag in sentence) + "\n" for sentence in sentences)


def to_html(predictions: Sequence[dict[str, Any]]) -> str:
    """A page that shows spans in colour, labels and answers. All text is escaped.

    Args:
        predictions: As `hf_mixtrain.predict` returns them.
    """
    labels: dict[str, None] = {}
    for prediction in predictions:
        labels.update((label, None) for _, _, label, _ in _marked(prediction))
    numbers = {label: number for number, label in enumerate(labels)}
    colours = "\n".join(
        f".l{number} {{ background: {_COLOURS[number % len(_COLOURS)]} }}" for number in numbers.values()
    )
    body = "\n".join(_paragraph(prediction, numbers) for prediction in predictions)
    return _PAGE.format(colours=colours, body=body)


def _paragraph(prediction: dict[str, Any], numbers: dict[str, int]) -> str:
    text = prediction.get("context", prediction.get("text", ""))
    before = f"<b>{escape(prediction['question'])}</b>\n" if "question" in prediction else ""
    after = f" / {escape(prediction['text_pair'])}" if "text_pair" in prediction else ""
    if "value" in prediction:
        return f"<p><b>{prediction['value']:.4g}</b> {escape(text)}{after}</p>"
    if "scores" in prediction:
        number = numbers[prediction["label"]]
        label = f'<mark class="l{number}">{escape(prediction["label"])}</mark>'
        return f"<p>{label}<small>{prediction['score']:.2f}</small> {escape(text)}{after}</p>"
    parts, at = [], 0
    for start, end, label, score in _marked(prediction):
        parts.append(escape(text[at:start]))
        name = f'<mark class="l{numbers[label]}" title="{score:.2f}">{escape(text[start:end])}'
        parts.append(f"{name}<small>{escape(label)}</small></mark>")
        at = end
    return f"<p>{before}{''.join(parts)}{escape(text[at:])}</p>"


def _marked(prediction: dict[str, Any]) -> list[tuple[int, int, str, float]]:
    if "scores" in prediction:
        return [(0, 0, prediction["label"], prediction["score"])]
    if "answer" in prediction:
        return [(prediction["start"], prediction["end"], "answer", prediction["score"])]
    spans = prediction.get("entities", prediction.get("tokens", []))
    return [(span["start"], span["end"], span["label"], span["score"]) for span in spans]


def check_format(name: str, kind: str) -> None:
    """Refuse a format that has no form for a kind of task.

    Raises:
        InputError: For ``conll``, if the model does not tag words.
    """
    if name == "conll" and kind != "token-classification":
        raise InputError(
            f"--format conll: expected a model that tags words. This one is for {kind}: use jsonl or html."
        )

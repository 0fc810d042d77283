"""``decoding.json``: how a model is to be read, kept beside it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from transformers.utils import cached_file

from hf_mixtrain.data.features.label_pieces import LabelPiece
from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.errors import InputError
from hf_mixtrain.evaluation.decoding import Decoding
from hf_mixtrain.files import atomic_write_text
from hf_mixtrain.prediction.token_style import TokenStyle

# Tokens of an input: more than any encoder of this time reads.
_LONGEST = 1_000_000

READING_FILE = "decoding.json"
"""Name of the file beside a model that says how its outputs are read."""


@dataclass(frozen=True)
class Reading:
    """How inputs are made for a model and its outputs read, as in its training and its evaluation.

    Attributes:
        task: Name of the task.
        kind: Kind of the task.
        settings: ``max_length`` and, for questions, ``doc_stride`` and ``max_question_length``.
        label_piece: Which word piece carries a word's label.
        decoding: How tags are chosen; None for tasks without tags.
        words: What the words were like in training; None for tasks without words.
        pairs: Whether texts were classified in pairs.
        may_be_empty: Whether some questions had no answer.

    Example:
        >>> Reading("udpos", "token-classification", {"max_length": 128}, label_piece="content").pairs
        False
    """

    task: str
    kind: str
    settings: Mapping[str, int]
    label_piece: LabelPiece = "first"
    decoding: Decoding | None = None
    words: TokenStyle | None = None
    pairs: bool = False
    may_be_empty: bool = False


def write_reading(folder: str | Path, reading: Reading) -> Path:
    """Write ``decoding.json`` into a model's folder.

    Args:
        folder: The model's folder.
        reading: How the model is to be read.

    Returns:
        The file.

    Example:
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> file = write_reading(folder, Reading("xnli", "text-classification", {"max_length": 128}, pairs=True))
        >>> read_reading(folder).pairs
        True
    """
    value = {
        "task": reading.task,
        "kind": reading.kind,
        "settings": dict(reading.settings),
        "label_piece": reading.label_piece,
        "decoding": reading.decoding and reading.decoding.to_json(),
        "words": reading.words and reading.words.to_json(),
        "pairs": reading.pairs,
        "may_be_empty": reading.may_be_empty,
    }
    text = json.dumps(value, ensure_ascii=False, indent=1) + "\n"
    return atomic_write_text(Path(folder, READING_FILE), text)


def read_reading(model: str | Path) -> Reading | None:
    """Read the ``decoding.json`` of a model.

    Args:
        model: A folder, or a repository on the Hub.

    Returns:
        None if the model has no such file: it was not made by this package, or by its first version.

    Raises:
        InputError: If the file is not as `write_reading` writes it.

    Example:
        >>> import tempfile
        >>> read_reading(tempfile.mkdtemp()) is None
        True
    """
    if Path(model, READING_FILE).is_dir():
        raise InputError(
            f"{Path(model, READING_FILE)}: expected a file, found a folder. Make the model's folder again."
        )
    try:
        path = cached_file(str(model), READING_FILE, _raise_exceptions_for_missing_entries=False)
    except OSError:
        return None
    if path is None:
        return None
    try:
        value: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
        if value["label_piece"] not in get_args(LabelPiece):
            raise ValueError(f"label_piece {value['label_piece']!r}")
        if value["kind"] not in KINDS:
            raise ValueError(f"kind {value['kind']!r}")
        if not 1 <= int(value["settings"]["max_length"]) <= _LONGEST:
            raise ValueError(f"max_length {value['settings']['max_length']!r}")
        return Reading(
            task=str(value["task"]),
            kind=str(value["kind"]),
            settings={str(name): int(number) for name, number in value["settings"].items()},
            label_piece=value["label_piece"],
            decoding=Decoding.from_json(value["decoding"]) if value["decoding"] else None,
            words=TokenStyle.from_json(value["words"]) if value["words"] else None,
            pairs=bool(value["pairs"]),
            may_be_empty=bool(value.get("may_be_empty", False)),
        )
    except (OSError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        raise InputError(
            f"{path}: expected how the model is to be read, as hf_mixtrain writes it, found {type(error).__name__}: "
            f"{error}. Make the model's folder again, or delete the file: tags are then read word by word."
        ) from None

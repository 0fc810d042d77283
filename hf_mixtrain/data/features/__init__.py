"""Features: raw rows to model inputs, tokenised once and kept on disk."""

import weakref
from collections.abc import Iterator
from typing import Any

import tokenizers
import transformers
from datasets import Dataset, Features, List, Value
from transformers import PreTrainedTokenizerBase

from ...errors import InputError
from ..cache import cached_dataset, content_hash, key_of
from ..task import Task
from .collator import data_collator
from .frame import require_fast
from .tagging import TAGGING_COLUMNS, tagging_features

__all__ = ["data_collator", "featurize"]

#: Raised when the same rows would give other features.
_VERSION = 1
_BATCH = 1000
_FEWEST_TOKENS = 8

_fingerprints: "weakref.WeakKeyDictionary[PreTrainedTokenizerBase, tuple[int, str]]" = weakref.WeakKeyDictionary()


def featurize(
    task: Task,
    dataset: Dataset,
    tokenizer: PreTrainedTokenizerBase,
    *,
    training: bool,
    max_length: int | None = None,
) -> Dataset:
    """Turn raw rows into model inputs, without padding. Nothing is dropped: long inputs become several features.

    The result is kept below the cache folder, under a name made from the rows, the tokenizer and the settings.

    Args:
        task: The task of the rows.
        dataset: Raw rows, as `load_fewshot` gives them.
        tokenizer: A fast tokenizer.
        training: Whether the features are for training; those for evaluation have also the columns that decoding
            needs.
        max_length: Most tokens of a feature, special ones included. Default: the task's.

    Returns:
        Features with the inputs of the model, the labels, ``language`` and ``length`` (number of tokens). For
        evaluation also ``row``, the number of the raw row, and for tagging ``first_word``: the labels that are not
        -100 belong to the words of that row from there on.

    Raises:
        InputError: If the tokenizer is not a fast one, or ``max_length`` leaves no room.
    """
    require_fast(tokenizer)
    max_length = int(max_length or task.defaults.get("max_length", 128))
    if max_length < _FEWEST_TOKENS:
        raise InputError(f"`max_length` must be {_FEWEST_TOKENS} or more. Got {max_length}. The paper uses 128.")
    key = key_of(
        _VERSION, transformers.__version__, tokenizers.__version__, task.kind, task.labels, training, max_length,
        _fingerprint(tokenizer), content_hash(dataset),
    )  # fmt: skip
    columns = _columns(tokenizer, TAGGING_COLUMNS, training)

    def make() -> Iterator[dict[str, list[Any]]]:
        for start in range(0, len(dataset), _BATCH):
            batch = dataset[start : start + _BATCH]
            features = list(tagging_features(batch, start, tokenizer, max_length))
            for feature in features:
                feature["language"] = batch["language"][feature["row"] - start]
                feature["length"] = len(feature["input_ids"])
            yield {name: [feature[name] for feature in features] for name in columns}

    return cached_dataset("features", key, columns, make)


def _columns(tokenizer: PreTrainedTokenizerBase, of_task: Features, training: bool) -> Features:
    ids = List(Value("int32"))
    inputs = [name for name in ("input_ids", "attention_mask", "token_type_ids") if name in tokenizer.model_input_names]
    columns = dict.fromkeys(inputs, ids) | dict(of_task)
    columns |= {"row": Value("int32"), "language": Value("string"), "length": Value("int32")}
    if training:
        columns = {name: kind for name, kind in columns.items() if name not in ("row", "first_word")}
    return Features(columns)


def _fingerprint(tokenizer: PreTrainedTokenizerBase) -> str:
    """Return a hash of everything that decides what ``tokenizer`` does; half a second for a large vocabulary."""
    size, fingerprint = _fingerprints.get(tokenizer, (-1, ""))
    if size != len(tokenizer):
        backend = tokenizer.backend_tokenizer
        # Left over from the last call, and set again by the next.
        backend.no_truncation()
        backend.no_padding()
        fingerprint = key_of(backend.to_str(), tokenizer.special_tokens_map, tokenizer.model_input_names)
        _fingerprints[tokenizer] = (len(tokenizer), fingerprint)
    return fingerprint

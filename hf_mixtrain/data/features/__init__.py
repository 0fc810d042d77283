"""Features: raw rows to model inputs, tokenised once and kept on disk."""

import weakref
from collections.abc import Iterator
from functools import partial
from typing import Any

import tokenizers
import transformers
from datasets import Dataset, Features, List, Value
from transformers import PreTrainedTokenizerBase

from hf_mixtrain.data.cache import cached_dataset, content_hash, key_of
from hf_mixtrain.data.features.collator import data_collator
from hf_mixtrain.data.features.label_pieces import DEFAULT_LABEL_PIECE, LabelPiece, continuations
from hf_mixtrain.data.features.question_answering import ANSWER_COLUMNS, answer_features
from hf_mixtrain.data.features.special_tokens import require_fast
from hf_mixtrain.data.features.text_classification import pair_columns, pair_features
from hf_mixtrain.data.features.token_classification import TAGGING_COLUMNS, tagging_features
from hf_mixtrain.data.task import Task
from hf_mixtrain.errors import InputError

__all__ = ["data_collator", "featurize"]

#: Raised when the same rows would give other features.
_VERSION = 2
_BATCH = 1000
_FEWEST_TOKENS = 8
#: Columns that only decoding needs.
_DECODING = ("row", "first_word", "offset_mapping", "max_context")

_fingerprints: "weakref.WeakKeyDictionary[PreTrainedTokenizerBase, tuple[int, str]]" = weakref.WeakKeyDictionary()


def featurize(
    task: Task,
    dataset: Dataset,
    tokenizer: PreTrainedTokenizerBase,
    *,
    training: bool,
    max_length: int | None = None,
    doc_stride: int | None = None,
    answerless_windows: bool = True,
    label_piece: LabelPiece = DEFAULT_LABEL_PIECE,
    keep: bool = True,
) -> Dataset:
    """Turn raw rows into model inputs, without padding. Nothing is dropped: long inputs become several features.

    The result is kept below the cache folder, under a name made from the rows, the tokenizer and the settings.

    Args:
        task: The task of the rows.
        dataset: Raw rows, as `load_fewshot` gives them.
        tokenizer: A fast tokenizer.
        training: Whether the features are for training; those for evaluation also have the columns that decoding
            needs.
        max_length: Most tokens of a feature, special ones included. Default: the task's.
        doc_stride: Tokens from one window of a text to the next, for question answering. Default: the task's.
        answerless_windows: Whether windows without the answer are trained on, pointing at the first token, as in the
            authors' code.
        label_piece: Which word piece carries the label of a word, for tagging: ``"first"``, as in the paper;
            ``"content"``, the first that is more than a mark for a space, and in scripts without spaces, where that
            mark is left out, in training every piece of the word; ``"all"``, in training every piece from that one on,
            in all scripts. One and the same must be used for training and for evaluation.
        keep: Whether the result is kept on disk; texts of a user who asks for a prediction are not.

    Returns:
        Features with the inputs of the model, ``labels`` or ``start_positions`` and ``end_positions``, ``language`` and
        ``length`` (number of tokens). For evaluation also ``row``, the number of the raw row; for tagging
        ``first_word``: the labels that are not -100 belong to the words of that row from there on; for question
        answering ``offset_mapping`` and ``max_context``, see
        `hf_mixtrain.data.features.question_answering.answer_features`. A sentence without words has no feature.

    Raises:
        InputError: If the tokenizer is not a fast one, or ``max_length`` leaves no room.

    Example:
        >>> from transformers import PreTrainedTokenizerFast
        >>> from tokenizers import Tokenizer, models, pre_tokenizers
        >>> from hf_mixtrain.data import load_fewshot
        >>> data = load_fewshot("panx", shots=1, seed=1, languages=["sw"], source="demo")
        >>> backend = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
        >>> backend.pre_tokenizer = pre_tokenizers.Whitespace()
        >>> tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]")
        >>> features = featurize(data.task, data.shots["sw"], tokenizer, training=True)
        >>> len(features), features[0]["length"], set(features[0]["input_ids"])
        (1, 5, {0})
        >>> sorted(features.column_names)
        ['attention_mask', 'input_ids', 'labels', 'language', 'length']
    """
    require_fast(tokenizer)
    make, columns = _maker(task, doc_stride, label_piece, training)
    max_length = int(max_length or task.defaults.get("max_length", 128))
    if max_length < _FEWEST_TOKENS:
        raise InputError(f"`max_length` must be {_FEWEST_TOKENS} or more. Got {max_length}. The paper uses 128.")
    columns = _columns(tokenizer, columns, training)

    def batches() -> Iterator[dict[str, list[Any]]]:
        for start in range(0, len(dataset), _BATCH):
            batch = dataset[start : start + _BATCH]
            features = list(make(batch, start, tokenizer, max_length))
            if training and not answerless_windows:
                features = [feature for feature in features if feature.get("start_positions", 1)]
            for feature in features:
                feature["language"] = batch["language"][feature["row"] - start]
                feature["length"] = len(feature["input_ids"])
            yield {name: [feature[name] for feature in features] for name in columns}

    if keep:
        versions = (_VERSION, transformers.__version__, tokenizers.__version__)
        settings = (task.kind, training, max_length, make.keywords, answerless_windows)
        key = key_of(versions, settings, _fingerprint(tokenizer), content_hash(dataset))
        return cached_dataset("features", key, columns, batches)
    rows: dict[str, list[Any]] = {name: [] for name in columns}
    for batch in batches():
        for name, values in batch.items():
            rows[name] += values
    return Dataset.from_dict(rows, features=columns)


def _maker(
    task: Task, doc_stride: int | None, label_piece: LabelPiece, training: bool
) -> "tuple[partial[Iterator[dict[str, Any]]], Features]":
    if task.kind == "token-classification":
        further = tuple(continuations(task.labels)) if label_piece != "first" and training else None
        return partial(tagging_features, label_piece=label_piece, further=further), TAGGING_COLUMNS
    if task.kind == "text-classification":
        several = partial(pair_features, labels=len(task.labels), problem_type=task.problem_type)
        return several, pair_columns(len(task.labels), task.problem_type)
    stride = int(doc_stride or task.defaults.get("doc_stride", 128))
    if stride < 1:
        raise InputError(f"`doc_stride` must be 1 or more. Got {stride}. The paper uses 128.")
    question = int(task.defaults.get("max_question_length", 64))
    return partial(answer_features, doc_stride=stride, max_question_length=question), ANSWER_COLUMNS


def _columns(tokenizer: PreTrainedTokenizerBase, of_task: Features, training: bool) -> Features:
    inputs = [name for name in ("input_ids", "attention_mask", "token_type_ids") if name in tokenizer.model_input_names]
    columns = dict.fromkeys(inputs, List(Value("int32"))) | dict(of_task)
    columns |= {"row": Value("int32"), "language": Value("string"), "length": Value("int32")}
    return Features({name: kind for name, kind in columns.items() if not (training and name in _DECODING)})


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

"""Ordinary text in, spans, labels or answers out."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset

from hf_mixtrain.data import featurize
from hf_mixtrain.data.features.label_pieces import bare_pieces
from hf_mixtrain.data.rows import row_features
from hf_mixtrain.data.task import ProblemType
from hf_mixtrain.evaluation.decoding import Decoding, has_spans
from hf_mixtrain.evaluation.forward import Run, forward
from hf_mixtrain.evaluation.question_answering import find_answers
from hf_mixtrain.evaluation.text_classification import text_scores
from hf_mixtrain.evaluation.token_classification import word_scores
from hf_mixtrain.prediction.inputs import Item, TextInput, check_inputs
from hf_mixtrain.prediction.model import LoadedModel, load_model
from hf_mixtrain.prediction.spans import Tagged, entity_spans
from hf_mixtrain.prediction.token_style import TokenStyle, script_of
from hf_mixtrain.prediction.words import Span, piece_spans, split_words

Prediction = dict[str, Any]

# Features hold a label, which a text to be predicted does not have.
_NO_LABEL: dict[ProblemType, Any] = {
    "single_label_classification": 0,
    "multi_label_classification": [],
    "regression": 0.0,
}


def predict(model: str | Path | LoadedModel, texts: Sequence[TextInput], *, batch_size: int = 32) -> list[Prediction]:
    """Predict ordinary text with a trained model, as it is measured in its results.

    Text is cut into words as the training set was, labels are read at the piece that carried them in training, and tags
    are decoded as in the evaluation: ``decoding.json`` beside the model says how. A model without that file is read at
    the first piece of each word, the likeliest tag of each.

    Args:
        model: A cell's folder, any folder or Hub repository that ``from_pretrained`` reads, or a model from
            `hf_mixtrain.prediction.load_model`, for many calls. Code from a repository is never run.
        texts: Texts; for models of pairs ``(text, text_pair)`` or ``{"text", "text_pair"}``; for questions
            ``(question, context)`` or ``{"question", "context"}``.
        batch_size: Inputs of full length that are computed at a time, 1 or more. It changes no prediction.

    Returns:
        One dict for each text, in their order. ``start`` and ``end`` are characters of the text as given, ``score`` is
        a probability from 0 to 1:

        - entities: ``text``, and ``entities``, each with ``start``, ``end``, ``label``, ``score`` (mean of its
          words' probabilities) and ``text``;
        - words: ``text``, and ``tokens``, each with the same;
        - classification: ``text``, ``text_pair`` if given, ``label``, ``score``, and ``scores`` by label; where a text
          may have several labels, ``labels`` too, those above one half; for regression ``value`` instead;
        - questions: ``question``, ``context``, ``answer``, ``start``, ``end``, ``score``.

    Raises:
        InputError: If the model cannot be used, or a text is not as it needs it; one line with what to do.

    Example:
        >>> import tempfile
        >>> from transformers import BertConfig, BertForTokenClassification, PreTrainedTokenizerFast
        >>> from tokenizers import Tokenizer, models, pre_tokenizers
        >>> words = {"[UNK]": 0, "[PAD]": 1, "Ann": 2, "lives": 3, "in": 4, "York": 5}
        >>> backend = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
        >>> backend.pre_tokenizer = pre_tokenizers.Whitespace()
        >>> tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]", pad_token="[PAD]")
        >>> from hf_mixtrain.data import load_task
        >>> task = load_task("panx")
        >>> size = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
        >>> config = BertConfig(vocab_size=6, **size, id2label=dict(enumerate(task.labels)))
        >>> model = BertForTokenClassification(config)
        >>> folder = tempfile.mkdtemp()
        >>> for part in (model, tokenizer):
        ...     _ = part.save_pretrained(folder)
        >>> (tagged,) = predict(folder, ["Ann lives in York"])
        >>> sorted(tagged), tagged["text"]
        (['entities', 'text'], 'Ann lives in York')
    """
    loaded = model if isinstance(model, LoadedModel) else load_model(model, batch_size=batch_size)
    kind = loaded.reading.kind
    items = check_inputs(texts, kind, pairs=loaded.reading.pairs)
    return predict_items(loaded, items)


def predict_items(model: LoadedModel, items: list[Item]) -> list[Prediction]:
    """Predict inputs that have been checked; see `predict`."""
    if not items:
        return []
    by_kind = {
        "token-classification": _tags,
        "text-classification": _labels,
        "question-answering": _answers,
    }
    return by_kind[model.reading.kind](model, items)


def tag_words(model: LoadedModel, items: list[Item]) -> list[list[tuple[Span, str, float]]]:
    """Return the words of each text, with place, tag and the tag's probability."""
    style = model.reading.words or TokenStyle()
    spans = [split_words(item.text, style, _cutter(model)) for item in items]
    words = [[item.text[start:end] for start, end in found] for item, found in zip(items, spans, strict=True)]
    raw, run, features = _prepare(model, {"tokens": words, "tags": [[0] * len(found) for found in words]})
    scores = word_scores(raw, features, run)
    decoding = model.reading.decoding or Decoding("argmax", model.labels)
    tagged = []
    for found, tags, logits in zip(spans, decoding.tags(model.labels, scores), scores, strict=True):
        chosen = [model.labels.index(tag) for tag in tags]
        probabilities = _softmax(logits)[np.arange(len(chosen)), chosen].tolist() if chosen else []
        tagged.append(list(zip(found, tags, probabilities, strict=True)))
    return tagged


def _tags(model: LoadedModel, items: list[Item]) -> list[Prediction]:
    name, join = ("entities", entity_spans) if has_spans(model.labels) else ("tokens", list)
    style = model.reading.words or TokenStyle()
    predictions = []
    for item, words in zip(items, tag_words(model, items), strict=True):
        found = [
            {"start": start, "end": end, "label": label, "score": round(score, 6), "text": item.text[start:end]}
            for (start, end), label, score in join(_joined(item.text, words, style))
        ]
        predictions.append({"text": item.text, name: found})
    return predictions


def _joined(text: str, words: list[Tagged], style: TokenStyle) -> list[Tagged]:
    """Let an entity go on where a piece of a script without spaces begins another of its type directly behind it.

    Such pieces are no words of the training set: a name of three pieces may have begun three times.
    """
    joined: list[Tagged] = []
    for (start, end), tag, score in words:
        script = script_of(text[start:end])
        if tag.startswith("B-") and joined and script is not None and not style.by_character(script):
            (_, before_end), before, _ = joined[-1]
            if before_end == start and before in (tag, f"I-{tag[2:]}"):
                tag = f"I-{tag[2:]}"
        joined.append(((start, end), tag, score))
    return joined


def _labels(model: LoadedModel, items: list[Item]) -> list[Prediction]:
    columns: dict[str, list[Any]] = {
        "premise": [item.text for item in items],
        "hypothesis": [item.other or "" for item in items],
        "label": [_NO_LABEL[model.problem_type]] * len(items),
    }
    raw, run, features = _prepare(model, columns)
    predictions = []
    for item, logits in zip(items, text_scores(raw, features, run), strict=True):
        pair = {} if item.other is None else {"text_pair": item.other}
        predictions.append({"text": item.text, **pair, **_outcome(model, logits)})
    return predictions


def _outcome(model: LoadedModel, logits: np.ndarray) -> Prediction:
    if model.problem_type == "regression":
        return {"value": round(float(logits[0]), 6)}
    several = model.problem_type == "multi_label_classification"
    probabilities = 1 / (1 + np.exp(-logits.astype(np.float64))) if several else _softmax(logits)
    scores = {label: round(score, 6) for label, score in zip(model.labels, probabilities.tolist(), strict=True)}
    best = model.labels[int(logits.argmax())]
    labels = {"labels": [label for label, logit in zip(model.labels, logits, strict=True) if logit > 0]}
    return {"label": best, "score": scores[best], **(labels if several else {}), "scores": scores}


def _answers(model: LoadedModel, items: list[Item]) -> list[Prediction]:
    columns: dict[str, list[Any]] = {
        "context": [item.text for item in items],
        "question": [item.other for item in items],
        "answers": [{"text": [], "answer_start": []} for _ in items],
    }
    raw, run, features = _prepare(model, columns)
    answers = find_answers(raw, features, run, may_be_empty=model.reading.may_be_empty)
    return [
        {
            "question": item.other,
            "context": item.text,
            "answer": item.text[answer.start : answer.end],
            "start": answer.start,
            "end": answer.end,
            "score": round(answer.score, 6),
        }
        for item, answer in zip(items, answers, strict=True)
    ]


def _prepare(model: LoadedModel, columns: dict[str, list[Any]]) -> tuple[Dataset, Run, Dataset]:
    task = model.task
    count = len(next(iter(columns.values())))
    rows = {"id": [str(row) for row in range(count)], "language": ["und"] * count, **columns}
    raw = Dataset.from_dict(rows, features=row_features(task))
    features = featurize(
        task, raw, model.tokenizer, training=False, max_length=model.max_length,
        label_piece=model.reading.label_piece, keep=False,
    )  # fmt: skip
    return raw, partial(forward, model.trainer, features, model.tokenizer, max_length=model.max_length), features


def _cutter(model: LoadedModel) -> Callable[[str], list[Span]]:
    is_bare = bare_pieces(model.tokenizer)

    def cut(run: str) -> list[Span]:
        found = model.tokenizer(run, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        pieces = zip(found["input_ids"], found["offset_mapping"], strict=True)
        return piece_spans([start for piece, (start, _) in pieces if not is_bare(piece)], run)

    return cut


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits.astype(np.float64) - logits.max(-1, keepdims=True, initial=-np.inf))
    probabilities: np.ndarray = powers / powers.sum(-1, keepdims=True)
    return probabilities

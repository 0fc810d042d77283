"""Predictions and scores of a Trainer's model on raw rows, language by language."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from datasets import ClassLabel, Dataset, List
from transformers import PreTrainedTokenizerBase, Trainer

from hf_mixtrain.data import Task, featurize
from hf_mixtrain.data.features.label_pieces import DEFAULT_LABEL_PIECE, LabelPiece
from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.errors import InputError
from hf_mixtrain.evaluation.decoding import Decoding
from hf_mixtrain.evaluation.forward import forward
from hf_mixtrain.evaluation.output_labels import output_labels
from hf_mixtrain.evaluation.predictions import write_predictions
from hf_mixtrain.evaluation.question_answering import predict_answers
from hf_mixtrain.evaluation.text_classification import predict_labels
from hf_mixtrain.evaluation.token_classification import word_scores
from hf_mixtrain.metrics import metric_for

N = TypeVar("N", bound=str)


def predict(
    trainer: Trainer,
    task: Task,
    raw: Dataset,
    tokenizer: PreTrainedTokenizerBase,
    *,
    max_length: int | None = None,
    label_piece: LabelPiece = DEFAULT_LABEL_PIECE,
    decoding: Decoding | None = None,
) -> list[Any]:
    """Predict every row of ``raw`` in one pass of the model; see `forward` for how.

    All processes must call it, and all get the whole result. The Trainer, its callbacks, its logs and the random
    streams are as before.

    Args:
        trainer: Any `transformers.Trainer` whose model has the head of the task.
        task: The task.
        raw: Raw rows, as `load_fewshot` gives them.
        tokenizer: The model's tokenizer, a fast one.
        max_length: Most tokens of a feature; default: the task's.
        label_piece: Which word piece carries a word's label: the same as in training; see `hf_mixtrain.data.featurize`.
        decoding: How tags are chosen; None: the likeliest tag of each word.

    Returns:
        One prediction for each row of ``raw``, in its order: ``list[str]`` tags, a ``str`` label (a list of
        them where a text has several, a ``float`` for regression) or a ``str`` answer.

    Raises:
        InputError: If the model was made for other labels, or the tokenizer cannot be used.

    Example:
        >>> from transformers import BertConfig, BertForTokenClassification, PreTrainedTokenizerFast
        >>> from transformers import Trainer, TrainingArguments
        >>> from tokenizers import Tokenizer, models, pre_tokenizers
        >>> words = {"[UNK]": 0, "[PAD]": 1, "Ann": 2, "lives": 3, "in": 4, "York": 5}
        >>> backend = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
        >>> backend.pre_tokenizer = pre_tokenizers.Whitespace()
        >>> tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]", pad_token="[PAD]")
        >>> from hf_mixtrain.data import load_fewshot
        >>> data = load_fewshot("panx", shots=1, seed=1, languages=["sw"], source="demo", max_eval_examples=3)
        >>> task = data.task
        >>> size = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
        >>> config = BertConfig(vocab_size=6, **size, id2label=dict(enumerate(task.labels)))
        >>> model = BertForTokenClassification(config)
        >>> trainer = Trainer(model, TrainingArguments("out", use_cpu=True, report_to="none"))
        >>> tags = predict(trainer, task, data.test["sw"], tokenizer)
        >>> len(tags), set(tags[0]) <= set(task.labels)
        (3, True)
    """
    decodings = {"": decoding or Decoding("argmax", task.labels)}
    return _predictions(trainer, task, raw, tokenizer, max_length, label_piece, decodings)[""]


def _predictions(
    trainer: Trainer,
    task: Task,
    raw: Dataset,
    tokenizer: PreTrainedTokenizerBase,
    max_length: int | None,
    label_piece: LabelPiece,
    decodings: Mapping[N, Decoding],
) -> dict[N, list[Any]]:
    """Return the predictions by each decoding, from one pass of the model; without tags, they are all the same."""
    # The first process of each machine makes the features, the others read them from its cache.
    with trainer.accelerator.local_main_process_first():
        features = featurize(task, raw, tokenizer, training=False, max_length=max_length, label_piece=label_piece)
    longest = int(max_length or task.defaults.get("max_length", 128))
    run = partial(forward, trainer, features, tokenizer, max_length=longest)
    if task.kind == "question-answering":
        return dict.fromkeys(decodings, predict_answers(raw, features, run))
    labels = output_labels(task, trainer.accelerator.unwrap_model(trainer.model))
    if task.kind == "token-classification":
        scores = word_scores(raw, features, run)
        return {name: decoding.tags(labels, scores) for name, decoding in decodings.items()}
    return dict.fromkeys(decodings, predict_labels(labels, raw, features, run, problem_type=task.problem_type))


def score_predictions(task: Task, raw: Dataset, predictions: list[Any]) -> dict[str, float]:
    """Compare predictions with the gold columns of ``raw``.

    Args:
        task: Its metric is used (`hf_mixtrain.metrics.metric_for`).
        raw: Raw rows.
        predictions: One for each row, as `predict` returns them.

    Returns:
        All scores of the metric, from 0 to 100.

    Example:
        >>> from hf_mixtrain.data import load_task
        >>> raw = Dataset.from_dict({"tags": [["B-PER", "O"], ["B-LOC"]]})
        >>> score_predictions(load_task("panx"), raw, [["B-PER", "O"], ["O"]])["recall"]
        50.0
    """
    scores = metric_for(task).compute(predictions=predictions, references=gold_of(task, raw))
    return {name: 100 * float(score) for name, score in scores.items()}


def evaluate_languages(
    trainer: Trainer,
    task: Task,
    raw: Mapping[str, Dataset],
    tokenizer: PreTrainedTokenizerBase,
    *,
    max_length: int | None = None,
    label_piece: LabelPiece = DEFAULT_LABEL_PIECE,
    decoding: Decoding | None = None,
    predictions_dir: str | Path | None = None,
) -> dict[str, dict[str, float]]:
    """Predict and score the rows of each language, one pass of the model for each.

    Args:
        trainer: Any `transformers.Trainer`; all processes must call this.
        task: The task.
        raw: Raw rows by language, such as ``load_fewshot(...).test``.
        tokenizer: The model's tokenizer.
        max_length: Most tokens of a feature; default: the task's.
        label_piece: See `predict`.
        decoding: See `predict`.
        predictions_dir: Where to write the predictions too, in XTREME's layout; see `write_predictions`.

    Returns:
        ``{language: {score: value from 0 to 100}}`` in the order of ``raw``, equal on all processes.

    Example:
        >>> from transformers import BertConfig, BertForTokenClassification, PreTrainedTokenizerFast
        >>> from transformers import Trainer, TrainingArguments
        >>> from tokenizers import Tokenizer, models, pre_tokenizers
        >>> words = {"[UNK]": 0, "[PAD]": 1, "Ann": 2, "lives": 3, "in": 4, "York": 5}
        >>> backend = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
        >>> backend.pre_tokenizer = pre_tokenizers.Whitespace()
        >>> tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]", pad_token="[PAD]")
        >>> from hf_mixtrain.data import load_fewshot
        >>> data = load_fewshot("panx", shots=1, seed=1, languages=["sw"], source="demo", max_eval_examples=3)
        >>> task = data.task
        >>> size = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
        >>> config = BertConfig(vocab_size=6, **size, id2label=dict(enumerate(task.labels)))
        >>> model = BertForTokenClassification(config)
        >>> trainer = Trainer(model, TrainingArguments("out", use_cpu=True, report_to="none"))
        >>> scores = evaluate_languages(trainer, task, data.test, tokenizer)
        >>> list(scores), 0 <= scores["sw"]["f1"] <= 100
        (['en', 'sw'], True)
    """
    scores = {}
    for language, rows in raw.items():
        predictions = predict(
            trainer, task, rows, tokenizer, max_length=max_length, label_piece=label_piece, decoding=decoding
        )
        scores[language] = score_predictions(task, rows, predictions)
        if predictions_dir is not None and trainer.is_world_process_zero():
            write_predictions(predictions_dir, task, language, rows, predictions)
    return scores


def evaluate_decodings(
    trainer: Trainer,
    task: Task,
    rows: Dataset,
    tokenizer: PreTrainedTokenizerBase,
    decodings: Mapping[N, Decoding],
    *,
    max_length: int | None = None,
    label_piece: LabelPiece = DEFAULT_LABEL_PIECE,
) -> dict[N, tuple[list[Any], dict[str, float]]]:
    """Predict and score the rows of one language by several decodings, with one pass of the model.

    Args:
        trainer: Any `transformers.Trainer`; all processes must call this.
        task: The task.
        rows: Raw rows.
        tokenizer: The model's tokenizer.
        decodings: By any names, one or more. Only tagging is decoded.
        max_length: Most tokens of a feature; default: the task's.
        label_piece: See `predict`.

    Returns:
        Predictions and scores from 0 to 100 by the same names, equal on all processes.

    Example:
        >>> from transformers import BertConfig, BertForTokenClassification, PreTrainedTokenizerFast
        >>> from transformers import Trainer, TrainingArguments
        >>> from tokenizers import Tokenizer, models, pre_tokenizers
        >>> words = {"[UNK]": 0, "[PAD]": 1, "Ann": 2, "lives": 3, "in": 4, "York": 5}
        >>> backend = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
        >>> backend.pre_tokenizer = pre_tokenizers.Whitespace()
        >>> tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]", pad_token="[PAD]")
        >>> from hf_mixtrain.data import load_fewshot
        >>> data = load_fewshot("panx", shots=1, seed=1, languages=["sw"], source="demo", max_eval_examples=3)
        >>> task = data.task
        >>> size = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
        >>> config = BertConfig(vocab_size=6, **size, id2label=dict(enumerate(task.labels)))
        >>> model = BertForTokenClassification(config)
        >>> trainer = Trainer(model, TrainingArguments("out", use_cpu=True, report_to="none"))
        >>> decodings = {rule: Decoding(rule, task.labels) for rule in ("argmax", "legal")}
        >>> predictions, scores = evaluate_decodings(trainer, task, data.test["sw"], tokenizer, decodings)["legal"]
        >>> len(predictions), 0 <= scores["f1"] <= 100
        (3, True)
    """
    if not decodings:
        raise InputError("Expected one decoding or more, found none.")
    found = _predictions(trainer, task, rows, tokenizer, max_length, label_piece, decodings)
    return {name: (predictions, score_predictions(task, rows, predictions)) for name, predictions in found.items()}


def gold_of(task: Task, raw: Dataset) -> list[Any]:
    """Return what is right for every row, in the form of predictions; for questions all answers that count."""
    if task.kind == "question-answering":
        return [answers["text"] for answers in raw["answers"]]
    column = KINDS[task.kind].gold
    kind = raw.features[column]
    if isinstance(kind, List) and isinstance(kind.feature, ClassLabel):
        return [kind.feature.int2str(tags) for tags in raw[column]]
    if isinstance(kind, ClassLabel):
        return list(kind.int2str(raw[column][:]))
    return list(raw[column][:])

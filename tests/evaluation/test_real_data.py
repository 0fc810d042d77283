"""A model that knows the gold columns gets full marks on real files: decoding loses nothing."""

import json

import pytest
import torch
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from hf_mixtrain.data import featurize, load_fewshot, load_task
from hf_mixtrain.data.rows import row_features
from hf_mixtrain.evaluation import Decoding, score_predictions
from hf_mixtrain.evaluation.question_answering import predict_answers
from hf_mixtrain.evaluation.token_classification import word_scores


@pytest.fixture(scope="module")
def unknown():
    """A tokenizer that knows no word: each word and each sign is one unknown token with its characters."""
    special = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3}
    backend = Tokenizer(models.WordLevel(special, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    return PreTrainedTokenizerFast(tokenizer_object=backend, **names)


def gold_logits(targets, classes):
    """Logits of a model that is sure of ``targets``."""
    return torch.nn.functional.one_hot(torch.tensor(targets).clamp(min=0), classes).float()


@pytest.mark.parametrize(
    "language", ["ja", "ta", "zh"]
)  # one character a word; lone U+FEFF; entities that begin with I-
def test_gold_tags_of_cut_sentences_score_100(xtreme_dir, unknown, language):
    task = load_task("panx")
    data = load_fewshot(task, shots=0, seed=1, languages=[language], source=str(xtreme_dir), max_eval_examples=100)
    raw = data.test[language]
    features = featurize(task, raw, unknown, training=False, max_length=10)
    assert len(features) > len(raw)

    def run(read):
        return [read(gold_logits([labels], len(task.labels)), [at])[0] for at, labels in enumerate(features["labels"])]

    predictions = Decoding("argmax", task.labels).tags(task.labels, word_scores(raw, features, run))
    assert set(score_predictions(task, raw, predictions).values()) == {100.0}


@pytest.mark.parametrize("language", ["de", "en", "es", "hi", "ro", "ru", "tr", "zh"])
def test_gold_positions_give_texts_that_hold_the_gold_answer(xtreme_dir, unknown, language):
    path = xtreme_dir / "xquad" / f"xquad.{language}.json"
    if not path.is_file():
        pytest.skip(f"no {path}")
    texts = json.loads(path.read_text(encoding="utf-8"))["data"]
    asked = [(p["context"], q) for text in texts for p in text["paragraphs"] for q in p["qas"]][:150]
    rows = {
        "id": [question["id"] for _, question in asked],
        "language": [language] * len(asked),
        "context": [context for context, _ in asked],
        "question": [question["question"] for _, question in asked],
        "answers": [{key: [gold[key] for gold in q["answers"]] for key in ("text", "answer_start")} for _, q in asked],
    }
    task = load_task("tydiqa")
    raw = Dataset.from_dict(rows, features=row_features(task))
    features = featurize(task, raw, unknown, training=False, max_length=120, doc_stride=20)
    assert len(features) > len(raw) or language == "zh"  # few tokens where words are not set apart
    starts, ends, lengths = (features[name][:] for name in ("start_positions", "end_positions", "length"))

    def run(read):
        spans = []
        for at, length in enumerate(lengths):
            # A window without the answer points at its first token, which is not of the text.
            logits = tuple(gold_logits([position[at]], length) for position in (starts, ends))
            spans += read(logits, [at])
        return spans

    predictions = predict_answers(raw, features, run)
    for answer, context, gold in zip(predictions, raw["context"], raw["answers"], strict=True):
        assert answer in context
        assert gold["text"][0].strip() in answer

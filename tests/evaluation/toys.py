"""Small data sets and models made on the spot."""

import random

import torch
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
    PreTrainedTokenizerFast,
    Trainer,
    TrainingArguments,
    set_seed,
)

from hf_mixtrain.data import Task
from hf_mixtrain.data.rows import row_features
from hf_mixtrain.evaluation import evaluate_languages, predict

LETTERS = "abcdefghijklmnopqrstuvwxyz"
TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
TAGGING = Task(
    name="mine", title="Mine", kind="token-classification", languages=("en", "de"), metric="f1", labels=TAGS,
    defaults={"max_length": 32},
)  # fmt: skip
PAIRS = Task(
    name="nli", title="NLI", kind="text-classification", languages=("en",), metric="accuracy",
    labels=("contradiction", "entailment", "neutral"), defaults={"max_length": 24},
)  # fmt: skip
ANSWERS = Task(
    name="qa", title="QA", kind="question-answering", languages=("en",), metric="f1",
    defaults={"max_length": 32, "doc_stride": 6},
)  # fmt: skip


def letter_tokenizer():
    """Every letter is a sub-word, so that words of n letters have n of them."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    pieces = [*special, *LETTERS, *(f"##{letter}" for letter in LETTERS), "?", "."]
    backend = Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(pieces)}, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    return PreTrainedTokenizerFast(tokenizer_object=backend, **names)


def tag_of(word):
    """Decide by the first letter, as a model that looks at one sub-word can."""
    return LETTERS.index(word[0]) % len(TAGS)


def sentences(task, count, *, seed=0, most_words=20):
    """Sentences of 0 to ``most_words`` words, some of which have more letters than fit in a feature."""
    rng = random.Random(seed)
    words = ["".join(rng.choices(LETTERS, k=rng.choice([1, 2, 3, 5, 8, 40]))) for _ in range(80)]
    tokens = [rng.choices(words, k=rng.randint(0, most_words)) for _ in range(count)]
    rows = {
        "id": [str(row) for row in range(count)],
        "language": ["en"] * count,
        "tokens": tokens,
        "tags": [[tag_of(word) for word in sentence] for sentence in tokens],
    }
    return Dataset.from_dict(rows, features=row_features(task))


class TagOracle(torch.nn.Module):
    """Gives each first sub-word the tag of `tag_of`, and all other sub-words a wrong one."""

    def __init__(self, tokenizer):
        super().__init__()
        table = torch.zeros(len(tokenizer), len(TAGS))
        for piece, at in tokenizer.get_vocab().items():
            first = len(piece) == 1 and piece in LETTERS
            table[at, tag_of(piece) if first else -1] = 1
        self.table = torch.nn.Parameter(table)

    def forward(self, input_ids, attention_mask, labels=None):
        return {"logits": self.table[input_ids]}


def small_bert(tokenizer, *, labels, head=BertForTokenClassification):
    set_seed(3)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=64, num_labels=len(labels), initializer_range=0.5,
        id2label=dict(enumerate(labels)), label2id={label: i for i, label in enumerate(labels)},
    )  # fmt: skip
    return head(config)


def small_classifier(tokenizer, *, labels):
    return small_bert(tokenizer, labels=labels, head=BertForSequenceClassification)


def small_reader(tokenizer):
    return small_bert(tokenizer, labels=("start", "end"), head=BertForQuestionAnswering)


def letters(rng, most, *, among=LETTERS[:16]):
    return "".join(rng.choices(among, k=rng.randint(1, most)))


def inferences(count):
    """Pairs; one in seven is a single text, as in classification of sentences."""
    rng = random.Random(0)
    rows = {
        "id": [str(row) for row in range(count)],
        "language": ["en"] * count,
        "premise": [" ".join(letters(rng, 5) for _ in range(rng.randint(1, 6))) for _ in range(count)],
        "hypothesis": [letters(rng, 9) if row % 7 else "" for row in range(count)],
        "label": [rng.randrange(3) for _ in range(count)],
    }
    return Dataset.from_dict(rows, features=row_features(PAIRS))


def questions(count, *, context=None, answer=None):
    """Texts with one answer that begins with z and ends with q, letters that are nowhere else."""
    rng = random.Random(0)
    rows = {name: [] for name in ("context", "question", "answers")}
    for _ in range(count):
        words = [letters(rng, 6) for _ in range(rng.randint(4, 40))]
        gold = f"z{letters(rng, 2)} {letters(rng, 2)}q" if answer is None else answer
        words.insert(rng.randint(0, len(words)), gold)
        text = " ".join(words) if context is None else context
        rows["context"].append(text)
        rows["question"].append(letters(rng, 4) + "?")
        rows["answers"].append({"text": [gold], "answer_start": [text.index(gold)]})
    ids = {"id": [str(row) for row in range(count)], "language": ["en"] * count}
    return Dataset.from_dict(ids | rows, features=row_features(ANSWERS))


class AnswerOracle(torch.nn.Module):
    """Knows that answers begin with z and end with q."""

    def __init__(self, tokenizer):
        super().__init__()
        table = torch.zeros(len(tokenizer), 2)
        table[tokenizer.convert_tokens_to_ids("z"), 0] = 1
        table[tokenizer.convert_tokens_to_ids("##q"), 1] = 1
        self.table = torch.nn.Parameter(table)

    def forward(self, input_ids, attention_mask, start_positions=None, end_positions=None):
        start, end = self.table[input_ids].unbind(-1)
        return {"start_logits": start, "end_logits": end}


def make_trainer(model, folder, *, batch=4, **kwargs):
    args = TrainingArguments(
        output_dir=str(folder), per_device_eval_batch_size=batch, use_cpu=True, report_to=[], disable_tqdm=True,
        **kwargs.pop("args", {}),
    )  # fmt: skip
    return Trainer(model=model, args=args, **kwargs)


def every_kind(tokenizer):
    """Yield a task, its rows and a random model for each kind of task."""
    yield TAGGING, sentences(TAGGING, 25), small_bert(tokenizer, labels=TAGGING.labels)
    yield PAIRS, inferences(25), small_classifier(tokenizer, labels=PAIRS.labels)
    yield ANSWERS, questions(12), small_reader(tokenizer)


def results_of_every_kind(folder):
    """Predict and score each kind of task: run alone in a test, and by two processes in a program of its own."""
    tokenizer = letter_tokenizer()
    results = {}
    for task, raw, model in every_kind(tokenizer):
        trainer = make_trainer(model, f"{folder}/trainer", batch=2)
        languages = {"en": raw, "de": raw.select(range(1))}
        scores = evaluate_languages(trainer, task, languages, tokenizer, predictions_dir=folder)
        results[task.name] = [predict(trainer, task, raw, tokenizer), scores]
        results["rank"] = trainer.accelerator.process_index
    return results

"""A small tagger, trained through a grid, in five languages, one cut into characters and one without spaces."""

import json

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertModel,
    PreTrainedTokenizerFast,
    set_seed,
)

from hf_mixtrain.commands.run import parse_settings
from hf_mixtrain.experiment.grid_run import run_grid
from hf_mixtrain.prediction import Reading, write_reading
from tests.experiment.tiny_task import write_tsv

NAMES = {
    "en": ["Ann", "Bob", "Jean-Luc"], "de": ["Uwe", "Ida", "Jan"], "fr": ["Zoé", "Guy", "Anne-Marie"],
    "zh": ["王伟", "李娜", "张磊"], "th": ["สมชาย", "มานี", "ชูใจ"],
}  # fmt: skip
PLACES = {
    "en": ["York", "Hull"], "de": ["Ulm", "Bonn"], "fr": ["Lyon", "Nice"], "zh": ["北京", "上海"], "th": ["เลย", "ตาก"],
}  # fmt: skip
VERBS = {"en": "visits", "de": "besucht", "fr": "visite", "zh": "去", "th": "ไป"}
STOPS = {"en": ".", "de": "!", "fr": "?", "zh": "。", "th": ""}


def sentences(language, count, shift):
    """Name, verb, place, full stop; Chinese by the character."""
    for number in range(shift, shift + count):
        name, place = NAMES[language][number % 3], PLACES[language][number % 2]
        words = [(name, "PER"), (VERBS[language], "O"), (place, "LOC"), (STOPS[language], "O")]
        sentence = []
        for word, kind in words[: 2 if number % 5 == 0 else 4]:
            parts = list(word) if language == "zh" else [word] * bool(word)
            sentence += [(p, "O" if kind == "O" else f"{'I' if at else 'B'}-{kind}") for at, p in enumerate(parts)]
        yield sentence


def unigrams(texts):
    """A vocabulary as SentencePiece makes it, from whole words."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    letters = sorted({letter for text in texts for letter in text})
    pieces = [(piece, 0.0) for piece in special] + [("▁", -4.0), *((letter, -6.0) for letter in letters)]
    pieces += [(form, -3.0) for text in sorted({*texts}) if len(text) > 1 for form in (f"▁{text}", text)]
    backend = Tokenizer(models.Unigram(pieces, unk_id=1))
    backend.pre_tokenizer, backend.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    backend.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", "[CLS] $A [SEP] $B [SEP]", [("[CLS]", 2), ("[SEP]", 3)]
    )
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    return PreTrainedTokenizerFast(tokenizer_object=backend, model_max_length=64, **names)


def small(size, **more):
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    dropout = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    return BertConfig(vocab_size=size, max_position_embeddings=70, **sizes, **dropout, **more)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("HF_MIXTRAIN_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("of-data") / "data"
    (folder / "panx").mkdir(parents=True)
    for language in NAMES:
        for split, count, shift in [("train", 60 if language == "en" else 8, 0), ("dev", 12, 50), ("test", 20, 70)]:
            write_tsv(folder / "panx" / f"{split}-{language}.tsv", sentences(language, count, shift))
    return folder


@pytest.fixture(scope="session")
def tokenizer():
    words = {word for group in (NAMES, PLACES) for part in group.values() for word in part}
    return unigrams({*words, *VERBS.values(), *filter(None, STOPS.values())})


@pytest.fixture(scope="session")
def trained(tmp_path_factory, data_dir, tokenizer):
    """The folder of a finished cell."""
    folder = tmp_path_factory.mktemp("of-tagger")
    set_seed(0)
    BertModel(small(len(tokenizer))).save_pretrained(folder / "encoder")
    tokenizer.save_pretrained(folder / "encoder")
    flags = {
        "task": "panx", "languages": [code for code in NAMES if code != "en"], "data_source": data_dir,
        "model_name_or_path": folder / "encoder", "method": ["naive-mix-train"], "max_length": 32, "shots": [8],
        "learning_rate": 1e-2, "num_train_epochs": 8, "per_device_train_batch_size": 8, "save_strategy": "no",
        "gradient_accumulation_steps": 1, "use_cpu": True, "output_dir": folder / "out",
    }  # fmt: skip
    argv = [
        word
        for name, value in flags.items()
        for word in (f"--{name}", *(value if isinstance(value, list) else [value]))
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_MIXTRAIN_CACHE", str(folder / "cache"))
        outcome = run_grid(parse_settings(list(map(str, argv))))
    assert not outcome.failed
    return folder / "out/panx/naive-mix-train/k8/seed1"


@pytest.fixture(scope="session")
def results(trained):
    return json.loads((trained / "results.json").read_text())


@pytest.fixture(scope="session")
def classifier(tmp_path_factory, tokenizer):
    """Makes the folder of an untrained classifier of single texts, or of pairs."""

    def make(*, pairs):
        folder = tmp_path_factory.mktemp("of-classifier")
        set_seed(1)
        names = {"id2label": {0: "no", 1: "yes"}, "label2id": {"no": 0, "yes": 1}, "initializer_range": 0.5}
        BertForSequenceClassification(small(len(tokenizer), **names)).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        write_reading(folder, Reading("mine", "text-classification", {"max_length": 32}, pairs=pairs))
        return folder

    return make


@pytest.fixture(scope="session")
def reader(tmp_path_factory, tokenizer):
    """A model for questions that answers with York."""
    folder = tmp_path_factory.mktemp("of-reader")
    set_seed(2)
    model = BertForQuestionAnswering(small(len(tokenizer)))
    with torch.no_grad():
        york = tokenizer.convert_tokens_to_ids("▁York")
        model.bert.embeddings.word_embeddings.weight[york] = 5 * model.qa_outputs.weight.sum(0).sign()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder

"""A small task in three languages and a tiny encoder, as files."""

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, set_seed

NAMES = {"en": ["Ann", "Bob", "Eve"], "de": ["Uwe", "Ida", "Jan"], "sw": ["Juma", "Asha", "Pili"]}
PLACES = {"en": ["York", "Hull"], "de": ["Ulm", "Bonn"], "sw": ["Moshi", "Tanga"]}
WORDS = {"en": ["lives", "in", "works"], "de": ["wohnt", "in", "arbeitet"], "sw": ["anaishi", "katika", "anafanya"]}


def sentences(language, count, shift):
    for number in range(shift, shift + count):
        name, place = NAMES[language][number % 3], PLACES[language][number % 2]
        verb, preposition = WORDS[language][0 if number % 4 else 2], WORDS[language][1]
        yield [(name, "B-PER"), (verb, "O"), (preposition, "O"), (place, "B-LOC")][: 4 if number % 5 else 3]


def write_tsv(path, rows):
    path.write_text("\n\n".join("\n".join(f"{word}\t{tag}" for word, tag in row) for row in rows) + "\n")


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("of-data") / "data"
    folder.mkdir()
    (folder / "panx").mkdir()
    for language in NAMES:
        for split, count, shift in [("train", 48 if language == "en" else 8, 0), ("dev", 6, 50), ("test", 12, 60)]:
            write_tsv(folder / "panx" / f"{split}-{language}.tsv", sentences(language, count, shift))
    return folder


@pytest.fixture(scope="session")
def encoder_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("of-encoder") / "encoder"
    folder.mkdir()
    words = sorted({word for part in (NAMES, PLACES, WORDS) for group in part.values() for word in group})
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words, *(f"unused{number}" for number in range(20))]
    backend = Tokenizer(models.WordLevel({piece: i for i, piece in enumerate(pieces)}, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=backend, **special).save_pretrained(folder)
    set_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    sizes |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    BertModel(BertConfig(vocab_size=len(pieces), max_position_embeddings=40, **sizes)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def flags(data_dir, encoder_dir):
    """Flags of a run that takes seconds."""
    return [
        *["--task", "panx", "--languages", "de", "sw", "--data_source", str(data_dir)],
        *["--model_name_or_path", str(encoder_dir), "--max_length", "32", "--learning_rate", "1e-2"],
        *["--per_device_train_batch_size", "8", "--gradient_accumulation_steps", "1", "--num_train_epochs", "4"],
        *["--save_steps", "5", "--use_cpu", "true"],
    ]

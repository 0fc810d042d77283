"""Tokenizers of four kinds, made here, and a cache folder of the tests' own."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

SPECIAL = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:?!'\"()-äöüß"


@pytest.fixture(scope="session")
def session_cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def cache(session_cache, monkeypatch) -> Path:
    monkeypatch.setenv("HF_MIXTRAIN_CACHE", str(session_cache))
    return session_cache


@pytest.fixture
def empty_cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("HF_MIXTRAIN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def _ready(backend: Tokenizer, pair: str, inputs: list[str]) -> PreTrainedTokenizerFast:
    ids = [("[CLS]", backend.token_to_id("[CLS]")), ("[SEP]", backend.token_to_id("[SEP]"))]
    backend.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", pair, ids)
    names = {f"{token[1:-1].lower()}_token": token for token in SPECIAL}
    return PreTrainedTokenizerFast(tokenizer_object=backend, model_input_names=inputs, model_max_length=512, **names)


def bert_like() -> PreTrainedTokenizerFast:
    """Letters as word pieces; a word with another character is unknown; segment ids."""
    pieces = [*SPECIAL, *LETTERS, *(f"##{letter}" for letter in LETTERS), "an", "##an", "th", "##en"]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    backend = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return _ready(backend, "[CLS] $A [SEP] $B:1 [SEP]:1", ["input_ids", "token_type_ids", "attention_mask"])


def xlmr_like() -> PreTrainedTokenizerFast:
    """Unigrams after a mark for space; two separators in a pair; no segment ids; zero-width characters vanish."""
    pieces = [(piece, 0.0) for piece in SPECIAL]
    pieces += [(letter, -4.0) for letter in ("▁", *LETTERS)] + [("▁B", -3.0), ("on", -3.0), ("▁in", -3.0), ("an", -3.0)]
    backend = Tokenizer(models.Unigram(pieces, unk_id=3))
    backend.normalizer = normalizers.Replace("\u200b", "")
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    return _ready(backend, "[CLS] $A [SEP] [SEP] $B [SEP]", ["input_ids", "attention_mask"])


def byte_level(*, prefix: bool) -> PreTrainedTokenizerFast:
    """Bytes, some joined, as ModernBERT and RoBERTa have them."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [("o", "n"), ("Ġ", "B"), ("ĠB", "on"), ("i", "n")]
    pieces = [*SPECIAL, *alphabet, *("".join(pair) for pair in merges)]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    backend = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    return _ready(backend, "[CLS] $A [SEP] $B [SEP]", ["input_ids", "attention_mask"])


@pytest.fixture(scope="session")
def words() -> PreTrainedTokenizerFast:
    """Whole words, Chinese by the character, nearly all unknown: few tokens, and quick on whole data sets."""
    backend = Tokenizer(models.WordLevel({token: number for number, token in enumerate(SPECIAL)}, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return _ready(backend, "[CLS] $A [SEP] $B [SEP]", ["input_ids", "attention_mask"])


KINDS = {
    "bert": bert_like,
    "xlm-r": xlmr_like,
    "byte-level": lambda: byte_level(prefix=False),
    "byte-level after a space": lambda: byte_level(prefix=True),
}


@pytest.fixture(scope="session", params=KINDS)
def tokenizer(request) -> PreTrainedTokenizerFast:
    return KINDS[request.param]()


@pytest.fixture(scope="session")
def byte_levels() -> list[PreTrainedTokenizerFast]:
    return [byte_level(prefix=False), byte_level(prefix=True)]


@pytest.fixture
def new_bert() -> PreTrainedTokenizerFast:
    """One that a test may change."""
    return bert_like()


@pytest.fixture(scope="session")
def bert() -> PreTrainedTokenizerFast:
    return bert_like()


@pytest.fixture(scope="session")
def xlmr() -> PreTrainedTokenizerFast:
    return xlmr_like()

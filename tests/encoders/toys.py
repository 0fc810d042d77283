"""Small tokenizers of every kind, trained on a part of the test sentences, and small models for them."""

import functools

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    BertConfig,
    BertForMaskedLM,
    BertForTokenClassification,
    DistilBertConfig,
    DistilBertForMaskedLM,
    ModernBertConfig,
    ModernBertForTokenClassification,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForMaskedLM,
    XLMRobertaConfig,
    XLMRobertaForTokenClassification,
)

from .translations import SENTENCES

# As in XLM-R: padding is not the first id.
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
SEEN = SENTENCES[::2]


def finish(backend):
    """Give a `tokenizers.Tokenizer` the template and the names of the special tokens."""
    cls, sep = backend.token_to_id("<s>"), backend.token_to_id("</s>")
    if backend.post_processor is None:
        backend.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", cls), ("</s>", sep)]
        )
    names = {"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>"}
    names |= {"pad_token": "<pad>", "unk_token": "<unk>", "mask_token": "<mask>"}
    return PreTrainedTokenizerFast(tokenizer_object=backend, model_max_length=96, **names)


def _unigram():
    backend = Tokenizer(models.Unigram())
    backend.normalizer = normalizers.NFKC()
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Metaspace()
    return backend, trainers.UnigramTrainer(
        vocab_size=400, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False
    )


def _bpe_of_bytes():
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    backend.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    return backend, trainers.BpeTrainer(
        vocab_size=500, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )


def _bpe_without_prefix():
    backend, trainer = _bpe_of_bytes()
    # RoBERTa's default: a word after a space is another piece than the word alone.
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    roberta = processors.RobertaProcessing(("</s>", SPECIAL.index("</s>")), ("<s>", SPECIAL.index("<s>")))
    backend.post_processor = processors.Sequence([processors.ByteLevel(), roberta])
    return backend, trainer


def _bpe_of_characters():
    backend = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    byte_pieces = [f"<0x{byte:02X}>" for byte in range(256)]
    return backend, trainers.BpeTrainer(vocab_size=700, special_tokens=SPECIAL + byte_pieces, show_progress=False)


def _wordpiece():
    backend = Tokenizer(models.WordPiece(unk_token="<unk>"))
    backend.normalizer = normalizers.BertNormalizer()
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return backend, trainers.WordPieceTrainer(vocab_size=400, special_tokens=SPECIAL, show_progress=False)


def _wordlevel():
    backend = Tokenizer(models.WordLevel(unk_token="<unk>"))
    # As sentence-transformers saves its tokenizers.
    backend.enable_padding(pad_id=SPECIAL.index("<pad>"), pad_token="<pad>")
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    return backend, trainers.WordLevelTrainer(special_tokens=SPECIAL, show_progress=False)


_KINDS = {
    "unigram": _unigram,
    "bpe-bytes": _bpe_of_bytes,
    "bpe-no-prefix": _bpe_without_prefix,
    "bpe-characters": _bpe_of_characters,
    "wordpiece": _wordpiece,
    "wordlevel": _wordlevel,
}
TOKENIZERS = list(_KINDS)


@functools.cache
def tokenizer_of(kind):
    """Return the small tokenizer of a kind; it has seen half of the sentences."""
    backend, trainer = _KINDS[kind]()
    backend.train_from_iterator(SEEN, trainer)
    return finish(backend)


_SIZES = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 24}
_DISTIL = {"dim": 16, "n_layers": 1, "n_heads": 2, "hidden_dim": 24}
_BART = {"d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2}
_BART |= {"decoder_attention_heads": 2, "encoder_ffn_dim": 24, "decoder_ffn_dim": 24}
MODELS = {
    "bert": (BertForTokenClassification, BertConfig, _SIZES),
    "bert-lm": (BertForMaskedLM, BertConfig, _SIZES),
    "bert-lm-untied": (BertForMaskedLM, BertConfig, _SIZES | {"tie_word_embeddings": False}),
    "xlm-roberta": (XLMRobertaForTokenClassification, XLMRobertaConfig, _SIZES),
    "roberta-lm": (RobertaForMaskedLM, RobertaConfig, _SIZES),
    "distilbert-lm": (DistilBertForMaskedLM, DistilBertConfig, _DISTIL),
    # Its bias over pieces is a buffer.
    "bart-lm": (BartForConditionalGeneration, BartConfig, _BART),
    "modernbert": (ModernBertForTokenClassification, ModernBertConfig, _SIZES),
}


def model_for(name, tokenizer, **settings):
    """Return a small random model with a few embeddings more than the tokenizer has pieces, as XLM-R's kin have."""
    model_class, config_class, sizes = MODELS[name]
    torch.manual_seed(0)
    ids = {
        f"{token}_token_id": getattr(tokenizer, f"{token}_token_id") for token in ("bos", "eos", "pad", "cls", "sep")
    }
    size = {"vocab_size": len(tokenizer) + 3, "max_position_embeddings": 99}
    return model_class(config_class(**ids, **size, **sizes, **settings)).eval()

import json

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from hf_mixtrain.errors import InputError
from hf_mixtrain.similarity import checkpoint_similarity


@pytest.fixture
def encoder(tmp_path):
    """Folder of a tiny encoder that reads letters."""
    letters = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *map(chr, range(97, 123))]
    tokenizer = Tokenizer(models.WordPiece({t: n for n, t in enumerate(letters)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    )  # fmt: skip
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(letters), hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8
    )  # fmt: skip
    fast.save_pretrained(tmp_path / "encoder")
    BertModel(config).save_pretrained(tmp_path / "encoder")
    return str(tmp_path / "encoder")


def test_a_checkpoint_is_compared_on_the_shots_of_a_task(tmp_path, encoder, monkeypatch):
    monkeypatch.setenv("HF_MIXTRAIN_CACHE", str(tmp_path / "cache"))
    files = checkpoint_similarity(
        encoder, task="panx", data_source="demo", shots=2, languages=["de", "sw"], output=tmp_path / "map", device="cpu"
    )
    numbers = json.loads(files[0].read_text())
    assert (numbers["task"], numbers["shots"], numbers["seed"]) == ("panx", 2, 1)
    assert numbers["languages"] == ["en", "de", "sw"]
    assert all(row[n] == 1.0 for n, row in enumerate(numbers["before"]))
    assert files[1].read_bytes().startswith(b"\x89PNG")


def test_a_checkpoint_that_is_none_is_named(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty: cannot be loaded for panx .* Expected the folder"):
        checkpoint_similarity(str(tmp_path / "empty"), task="panx", data_source="demo", languages=["de"])


def test_zero_shots_are_refused():
    with pytest.raises(InputError, match=r"`shots` must be 1 or more to compare gradients\. Got 0"):
        checkpoint_similarity("any", task="panx", shots=0)

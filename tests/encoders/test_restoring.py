"""A model trained with a trimmed vocabulary becomes the model that training with all pieces makes."""

import copy

import pytest
import torch
from transformers import AutoTokenizer

from hf_mixtrain.encoders import restore_vocabulary, trim_vocabulary
from hf_mixtrain.errors import InputError

from .toys import TOKENIZERS, model_for, tokenizer_of
from .translations import SENTENCES

SEEN, UNSEEN = SENTENCES[:4], SENTENCES[4:12]


def train(model, tokenizer):
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.0)
    batch = tokenizer(SEEN, return_tensors="pt", padding=True)
    for _ in range(3):
        model(**batch).logits.logsumexp(-1).mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    return model


def logits(model, tokenizer):
    with torch.no_grad():
        return model(**tokenizer(UNSEEN, return_tensors="pt", padding=True)).logits


@pytest.mark.parametrize("kind", TOKENIZERS)
@pytest.mark.parametrize("name", ["bert", "xlm-roberta"])
def test_trained_trimmed_and_restored_equals_trained_whole(kind, name):
    tokenizer = tokenizer_of(kind)
    whole = model_for(name, tokenizer)
    trimmed, small = trim_vocabulary(copy.deepcopy(whole), tokenizer, SEEN)
    restored = restore_vocabulary(train(trimmed, small), small, whole, tokenizer)
    trained = train(copy.deepcopy(whole), tokenizer)
    assert not torch.allclose(logits(trained, tokenizer), logits(whole, tokenizer), atol=1e-3)
    torch.testing.assert_close(logits(restored, tokenizer), logits(trained, tokenizer), rtol=0, atol=1e-5)
    assert restored.config.to_dict() == trained.config.to_dict()


def test_saved_and_loaded_it_is_the_same(tmp_path):
    tokenizer = tokenizer_of("unigram")
    whole = model_for("xlm-roberta", tokenizer)
    trimmed, small = trim_vocabulary(whole, tokenizer, SEEN)
    restored = restore_vocabulary(trimmed, small, whole, tokenizer)
    restored.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    loaded = type(restored).from_pretrained(tmp_path)
    torch.testing.assert_close(
        logits(loaded, AutoTokenizer.from_pretrained(tmp_path)), logits(whole, tokenizer), rtol=0, atol=0
    )


def test_the_trimmed_model_is_left_as_it_is():
    tokenizer = tokenizer_of("unigram")
    whole = model_for("bert", tokenizer)
    trimmed, small = trim_vocabulary(whole, tokenizer, SEEN)
    table, config = trimmed.get_input_embeddings().weight, trimmed.config.to_dict()
    restored = restore_vocabulary(trimmed, small, whole, tokenizer)
    assert trimmed.get_input_embeddings().weight is table
    assert len(table) == len(small)
    assert trimmed.config.to_dict() == config
    assert len(restored.get_input_embeddings().weight) == len(whole.get_input_embeddings().weight) > len(table)


def test_language_models_are_refused():
    tokenizer = tokenizer_of("unigram")
    whole = model_for("bert-lm", tokenizer)
    trimmed, small = trim_vocabulary(whole, tokenizer, SEEN)
    with pytest.raises(InputError, match=r"More of .* than its input embeddings"):
        restore_vocabulary(trimmed, small, whole, tokenizer)


def test_tokenizer_of_another_model_is_refused():
    tokenizer = tokenizer_of("unigram")
    whole = model_for("bert", tokenizer)
    trimmed, small = trim_vocabulary(whole, tokenizer, SEEN)
    with pytest.raises(InputError, match="has no piece"):
        restore_vocabulary(trimmed, small, whole, tokenizer_of("wordpiece"))
    with pytest.raises(InputError, match="Expected a model with"):
        restore_vocabulary(whole, small, whole, tokenizer)

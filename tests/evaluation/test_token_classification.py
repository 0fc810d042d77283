"""Tags of whole sentences from the features of their pieces."""

import random

import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st

from hf_mixtrain.data import featurize
from hf_mixtrain.evaluation import evaluate_languages, predict
from hf_mixtrain.evaluation.token_classification import join_pieces

from .toys import TagOracle, make_trainer, sentences, small_bert


@given(st.lists(st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=4), max_size=4), max_size=5), st.randoms())
def test_pieces_in_any_order_give_the_sentences_again(cut, rng):
    pieces = []
    for row, parts in enumerate(cut):
        start = 0
        for part in parts:
            pieces.append((row, start, part))
            start += len(part)
    rng.shuffle(pieces)
    row_of, first_word, tags = zip(*pieces, strict=True) if pieces else ((), (), ())
    assert join_pieces(len(cut), row_of, first_word, tags) == cut


@pytest.mark.parametrize("max_length", [8, 15, 32, 500])
def test_cutting_sentences_loses_no_word_and_does_not_change_the_score(tmp_path, tokenizer, tagging, max_length):
    raw = sentences(tagging, 40)
    features = featurize(tagging, raw, tokenizer, training=False, max_length=max_length)
    assert (len(features) > len(raw)) == (max_length < 500)
    trainer = make_trainer(TagOracle(tokenizer), tmp_path)
    predictions = predict(trainer, tagging, raw, tokenizer, max_length=max_length)
    assert [len(tags) for tags in predictions] == [len(tokens) for tokens in raw["tokens"]]
    scores = evaluate_languages(trainer, tagging, {"en": raw}, tokenizer, max_length=max_length)
    assert set(scores["en"].values()) == {100.0}


def test_neither_batch_size_nor_order_of_rows_changes_predictions(tmp_path, tokenizer, tagging):
    raw = sentences(tagging, 30)
    model = small_bert(tokenizer, labels=tagging.labels)
    expected = predict(make_trainer(model, tmp_path, batch=1), tagging, raw, tokenizer)
    assert len({tag for tags in expected for tag in tags}) > 2  # not one tag for everything
    assert predict(make_trainer(model, tmp_path, batch=64), tagging, raw, tokenizer) == expected
    order = random.Random(1).sample(range(30), 30)
    shuffled = predict(make_trainer(model, tmp_path), tagging, raw.select(order), tokenizer)
    assert shuffled == [expected[row] for row in order]


def test_predictions_are_those_of_the_model_row_by_row(tmp_path, tokenizer, tagging):
    raw = sentences(tagging, 12, most_words=4)
    model = small_bert(tokenizer, labels=tagging.labels).eval()
    by_hand = []
    for tokens in raw["tokens"]:
        encoded = tokenizer(tokens, is_split_into_words=True, return_tensors="pt", truncation=True, max_length=64)
        best = model(**encoded).logits[0].argmax(-1).tolist()
        words = encoded.word_ids(0)
        by_hand.append([tagging.labels[best[words.index(word)]] for word in range(len(tokens)) if word in words])
    predicted = predict(make_trainer(model, tmp_path), tagging, raw, tokenizer, max_length=64)
    whole = [len(hand) == len(tokens) for hand, tokens in zip(by_hand, raw["tokens"], strict=True)]
    fits = [ok and sum(map(len, tokens)) <= 62 for ok, tokens in zip(whole, raw["tokens"], strict=True)]
    assert sum(fits) > 5
    assert all(hand == ours for ok, hand, ours in zip(fits, by_hand, predicted, strict=True) if ok)


def test_one_language_after_the_other_in_the_order_given(tmp_path, tokenizer, tagging):
    raw = {"en": sentences(tagging, 9), "de": sentences(tagging, 5, seed=1)}
    scores = evaluate_languages(make_trainer(TagOracle(tokenizer), tmp_path), tagging, raw, tokenizer)
    assert list(scores) == ["en", "de"]
    assert scores["de"]["f1"] == 100.0


def test_a_set_of_empty_sentences_is_predicted_without_the_model(tmp_path, tokenizer, tagging):
    raw = sentences(tagging, 3, most_words=0)
    assert isinstance(raw, Dataset)
    assert predict(make_trainer(TagOracle(tokenizer), tmp_path), tagging, raw, tokenizer) == [[], [], []]

"""Answers: the best span, by hand and against a plain search; whole texts from windows."""

import itertools
import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_mixtrain.data import featurize
from hf_mixtrain.evaluation import evaluate_languages, predict
from hf_mixtrain.evaluation.question_answering import best_spans

from .toys import AnswerOracle, make_trainer, questions, small_reader


def best(start, end, may_start=None, may_end=None):
    everywhere = np.ones(len(start), dtype=bool)
    masks = [everywhere if may is None else np.asarray(may, dtype=bool) for may in (may_start, may_end)]
    return best_spans(torch.tensor([start]), torch.tensor([end]), [masks[0]], [masks[1]])[0]


def test_an_end_before_its_start_is_no_answer():
    assert best([0.0, 1.0, 9.0], [9.0, 2.0, 1.0])[1:] == (10.0, 2, 2)
    assert best([0.0, 9.0, 1.0], [9.0, 2.0, 1.0])[1:] == (11.0, 1, 1)


def test_an_answer_has_thirty_tokens_at_most():
    start, end = [9.0] + [0.0] * 39, [0.0] * 29 + [1.0, 8.0] + [0.0] * 9
    assert best(start, end)[1:] == (10.0, 0, 29)  # to token 30 would be 31 tokens


def test_tokens_that_are_not_allowed_take_no_place_among_the_best():
    # Thirty likelier tokens stand before the text, as those of a long question do.
    start = [5.0] * 30 + [1.0, 2.0, 0.0]
    allowed = [False] * 30 + [True] * 3
    assert best(start, start, allowed, allowed) == (True, 4.0, 31, 31)
    assert best(start, start, [False] * 32 + [True], allowed) == (True, 0.0, 32, 32)


def test_without_a_span_among_the_likeliest_ends_the_best_of_all_is_taken():
    size = 60
    start = [float(place) for place in range(size)]  # the likeliest starts are the last tokens
    end = [-1.5 * place for place in range(size)]  # and the likeliest ends the first ones
    assert best(start, end) == (False, 0.0, 0, 0)


def test_a_window_without_text_has_no_span():
    assert best([1.0, 2.0], [1.0, 2.0], [False, False], [False, False])[:2] == (False, -np.inf)


@given(st.integers(1, 45), st.integers(0, 10**6))
@settings(deadline=None, max_examples=40)
def test_the_span_is_the_one_that_a_plain_search_finds(size, seed):
    rng = np.random.default_rng(seed)
    start, end = rng.permutation(size).astype(np.float32), rng.permutation(size).astype(np.float32) * 1.37
    may_start, may_end = rng.random(size) < 0.8, rng.random(size) < 0.8
    top = [
        sorted(np.flatnonzero(may), key=lambda place, logits=logits: -logits[place])[:20]
        for logits, may in ((start, may_start), (end, may_end))
    ]
    spans = [(s, e) for s, e in itertools.product(*top) if s <= e < s + 30]
    found = best(start.tolist(), end.tolist(), may_start, may_end)
    assert found.among_best == bool(spans)
    if spans:
        assert found.score == pytest.approx(max(start[s] + end[e] for s, e in spans))
        assert (found.start, found.end) in spans


@pytest.mark.parametrize("max_length", [28, 40, 400])
def test_a_reader_that_knows_the_answer_finds_it_in_any_window(tmp_path, tokenizer, answers, max_length):
    raw = questions(30)
    windows = len(featurize(answers, raw, tokenizer, training=False, max_length=max_length))
    assert (windows > len(raw)) == (max_length < 400)
    trainer = make_trainer(AnswerOracle(tokenizer), tmp_path)
    scores = evaluate_languages(trainer, answers, {"en": raw}, tokenizer, max_length=max_length)
    assert scores["en"] == {"f1": 100.0, "exact_match": 100.0, "f1_segmented": 100.0}


def test_answers_are_parts_of_their_text_and_do_not_depend_on_batch_or_order(tmp_path, tokenizer, answers):
    raw = questions(20)
    model = small_reader(tokenizer)
    expected = predict(make_trainer(model, tmp_path, batch=1), answers, raw, tokenizer)
    assert all(answer and answer in text for answer, text in zip(expected, raw["context"], strict=True))
    assert len(set(expected)) > 10
    assert predict(make_trainer(model, tmp_path, batch=16), answers, raw, tokenizer) == expected
    order = random.Random(1).sample(range(20), 20)
    shuffled = predict(make_trainer(model, tmp_path), answers, raw.select(order), tokenizer)
    assert shuffled == [expected[row] for row in order]


def test_an_answer_keeps_the_characters_of_the_text(tmp_path, tokenizer, answers):
    # Two spaces, a capital, an accent and marks that the tokenizer knows nothing of are between first and last piece.
    raw = questions(1, context="ab  zx  É,東«京» xq.  cd", answer="zx  É,東«京» xq")
    trainer = make_trainer(AnswerOracle(tokenizer), tmp_path)
    assert predict(trainer, answers, raw, tokenizer, max_length=64) == ["zx  É,東«京» xq"]


def test_an_empty_text_has_an_empty_answer(tmp_path, tokenizer, answers):
    raw = questions(1, context="", answer="")
    assert predict(make_trainer(AnswerOracle(tokenizer), tmp_path), answers, raw, tokenizer) == [""]

"""Sequences of tags: the best one, and a legal one."""

import itertools
import json

import numpy as np
import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st

from hf_mixtrain.data import load_task
from hf_mixtrain.errors import InputError
from hf_mixtrain.evaluation import evaluate_decodings, predict
from hf_mixtrain.evaluation.decoding import (
    Decoding,
    best_rule,
    best_sequences,
    count_transitions,
    decodings,
    legal_moves,
)

from .toys import make_trainer, sentences, small_bert

LABELS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
SENTENCES = st.lists(st.integers(0, 5), max_size=6)


def random_scores(lengths, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(length, len(LABELS))) for length in lengths]


def is_legal(tags):
    return all(
        not tag.startswith("I-") or before in (f"B-{tag[2:]}", tag)
        for before, tag in zip(["", *tags], tags, strict=False)
    )


@given(st.lists(st.integers(0, 4), max_size=5), st.integers(0, 99))
def test_no_other_sequence_has_a_better_score(lengths, seed):
    scores = random_scores(lengths, seed)
    moves = Decoding("transitions", LABELS, 0.7, count_transitions(LABELS, [[0, 1, 2], [3, 4, 0]])).moves(LABELS)

    def score(sentence, tags):
        steps = zip([-1, *tags], tags, strict=False)
        return sum(moves[before, tag] for before, tag in steps) + sum(sentence[at, tag] for at, tag in enumerate(tags))

    for sentence, found in zip(scores, best_sequences(scores, moves), strict=True):
        every = itertools.product(range(len(LABELS)), repeat=len(sentence))
        best = max(score(sentence, tags) for tags in every) if len(sentence) else 0.0
        assert score(sentence, found.tolist()) == pytest.approx(best)


@given(st.lists(st.integers(0, 30), max_size=20), st.integers(0, 99))
def test_legal_tags_are_legal_and_what_is_legal_already_stays(lengths, seed):
    scores = random_scores(lengths, seed)
    legal = Decoding("legal", LABELS).tags(LABELS, scores)
    single = Decoding("argmax", LABELS).tags(LABELS, scores)
    assert [len(tags) for tags in legal] == lengths
    assert all(map(is_legal, legal))
    assert all(ours == alone for ours, alone in zip(legal, single, strict=True) if is_legal(alone))


@pytest.mark.parametrize("rule", ["argmax", "legal", "transitions"])
def test_a_sentence_is_decoded_the_same_alone_and_among_others(rule):
    scores = random_scores([7, 0, 30, 1, 7, 600, *range(1, 80)])
    decoding = Decoding(rule, LABELS, 0.3, count_transitions(LABELS, [[0, 0, 1, 2, 0]]))
    together = decoding.tags(LABELS, scores)
    assert together == [decoding.tags(LABELS, [sentence])[0] for sentence in scores]


def test_a_constant_for_each_word_changes_nothing():
    scores = random_scores([9, 4])
    decoding = Decoding("transitions", LABELS, 0.3, count_transitions(LABELS, [[0, 1, 2]]))
    shifted = [sentence + np.arange(len(sentence))[:, None] for sentence in scores]
    assert decoding.tags(LABELS, shifted) == decoding.tags(LABELS, scores)


def test_outputs_in_another_order_give_the_same_tags():
    scores, order = random_scores([9, 4]), [3, 0, 4, 1, 2]
    decoding = Decoding("transitions", LABELS, 2.0, count_transitions(LABELS, [[0, 1, 2, 0, 3, 4]]))
    labels = [LABELS[place] for place in order]
    assert decoding.tags(labels, [sentence[:, order] for sentence in scores]) == decoding.tags(LABELS, scores)


@given(st.lists(SENTENCES, max_size=5))
def test_counts_are_probabilities_and_grow_with_what_was_seen(tags):
    table = np.exp(count_transitions([*LABELS, "X"], tags))
    assert table.shape == (7, 6)
    assert table.sum(axis=1) == pytest.approx(np.ones(7))
    more = np.exp(count_transitions([*LABELS, "X"], [*tags, [2, 2]]))
    assert more[2, 2] > table[2, 2]
    assert more[-1, 2] > table[-1, 2]


def test_words_without_a_tag_end_a_sequence():
    assert np.array_equal(count_transitions(LABELS, [[0, -100, 1]]), count_transitions(LABELS, [[0], [1]]))


def test_a_type_without_a_beginning_may_start_anywhere():
    assert legal_moves(["O", "I-PER"]).all()
    assert not legal_moves(["O", "I-PER", "B-PER"])[0, 1]


def test_pos_tags_have_transitions_and_are_read_one_by_one_by_default():
    assert next(iter(decodings(load_task("udpos").labels, []))) == "argmax"
    assert next(iter(decodings(load_task("panx").labels, []))) == "transitions"


def test_of_equal_scores_on_dev_the_default_wins():
    assert best_rule({"transitions": 1.0, "legal": 1.0, "argmax": 1.0}) == "transitions"
    assert best_rule({"transitions": 1.0, "legal": 2.0, "argmax": 1.0}) == "legal"


@pytest.mark.parametrize("rule", ["argmax", "legal", "transitions"])
def test_a_decoding_read_from_json_gives_the_same_tags(rule):
    scores = random_scores([12, 5, 40])
    decoding = Decoding(rule, LABELS, 0.4, count_transitions(LABELS, [[0, 1, 2], [0, 0]]))
    again = Decoding.from_json(json.loads(json.dumps(decoding.to_json())))
    assert again == decoding
    assert again.tags(LABELS, scores) == decoding.tags(LABELS, scores)


@pytest.mark.parametrize(
    "change", [{"rule": "best"}, {"labels": 3}, {"weight": "much"}, {"transitions": [[1.0]]}, {"transitions": None}]
)
def test_a_broken_decoding_is_refused(change):
    value = Decoding("transitions", LABELS, 0.4, count_transitions(LABELS, [])).to_json() | change
    with pytest.raises(InputError, match="Expected a decoding with rule, weight, labels and transitions"):
        Decoding.from_json(value)


def test_all_rules_decode_the_same_outputs_in_one_pass(tmp_path, tokenizer, tagging):
    raw = sentences(tagging, 30)
    assert isinstance(raw, Dataset)
    trainer = make_trainer(small_bert(tokenizer, labels=tagging.labels), tmp_path)
    passes = []
    trainer.model.register_forward_hook(lambda *_: passes.append(1))
    among = decodings(tagging.labels, raw["tags"])
    found = evaluate_decodings(trainer, tagging, raw, tokenizer, among)
    once = len(passes)
    for rule, (tags, _) in found.items():
        assert predict(trainer, tagging, raw, tokenizer, decoding=among[rule]) == tags
    assert len(passes) == 4 * once
    assert all(map(is_legal, found["legal"][0]))
    assert not all(map(is_legal, found["argmax"][0]))

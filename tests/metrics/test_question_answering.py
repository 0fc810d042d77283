"""Answer scores: golden values by hand, and the rules of SQuAD's own script."""

import re
import string
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_mixtrain.errors import InputError
from hf_mixtrain.metrics import SquadF1

WORDS = st.lists(
    st.sampled_from(["The", "a", "an", "cat", "Cat,", "sat.", "東京", "東", "กรุงเทพ", "«дом»", "3.5", "-", "$", "—"]),
    max_size=6,
).map(" ".join)
ANSWERS = st.lists(st.tuples(WORDS, st.lists(WORDS, min_size=1, max_size=3)), min_size=1, max_size=5)


def official(text):
    """``normalize_answer`` of SQuAD's evaluate-v1.1.py."""
    text = "".join(char for char in text.lower() if char not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def official_f1(prediction, gold):
    """``f1_score`` of the same file."""
    predicted, reference = official(prediction).split(), official(gold).split()
    same = sum((Counter(predicted) & Counter(reference)).values())
    if same == 0:
        return 0
    precision, recall = same / len(predicted), same / len(reference)
    return 2 * precision * recall / (precision + recall)


def score(prediction, *golds):
    return SquadF1().compute(predictions=[prediction], references=[list(golds)])


@pytest.mark.parametrize(
    ("prediction", "gold", "f1", "exact"),
    [
        ("The Cat!", "cat", 1.0, 1.0),  # case, article, punctuation
        ("an  old\tcat", "old cat", 1.0, 1.0),  # white space
        ("black cat", "the black dog", 0.5, 0.0),
        ("cat cat", "cat", 2 / 3, 0.0),  # bags, not sets
        ("theatre", "the atre", 0.0, 0.0),  # articles are whole words; `atre` is left of the gold answer
        ("the", "a", 0.0, 1.0),  # nothing is left of either: no token in common, but equal
        ("the", "cat", 0.0, 0.0),
        ("дом.", "дом", 1.0, 1.0),
        ("«дом»", "дом", 0.0, 0.0),  # only ASCII punctuation goes
        ("der Hund", "Hund", 2 / 3, 0.0),  # English articles only
        ("東京都", "東京", 0.0, 0.0),  # one token without spaces
    ],
)
def test_answers_by_hand(prediction, gold, f1, exact):
    scores = score(prediction, gold)
    assert (scores["f1"], scores["exact_match"]) == (pytest.approx(f1), exact)


@pytest.mark.parametrize(
    ("prediction", "gold", "f1"),
    [
        ("東京都", "東京", 4 / 5),
        ("「東京」", "東京", 1.0),
        ("«дом»", "дом", 1.0),
        ("NHK放送", "NHK", 2 / 4),  # NHK, and two characters
        ("กข", "กค", 1 / 2),
        ("서울 시", "서울", 2 / 3),  # Korean has spaces
    ],
)
def test_segmented_f1_by_hand(prediction, gold, f1):
    assert score(prediction, gold)["f1_segmented"] == pytest.approx(f1)


def test_the_best_gold_answer_counts_for_each_score():
    assert score("old cat", "cat", "the old dog", "Old cat.") == {"f1": 1, "exact_match": 1, "f1_segmented": 1}


@given(ANSWERS)
@settings(deadline=None, max_examples=60)
def test_scores_equal_those_of_the_official_script(rows):
    scores = SquadF1().compute(predictions=[p for p, _ in rows], references=[golds for _, golds in rows])
    for name, score_of in (("f1", official_f1), ("exact_match", lambda p, g: official(p) == official(g))):
        expected = sum(max(score_of(p, gold) for gold in golds) for p, golds in rows) / len(rows)
        assert scores[name] == pytest.approx(expected)


@given(st.text(st.characters(codec="ascii"), max_size=20), st.text(st.characters(codec="ascii"), max_size=20))
@settings(deadline=None, max_examples=60)
def test_on_ascii_text_both_f1_are_equal(prediction, gold):
    scores = score(prediction, gold)
    assert scores["f1_segmented"] == scores["f1"]


@given(st.lists(st.text(max_size=12), min_size=1, max_size=5))
@settings(deadline=None, max_examples=40)
def test_the_gold_answer_itself_scores_one(texts):
    scores = SquadF1().compute(predictions=texts, references=[[t] for t in texts])
    assert scores["exact_match"] == 1.0
    assert scores["f1"] == pytest.approx(sum(bool(official(text)) for text in texts) / len(texts))


@pytest.mark.parametrize(("prediction", "right"), [("", 1), ("The!", 1), ("town", 0)])
def test_a_question_without_an_answer_wants_an_empty_one(prediction, right):
    scores = SquadF1().compute(predictions=["town", "", prediction], references=[["town"], ["town"], []])
    assert scores == {
        "f1": pytest.approx((1 + right) / 3),
        "exact_match": pytest.approx((1 + right) / 3),
        "f1_segmented": pytest.approx((1 + right) / 3),
        "f1_has_answer": 0.5,
        "f1_no_answer": right,
    }


def test_questions_of_which_none_has_an_answer_are_refused():
    with pytest.raises(InputError, match=r"none for any of the 2 questions\."):
        SquadF1().compute(predictions=["a", "b"], references=[[], []])

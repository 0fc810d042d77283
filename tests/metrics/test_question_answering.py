"""Answer scores: golden values by hand, and torchmetrics' own results."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.functional.text import squad

from hf_mixtrain.errors import InputError
from hf_mixtrain.metrics import SquadF1

WORDS = st.lists(
    st.sampled_from(["The", "a", "an", "cat", "Cat,", "sat.", "東京", "東", "กรุงเทพ", "«дом»", "3.5", "-", "$", "—"]),
    max_size=6,
).map(" ".join)
ANSWERS = st.lists(st.tuples(WORDS, st.lists(WORDS, min_size=1, max_size=3)), min_size=1, max_size=5)


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
        ("the", "a", 1.0, 1.0),  # nothing is left of either
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
def test_scores_equal_those_of_torchmetrics(rows):
    scores = SquadF1().compute(predictions=[p for p, _ in rows], references=[golds for _, golds in rows])
    expected = squad(
        [{"id": str(i), "prediction_text": p} for i, (p, _) in enumerate(rows)],
        [{"id": str(i), "answers": {"text": g, "answer_start": [0] * len(g)}} for i, (_, g) in enumerate(rows)],
    )
    assert 100 * scores["f1"] == pytest.approx(float(expected["f1"]), abs=1e-3)
    assert 100 * scores["exact_match"] == pytest.approx(float(expected["exact_match"]), abs=1e-3)


@given(st.text(st.characters(codec="ascii"), max_size=20), st.text(st.characters(codec="ascii"), max_size=20))
@settings(deadline=None, max_examples=60)
def test_on_ascii_text_both_f1_are_equal(prediction, gold):
    scores = score(prediction, gold)
    assert scores["f1_segmented"] == scores["f1"]


@given(st.lists(st.text(max_size=12), min_size=1, max_size=5))
@settings(deadline=None, max_examples=40)
def test_the_gold_answer_itself_scores_one(texts):
    assert set(SquadF1().compute(predictions=texts, references=[[t] for t in texts]).values()) == {1.0}


def test_a_question_without_a_gold_answer_is_refused_with_its_number():
    with pytest.raises(InputError, match=r"none for question 1\."):
        SquadF1().compute(predictions=["a", "b"], references=[["a"], []])

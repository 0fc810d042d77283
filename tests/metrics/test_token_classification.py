"""Entity and part-of-speech scores: golden values by hand, and seqeval's own results."""

import warnings

import numpy as np
import pytest
import seqeval.metrics
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.functional.classification import multiclass_accuracy

from hf_mixtrain.errors import InputError
from hf_mixtrain.metrics import EntityF1, PosTagging, TagAccuracy

ENTITY_TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"]
UPOS = ["ADJ", "ADP", "NOUN", "PROPN", "PUNCT", "SCONJ", "SYM", "VERB", "X", "_"]


def sentences(tags):
    """Pairs of (predicted, reference) tags of the same length; a sentence may be empty."""
    pair = st.lists(st.tuples(st.sampled_from(tags), st.sampled_from(tags)), max_size=8)
    return st.lists(pair, min_size=1, max_size=8)


def split(pairs):
    return [[p for p, _ in row] for row in pairs], [[r for _, r in row] for row in pairs]


def seqeval_scores(predictions, references):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            name: getattr(seqeval.metrics, f"{name}_score")(references, predictions, zero_division=0)
            for name in ("f1", "precision", "recall")
        }


def test_entities_by_hand():
    references = [["B-PER", "I-PER", "O", "B-LOC"], ["B-ORG", "O", "O"], []]
    predictions = [["B-PER", "I-PER", "O", "B-LOC"], ["B-ORG", "I-ORG", "B-LOC"], []]
    # PER and one LOC are right; ORG is too long; the second LOC is made up: 2 of 4 predicted, 2 of 3 gold.
    scores = EntityF1().compute(predictions=predictions, references=references)
    assert scores == pytest.approx(
        {"precision": 2 / 4, "recall": 2 / 3, "f1": 4 / 7, "f1_LOC": 2 / 3, "f1_ORG": 0.0, "f1_PER": 1.0}
    )


def test_an_inside_tag_without_a_beginning_opens_an_entity():
    scores = EntityF1().compute(
        predictions=[["O", "I-PER", "I-PER", "I-LOC"]], references=[["O", "B-PER", "I-PER", "B-LOC"]]
    )
    assert scores["f1"] == 1.0


def test_an_entity_does_not_go_on_in_the_next_sentence():
    scores = EntityF1().compute(predictions=[["B-PER"], ["I-PER"]], references=[["B-PER"], ["B-PER"]])
    assert scores["f1"] == 1.0


def test_no_entity_anywhere_scores_zero_without_a_warning():
    assert EntityF1().compute(predictions=[["O"], []], references=[["O"], []]) == {"f1": 0, "precision": 0, "recall": 0}


@given(sentences(ENTITY_TAGS))
@settings(deadline=None, max_examples=60)
def test_entity_scores_equal_those_of_seqeval(pairs):
    predictions, references = split(pairs)
    scores = EntityF1().compute(predictions=predictions, references=references)
    assert {key: scores[key] for key in EntityF1.keys} == pytest.approx(seqeval_scores(predictions, references))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = seqeval.metrics.classification_report(references, predictions, output_dict=True, zero_division=0)
    for key in scores.keys() - set(EntityF1.keys):
        assert scores[key] == pytest.approx(report[key.removeprefix("f1_")]["f1-score"])


@pytest.mark.parametrize(("predicted", "gold"), [("O", "3"), ("B-PER", "PER"), ("NOUN", "I-PER")])
def test_numbers_and_tags_of_two_schemes_are_refused_by_name(predicted, gold):
    bare = gold if "-" not in gold else predicted
    with pytest.raises(InputError, match=f"entity tags.*'{bare}'.*TagAccuracy"):
        EntityF1().compute(predictions=[[predicted]], references=[[gold]])


def test_entities_without_prefixes_by_hand():
    # Gold: PER, ORG (two words), LOC, ORG; all but the two ORG are found: 2 of 2 predicted, 2 of 4 gold.
    gold = [["PER", "PER", "O", "ORG", "ORG"], ["LOC", "O", "ORG"]]
    predicted = [["PER", "PER", "O", "O", "O"], ["LOC", "O", "O"]]
    scores = EntityF1().compute(predictions=predicted, references=gold)
    assert scores == pytest.approx(
        {"precision": 1.0, "recall": 0.5, "f1": 2 / 3, "f1_LOC": 1.0, "f1_ORG": 0.0, "f1_PER": 1.0}
    )


@pytest.mark.parametrize(("predicted", "gold"), [("OBJ", "OBJ"), ("Ort", "Ort"), ("GRAND", "BRAND"), ("SB", "IB")])
def test_no_letter_of_an_entity_tag_is_lost(predicted, gold):
    scores = EntityF1().compute(predictions=[["O", predicted, "O"]], references=[["O", gold, "O"]])
    assert scores["f1"] == float(predicted == gold)


@pytest.mark.parametrize("scheme", ["BIES", "BMES", "BILU"])
def test_a_span_is_the_same_in_every_scheme(scheme):
    begin, inside, end, single = scheme
    gold = [[f"{begin}-A", f"{inside}-A", f"{end}-A", f"{single}-A", f"{begin}-B", f"{end}-B", "O"]]
    cut = [[f"{begin}-A", f"{end}-A", "O", f"{single}-A", f"{begin}-B", f"{end}-B", "O"]]
    assert set(EntityF1().compute(predictions=gold, references=gold).values()) == {1.0}
    assert EntityF1().compute(predictions=cut, references=gold)["f1"] == pytest.approx(2 / 3)


def test_penn_tags_are_told_apart_by_all_their_letters():
    swapped = TagAccuracy().compute(predictions=[["RB", "VB"]], references=[["VB", "RB"]])
    assert (swapped["accuracy"], swapped["macro_f1"]) == (0, 0)
    # Right: NN, JJ; F1 of NN and JJ 1, of WDT and PDT 0.
    half = TagAccuracy().compute(predictions=[["NN", "WDT", "JJ"]], references=[["NN", "PDT", "JJ"]])
    assert half == pytest.approx(
        {"accuracy": 2 / 3, "macro_f1": 1 / 2, "weighted_f1": 2 / 3}
        | {"accuracy_JJ": 1, "accuracy_NN": 1, "accuracy_PDT": 0}
    )


@pytest.mark.parametrize("metric", [EntityF1, PosTagging, TagAccuracy])
def test_sentences_of_different_lengths_are_refused_with_their_number(metric):
    with pytest.raises(InputError, match=r"2 tags of sentence 1. Got 1\."):
        metric().compute(predictions=[["O"], ["O"]], references=[["O"], ["O", "O"]])


def test_part_of_speech_by_hand():
    references = [["DET", "NOUN", "NOUN", "VERB", "PUNCT"]]
    predictions = [["DET", "NOUN", "VERB", "VERB", "PUNCT"]]
    # Four of five tokens are right. Spans: gold DET NN V PUNCT, predicted DET N VV PUNCT: 2 of 4.
    scores = PosTagging().compute(predictions=predictions, references=references)
    assert scores == {"accuracy": 0.8, "f1": 0.5, "precision": 0.5, "recall": 0.5}


def test_the_first_letter_of_a_tag_counts_as_its_prefix_as_in_xtreme():
    # S stands for a single-token span, so two SYM are two spans, while two NUM are one.
    predictions, references = [["SYM", "SYM", "NUM", "NUM"]], [["SYM", "NUM", "NUM", "NUM"]]
    scores = PosTagging().compute(predictions=predictions, references=references)
    assert (scores["precision"], scores["recall"]) == (1 / 3, 1 / 2)


def test_an_x_at_the_end_of_a_sentence_is_not_counted_as_in_xtreme():
    scores = PosTagging().compute(predictions=[["NUM", "X"]], references=[["NUM", "NOUN"]])
    assert (scores["precision"], scores["recall"], scores["accuracy"]) == (1, 1 / 2, 1 / 2)


@given(sentences(UPOS))
@settings(deadline=None, max_examples=60)
def test_part_of_speech_scores_equal_those_of_seqeval_and_torchmetrics(pairs):
    predictions, references = split(pairs)
    scores = PosTagging().compute(predictions=predictions, references=references)
    accuracy = scores.pop("accuracy")
    assert scores == pytest.approx(seqeval_scores(predictions, references))
    ids = [torch.tensor([UPOS.index(tag) for row in rows for tag in row]) for rows in (predictions, references)]
    expected = multiclass_accuracy(*ids, num_classes=len(UPOS), average="micro") if len(ids[0]) else 0.0
    assert accuracy == pytest.approx(float(expected))


@pytest.mark.parametrize(("metric", "tags"), [(EntityF1, ENTITY_TAGS), (PosTagging, UPOS[:-2]), (TagAccuracy, UPOS)])
def test_order_of_rows_and_perfect_predictions(metric, tags):
    rng = np.random.default_rng(1)
    references = [list(rng.choice(tags, size=size)) for size in rng.integers(0, 9, size=30)]
    predictions = [[tag if rng.random() < 0.7 else tags[0] for tag in row] for row in references]
    scores = metric().compute(predictions=predictions, references=references)
    assert 0 < scores[metric.keys[0]] < 1
    order = rng.permutation(30)
    again = metric().compute(predictions=[predictions[i] for i in order], references=[references[i] for i in order])
    assert again == scores
    assert set(metric().compute(predictions=references, references=references).values()) == {1.0}

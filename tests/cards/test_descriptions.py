"""Methods in sentences."""

import pytest

from hf_mixtrain.cards.descriptions import citations, describe_method
from hf_mixtrain.methods import METHODS


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_described_and_cited(method):
    text = " ".join(describe_method(method))
    assert ("No development set of a target language" in text) != METHODS[method].uses_target_dev
    assert ("surgery" in text) == (method == "gradient-mix-train")
    assert citations(method)[0].startswith("@inproceedings{xu-murray-2022")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "At every update a target language is drawn"),
        ({"surgery_probability": 0.1}, "At every update, with probability 0.1, a target language is drawn"),
        ({"surgery_scope": "micro_batch"}, "At every backward pass a target language is drawn"),
        ({"paper_exact": True}, "At every backward pass a language, the source among them, is drawn"),
        ({"oracle_languages_per_step": 3}, "At every update 3 target languages are drawn"),
        ({"surgery": "upgrad"}, "combined by upgrad"),
    ],
)
def test_surgery_is_described_as_it_was_done(settings, words):
    assert words in " ".join(describe_method("gradient-mix-train", settings))


def test_without_surgery_none_is_described():
    assert describe_method("gradient-mix-train", {"surgery": "none"}) == describe_method("naive-mix-train")

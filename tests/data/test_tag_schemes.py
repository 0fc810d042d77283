"""Entities in any scheme are the same entities in IOB2."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_mixtrain.data import Task
from hf_mixtrain.data.readers import read_rows
from hf_mixtrain.data.tag_schemes import iob2, style_of

# Entities of a sentence, one after the other: type (None outside of entities) and length.
ENTITIES = st.lists(st.tuples(st.sampled_from([None, "PER", "LOC"]), st.integers(1, 4)), min_size=1, max_size=6)
# Letters for: begin, inside, end, alone.
SCHEMES = {"IOB2": "BIIB", "BIOES": "BIES", "BMES": "BMES", "BILOU": "BILU", "BMEWO": "BMEW"}
FORMS = {"prefix": "{letter}-{kind}", "suffix": "{kind}-{letter}", "underscore": "{letter}_{kind}"}


def tags_in(scheme: str, form: str, entities) -> list[str]:
    begin, inside, end, alone = SCHEMES[scheme]
    tags = []
    for kind, size in entities:
        letters = alone if size == 1 else begin + inside * (size - 2) + end
        tags += ["O"] * size if kind is None else [FORMS[form].format(letter=x, kind=kind) for x in letters]
    return tags


def task(labels, **settings) -> Task:
    return Task("own", "Own", "token-classification", ("en", "de"), "f1", tuple(labels), **settings)


def every_tag(scheme: str, form: str) -> list[str]:
    letters = dict.fromkeys(SCHEMES[scheme])
    return ["O", *(FORMS[form].format(letter=x, kind=kind) for kind in ("PER", "LOC") for x in letters)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("scheme", SCHEMES)
@given(entities=ENTITIES)
def test_what_another_scheme_says_is_said_in_iob2(scheme, form, entities):
    own = task(every_tag(scheme, form))
    assert own.labels == ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
    text = "".join(
        f"w\t{tag}\n" for tag in [*tags_in(scheme, form, entities), FORMS[form].format(letter="B", kind="PER")]
    )
    found = read_rows(text.encode(), Path("train-de.tsv"), own, "de")
    expected = [*tags_in("IOB2", "prefix", entities), "B-PER"]
    assert [own.labels[tag] for tag in found["tags"][0]] == expected


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_file_in_another_scheme_than_the_task_names_is_read_too(scheme):
    own = task(["O", "B-PER", "I-PER"])
    entities = [("PER", 3), (None, 1), ("PER", 1), ("PER", 2)]
    text = "".join(f"w {tag}\n" for tag in tags_in(scheme, "prefix", entities))
    found = read_rows(text.encode(), Path("train-de.conll"), own, "de")
    assert [own.labels[tag] for tag in found["tags"][0]] == tags_in("IOB2", "prefix", entities)


def test_iob1_is_told_by_entities_that_begin_with_i():
    own = task(["O", "B-PER", "I-PER"])
    text = b"Ada I-PER\nKim I-PER\nBo B-PER\ncame O\n"
    assert read_rows(text, Path("train-de.txt"), own, "de")["tags"] == [[1, 2, 1, 0]]


def test_types_without_letters_and_letters_without_types_are_entities_if_f1_is_wanted():
    assert task(["O", "OBJ"]).labels == ("O", "B-OBJ", "I-OBJ")
    assert task(["O", "B", "I"]).labels == ("O", "B-ENTITY", "I-ENTITY")
    assert read_rows(b"a\tOBJ\nb\tOBJ\nc\tO\n", Path("a.tsv"), task(["O", "OBJ"]), "de")["tags"] == [[1, 2, 0]]
    assert task(["O", "OBJ"], entities=False).labels == ("O", "OBJ")


def test_tags_of_parts_of_speech_stay_as_they_are():
    for labels in (["NN", "VB", "RB"], ["ADJ", "X", "SCONJ"]):
        assert style_of(labels) is None
    assert task(["NN", "VB", "WDT"]).labels == ("NN", "VB", "WDT")
    assert task(["E-MAIL", "S-BAHN", "NOUN"]).labels == ("E-MAIL", "S-BAHN", "NOUN")


def test_a_broken_sentence_of_another_scheme_still_becomes_entities_that_begin():
    assert iob2(["E-PER", "M-LOC", "M-LOC", "O"], "prefix") == ["B-PER", "B-LOC", "I-LOC", "O"]

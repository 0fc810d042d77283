import sys
from pathlib import Path

import pytest

from hf_mixtrain.data import load_task
from hf_mixtrain.data.readers.conllu import read_conllu
from hf_mixtrain.errors import InputError

LABELS = load_task("udpos").labels


def line(number, form, tag, head="_", deps="_") -> str:
    return "\t".join([str(number), form, "_", tag, "_", "_", str(head), "_", deps, "_"])


def read(*lines: str, language="de") -> list[list[tuple[str, str]]]:
    rows = read_conllu("\n".join(lines).encode(), Path("de_gsd-ud-dev.conllu"), load_task("udpos"), language)
    tags = [[LABELS[tag] for tag in sentence] for sentence in rows["tags"]]
    return [list(zip(*pair, strict=True)) for pair in zip(rows["tokens"], tags, strict=True)]


SLEEPS = line(1, "Anna", "PROPN", 2), line(2, "schläft", "VERB", 0)


def test_comments_are_no_tokens_and_blank_lines_end_sentences():
    assert read("# text = Anna schläft", *SLEEPS, "", " ", *SLEEPS) == [[("Anna", "PROPN"), ("schläft", "VERB")]] * 2


def test_sentences_without_an_empty_line_between_are_told_apart_by_the_numbers_of_their_words():
    two = [[("Anna", "PROPN"), ("schläft", "VERB")]] * 2
    assert read(*SLEEPS, *SLEEPS) == read("# a", *SLEEPS, "# b", *SLEEPS) == two
    im = [line("1-2", "im", "_"), line(1, "in", "ADP", 3), line(2, "dem", "DET", 3), line(3, "Haus", "NOUN", 0)]
    assert read(*SLEEPS, *im) == read(*SLEEPS, "", *im)
    with pytest.raises(InputError, match=r"conllu:3: expected words numbered from 1 upwards, found 2 after 2"):
        read(*SLEEPS, line(2, "schläft", "VERB", 0))


def test_a_multiword_token_stays_whole_with_the_tag_of_its_highest_part():
    # im = in + dem; both hang on Haus, so the list of tags decides.
    im = [line("1-2", "im", "_"), line(1, "in", "ADP", 3), line(2, "dem", "DET", 3), line(3, "Haus", "NOUN", 0)]
    assert read(*im) == [[("im", "ADP"), ("Haus", "NOUN")]]
    # dámelo = da + me + lo; the verb is the root.
    damelo = [line("1-3", "dámelo", "_"), line(1, "da", "VERB", 0), line(2, "me", "PRON", 1), line(3, "lo", "PRON", 1)]
    assert read(*damelo, language="es") == [[("dámelo", "VERB")]]


@pytest.mark.parametrize(("language", "tag"), [("de", "ADJ"), ("it", "ADV")])
def test_italian_spanish_and_french_have_lists_of_their_own(language, tag):
    parts = [line("1-2", "ab", "_"), line(1, "a", "ADV", 3), line(2, "b", "ADJ", 3), line(3, "c", "NOUN", 0)]
    assert read(*parts, language=language)[0][0] == ("ab", tag)


def test_a_part_is_lower_if_an_enhanced_edge_gives_it_more_ancestors():
    parts = [
        line("1-2", "ab", "_"),
        line(1, "a", "NOUN", 3, "3:obj|4:obj"),
        line(2, "b", "ADP", 3, "3:obl"),
        line(3, "c", "VERB", 0, "0:root"),
        line(4, "d", "VERB", 3, "3:conj"),
    ]
    assert read(*parts)[0][0] == ("ab", "ADP")


def test_empty_nodes_are_no_tokens_and_cycles_of_enhanced_edges_end():
    nodes = [line(1, "a", "NOUN", 2, "1.1:x"), line("1.1", "leer", "VERB"), line(2, "b", "VERB", 0, "1:y")]
    assert read(line("1-2", "ab", "_"), *nodes) == [[("ab", "VERB")]]


def test_zero_width_non_joiners_and_inner_spaces_are_taken_out():
    assert read(line(1, "می\u200cروم", "VERB", 0), line(2, "3 000", "NUM", 1)) == [[("میروم", "VERB"), ("3000", "NUM")]]


def test_sentences_whose_words_are_withheld_are_left_out():
    withheld = [line(1, "_", "PROPN", 2), line(2, "_", "VERB", 0), "", line(1, "_", "X", 0), ""]
    assert read(*withheld, *SLEEPS) == [[("Anna", "PROPN"), ("schläft", "VERB")]]
    with pytest.raises(InputError, match=r"de_gsd-ud-dev\.conllu: expected sentences with words, found none"):
        read(*withheld)


def test_an_error_names_file_line_and_remedy():
    with pytest.raises(InputError, match=r"de_gsd-ud-dev\.conllu:4: expected a sentence in CoNLL-U.*Correct the file"):
        read(*SLEEPS, "", "1\tAnna\tPROPN")
    with pytest.raises(InputError, match=r"dev\.conllu:1: .*the multiword token im without its parts"):
        read(line("1-2", "im", "_"), line(1, "in", "ADP", 0))
    with pytest.raises(InputError, match=r"de_gsd-ud-dev\.conllu:1: expected a label out of ADJ.*found 'NN'"):
        read(line(1, "Anna", "NN", 0))


def test_without_the_library_the_message_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "conllu", None)
    with pytest.raises(InputError, match=r'pip install "hf_mixtrain\[ud\]"'):
        read(*SLEEPS)

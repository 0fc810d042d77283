"""Text to words, as the training words were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_mixtrain.data import load_task, open_source
from hf_mixtrain.prediction.token_style import TokenStyle, token_style
from hf_mixtrain.prediction.words import piece_spans, split_words

from .joining import ordinary_text


def whole(run):
    return [(0, len(run))]


def split(text, style=None, cut=whole):
    return [text[start:end] for start, end in split_words(text, style or TokenStyle(), cut)]


@given(st.text(max_size=60))
def test_words_are_in_order_and_hold_all_that_is_no_space(text):
    words = split_words(text, TokenStyle(beside=(1, 1)), lambda run: piece_spans([0, 1, 3], run))
    ends = [0, *(end for _, end in words)]
    assert all(start >= before and end > start for before, (start, end) in zip(ends, words, strict=False))
    assert "".join(text[start:end] for start, end in words) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("He said: «no», (twice)…", ["He", "said", ":", "«", "no", "»", ",", "(", "twice", ")", "…"]),
        ("Jean-Luc's 3.14 and 1,000", ["Jean-Luc", "'s", "3.14", "and", "1,000"]),
        ("wait...", ["wait", "..."]),
        ("the U.S. army", ["the", "U.S.", "army"]),
        ("東京のNHK", ["東", "京", "の", "NHK"]),
        ("한국어 문장.", ["한국어", "문장", "."]),
        ("\u00a0a\u3000b", ["a", "b"]),
    ],
)
def test_without_a_training_set_words_and_punctuation_are_apart(text, words):
    assert split(text) == words


def test_the_training_set_says_what_stays_together():
    style = token_style([["L'", "École", "du", "St.", "Jean", "."], ["rock", "-", "'n'", "-", "roll", "''", "a", "''"]])
    assert split("L'École, St. Jean.", style) == ["L'", "École", ",", "St.", "Jean", "."]
    assert split("rock-roll ''x''", style) == ["rock", "-", "roll", "''", "x", "''"]


def test_characters_or_words_as_in_training():
    characters = token_style([["東", "京", "N", "H", "K"]])
    assert split("東京NHK", characters) == ["東", "京", "N", "H", "K"]
    words = token_style([["東京", "に", "NHK"], ["สวัสดี", "ครับ"]])
    assert split("東京NHK", words) == ["東京", "NHK"]
    assert split("กขค", words, lambda run: piece_spans([0, 2], run)) == ["กข", "ค"]


def test_a_mark_on_a_letter_is_not_cut_off():
    assert [("น้ำ"[start:end]) for start, end in piece_spans([0, 1, 2], "น้ำ")] == ["น้", "ำ"]


def test_a_style_read_from_json_is_the_same():
    style = token_style([["L'", "a-b", "...", "東", "京", "x"], ["สวัสดี"]])
    assert TokenStyle.from_json(style.to_json()) == style


@pytest.mark.parametrize(("language", "least"), [("en", 1), ("de", 1), ("fr", 0.85), ("ru", 1), ("zh", 1), ("ja", 1)])
def test_words_of_the_demo_come_back_from_ordinary_text(language, least):
    source = open_source("demo", load_task("panx"))
    style = token_style(words for code in ("en", language) for words in source.read(code, "train")["tokens"])
    rows = source.read(language, "test")["tokens"][:200]
    same = [split(ordinary_text(words, ["O"] * len(words))[0], style) == words for words in rows]
    assert sum(same) >= least * len(same)

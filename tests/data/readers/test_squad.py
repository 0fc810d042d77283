import json
import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_mixtrain.data.readers import NOWHERE
from hf_mixtrain.data.readers.answer_spans import placed_answers
from hf_mixtrain.data.readers.squad import read_squad
from hf_mixtrain.errors import InputError

PATH = Path("tydiqa.goldp.ko.dev.json")


def squad(context="Bonn am Rhein", answers=({"text": "Rhein", "answer_start": 8},), **question) -> dict:
    question = {"id": "1", "question": "Wo?", "answers": list(answers)} | question
    return {"data": [{"title": "t", "paragraphs": [{"context": context, "qas": [question]}]}]}


def read(content: dict) -> dict:
    return read_squad(json.dumps(content).encode(), PATH)


def test_every_answer_of_the_real_files_is_in_its_text_at_its_place(xtreme_dir, caplog):
    files = sorted(
        path for folder in ("xquad", "tydiqa", "squadshifts") for path in (xtreme_dir / folder).rglob("*.json")
    )
    assert len(files) == 18
    questions = 0
    for path in files:
        rows = read_squad(path.read_bytes(), path)
        questions += len(rows["id"])
        for context, answers in zip(rows["context"], rows["answers"], strict=True):
            assert answers["text"]
            for text, start in zip(answers["text"], answers["answer_start"], strict=True):
                assert context[start : start + len(text)] == text
    assert questions == 8 * 1190 + 3000 + 440 + 200 + 365 + 300 + 276 + 200 + 612 + 3000 + 500
    assert not caplog.records  # no place had to be corrected


@given(st.text(max_size=10), st.text(min_size=1, max_size=5), st.text(max_size=10), st.integers(-2, 30))
def test_an_answer_that_is_in_the_text_is_found_from_any_place(before, answer, after, start):
    context = before + answer + after
    (place,) = placed_answers(context, {"text": [answer], "answer_start": [start]}, "dev.json")["answer_start"]
    assert context[place : place + len(answer)] == answer


def test_a_wrong_place_is_corrected_to_the_nearest_and_said(caplog):
    rows = read(squad("am Rhein am Main", [{"text": "am", "answer_start": 8}]))
    assert rows["answers"] == [{"text": ["am"], "answer_start": [9]}]
    assert "is not at 8" in caplog.text


def test_an_answer_that_is_not_in_the_text_stays_for_the_scores(caplog):
    with caplog.at_level(logging.WARNING):
        rows = read(squad(answers=[{"text": "Main", "answer_start": 8}]))
    assert rows["answers"] == [{"text": ["Main"], "answer_start": [NOWHERE]}]
    assert "(1): the answer 'Main' does not occur" in caplog.text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"data": [\n{"title": }]}', r"ko\.dev\.json:2: expected JSON, found: Expecting value"),
        ("[]", r"ko\.dev\.json: expected 'data' as in SQuAD v1\.1"),
        ('{"data": [{"paragraphs": [{"qas": []}]}]}', r"data\[0\]\.paragraphs\[0\]: expected 'context'"),
        (json.dumps(squad(question=None)), r"paragraphs\[0\]\.qas\[0\]: expected 'question'"),
        (json.dumps(squad(answers=[{"text": "Rhein"}])), r"qas\[0\] \(1\): expected answers with `text` and"),
        (
            json.dumps(squad(answers=[{"text": "", "answer_start": 0}, {"text": "Rhein", "answer_start": 1}])),
            r"expected an answer as text",
        ),
        ('{"data": []}', r"expected questions, found none"),
        ('{"data": [\n"\\ud800"]}', r"json:2: expected Unicode text, found \\ud800"),
    ],
)
def test_an_error_names_file_place_and_remedy(content, message):
    with pytest.raises(InputError, match=message):
        read_squad(content.encode(), PATH)


def test_a_byte_order_mark_is_no_part_of_the_json():
    assert read_squad(b"\xef\xbb\xbf" + json.dumps(squad(id=7)).encode(), PATH)["id"] == ["7"]

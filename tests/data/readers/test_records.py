import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_mixtrain.data import Task
from hf_mixtrain.data.readers import read_rows
from hf_mixtrain.errors import InputError

LABELS = ("O", "B-PER", "I-PER")
TAGGING = Task("own", "Own", "token-classification", ("en", "de"), "f1", LABELS)
PAIRS = Task("own", "Own", "text-classification", ("en", "de"), "accuracy", ("no", "yes"))
SINGLE = Task(
    "own", "Own", "text-classification", ("en",), "accuracy", ("no", "yes"), columns={"premise": "text", "label": "y"}
)
ANSWERS = Task("own", "Own", "question-answering", ("en",), "f1", columns={"id": "id"})


WORD = st.text().filter(lambda text: not text.startswith("-DOCSTART-"))


def read(task: Task, text: str, name="de.jsonl") -> dict:
    return read_rows(text.encode(), Path(name), task, "de")


@pytest.mark.parametrize("as_list", [True, False])
@given(rows=st.lists(st.lists(st.tuples(WORD, st.sampled_from(LABELS)), max_size=4), min_size=1, max_size=4))
def test_rows_written_as_json_are_read_from_a_list_or_line_by_line(as_list, rows):
    rows = [*rows, [("Bo", "B-PER")]]  # so that these are tags in IOB2, and not in IOB1
    objects = [{"tokens": [word for word, _ in row], "tags": [tag for _, tag in row]} for row in rows]
    text = json.dumps(objects, indent=1) if as_list else "\n".join(map(json.dumps, objects))
    try:
        text.encode()
        json.dumps(objects, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half of a character; refused, see test_squad.py
        return
    found = read(TAGGING, text, "de.json" if as_list else "de.jsonl")
    assert found["tokens"] == [row["tokens"] for row in objects]
    assert [[LABELS[tag] for tag in tags] for tags in found["tags"]] == [row["tags"] for row in objects]


def test_tags_may_be_numbers_where_the_task_says_what_they_stand_for_and_rows_may_have_ids():
    task = replace(TAGGING, label_map={0: "O", 1: "B-PER"})
    text = '{"id": 5, "tokens": ["Anna"], "tags": [1], "source": "x"}\n'
    assert read(task, text) == {"id": ["5"], "tokens": [["Anna"]], "tags": [[1]]}


def test_keys_of_ones_own_are_named_in_the_task_and_single_texts_have_no_hypothesis():
    assert read(SINGLE, '{"text": "Ja", "y": "yes"}') == {"premise": ["Ja"], "hypothesis": [""], "label": [1]}


def test_questions_can_stand_line_by_line_with_answers_in_either_form():
    row = {"id": "1", "context": "Bonn am Rhein", "question": "Wo?"}
    one = row | {"answers": {"text": ["Rhein"], "answer_start": [8]}}
    two = row | {"answers": [{"text": "Rhein", "answer_start": 8}]}
    found = read(ANSWERS, json.dumps(one) + "\n" + json.dumps(two))
    assert found["answers"] == [{"text": ["Rhein"], "answer_start": [8]}] * 2


@pytest.mark.parametrize(
    ("task", "text", "message"),
    [
        (TAGGING, '{"tokens": []}', r"de\.jsonl:1: expected the key 'tags', found 'tokens'\. Say under `columns`"),
        (TAGGING, '\n{"tokens": ["a"], "tags": ["O", "O"]}', r"de\.jsonl:2: expected a tag for each of the 1 tokens"),
        (TAGGING, '{"tokens": ["a"], "tags": ["B-LOC"]}', r"de\.jsonl:1: expected a label out of O, B-PER, I-PER"),
        (
            TAGGING,
            '{"tokens": ["a"], "tags": [2]}',
            r"expected a label out of O, B-PER, I-PER, found the number 2.*`label_map: \{2: O\}`",
        ),
        (TAGGING, '{"tokens": "a", "tags": ["O"]}', r"de\.jsonl:1: expected a list of texts"),
        (TAGGING, '{"tokens": [1], "tags": ["O"]}', r"de\.jsonl:1: expected a list of texts"),
        (TAGGING, '{"tokens": [\n', r"de\.jsonl:2: expected JSON"),
        (TAGGING, "7", r"de\.jsonl:1: expected an object"),
        (TAGGING, "[]", r"de\.jsonl: expected rows, found none"),
        (PAIRS, '{"premise": "a", "hypothesis": 7, "label": "no"}', r"expected text in 'hypothesis', found 7"),
        (ANSWERS, '{"id": "1", "context": "a", "question": "b", "answers": 7}', r"expected answers with `text`"),
    ],
)
def test_an_error_names_file_line_and_remedy(task, text, message):
    with pytest.raises(InputError, match=message):
        read(task, text)


def test_questions_can_stand_in_a_table_and_their_answers_are_looked_for():
    columns = {"context": "text", "question": "question", "answers": "answer"}
    text = 'text,question,answer\n"Bonn, am Rhein",Wo?,Rhein\n'
    found = read(replace(ANSWERS, columns=columns), text, "de.csv")
    assert found["answers"] == [{"text": ["Rhein"], "answer_start": [9]}]

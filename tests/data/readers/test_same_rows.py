"""The same rows in whatever form people have them: read as one and the same, or refused."""

import gzip
import json
from pathlib import Path

import pytest

from hf_mixtrain.data import Task
from hf_mixtrain.data.readers import read_rows
from hf_mixtrain.errors import InputError

ENTITIES = Task("own", "Own", "token-classification", ("en", "de"), "f1", ("O", "B-PER", "I-PER"))
SINGLE = Task(
    "own", "Own", "text-classification", ("en", "de"), "accuracy", ("no", "yes"),
    columns={"premise": "text", "label": "label"},
)  # fmt: skip
SEVERAL = Task(
    "own", "Own", "text-classification", ("en", "de"), "micro_f1", ("a", "b", "c"),
    columns={"premise": "text", "label": "label"}, problem_type="multi_label_classification",
)  # fmt: skip
NUMBERS = Task(
    "own", "Own", "text-classification", ("en", "de"), "pearson",
    columns={"premise": "text", "label": "label"}, problem_type="regression",
)  # fmt: skip
QUESTIONS = Task("own", "Own", "question-answering", ("en", "de"), "f1")

ROWS = [{"text": "Gut.", "label": "yes"}, {"text": "Schlecht.", "label": "no"}]
SENTENCES = [{"tokens": ["Ann", "lacht"], "tags": ["B-PER", "O"]}, {"tokens": ["Bob"], "tags": ["B-PER"]}]


def read(task: Task, text: str, name: str, language="de") -> dict:
    return read_rows(text.encode(), Path(name), task, language)


def squad(*questions: dict) -> str:
    return json.dumps({"data": [{"paragraphs": [{"context": "Bonn am Rhein", "qas": list(questions)}]}]})


def columns(rows: list[dict]) -> dict:
    return {key: [row[key] for row in rows] for key in rows[0]}


JSON_FORMS = {
    "list": lambda rows: rows,
    "columns": columns,
    "pandas columns": lambda rows: {key: dict(zip("01", values, strict=True)) for key, values in columns(rows).items()},
    "pandas index": lambda rows: dict(zip("01", rows, strict=True)),
    "pandas split": lambda rows: {"columns": [*rows[0]], "index": [0, 1], "data": [[*row.values()] for row in rows]},
    "the Hub's viewer": lambda rows: {"rows": [{"row_idx": n, "row": row} for n, row in enumerate(rows)]},
    "under data": lambda rows: {"version": "1", "data": rows},
    "under examples": lambda rows: {"examples": rows},
}


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("form", JSON_FORMS)
def test_rows_are_read_from_every_form_of_json(form, indent):
    texts = read(SINGLE, json.dumps(JSON_FORMS[form](ROWS), indent=indent), "a.json")
    assert (texts["premise"], texts["label"]) == (["Gut.", "Schlecht."], [1, 0])
    words = read(ENTITIES, json.dumps(JSON_FORMS[form](SENTENCES), indent=indent), "a.json")
    assert (words["tokens"], words["tags"]) == ([["Ann", "lacht"], ["Bob"]], [[1, 0], [1]])


def test_one_sentence_on_a_line_is_no_column_of_words():
    assert read(ENTITIES, json.dumps(SENTENCES[0]), "a.json")["tokens"] == [["Ann", "lacht"]]
    assert read(ENTITIES, json.dumps(SENTENCES[0]), "a.ndjson")["tokens"] == [["Ann", "lacht"]]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("1\t-DOCSTART-\tO\n\n1\tAnn\tB-PER\n", "a.tsv"),
        ('"-DOCSTART-",O\n\nAnn,B-PER\n', "a.csv"),
        ("word,tag\n-DOCSTART-,O\n,\nAnn,B-PER\n", "a.csv"),
        ("-DOCSTART- (7) O\nAnn x B-PER\n", "a.conll"),
        ('{"tokens": ["-DOCSTART-", "-X-"], "tags": ["O", "O"]}\n{"tokens": ["Ann"], "tags": ["B-PER"]}', "a.jsonl"),
        (json.dumps({"tokens": ["-DOCSTART-", "Ann"], "tags": ["O", "B-PER"]}), "a.jsonl"),
    ],
)  # fmt: skip
def test_lines_about_documents_are_no_words_in_any_column_or_form(text, name):
    assert read(ENTITIES, text, name) == {"tokens": [["Ann"]], "tags": [[1]]}


def test_wikianns_prefixes_are_taken_off_in_json_too():
    row = {"tokens": ["de:Ann", "de:lacht"], "tags": ["B-PER", "O"]}
    assert read(ENTITIES, json.dumps(row), "a.jsonl")["tokens"] == [["Ann", "lacht"]]


def test_universal_dependencies_are_known_by_their_multiword_tokens_whatever_the_file_is_called():
    task = Task("own", "Own", "token-classification", ("en", "de"), "accuracy", ("ADP", "NOUN"))
    line = "{}\t{}\t_\t{}\t_\t_\t0\t_\t_\t_\n".format
    text = line("1-2", "im", "_") + line(1, "in", "ADP") + line(2, "dem", "ADP") + line(3, "Haus", "NOUN")
    assert read(task, text, "a.conll") == read(task, text, "a.conllu")
    assert read(task, text, "a.txt")["tokens"] == [["im", "Haus"]]


WITHOUT_LABELS = {
    "null": (SINGLE, '{"text": "x", "label": null}\n{"text": "y", "label": null}', "a.jsonl"),
    "lines of texts": (SINGLE, "text\tlabel\nx\ny\n", "a.tsv"),
    "words with null": (ENTITIES, '{"tokens": ["x"], "tags": [null]}', "a.jsonl"),
    "words with nothing": (ENTITIES, '{"tokens": ["x"], "tags": []}', "a.jsonl"),
    "words with dashes": (ENTITIES, '{"tokens": ["x"], "tags": ["-"]}', "a.jsonl"),
    "words alone": (ENTITIES, "x\ny\n\nz\n", "a.csv"),
    "no label of several": (SEVERAL, '{"text": "x", "label": []}\n{"text": "y", "label": []}', "a.jsonl"),
    "-1 for every number": (NUMBERS, '{"text": "x", "label": -1}\n{"text": "y", "label": -1.0}', "a.jsonl"),
    "empty numbers": (NUMBERS, "text,label\nx,\ny,\n", "a.csv"),
    "XTREME's empty answers": (
        QUESTIONS, squad({"id": "1", "question": "Q", "answers": [{"answer_start": 0, "text": ""}]}), "a.json",
    ),
    "no answers": (QUESTIONS, squad({"id": "1", "question": "Q", "answers": []}), "a.json"),
    "null answers": (QUESTIONS, '{"context": "x", "question": "y", "answers": null}', "a.jsonl"),
}  # fmt: skip


@pytest.mark.parametrize("form", WITHOUT_LABELS)
def test_a_file_whose_labels_were_taken_off_is_called_so_in_every_form(form):
    task, text, name = WITHOUT_LABELS[form]
    with pytest.raises(InputError, match="expected labels, found texts alone"):
        read(task, text, name)


def test_single_texts_alone_are_called_so_where_columns_are_numbers_or_none():
    plain = Task("own", "Own", "text-classification", ("en",), "accuracy", ("no", "yes"))
    numbered = Task(
        "own", "Own", "text-classification", ("en",), "accuracy", ("no", "yes"), columns={"premise": 0, "label": 1}
    )
    for task in (plain, numbered):
        with pytest.raises(InputError, match="expected labels, found texts alone"):
            read(task, "Gut.\nSchlecht.\n", "a.tsv")


def test_one_missing_label_among_others_is_named():
    with pytest.raises(InputError, match=r"a\.jsonl:2: expected a value in 'label', found none"):
        read(SINGLE, '{"text": "x", "label": "no"}\n{"text": "y", "label": null}', "a.jsonl")


def test_questions_that_are_marked_as_impossible_have_no_answer():
    asked = {"question": "Q", "answers": [{"text": "Rhein", "answer_start": 8}]}
    found = read(QUESTIONS, squad({"id": "1", **asked}, {"id": "2", "is_impossible": True, **asked}), "a.json")
    assert [answers["text"] for answers in found["answers"]] == [["Rhein"], []]
    flat = [{"context": "Bonn am Rhein", **asked, "is_impossible": impossible} for impossible in (False, True)]
    found = read(QUESTIONS, json.dumps(flat), "a.json")
    assert [answers["text"] for answers in found["answers"]] == [["Rhein"], []]


def test_zeros_and_ones_for_each_label_are_not_taken_for_names_of_labels():
    task = Task(
        "own", "Own", "text-classification", ("en",), "micro_f1", ("a", "b", "c"), problem_type=SEVERAL.problem_type,
        columns=SEVERAL.columns, label_map={0: "a", 1: "b", 2: "c"},
    )  # fmt: skip
    with pytest.raises(InputError, match="not 0 or 1 for each label"):
        read(task, '{"text": "x", "label": [1, 0, 1]}', "a.jsonl")
    assert read(task, '{"text": "x", "label": [2, 0]}', "a.jsonl")["label"] == [[0, 2]]


def test_headers_of_questions_are_no_question():
    expected = [{"text": ["Bonn"], "answer_start": [0]}]
    other_order = "question,context,answers\nWas?,Bonn am Rhein,Bonn\n"
    assert read(QUESTIONS, other_order, "a.csv")["answers"] == expected
    numbered = Task(
        "own", "Own", "question-answering", ("de",), "f1", columns={"question": 0, "context": 1, "answers": 2}
    )
    assert read(numbered, other_order.replace("answers", "answer"), "a.csv")["answers"] == expected
    with pytest.raises(InputError, match=r"looks like a header.*`columns`"):
        read(QUESTIONS, other_order.replace("answers", "answer"), "a.csv")


LANGUAGES = {
    "lang": {"de": "DE", "en": "EN"},
    "Language": {"de": "German", "en": "English"},
    "locale": {"de": "de-DE", "en": "en-US"},
    "lang_code": {"de": "deu", "en": "eng"},
    "language": {"de": "deu_Latn", "en": "eng_Latn"},
}


@pytest.mark.parametrize("key", LANGUAGES)
def test_of_a_file_of_all_languages_only_the_rows_of_one_are_read_whatever_says_it(key):
    names = LANGUAGES[key]
    rows = [{"text": "Good.", "label": "yes", key: names["en"]}, {**ROWS[0], key: names["de"]}]
    for text, form in (
        (json.dumps(rows), "a.json"),
        ("\n".join([f"text,label,{key}", *(",".join(row.values()) for row in rows)]), "a.csv"),
    ):
        assert read(SINGLE, text, form)["premise"] == ["Gut."]
    words = f"token\ttag\t{key}\nAnn\tO\t{names['en']}\n\nBob\tO\t{names['de']}\n"
    assert read(ENTITIES, words, "a.tsv")["tokens"] == [["Bob"]]


def test_a_language_on_each_line_of_words_needs_no_header():
    for text in ("Ann\tO\ten\nda\tO\ten\n\nBob\tO\tde\n", "en\tAnn\tO\nen\tda\tO\n\nde\tBob\tO\n"):
        assert read(ENTITIES, text, "a.tsv")["tokens"] == [["Bob"]]


def test_languages_that_are_numbers_are_refused():
    rows = [{**row, "language": number} for number, row in enumerate(ROWS)]
    with pytest.raises(InputError, match="expected rows of 'de', found those of '0', '1'"):
        read(SINGLE, json.dumps(rows), "a.json")


def test_a_label_that_is_called_language_is_a_label():
    task = Task(
        "own", "Own", "text-classification", ("en", "de"), "accuracy", ("x", "y"),
        columns={"premise": "text", "label": "language"},
    )  # fmt: skip
    found = read(task, '{"text": "a", "language": "x"}\n{"text": "b", "language": "y"}', "a.jsonl")
    assert found["label"] == [0, 1]


def test_questions_of_all_languages_are_told_apart_by_tydiqas_ids():
    asked = {"question": "Q", "answers": [{"text": "Rhein", "answer_start": 8}]}
    text = squad(*({"id": f"{name}-7", **asked} for name in ("english", "german", "swahili")))
    assert read(QUESTIONS, text, "a.json", "sw")["id"] == ["swahili-7"]
    with pytest.raises(InputError, match="expected rows of 'ko', found those of 'english', 'german', 'swahili'"):
        read(QUESTIONS, text, "a.json", "ko")


@pytest.mark.parametrize(
    ("text", "name"), [("text;label\nGut, ja.;yes\n", "a.csv"), ("text\tlabel\nGut, ja.\tyes\n", "a.csv")]
)
def test_a_table_may_have_semicolons_or_tabs_whatever_its_ending_says(text, name):
    assert read(SINGLE, text, name)["premise"] == ["Gut, ja."]


def test_packed_files_are_known_by_their_content():
    packed = gzip.compress(b"text\tlabel\nGut.\tyes\n")
    assert read_rows(packed, Path("a.tsv"), SINGLE, "de")["premise"] == ["Gut."]
    with pytest.raises(InputError, match="found a zip archive or a spreadsheet"):
        read_rows(b"PK\x03\x04\x14", Path("a.tsv"), SINGLE, "de")


def test_single_texts_may_have_an_id_and_a_language_and_a_misspelt_second_text_is_refused():
    task = Task("own", "Own", "text-classification", ("en", "de"), "accuracy", ("no", "yes"))
    row = {"id": 7, "language": "de", "premise": "Gut.", "label": "yes"}
    assert read(task, json.dumps(row), "a.jsonl")["hypothesis"] == [""]
    with pytest.raises(InputError, match="expected the key 'hypothesis'"):
        read(task, json.dumps({**row, "hypotesis": "Schlecht."}), "a.jsonl")

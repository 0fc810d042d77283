"""Files as people have them: every form gives the same rows, and what cannot be read says why."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from hf_mixtrain.data import Task
from hf_mixtrain.data.readers import read_rows
from hf_mixtrain.errors import InputError

TAGGING = Task("own", "Own", "token-classification", ("en", "de"), "f1", ("O", "B-PER", "I-PER"))
PAIRS = Task("own", "Own", "text-classification", ("en", "de"), "accuracy", ("contradiction", "entailment", "neutral"))
ANSWERS = Task("own", "Own", "question-answering", ("en", "de"), "f1")
WORDS = [["Ada", "Kim", "kam"], ["Ok"]]
TAGS = [[1, 2, 0], [0]]


def read(task: Task, content: str | bytes, name: str, language="de", **settings) -> dict:
    content = content.encode() if isinstance(content, str) else content
    return read_rows(content, Path(name), replace(task, **settings), language)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.tsv", "Ada\tB-PER\nKim\tI-PER\nkam\tO\n\nOk\tO\n"),
        ("a.conll", "Ada B-PER\nKim  I-PER\nkam O\n\nOk O\n"),
        ("a.txt", "-DOCSTART- -X- -X- O\n\nAda NNP B-NP B-PER\nKim NNP I-NP I-PER\nkam VBD B-VP O\n\nOk UH B-X O\n"),
        ("a.bio", "-DOCSTART- O\nAda B-PER\nKim I-PER\nkam O\n-DOCSTART- O\nOk O"),
        ("a.iob2", "# sent_id = 1\n# text = Ada\n1\tAda\tB-PER\t_\n2\tKim\tI-PER\t_\n3\tkam\tO\t_\n\n1\tOk\tO\t_\n"),
        ("a.conll", "# id 52-a domain=de\nAda _ _ B-PER\nKim _ _ I-PER\nkam _ _ O\n\n# id 53 domain=de\nOk _ _ O\n"),
        ("a.csv", "Sentence #,Word,POS,Tag\nS: 1,Ada,NNP,B-PER\n,Kim,NNP,I-PER\n,kam,VBD,O\nS: 2,Ok,UH,O\n"),
        ("a.csv", "token,tag\nAda,B-PER\nKim,I-PER\nkam,O\n\nOk,O\n"),
        ("a.tsv", "\ufeffde:Ada\tB-PER\r\nde:Kim\tI-PER\r\nde:kam\tO\r\n\r\nde:Ok\tO\r\n"),
        (
            "a.json",
            json.dumps(
                [{"tokens": w, "tags": t} for w, t in zip(WORDS, [["B-PER", "I-PER", "O"], ["O"]], strict=True)]
            ),
        ),
        ("a.jsonl", '{"tokens": "Ada Kim kam", "tags": "B-PER I-PER O"}\n{"tokens": ["Ok"], "tags": ["O"]}\n'),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_sentences_in_any_form_are_the_same_sentences(name, text, packed):
    content = gzip.compress(text.encode()) if packed else text.encode()
    rows = read(TAGGING, content, f"{name}.gz" if packed else name)
    assert (rows["tokens"], rows["tags"]) == (WORDS, TAGS)


def test_a_token_that_looks_like_a_comment_is_a_token_if_it_has_a_tag():
    assert read(TAGGING, "# O\nAda B-PER\n", "a.conll")["tokens"] == [["#", "Ada"]]
    assert read(TAGGING, "#\tO\n#1\tO\n# note\nAda\tB-PER\n", "a.tsv")["tokens"] == [["#", "#1", "Ada"]]


def parquet(path: Path, columns: dict, names=None) -> bytes:
    from datasets import ClassLabel, Dataset, List

    rows = Dataset.from_dict(columns)
    if names:
        kind = ClassLabel(names=names)
        gold = "tags" if "tags" in columns else "label"
        rows = rows.cast_column(gold, List(kind) if gold == "tags" else kind)
    rows.to_parquet(str(path))
    return path.read_bytes()


def test_numbers_of_labels_are_read_by_the_names_that_a_parquet_file_states(tmp_path):
    content = parquet(tmp_path / "a.parquet", {"tokens": WORDS, "tags": [[2, 0, 1], [1]]}, ["I-PER", "O", "B-PER"])
    assert read(TAGGING, content, "a.parquet") == {"tokens": WORDS, "tags": TAGS}
    columns = {"premise": ["a", "b"], "hypothesis": ["c", "d"], "label": [0, 2]}
    content = parquet(tmp_path / "b.parquet", columns, ["entailment", "neutral", "contradiction"])
    assert read(PAIRS, content, "b.parquet")["label"] == [1, 0]
    content = parquet(tmp_path / "c.parquet", columns)
    with pytest.raises(InputError, match=r"row 0: .*found the number 0.*label_map"):
        read(PAIRS, content, "c.parquet")
    with pytest.raises(InputError, match=r"a\.parquet: expected a parquet file"):
        read(PAIRS, b"PAR1 nonsense", "a.parquet")


def test_numbers_are_labels_where_labels_are_numbers():
    stars = replace(PAIRS, labels=("1", "2", "3"))
    rows = read(stars, '{"premise": "a", "hypothesis": "b", "label": 2}\n', "a.jsonl")
    assert rows["label"] == [1]


def test_a_label_map_renames_labels_and_leaves_rows_out():
    text = "a\tb\t-\nc\td\tyes\ne\tf\tneutral\n"
    rows = read(PAIRS, text, "a.tsv", label_map={"-": None, "yes": "entailment"})
    assert (rows["premise"], rows["label"]) == (["c", "e"], [1, 2])
    text = "Ada B-PER\nMay B-DATE\n\nx ?\n"
    rows = read(TAGGING, text, "a.conll", label_map={"B-DATE": "O", "?": None})
    assert (rows["tokens"], rows["tags"]) == ([["Ada", "May"]], [[1, 0]])


@pytest.mark.parametrize(
    ("name", "text", "settings"),
    [
        ("a.tsv", "lang\tpremise\thypothesis\tlabel\nen\tx\ty\tneutral\nde\ta\tb\tneutral\n", {}),
        ("a.csv", "premise,hypothesis,label,language\nx,y,neutral,en\na,b,neutral,German\n", {}),
        ("a.tsv", "x\ty\tneutral\ten\na\tb\tneutral\tde\n", {"premise": 0, "hypothesis": 1, "label": 2, "language": 3}),
        (
            "a.jsonl",
            '{"l": "en", "premise": "x", "hypothesis": "y", "label": "neutral"}\n'
            '{"l": "de", "premise": "a", "hypothesis": "b", "label": "neutral"}\n',
            {"language": "l"},
        ),
    ],
)
def test_of_a_file_with_several_languages_one_is_read(name, text, settings):
    columns = settings or ({"premise": "premise", "hypothesis": "hypothesis", "label": "label"})
    if "language" in settings and len(settings) == 1:
        columns = settings
    assert read(PAIRS, text, name, columns=columns)["premise"] == ["a"]
    with pytest.raises(InputError, match=r"expected rows of 'fr', found those of 'en', '(de|German)'"):
        read(PAIRS, text, name, "fr", columns=columns)


def test_words_with_a_language_each_are_read_for_one_language():
    text = "Ada B-PER en\n\nKim B-PER de\nkam O de\n"
    assert read(TAGGING, text, "a.txt", columns={"tokens": 0, "tags": 1, "language": 2})["tokens"] == [["Kim", "kam"]]


@pytest.mark.parametrize(
    ("task", "name", "text"),
    [
        (TAGGING, "a.tsv", "Ada\nkam\n\nOk\n"),
        (TAGGING, "a.tsv", "Ada\t_\nkam\t_\n"),
        (TAGGING, "a.jsonl", '{"tokens": ["a"], "tags": [-1]}\n'),
        (PAIRS, "a.tsv", "a\tb\nc\td\n"),
        (PAIRS, "a.tsv", "a\tb\tM\nc\td\tM\n"),
        (PAIRS, "a.jsonl", '{"premise": "a", "hypothesis": "b", "label": -1}\n' * 2),
        (ANSWERS, "a.json", json.dumps([{"context": "a", "question": "b", "answers": []}])),
    ],
)
def test_a_file_whose_labels_were_taken_off_is_called_so(task, name, text):
    with pytest.raises(InputError, match=r"expected labels, found texts alone.*original release"):
        read(task, text, name)


@pytest.mark.parametrize(
    "text",
    [
        '{\n "version": "1",\n "data": [{"premise": "a", "hypothesis": "b", "label": "neutral"}]\n}\n',
        '{"rows": [{"premise": "a", "hypothesis": "b", "label": "neutral"}]}',
        '[{"premise": "a", "hypothesis": "b", "label": "neutral"}]',
        '{"premise": "a", "hypothesis": "b", "label": "neutral"}',
    ],
)
def test_rows_may_stand_in_a_list_inside_of_an_object(text):
    assert read(PAIRS, text, "a.json")["premise"] == ["a"]


def test_an_object_without_a_list_of_rows_says_what_is_expected():
    with pytest.raises(InputError, match=r"expected a list of objects, one object a line, or an object with the list"):
        read(PAIRS, '{\n"version": "1"\n}', "a.json")


def test_a_quote_that_nothing_closes_takes_no_rows_with_it():
    text = '"Yes he said.\tHe agreed\tentailment\nI left.\tI stayed\tcontradiction\nAll done"\tNothing\tneutral\n'
    rows = read(PAIRS, text, "a.tsv")
    assert rows["label"] == [1, 0, 2]
    assert rows["premise"][0] == '"Yes he said.'


def test_fields_with_line_ends_of_their_own_are_read_where_quotes_say_so():
    rows = read(PAIRS, '"two\nlines"\t"a\tb"\tneutral\nc\td\tneutral\n', "a.tsv")
    assert (rows["premise"], rows["hypothesis"]) == (["two\nlines", "c"], ["a\tb", "d"])


def test_a_file_quoted_here_and_not_there_is_refused():
    with pytest.raises(InputError, match=r"a\.tsv:1: expected double quotes that either wrap fields everywhere"):
        read(PAIRS, '"a ""b"""\tc\tneutral\n"d\te\tneutral\n', "a.tsv")


def test_single_texts_need_no_columns():
    assert read(PAIRS, "Good.\tneutral\n", "a.tsv")["hypothesis"] == [""]
    assert read(PAIRS, "premise\tlabel\nGood.\tneutral\n", "a.tsv", columns={"premise": "premise", "label": "label"})


def test_several_labels_and_numbers_are_read():
    several = {"problem_type": "multi_label_classification"}
    text = '{"premise": "a", "label": ["neutral", "entailment"]}\n{"premise": "b", "label": []}\n'
    assert read(PAIRS, text, "a.jsonl", **several)["label"] == [[1, 2], []]
    assert read(PAIRS, "a\tentailment|neutral\n", "a.tsv", **several)["label"] == [[1, 2]]
    numbers = {"problem_type": "regression", "labels": ()}
    assert read(PAIRS, "a\tb\t3.5\n", "a.tsv", **numbers)["label"] == [3.5]
    with pytest.raises(InputError, match=r"a\.tsv:1: expected a number as label"):
        read(PAIRS, "a\tb\tnan\n", "a.tsv", **numbers)


def test_a_question_may_have_no_answer_and_rows_may_be_flat():
    rows = [{"context": "a b", "question": "q", "answers": "b"}, {"context": "a b", "question": "q", "answers": []}]
    found = read(ANSWERS, "\n".join(map(json.dumps, rows)), "a.jsonl")
    assert found["answers"] == [{"text": ["b"], "answer_start": [2]}, {"text": [], "answer_start": []}]


def test_parquet_of_other_columns_names_the_key_that_is_missing(tmp_path):
    path = tmp_path / "a.parquet"
    pyarrow.parquet.write_table(pa.table({"words": [["a"]]}), path)
    with pytest.raises(InputError, match=r"a\.parquet: row 0: expected the key 'tokens', found 'words'"):
        read(TAGGING, path.read_bytes(), "a.parquet")

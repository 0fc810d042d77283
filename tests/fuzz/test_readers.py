"""Any file gives rows or one line that says what is wrong, and never another error.

``HF_MIXTRAIN_FUZZ_EXAMPLES=2000 pytest tests/fuzz`` tries so many files of each form.
"""

import contextlib
import gzip
import io
import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hf_mixtrain.data import Task
from hf_mixtrain.data.readers import languages_in, read_rows
from hf_mixtrain.data.rows import batches, row_features
from hf_mixtrain.errors import InputError

FUZZ = settings(
    max_examples=int(os.environ.get("HF_MIXTRAIN_FUZZ_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
LANGUAGES = ("en", "de")
TAGGING = Task("own", "Own", "token-classification", LANGUAGES, "f1", ("O", "B-PER", "I-PER"))
POS = Task("own", "Own", "token-classification", LANGUAGES, "accuracy", ("NOUN", "VERB", "X"))
PAIRS = Task("own", "Own", "text-classification", LANGUAGES, "accuracy", ("no", "yes"))
SINGLE = Task(
    "own", "Own", "text-classification", LANGUAGES, "accuracy", ("no", "yes"), columns={"premise": "text", "label": "y"}
)
SEVERAL = Task(
    "own", "Own", "text-classification", LANGUAGES, "micro_f1", ("a", "b"), problem_type="multi_label_classification"
)
NUMBERS = Task("own", "Own", "text-classification", LANGUAGES, "pearson", problem_type="regression")
ANSWERS = Task("own", "Own", "question-answering", LANGUAGES, "f1")
TASKS = [TAGGING, POS, PAIRS, SINGLE, SEVERAL, NUMBERS, ANSWERS]

FAR_ANSWER = {"context": "a", "question": "b", "answers": {"text": ["a"], "answer_start": [10**12]}}

# Pieces of real files, put together in any order and with anything between.
PIECES = [
    "\t", "\n", "\r\n", "\n\n", " ", '"', '""', ",", "#", "# text = a", "-DOCSTART-", "O", "B-PER", "I-PER", "S-PER",
    "PER-B",     "en:", "de:Ada", "Ada", "NOUN", "yes", "no", "1", "2", "1-2", "1.1", "_", "|", "text", "y",
    "label", "language",
    "premise", "\ufeff", "\u2028", "\x85", "\x00", "token", "tag", "Sentence #", "-1", "M",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=40).map("".join)
LINES = st.lists(st.lists(st.sampled_from(PIECES[12:]), min_size=1, max_size=11).map("\t".join), max_size=8).map(
    "\n".join
)
BYTES = st.one_of(TEXTS, LINES).map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=60)
KEYS = [
    "tokens", "tags", "premise", "hypothesis", "label", "context", "question", "answers", "answer_start", "text", "y",
    "id", "language", "lang", "data", "paragraphs", "qas",
]  # fmt: skip
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4), st.sampled_from(PIECES))
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
OBJECTS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6)


def rows_or_one_line(content: bytes, name: str, task: Task) -> None:
    path = Path(name)
    for packed in (content, gzip.compress(content, 1)):
        where = path if packed is content else Path(f"{name}.gz")
        try:
            columns = read_rows(packed, where, task, "de")
        except InputError:
            continue
        sizes = {len(values) for values in columns.values()}
        assert len(sizes) == 1
        assert sizes != {0}
        for batch in batches(columns, "de", "train"):
            schema = row_features(task).arrow_schema
            pa.record_batch([pa.array(batch[field.name], field.type) for field in schema], schema=schema)
    with contextlib.suppress(InputError):
        languages_in(content, path, task)


@pytest.mark.parametrize("name", ["a.tsv", "a.csv", "a.txt", "a.conll", "a.conllu"])
@FUZZ
@given(content=BYTES, task=st.sampled_from(TASKS))
def test_text_files(name, content, task):
    rows_or_one_line(content, name, task)


@FUZZ
@given(
    task=st.sampled_from(TASKS),
    rows=st.lists(OBJECTS, max_size=4) | VALUES,
    as_lines=st.booleans(),
    cut=st.integers(0, 3),
)
@example(task=TAGGING, rows=[{"tokens": ["a"], "tags": [10**30]}], as_lines=True, cut=0)
@example(task=ANSWERS, rows=[FAR_ANSWER], as_lines=True, cut=0)
def test_json_files(task, rows, as_lines, cut):
    as_lines = as_lines and isinstance(rows, list)
    text = "\n".join(map(json.dumps, rows)) if as_lines else json.dumps(rows)
    content = text.encode()
    rows_or_one_line(content[: len(content) - cut], "a.jsonl" if as_lines else "a.json", task)


@FUZZ
@given(task=st.sampled_from(TASKS), rows=st.lists(OBJECTS, min_size=1, max_size=3), damage=st.integers(0, 400))
def test_parquet_files(task, rows, damage):
    sink = io.BytesIO()
    try:
        pyarrow.parquet.write_table(pa.Table.from_pylist(rows), sink)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError, TypeError, ValueError):
        return  # no file of this form can say it
    content = bytearray(sink.getvalue())
    if damage % 3 == 0:
        content[damage % len(content)] ^= 0x5A
    rows_or_one_line(bytes(content), "a.parquet", task)


@pytest.mark.parametrize("depth", [10, 100_000])
def test_brackets_in_brackets(depth):
    for task in TASKS:
        rows_or_one_line(b"[" * depth + b"]" * depth, "a.json", task)
        rows_or_one_line(b'{"data":' * depth + b"1" + b"}" * depth, "a.jsonl", task)

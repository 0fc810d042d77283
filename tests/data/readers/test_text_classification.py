import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_mixtrain.data import Task
from hf_mixtrain.data.readers import read_rows
from hf_mixtrain.errors import InputError

LABELS = ("contradiction", "entailment", "neutral")
PATH = Path("xnli/dev-de.tsv")
TASK = Task("own", "Own", "text-classification", ("en", "de"), "accuracy", LABELS)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\ufeff\0"), max_size=8)
ROWS = st.lists(st.tuples(TEXTS, TEXTS, st.sampled_from(LABELS)), min_size=1, max_size=5)


def written(rows) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter="\t").writerows(rows)
    return text.getvalue().encode()


def read(text: bytes, path=PATH, **settings) -> dict:
    return read_rows(text, path, replace(TASK, **settings), "de")


def as_rows(columns: dict) -> list[tuple[str, str, str]]:
    labels = [LABELS[label] for label in columns["label"]]
    return list(zip(columns["premise"], columns["hypothesis"], labels, strict=True))


@given(ROWS)
def test_what_pythons_csv_wrote_is_read(rows):
    assert as_rows(read(written(rows), quoted=True)) == rows


def test_every_real_file_is_written_back_byte_for_byte(xtreme_dir):
    files = list((xtreme_dir / "xnli").glob("*.tsv"))
    assert len(files) == 36
    for path in files:
        assert written(as_rows(read(path.read_bytes(), path))) == path.read_bytes(), path


def test_quotes_stand_for_themselves_where_the_task_says_so():
    text = b'"Ja", sagte sie.\tSie "nickte"\tentailment\n'
    assert as_rows(read(text, quoted=False)) == [('"Ja", sagte sie.', 'Sie "nickte"', "entailment")]


def test_blank_lines_are_no_rows_and_a_byte_order_mark_is_no_text():
    text = b"\xef\xbb\xbfa\tb\tneutral\n\n  \nc\td\tneutral\r\n"
    assert read(text)["premise"] == ["a", "c"]


def test_columns_are_found_by_the_names_in_the_header_or_by_number():
    text = b"label\ttext\tid\nneutral\tHallo\t7\n"
    columns = {"premise": "text", "label": "label"}
    assert as_rows(read(text, columns=columns)) == [("Hallo", "", "neutral")]
    columns = {"premise": 1, "hypothesis": 2, "label": 0}
    text = text.partition(b"\n")[2]
    assert as_rows(read(text, columns=columns)) == [("Hallo", "7", "neutral")]


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        (
            b"a\tb\tneutral\na\tb\n",
            {},
            r"dev-de\.tsv:2: expected premise<TAB>hypothesis<TAB>label, found 2 fields: 'a \| b'",
        ),
        (b"a\tb\tneutral\na\tb\tnone\n", {}, r"dev-de\.tsv:2: expected a label out of contra.*, found 'none'"),
        (b'a\tb\tneutral\n"a\tb\tneutral\na\tb\tneutral\n', None, r"dev-de\.tsv:2: .*quoted: false"),
        (b'a\t"b" c\tneutral\n', None, r"dev-de\.tsv:1: .*quoted: false"),
        (b"", {}, r"dev-de\.tsv: expected rows, found none"),
        (b"text\tlabel\n", {"premise": "texte", "label": "label"}, r"dev-de\.tsv:1: expected a header with 'texte'"),
        (b"text\tlabel\n", {"premise": "text"}, r"expected 'label' in `columns`"),
    ],
)
def test_an_error_names_file_line_and_remedy(text, columns, message):
    with pytest.raises(InputError, match=message):
        read(text, columns=columns or {}, quoted=True if columns is None else None)

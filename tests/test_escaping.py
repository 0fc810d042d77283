"""Properties of escaped text: what it can never start, end or hide."""

import csv
import io
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from hf_mixtrain.escaping import csv_cell, html, markdown, markdown_block, markdown_code, terminal

NASTY = st.text(st.sampled_from("ab1 |<>&`*_[]()!#=+-@~$\\\"'/:.\n\r\t\x1b\x00\u2028\u202e\ud800"), max_size=30)
ANY = st.one_of(NASTY, st.text(max_size=30))


def visible(text: str) -> str:
    """What a reader sees of a text: white space is one space, and the mark for unseen characters stands for nothing."""
    return " ".join(re.sub("[\u200b\ufffd]", "", text).split())


def plain(text: str) -> str:
    return visible(
        re.sub("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]", "", text)
    )


class Reader(HTMLParser):
    """Collects the text of a page and accepts no tag in it."""

    def __init__(self):
        super().__init__()
        self.seen: list[str] = []

    def handle_starttag(self, tag, attrs):
        raise AssertionError(f"{tag} {attrs}")

    def handle_data(self, data):
        self.seen.append(data)


@given(ANY)
def test_a_cell_of_a_table_is_the_text_and_nothing_else(text):
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    table = f"| name | x |\n|---|---|\n| {markdown(text)} | end |\n"
    tokens = parser.parse(table)
    cells = [token for token, before in zip(tokens[1:], tokens, strict=False) if before.type == "td_open"]
    assert len(cells) == 2
    assert {child.type for child in cells[0].children} <= {"text", "text_special"}
    assert visible("".join(child.content for child in cells[0].children)) == plain(text)


@given(ANY)
def test_a_line_in_markdown_is_a_paragraph(text):
    tokens = MarkdownIt("commonmark", {"html": True}).parse(markdown(text).strip())
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close"}


@given(ANY)
def test_code_in_markdown_is_one_span_with_the_text(text):
    inline = MarkdownIt("commonmark").parse(f"a {markdown_code(text)} b")[1]
    spans = [child for child in inline.children if child.type == "code_inline"]
    assert len(spans) == 1
    assert visible(spans[0].content) == plain(text)


@given(ANY)
def test_a_block_of_code_ends_where_it_ends(text):
    text = text.replace("\r", "").replace("\x00", "")
    tokens = MarkdownIt("commonmark").parse(f"{markdown_block(text, 'yaml')}\n\nafter")
    assert [token.type for token in tokens] == ["fence", "paragraph_open", "inline", "paragraph_close"]
    assert tokens[0].content == f"{text}\n"


@given(ANY)
def test_html_has_no_tag_in_it_and_reads_as_the_text(text):
    reader = Reader()
    reader.feed(f"{html(text)}")
    reader.close()
    assert visible("".join(reader.seen)) == plain(text)


@given(ANY)
def test_a_cell_of_a_csv_file_is_one_line_and_no_formula(text):
    file = io.StringIO()
    csv.writer(file).writerow([csv_cell(text), "end"])
    assert file.getvalue().count("\n") == 1
    first = next(csv.reader([file.getvalue()]))[0]
    assert not re.match(r"\s*[=@]", first)


@pytest.mark.parametrize("number", ["-0.25", "+1.50", "1e-3", "-12.3%", ".5"])
def test_numbers_stay_numbers_in_csv(number):
    assert csv_cell(number) == number


@given(ANY)
def test_nothing_on_the_screen_moves_the_cursor_and_all_of_it_can_be_written(text):
    line = terminal(text)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", line)
    line.encode("utf-8")


@pytest.mark.parametrize(
    "text", ["gradient-mix-train", "FacebookAI/xlm-roberta-base", "max_length", "F1 (seqeval)", "ქართული", "می‌خواهم"]
)
def test_plain_names_stay_as_they_are(text):
    assert [function(text) for function in (markdown, html, csv_cell, terminal)] == [text] * 4

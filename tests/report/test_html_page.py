import re
from html.parser import HTMLParser

import pytest

from hf_mixtrain.report import html_page, report_contents

NAME = '<script>alert(1)</script>"&'


class Page(HTMLParser):
    """Tags with their attributes, and the texts outside scripts and styles."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.inside = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside = tag

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside not in ("script", "style"):
            self.texts.append(data)


@pytest.fixture
def page(grid):
    return html_page(report_contents(grid))


def test_the_page_needs_no_network(page):
    tags = Page(page).tags
    assert not [attrs for _, attrs in tags if {"src", "href", "srcset", "data"} & attrs.keys()]
    assert "plotly" in page
    assert not re.search(r"@import|url\(", re.sub(r"<script>.*?</script>", "", page, flags=re.S))


def test_the_page_has_the_tables_and_figures_of_the_report(page, grid):
    [content] = report_contents(grid)
    found = Page(page)
    assert [tag for tag, _ in found.tags].count("table") == len(content.tables)
    assert set(content.answer) <= set(found.texts)
    assert {table.title for table in content.tables} <= set(found.texts)
    assert re.findall(r'id="(figure-\d-\d)"', page) == ["figure-0-0", "figure-0-1", "figure-0-2"]
    assert "K=5: 69.00, 95 % interval 64.70 to 73.30" in page


def test_names_from_files_are_shown_and_never_run(result):
    cells = [
        result(method, 5, 1, {NAME: 50.0, "de": 60.0}, task=NAME, model=NAME, settings={"note": NAME} if n else {})
        for n, method in enumerate(("mix-ft", "ord-fs", "a" + NAME))
    ]
    page = html_page(report_contents(cells))
    assert "alert(1)" in page
    assert "<script>alert" not in page
    assert NAME in "".join(Page(page).texts)


def test_the_same_results_give_the_same_page(page, grid):
    assert html_page(report_contents(grid[::-1])) == page

"""Words of the method are explained where a page first uses them."""

import re

import pytest

from tests.docs.pages import PAGES, ROOT

_GUIDES = [page for page in PAGES if page.startswith(("README", "docs/", "reproduction/"))]


@pytest.mark.parametrize("page", _GUIDES)
def test_the_first_oracle_on_a_page_is_called_oracle_language(page):
    text = re.sub(r"```.*?```|`[^`]*`", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    first = re.search(r"\b[Oo]racles?\b", text)
    if first:
        where = text[max(0, first.start() - 3) : first.end() + 12]
        assert re.search(r"\*oracle\s+languages?\*|^## Oracle language", where, re.MULTILINE), where


@pytest.mark.parametrize("page", _GUIDES)
def test_pages_say_evaluate_and_not_look(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    assert not re.search(r"\blooks? at (?:the )?dev\b|\btwo looks\b|\bluck\b", text)

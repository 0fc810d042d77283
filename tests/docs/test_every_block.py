"""Every block of code on every page is tested; this module has the kinds that are neither Python nor shell."""

import re

import pytest
import yaml

from hf_mixtrain.cards import keep_sections
from hf_mixtrain.commands.run import parse_settings
from tests.docs.pages import PAGES, ROOT, all_blocks, blocks

# The test of each kind of block. A new kind needs a test of its own and a line here.
TESTED_BY = {
    "python": "test_python_blocks",
    "bash": "test_shell_blocks",
    "diff": "test_both_sides_of_a_diff_train",
    "bibtex": "test_the_paper_is_cited_as_in_the_citation_file",
    "yaml": "test_a_recipe_on_a_page_is_one_that_run_takes",
    "html": "test_a_section_of_ones_own_is_one_that_cards_keep",
    "text": "test_text_is_no_code",
}


def _cases(kind):
    return [
        pytest.param(code, id=f"{page}, {kind} block {number}")
        for page in PAGES
        for number, code in enumerate(blocks(page, kind), 1)
    ]


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_of_a_kind_that_a_test_reads(page):
    kinds = {block.language for block in all_blocks(page)}
    assert None not in kinds, "an indented block is read by no test: put it between ``` and name its language"
    assert kinds <= TESTED_BY.keys()


def test_every_kind_that_is_listed_is_on_a_page_and_has_its_test():
    assert {block.language for page in PAGES for block in all_blocks(page)} == TESTED_BY.keys()
    folder = ROOT / "tests" / "docs"
    tests = {path.stem for path in folder.glob("test_*.py")} | {name for name in globals() if name.startswith("test_")}
    assert set(TESTED_BY.values()) <= tests


@pytest.mark.filterwarnings("ignore:'pin_memory':UserWarning")  # the pages leave it as Trainer does
@pytest.mark.parametrize("code", _cases("diff"))
def test_both_sides_of_a_diff_train(code, given):
    for other, trainer in (("+", "Trainer"), ("-", "GradientMixTrainer")):
        lines = [line for line in code.splitlines() if not line.startswith(other)]
        names = {"model": given["model"], **{name: given[name] for name in ("mixed", "collator")}}
        names |= {name: given[name] for name in ("shots_de", "shots_sw")}
        exec("\n".join(line[1:] for line in lines), names)
        assert type(names["trainer"]).__name__ == trainer
        names["trainer"].args.max_steps = 1
        assert names["trainer"].train().global_step == 1


@pytest.mark.parametrize("code", _cases("bibtex"))
def test_the_paper_is_cited_as_in_the_citation_file(code):
    (paper,) = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["references"]
    field = dict(re.findall(r"^\s*(\w+)\s*=\s*\{(.*?)\},?$", code, re.MULTILINE | re.DOTALL))
    title = re.sub(r"\s+", " ", field["title"]).replace(r"{\'e}", "é").replace(r"{\~a}", "ã").replace(r"{\aa}", "å")
    assert (title, int(field["year"])) == (paper["title"], paper["year"])
    assert field["author"] == " and ".join(f"{who['family-names']}, {who['given-names']}" for who in paper["authors"])
    assert field["pages"] == f"{paper['start']}--{paper['end']}"


@pytest.mark.parametrize("code", _cases("yaml"))
def test_a_recipe_on_a_page_is_one_that_run_takes(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "recipe.yaml").write_text(code, encoding="utf-8")
    parse_settings(["recipe.yaml"])


@pytest.mark.parametrize("code", _cases("html"))
def test_a_section_of_ones_own_is_one_that_cards_keep(code):
    (kept,) = keep_sections(code).values()
    assert kept.strip()


@pytest.mark.parametrize("code", _cases("text"))
def test_text_is_no_code(code):
    assert not re.search(r"hf-mixtrain|^\s*(from|import|pip|python|def|class)\b", code, re.MULTILINE)

"""reproduction/README.md says what the results beside it say."""

import re
from pathlib import Path

import pytest

from hf_mixtrain.report import report_contents, report_markdown
from hf_mixtrain.results import find_results

FOLDER = Path(__file__).parents[2] / "reproduction"
# The reports that the page is from: file, row that all others are compared with, languages.
REPORTS = [
    ("study.jsonl", "naive-mix-train", None),
    ("ablation.jsonl", "naive-mix-train", None),
    ("ablation.jsonl", "naive-mix-train (max_steps=261)", None),
    ("ablation.jsonl", "naive-mix-train", ["ar", "de", "ja", "ru", "vi"]),
    ("ablation.jsonl", "naive-mix-train", ["bn", "hi", "pa", "tr", "zh"]),
]
NUMBERS = {
    "mean and sd": re.compile(r"\d+\.\d\d ± \d+\.\d\d \(\d+\)"),
    "interval": re.compile(r"[-+]\d+\.\d\d to [-+]\d+\.\d\d"),
    "p": re.compile(r"\b[01]\.\d{4}\b"),
}


@pytest.fixture(scope="module")
def reports():
    return [
        report_markdown(report_contents(find_results(FOLDER / file), baseline=baseline, languages=languages))
        for file, baseline, languages in REPORTS
    ]


@pytest.mark.parametrize("kind", NUMBERS)
def test_every_number_of_the_page_is_in_a_report(kind, reports):
    def numbers(text: str) -> list[str]:
        return NUMBERS[kind].findall(text.replace("**", "").replace("−", "-"))

    known = {number for report in reports for number in numbers(report)}
    told = numbers((FOLDER / "README.md").read_text(encoding="utf-8"))
    assert told
    assert [number for number in told if number not in known] == []


@pytest.mark.parametrize("name", ["study", "ablation", "rate"])
def test_every_line_is_a_result(name):
    path = FOLDER / f"{name}.jsonl"
    assert len(find_results(path)) == len(path.read_text(encoding="utf-8").splitlines())

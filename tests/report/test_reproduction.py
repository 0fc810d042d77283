"""docs/reproduction.md says what its results files say."""

import re
from pathlib import Path

import pytest

from hf_mixtrain.report import write_report

DOCS = Path(__file__).parents[2] / "docs"
PARTS = sorted(folder.name for folder in (DOCS / "reproduction").iterdir() if (folder / "report.md").is_file())
NUMBERS = {
    "mean and sd": re.compile(r"\d+\.\d\d ± \d+\.\d\d \(\d+\)"),
    "interval": re.compile(r"[-+]\d+\.\d\d to [-+]\d+\.\d\d"),
}


def tables(report: Path) -> list[str]:
    return [line for line in report.read_text().splitlines() if line.startswith("|")]


@pytest.mark.parametrize("part", PARTS)
def test_the_reports_are_those_of_the_results_beside_them(part, tmp_path):
    folder = DOCS / "reproduction" / part
    write_report(folder, over="naive-mix-train", to=tmp_path)
    assert tables(tmp_path / "report.md") == tables(folder / "report.md")


@pytest.mark.parametrize("kind", NUMBERS)
def test_every_number_of_the_tables_is_in_a_report(kind):
    def numbers(path: Path) -> list[str]:
        return NUMBERS[kind].findall(path.read_text().replace("**", "").replace("−", "-"))

    known = {number for report in (DOCS / "reproduction").rglob("report.md") for number in numbers(report)}
    told = numbers(DOCS / "reproduction.md")
    assert told
    assert [number for number in told if number not in known] == []

import csv
import sys
from pathlib import Path

import pytest

from hf_mixtrain.errors import InputError
from hf_mixtrain.report import format_table, write_report
from hf_mixtrain.results import write_results

EXPECTED = Path(__file__).with_name("expected_report.md")


def write(folder: Path, results: list[dict]) -> Path:
    for cell in results:
        write_results(folder / cell["method"] / f"k{cell['shots']}" / f"seed{cell['seed']}", cell)
    return folder


def test_the_report_of_a_made_up_grid_is_the_expected_one(tmp_path, grid):
    assert write_report(write(tmp_path, grid)).read_text(encoding="utf-8") == EXPECTED.read_text(encoding="utf-8")


def test_the_same_results_give_the_same_bytes_in_whatever_order_they_were_written(tmp_path, grid):
    reports = [write_report(write(tmp_path / name, cells)) for name, cells in (("a", grid), ("b", grid[::-1]))]
    write_report(tmp_path / "a")
    files = [
        {path.name: path.read_bytes() for path in report.parent.rglob("*.*") if path.name != "results.json"}
        for report in reports
    ]
    assert files[0] == files[1]
    assert {Path(name).suffix for name in files[0]} == {".md", ".csv", ".tex", ".png"}


def test_csv_has_every_mean_sd_n_gain_and_rank(tmp_path, grid):
    write_report(write(tmp_path, grid))
    with (tmp_path / "report.csv").open(encoding="utf-8", newline="") as file:
        rows = {(r["method"], r["shots"], r["language"]): r for r in csv.DictReader(file)}
    assert len(rows) == 4 * 4
    sw = rows["gradient-mix-train", "5", "sw"]
    assert (sw["mean"], sw["sd"], sw["n"], sw["gain"], sw["rank"]) == ("58.000000", "2.645751", "3", "17.000000", "1")
    average = rows["gradient-mix-train", "10", "average"]
    assert (average["mean"], average["sd"], average["n"], average["gain"]) == ("72.000000", "", "1", "11.000000")
    assert rows["zero-shot", "0", "en"]["gain"] == ""


def test_figures_in_the_report_exist(tmp_path, grid):
    text = write_report(write(tmp_path, grid)).read_text(encoding="utf-8")
    paths = [line.split("](")[1].rstrip(")") for line in text.splitlines() if line.startswith("![")]
    assert len(paths) == 3
    assert all((tmp_path / path).read_bytes().startswith(b"\x89PNG") for path in paths)


@pytest.mark.parametrize("package", ["matplotlib", "scipy"])
def test_a_missing_package_leaves_the_rest_and_a_hint(tmp_path, grid, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, f"{package}.figure", raising=False)
    text = write_report(write(tmp_path, grid)).read_text(encoding="utf-8")
    assert f'need {package}: pip install "hf_mixtrain[plot]"' in text
    assert "69.00 ± 1.73 (3)" in text
    assert ("### Figures" in text) == (package != "matplotlib")
    assert ("### Significance" in text) == (package != "scipy")


def test_metrics_beside_the_main_one_have_a_table_but_not_those_of_one_label(tmp_path, result):
    scores = {"de": {"f1": 60.0, "f1_PER": 50.0, "accuracy": 70.0}, "sw": {"f1": 40.0, "accuracy": 60.0}}
    write(tmp_path, [result("mix-ft", 5, 1, dict.fromkeys(scores, 0.0), scores=scores)])
    text = write_report(tmp_path).read_text(encoding="utf-8")
    assert "accuracy, average over 2 languages**" in text
    assert "| mix-FT | 65.00 (1) |" in text
    assert "f1_PER" not in text
    rows = (tmp_path / "report.csv").read_text(encoding="utf-8").splitlines()
    assert [row.split(",")[5:7] for row in rows if ",f1_PER," in row] == [["de", "50.000000"]]


def test_one_zero_shot_cell_is_a_report(tmp_path, result):
    text = write_report(write(tmp_path, [result("zero-shot", 0, 1, {"de": 60.0})])).read_text(encoding="utf-8")
    assert "| zero-shot | 60.00 (1) |" in text
    assert "### Figures" not in text


def test_the_screen_shows_one_block_for_each_k(grid):
    blocks = format_table(grid).split("\n\n")
    assert [block.splitlines()[0][-4:].strip() for block in blocks] == ["K=5", "K=10"]
    assert blocks[0].splitlines()[-1] == "average of 3      61.00   66.00 (+5.00)       69.00 (+8.00)*"


def test_a_folder_without_results_is_named(tmp_path):
    with pytest.raises(InputError, match=r"no results\.json in this folder or below"):
        write_report(tmp_path)

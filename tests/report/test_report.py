import csv
import sys
from pathlib import Path

import pytest

from hf_mixtrain.errors import InputError
from hf_mixtrain.report import format_table, mean_interval, paired_t, scores_csv, write_report
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
    assert {Path(name).suffix for name in files[0]} == {".md", ".html", ".csv", ".tex", ".png"}


def test_csv_has_every_mean_sd_n_gain_and_rank(tmp_path, grid):
    write_report(write(tmp_path, grid))
    with (tmp_path / "report.csv").open(encoding="utf-8", newline="") as file:
        rows = {(r["method"], r["shots"], r["language"]): r for r in csv.DictReader(file)}
    assert len(rows) == 4 * 4
    sw = rows["gradient-mix-train", "5", "sw"]
    assert (sw["mean"], sw["sd"], sw["n"], sw["rank"], sw["rank_n"]) == ("58.000000", "2.645751", "3", "1", "2")
    assert (sw["gain"], sw["gain_n"]) == ("15.500000", "2")  # seeds 1 and 2, which zero-shot has too
    average = rows["gradient-mix-train", "10", "average"]
    assert (average["mean"], average["sd"], average["n"], average["gain"]) == ("72.000000", "", "1", "12.000000")
    assert rows["zero-shot", "0", "en"]["gain"] == ""


def test_the_long_csv_has_a_line_for_every_score_of_every_run(tmp_path, grid):
    write_report(write(tmp_path, grid))
    with (tmp_path / "scores.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sum(len(cell["languages"]) for cell in grid)
    found = {(r["method"], int(r["shots"]), int(r["seed"]), r["language"]): float(r["score"]) for r in rows}
    for cell in grid:
        for language, scores in cell["scores"].items():
            assert found[cell["method"], cell["shots"], cell["seed"], language] == scores["f1"]
    grid[0]["warnings"] = ["diverged"]
    lines = scores_csv(grid).splitlines()
    assert [line.endswith(",diverged") for line in lines[1:7]] == [True] * 3 + [False] * 3


def test_figures_in_the_report_exist(tmp_path, grid):
    text = write_report(write(tmp_path, grid)).read_text(encoding="utf-8")
    paths = [line.split("](")[1].rstrip(")") for line in text.splitlines() if line.startswith("![")]
    assert len(paths) == 3
    assert all((tmp_path / path).read_bytes().startswith(b"\x89PNG") for path in paths)


@pytest.mark.parametrize("package", ["matplotlib", "plotly"])
def test_a_missing_package_leaves_the_rest_and_a_hint(tmp_path, grid, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    for module in (f"{package}.figure", f"{package}.offline"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    text = write_report(write(tmp_path, grid)).read_text(encoding="utf-8")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert ('need matplotlib: pip install "hf_mixtrain[plot]"' in text) == (package == "matplotlib")
    assert ("need plotly: pip install" in page) == (package == "plotly")
    assert "69.00 ± 1.73 (3)" in text
    assert "69.00 ± 1.73 (3)" in page


def test_metrics_beside_the_main_one_have_a_table_but_not_those_of_one_label(tmp_path, result):
    scores = {"de": {"f1": 60.0, "f1_PER": 50.0, "accuracy": 70.0}, "sw": {"f1": 40.0, "accuracy": 60.0}}
    cells = [result(method, 5, 1, dict.fromkeys(scores, 0.0), scores=scores) for method in ("mix-ft", "ord-fs")]
    write(tmp_path, cells)
    text = write_report(tmp_path).read_text(encoding="utf-8")
    assert "accuracy, average over 2 languages**" in text
    assert "| mix-FT | **65.00 (1)** |" in text
    assert "f1_PER" not in text
    rows = (tmp_path / "report.csv").read_text(encoding="utf-8").splitlines()
    assert [row.split(",")[5:7] for row in rows if ",f1_PER," in row] == [["de", "50.000000"]] * 2


def test_one_zero_shot_cell_is_a_report(tmp_path, result):
    text = write_report(write(tmp_path, [result("zero-shot", 0, 1, {"de": 60.0})])).read_text(encoding="utf-8")
    assert "zero-shot has f1 60.00 (1) on average over 1 language." in text
    assert "![" not in text


def test_no_table_has_a_single_row(tmp_path, result):
    cells = [result("mix-ft", 5, seed, {"de": 60.0 + seed, "sw": 40.0}) for seed in (1, 2)]
    text = write_report(write(tmp_path, cells)).read_text(encoding="utf-8")
    tables = [part.split("\n\n")[0].splitlines() for part in text.split("\n|---")[1:]]
    assert [len(rows) - 1 for rows in tables] == [2 + 2, 2]  # languages and two averages; families


def test_the_screen_shows_one_block_for_each_k(grid):
    blocks = format_table(grid).split("\n\n")
    assert [block.splitlines()[0][-4:].strip() for block in blocks] == ["K=5", "K=10"]
    assert blocks[0].splitlines()[-1] == "average of 3      61.00    66.00 (+5.00)       69.00 (+7.00)*"
    assert blocks[0].splitlines()[-2] == "targets (2)       51.00    59.00 (+8.00)      62.50 (+10.50)*"
    assert "de German" not in format_table(grid, languages=["en", "sw"])


@pytest.fixture
def study(tmp_path, result):
    """Variants of one method, each in a folder of its own, as `--output_dir study/NAME` leaves them."""
    variants = {"plain": {}, "pcgrad": {"surgery": "pcgrad"}, "fast": {"learning_rate": 0.001, "output_dir": "x"}}
    for number, (name, settings) in enumerate(variants.items()):
        for seed in (1, 2, 3):
            values = {"en": 80.0 + seed, "de": 60.0 + number * seed, "sw": 50.0 - number}
            cells = [result("gradient-mix-train", 5, seed, values, settings=settings)]
            if name == "plain":
                cells.append(result("zero-shot", 0, seed, {"en": 80.0, "de": 50.0, "sw": 40.0 + seed}))
            write(tmp_path / "study" / name / "panx", cells)
    return tmp_path / "study"


def section(text: str, heading: str) -> list[str]:
    return text.split(f"### {heading}")[1].split("###")[0].splitlines()


def test_variants_in_several_folders_are_rows_of_one_report(study):
    text = write_report(study).read_text(encoding="utf-8")
    rows = [line.split(" | ")[0] for line in section(text, "Methods") if line.startswith("| gradient")]
    assert rows[:3] == [
        "| gradient-mix-train",
        "| gradient-mix-train (learning_rate=0.001)",
        "| gradient-mix-train (surgery=pcgrad)",
    ]
    assert "rows of their own" in text


def test_what_the_folders_of_a_study_are_called_changes_nothing(study):
    before = write_report(study, to=study.parent / "a").read_bytes()
    (study / "plain").rename(study / "zzz")
    assert write_report(study, to=study.parent / "b").read_bytes() == before


def test_against_a_baseline_all_comparisons_are_with_it(study):
    text = write_report(study, baseline="gradient-mix-train").read_text(encoding="utf-8")
    for heading in ("Largest gains", "Significance"):
        lines = [line.split(" | ")[:2] for line in section(text, heading) if line.startswith("| ")][1:]
        assert sorted(lines) == [
            ["| gradient-mix-train (learning_rate=0.001)", "gradient-mix-train"],
            ["| gradient-mix-train (surgery=pcgrad)", "gradient-mix-train"],
            ["| zero-shot", "gradient-mix-train"],
        ]
    # de gains 1, 2, 3 and sw loses 1: averages over three languages differ by 0, 1/3 and 2/3.
    wanted = "(surgery=pcgrad) | gradient-mix-train | +0.33 | 0.33 | -0.49 to +1.16 | "
    assert any(wanted in line for line in text.splitlines())
    every = write_report(study, all_pairs=True).read_text(encoding="utf-8")
    assert len([line for line in section(every, "Significance") if line.startswith("| ")][1:]) == 6


def test_the_report_begins_with_the_best_method_how_sure_that_is_and_the_languages(study):
    first, power = [line for line in write_report(study).read_text(encoding="utf-8").splitlines() if line][2:4]
    # Averages of the third variant, which has de at 62, 64, 66 and sw at 48: 191/3, 194/3, 197/3; of zero-shot:
    # 171/3, 172/3, 173/3; differences 20/3, 22/3 and 8.
    best = "the best of 4 methods is gradient-mix-train (learning_rate=0.001), f1 64.67 ± 1.00 (3) on average over 3"
    assert best in first
    interval = mean_interval([20 / 3, 22 / 3, 24 / 3])
    p = paired_t([20 / 3, 22 / 3, 24 / 3])
    assert f"Against zero-shot: +7.33 (95 % CI {interval[0]:+.2f} to {interval[1]:+.2f}, n = 3, p = {p:.2g}, " in first
    assert "after Holm): more than chance." in first
    assert first.endswith("most in de German +14.00, sw Swahili +6.00, en English +2.00; it loses in none.")
    assert power.startswith("What this design can see: n = 3 finds ")


def test_a_task_without_the_row_says_so(study, result):
    write(
        study / "xnli",
        [result("mix-ft", 5, 1, {"en": 1.0}, task="xnli"), result("ord-fs", 5, 1, {"en": 2.0}, task="xnli")],
    )
    text = write_report(study, baseline="zero-shot").read_text(encoding="utf-8")
    panx, xnli = text.split("## xnli")
    assert "There is no row 'zero-shot' here: nothing is compared with it." in xnli
    assert ("### Significance" in panx, "### Significance" in xnli) == (True, False)


def test_an_unknown_row_is_named_with_those_there_are(study):
    with pytest.raises(
        InputError, match=r"no row 'mix-ft' to compare with\. Expected one of: zero-shot; grad.*pcgrad\)\.$"
    ):
        write_report(study, baseline="mix-ft")
    assert not (study / "report.md").exists()


def test_only_the_chosen_languages_are_in_the_files(study):
    report = write_report(study, languages=["sw", "de"], to=study / "half")
    text = report.read_text(encoding="utf-8")
    assert "Test languages (2): de, sw." in text
    assert "English" not in text
    assert "average over 2 languages" in text
    assert "targets" not in text
    assert "English" not in report.with_suffix(".tex").read_text(encoding="utf-8")
    csv_lines = report.with_suffix(".csv").read_text(encoding="utf-8").splitlines()[1:]
    assert {line.split(",")[5] for line in csv_lines} == {"de", "sw", "average"}
    assert "| 3 | 2 of 2 |" in "\n".join(section(text, "Significance"))


def test_a_report_goes_where_it_is_told(study):
    report = write_report(study, to=study.parent / "new" / "folder")
    assert report == study.parent / "new" / "folder" / "report.md"
    files = {path.name for path in report.parent.rglob("*.*")}
    assert {
        "report.md",
        "report.html",
        "report.csv",
        "scores.csv",
        "report.tex",
        "panx-org-enc-base-f1-score.png",
    } <= files
    assert not list(study.rglob("report.*"))
    assert "](figures/panx" in report.read_text(encoding="utf-8")
    with pytest.raises(InputError, match=r"report\.md: is a file\. Expected a folder"):
        write_report(study, to=report)


def test_a_folder_without_results_is_named(tmp_path):
    with pytest.raises(InputError, match=r"no results\.json in this folder or below"):
        write_report(tmp_path)

import math

import pytest

from hf_mixtrain.report import (
    Table,
    content_of,
    cost_table,
    gains,
    gains_table,
    group_results,
    kinds_table,
    language_table,
    method_table,
    rank_table,
    significance,
    significance_table,
    to_latex,
    to_markdown,
    to_text,
)


@pytest.fixture
def group(grid):
    return group_results(grid)[0]


def test_methods_by_k_are_means_and_sample_sds_of_the_seeds_averages(group):
    # zero-shot: 60, 62. mix-ft: 65, 67. gradient-mix-train K=5: 68, 68, 71, mean 69, variance (1 + 1 + 4) / 2 = 3.
    table = method_table(group)
    assert table.header == ["method", "K=0", "K=5", "K=10"]
    assert table.rows == [
        ["zero-shot", "61.00 ± 1.41 (2)", "—", "—"],
        ["mix-FT", "—", "66.00 ± 1.41 (2)", "—"],
        ["gradient-mix-train", "—", "69.00 ± 1.73 (3)", "72.00 (1)"],
    ]
    assert table.bold == {(2, 2)}
    assert f"{math.sqrt(2):.2f} {math.sqrt(3):.2f}" == "1.41 1.73"


def test_languages_show_mean_and_gain_over_zero_shot(group):
    # Seeds' means. zero-shot: en 81, de 61, sw 41. mix-ft: 80, 66, 52. gradient-mix-train: 82, 67, 58; its gains are
    # over seeds 1 and 2 alone, as zero-shot has no third: en 81, de 66.5, sw 56.5.
    table = language_table(group, 5)
    assert table.rows == [
        ["en English", "81.00", "80.00 (-1.00)", "82.00 (+0.00)"],
        ["de German", "61.00", "66.00 (+5.00)", "67.00 (+5.50)"],
        ["sw Swahili", "41.00", "52.00 (+11.00)", "58.00 (+15.50)"],
        ["targets (2)", "51.00", "59.00 (+8.00)", "62.50 (+10.50)"],
        ["average of 3", "61.00", "66.00 (+5.00)", "69.00 (+7.00)"],
    ]
    # In English, zero-shot and gradient-mix-train are level on the seeds that both have.
    assert table.bold == {(0, 1), (0, 3), (1, 3), (2, 3), (3, 3), (4, 3)}


def test_averages_over_the_targets_have_a_table_of_their_own(group):
    # zero-shot: 50, 52. mix-ft: 58, 60. gradient-mix-train K=5: 62, 61, 64.5, mean 62.5, variance 6.5 / 2.
    table = method_table(group, targets=True)
    assert table.title == "panx, org/enc_base: f1, average over 2 targets"
    assert [row[1:] for row in table.rows] == [
        ["51.00 ± 1.41 (2)", "—", "—"],
        ["—", "59.00 ± 1.41 (2)", "—"],
        ["—", "62.50 ± 1.80 (3)", "67.50 (1)"],
    ]


def test_without_the_source_the_average_over_the_targets_is_not_said_twice(grid):
    group = group_results(grid, languages=["de", "sw"])[0]
    assert [row[0] for row in language_table(group, 5).rows] == ["de German", "sw Swahili", "average of 2"]


def test_a_language_that_one_method_lacks_is_missing(result):
    results = [result("zero-shot", 0, 1, {"de": 60.0}), result("mix-ft", 5, 1, {"de": 61.0, "xx": 50.0})]
    table = language_table(group_results(results)[0], 5)
    assert table.rows[1:] == [["xx", "—", "50.00"], ["average of 1", "60.00", "61.00 (+1.00)"]]


def test_without_zero_shot_there_is_no_gain(result):
    table = language_table(group_results([result("mix-ft", 5, 1, {"de": 61.0})])[0], 5)
    assert table.rows[0] == ["de German", "61.00"]


def test_ranks_are_of_the_average_and_in_the_mean_over_languages(group):
    # K=5, by language: zero-shot 1.5, 3, 3; mix-ft 3, 2, 2; gradient-mix-train 1.5, 1, 1. K=10, seed 1: 2 and 1.
    assert rank_table(group).rows == [
        ["zero-shot", "1 (1.00)", "3 (2.50)", "2 (2.00)"],
        ["mix-FT", "—", "2 (2.33)", "—"],
        ["gradient-mix-train", "—", "1 (1.17)", "1 (1.00)"],
    ]


def test_gains_are_mean_differences_over_the_common_seeds_sorted(group):
    assert gains(group, 5, "gradient-mix-train", "mix-ft") == pytest.approx({"sw": 4.5, "en": 1.0, "de": 0.5})
    assert list(gains(group, 5, "gradient-mix-train", "mix-ft")) == ["sw", "en", "de"]
    assert gains(group, 10, "gradient-mix-train", "zero-shot") == pytest.approx({"sw": 25.0, "de": 10.0, "en": 1.0})


def test_largest_gains_are_over_the_baseline_and_on_request_of_every_method_over_every_other(group):
    # Seeds 1 and 2 of gradient-mix-train: en 80, 82, de 67, 66, sw 57, 56.
    rows = gains_table(group, 5, count=2).rows
    assert rows == [
        ["gradient-mix-train", "zero-shot", "+7.00", "2", "sw +15.50", "de +5.50"],
        ["mix-FT", "zero-shot", "+5.00", "2", "sw +11.00", "de +5.00"],
    ]
    every = gains_table(group, 5, count=2, all_pairs=True).rows
    assert len(every) == 6
    assert ["zero-shot", "mix-FT", "-5.00", "2", "en +1.00", "de -5.00"] in every
    assert gains_table(group, 5).rows[0][-2:] == ["—", "—"]


def test_gains_over_one_row_are_of_every_other_row(group):
    assert [row[:5] for row in gains_table(group, 5, baseline="mix-FT").rows] == [
        ["gradient-mix-train", "mix-FT", "+2.00", "2", "sw +4.50"],
        ["zero-shot", "mix-FT", "-5.00", "2", "en +1.00"],
    ]
    assert gains_table(group, 10, baseline="mix-ft").rows == []


def test_families_and_scripts_average_their_languages(group):
    assert kinds_table(group, 5, "family").rows == [
        ["Germanic", "en, de", "71.00", "73.00", "74.50"],
        ["Niger-Congo", "sw", "41.00", "52.00", "58.00"],
    ]
    assert kinds_table(group, 5, "script").rows == [["Latin", "en, de, sw", "61.00", "66.00", "69.00"]]


def test_codes_that_are_not_known_come_last_as_unknown(result):
    group = group_results([result("mix-ft", 5, 1, {"xx": 50.0, "yy": 60.0, "sw": 70.0})])[0]
    assert kinds_table(group, 5, "family").rows == [["Niger-Congo", "sw", "70.00"], ["unknown", "xx, yy", "55.00"]]


def test_too_few_seeds_for_a_test_are_said_to_be(group):
    row = significance_table(group, significance(group)).rows[0]
    assert row == ["mix-FT", "zero-shot", "+5.00", "0.00", *["too few"] * 3, "5", "2", "2 of 3"]


def test_runs_with_warnings_are_marked_and_named(result):
    few, diverged = "de: 3 of 5 shots", "diverged: the loss is no finite number"
    cells = [
        result("mix-ft", 5, 1, {"de": 60.0}, warnings=[diverged, few]),
        result("mix-ft", 5, 2, {"de": 61.0}, warnings=[few]),
        result("zero-shot", 0, 1, {"de": 50.0}, warnings=[few]),
    ]
    group = group_results(cells)[0]
    table = method_table(group)
    assert [row[1:] for row in table.rows] == [["50.00 (1)", "—"], ["—", "60.50 ± 0.71 (2) †"]]
    assert table.note.endswith("†: some of these runs have warnings, which are listed above.")
    assert (
        "60.50 ± 0.71 (2) on average over 1 language (some of its runs have warnings, see †)."
        in content_of(group).answer[0]
    )
    assert group.notes[:2] == (
        "All results: de: 3 of 5 shots.",
        "† mix-FT, K=5, seed 1: diverged: the loss is no finite number.",
    )


def test_training_names_stages_selection_cost_and_conflicts(group, result):
    assert cost_table(group).rows[1:3] == [
        ["mix-FT", "5", "source, then shots", "last", "92", "1.5", "—", "—"],
        ["gradient-mix-train", "5", "mixed", "last", "92", "1.5", "25.0 %", "+0.125"],
    ]
    dev = group_results([result("ord-fs-dev", 5, 1, {"de": 1.0}), result("a-new-method", 5, 1, {"de": 1.0})])[0]
    assert [row[2:4] for row in cost_table(dev).rows] == [
        ["source, then shots (one model per language)", "target-dev"],
        ["—", "last"],
    ]


AWKWARD = Table(r"50 % of {x} & \y", ["a_b", "c#"], [["x|y~^$", "<0.1 ± 2"]], bold=frozenset({(0, 1)}))


def test_latex_escapes_what_it_must():
    assert to_latex(AWKWARD).splitlines()[3:8] == [
        r"  \caption{50 \% of \{x\} \& \textbackslash{}y.}",
        r"  \begin{tabular}{lr}",
        r"    \toprule",
        r"    a\_b & c\# \\",
        r"    \midrule",
    ]
    assert r"    x|y\textasciitilde{}\textasciicircum{}\$ & \textbf{$<$0.1 $\pm$ 2} \\" in to_latex(AWKWARD)


def test_latex_holds_nothing_that_a_terminal_obeys_or_no_file_can_hold():
    text = to_latex(Table("a\x1b[31m\nb", ["\ud800", "\u202ex"], [["\x07", "1"]]))
    assert all(character.isprintable() or character == "\n" for character in text)
    assert "{a\N{REPLACEMENT CHARACTER}[31m b." in text


def test_latex_sets_off_the_summary(group):
    lines = to_latex(language_table(group, 5)).splitlines()
    assert lines[lines.index(r"    \bottomrule") - 3] == r"    \midrule"


def test_markdown_escapes_what_would_end_a_cell():
    assert r"| x\|y\~^\$ | **&lt;0.1 ± 2** |" in to_markdown(AWKWARD)
    assert "| -0.25 | +1.00 |" in to_markdown(Table("t", ["a", "b"], [["-0.25", "+1.00"]]))


def test_plain_text_is_aligned_with_and_without_a_mark(group):
    lines = to_text(language_table(group, 5)).splitlines()[1:]
    ends = {line.rstrip("* ")[-1] for line in lines}
    assert {len(line.rstrip("*")) for line in lines} == {len(lines[1].rstrip("*"))}, ends
    assert to_text(Table("t", ["x", "n"], [["日本", "1"], ["ab", "22"]])) == "t\nx      n\n日本   1\nab    22"

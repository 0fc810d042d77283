import pytest

from hf_mixtrain.errors import InputError
from hf_mixtrain.report import group_results

EN_DE = {"en": 80.0, "de": 60.0}


def test_models_tasks_and_metrics_are_never_in_one_group(result):
    results = [
        result("mix-ft", 5, 1, EN_DE),
        result("mix-ft", 5, 2, EN_DE, model="other"),
        result("mix-ft", 5, 3, EN_DE, task="udpos"),
        result("mix-ft", 5, 4, EN_DE, metric="accuracy"),
    ]
    assert [list(group.cells["mix-ft", 5]) for group in group_results(results)] == [[4], [1], [2], [3]]


def test_rows_come_in_the_order_of_the_methods_whatever_the_order_of_the_results(grid, result):
    for results in (grid, grid[::-1], [*grid, result("a-new-method", 5, 1, EN_DE)]):
        rows = group_results(results)[0].rows
        assert rows[:3] == ["zero-shot", "mix-ft", "gradient-mix-train"]
        assert rows[3:] in ([], ["a-new-method"])


def test_seeds_with_other_settings_are_not_averaged(result):
    results = [
        result("mix-ft", 5, 1, EN_DE),
        result("mix-ft", 5, 2, EN_DE, settings={"learning_rate": 1e-4}),
        result("zero-shot", 0, 1, EN_DE),
    ]
    group = group_results(results)[0]
    assert {cell: list(seeds) for cell, seeds in group.cells.items()} == {
        ("mix-ft (learning_rate=default)", 5): [1],
        ("mix-ft (learning_rate=0.0001)", 5): [2],
        ("zero-shot", 0): [1],
    }
    assert group.zero_shot_of("mix-ft (learning_rate=0.0001)") == "zero-shot"
    assert group.title("mix-ft (learning_rate=0.0001)") == "mix-FT (learning_rate=0.0001)"
    assert "`learning_rate` (0.0001: mix-ft K=5; default: mix-ft K=5, zero-shot K=0)" in group.notes[0]


def test_settings_that_differ_between_methods_are_noted_and_folders_are_not(result):
    results = [
        result("mix-ft", 5, 1, EN_DE, settings={"max_steps": 7, "output_dir": "a"}),
        result("zero-shot", 0, 1, EN_DE, settings={"output_dir": "b"}, versions={"torch": "2.14.0"}),
    ]
    group = group_results(results)[0]
    assert group.rows == ["zero-shot", "mix-ft"]
    assert group.notes == (
        "Settings differ, `max_steps` (7: mix-ft K=5; default: zero-shot K=0).",
        "Versions differ, `torch` (2.13.0: mix-ft K=5; 2.14.0: zero-shot K=0).",
    )


def test_averages_are_over_the_languages_that_all_results_have(result):
    results = [result("zero-shot", 0, 1, EN_DE | {"sw": 10.0}), result("mix-ft", 5, 1, EN_DE)]
    group = group_results(results)[0]
    assert (group.languages, group.common) == (("en", "de", "sw"), ("en", "de"))
    assert group.averages("zero-shot", 0) == {1: 70.0}
    assert "the 2 of them that every result has: en, de" in group.notes[0]


def test_results_without_a_common_language_have_no_average(result):
    group = group_results([result("zero-shot", 0, 1, {"de": 1.0}), result("mix-ft", 5, 1, {"sw": 2.0})])[0]
    assert group.averages("zero-shot", 0) == {}
    assert "averages are over no language" in group.notes[0]


def test_the_same_cell_twice_is_refused(result):
    with pytest.raises(InputError, match=r"two results for panx mix-ft k5 seed1 of org/enc_base\. Keep one"):
        group_results([result("mix-ft", 5, 1, EN_DE), result("mix-ft", 5, 1, EN_DE)])


def test_no_results_are_refused():
    with pytest.raises(InputError, match="no results to report"):
        group_results([])

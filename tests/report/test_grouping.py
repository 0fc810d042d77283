import pytest

from hf_mixtrain.errors import InputError
from hf_mixtrain.report import group_results

EN_DE = {"en": 80.0, "de": 60.0}
SPLIT = (
    "such results are in rows of their own and are not averaged. "
    "In brackets is what a row does not leave at its default."
)


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
        ("mix-ft", 5): [1],
        ("mix-ft (learning_rate=0.0001)", 5): [2],
        ("zero-shot", 0): [1],
    }
    assert group.zero_shot_of("mix-ft (learning_rate=0.0001)") == "zero-shot"
    assert group.title("mix-ft (learning_rate=0.0001)") == "mix-FT (learning_rate=0.0001)"
    assert group.notes[1:] == (f"Settings differ within a method, learning_rate: {SPLIT}",)
    assert group.notes[0].startswith("The rows have other seeds, as n says")


def test_a_row_has_the_same_settings_at_every_k(result):
    surgery = {"surgery": "pcgrad"}
    results = [
        result("gradient-mix-train", 5, 1, EN_DE),
        result("gradient-mix-train", 5, 1, EN_DE, settings=surgery | {"max_steps": 9}),
        result("gradient-mix-train", 10, 1, EN_DE, settings=surgery),
    ]
    assert set(group_results(results)[0].cells) == {
        ("gradient-mix-train", 5),
        ("gradient-mix-train (max_steps=9, surgery=pcgrad)", 5),
        ("gradient-mix-train (surgery=pcgrad)", 10),
    }


def test_a_setting_that_all_results_of_a_method_have_is_in_a_note_and_in_no_row(result):
    results = [
        result("mix-ft", 5, 1, EN_DE, settings={"max_steps": 7}),
        result("gradient-mix-train", 5, 1, EN_DE, settings={"max_steps": 7, "surgery": "pcgrad"}),
        result("gradient-mix-train", 5, 1, EN_DE, settings={"surgery": "pcgrad"}),
        result("zero-shot", 0, 1, EN_DE),
    ]
    group = group_results(results)[0]
    assert group.rows == ["zero-shot", "mix-ft", "gradient-mix-train", "gradient-mix-train (max_steps=7)"]
    assert group.notes == (
        "Settings differ, max_steps (7: mix-ft; default: zero-shot; in brackets: gradient-mix-train).",
        "Settings differ, surgery (default: mix-ft, zero-shot; pcgrad: gradient-mix-train).",
        f"Settings differ within a method, max_steps: {SPLIT}",
    )


def test_a_variant_is_compared_with_zero_shot_of_its_settings_else_with_the_plain_one(result):
    longer = {"max_length": 256}
    group = group_results(
        [
            result("zero-shot", 0, 1, EN_DE),
            result("zero-shot", 0, 1, EN_DE, settings=longer),
            result("mix-ft", 5, 1, EN_DE),
            result("mix-ft", 5, 1, EN_DE, settings=longer),
            result("mix-ft", 5, 1, EN_DE, settings={"adapt_epochs": 3}),
        ]
    )[0]
    assert {row: group.zero_shot_of(row) for row in group.rows if row.startswith("mix-ft")} == {
        "mix-ft": "zero-shot",
        "mix-ft (max_length=256)": "zero-shot (max_length=256)",
        "mix-ft (adapt_epochs=3)": "zero-shot",
    }


def test_rows_are_not_told_by_what_most_of_them_have(result):
    small = {"per_device_train_batch_size": 16}
    results = [
        result("zero-shot", 0, 1, EN_DE, settings=small),
        result("gradient-mix-train", 5, 1, EN_DE, settings=small),
        result("gradient-mix-train", 5, 1, EN_DE, settings=small | {"surgery": "pcgrad"}),
        result("gradient-mix-train", 5, 1, EN_DE, settings={"paper_exact": True, "per_device_train_batch_size": 4}),
    ]
    group = group_results(results)[0]
    exact = "gradient-mix-train (paper_exact=True, per_device_train_batch_size=4)"
    assert group.rows == ["zero-shot", "gradient-mix-train", exact, "gradient-mix-train (surgery=pcgrad)"]
    assert {group.zero_shot_of(row) for row in group.rows} == {"zero-shot"}
    assert group.notes[-1].endswith("at its default or, as most rows have it, at per_device_train_batch_size=16.")
    results.append(result("gradient-mix-train", 5, 1, EN_DE))
    assert group_results(results)[0].rows[1:] == [
        "gradient-mix-train",
        exact,
        "gradient-mix-train (per_device_train_batch_size=16)",
        "gradient-mix-train (per_device_train_batch_size=16, surgery=pcgrad)",
    ]


def test_the_notes_on_fifteen_variants_are_short(result):
    variants = [{}, *({"surgery": f"kind{number}"} for number in range(14))]
    results = [
        result("gradient-mix-train", k, seed, EN_DE, settings=settings, versions={"torch": f"2.{seed}"})
        for settings in variants
        for k in (1, 5)
        for seed in (1, 2)
    ]
    group = group_results(results)[0]
    assert len(group.rows) == 15
    assert len(group.notes) == 2
    assert sum(map(len, group.notes)) < 900
    assert group.notes[1].count("and 24 more") == 2


def test_results_that_differ_in_their_languages_alone_are_rows_of_their_own(result):
    more = EN_DE | {"sw": 50.0}
    results = [result("mix-ft", 5, 1, EN_DE), result("mix-ft", 5, 1, more), result("zero-shot", 0, 1, more)]
    assert group_results(results)[0].rows == ["zero-shot", "mix-ft (2 languages)", "mix-ft (3 languages)"]
    results[1] = result("mix-ft", 5, 1, {"en": 80.0, "sw": 50.0})
    assert group_results(results)[0].rows[1:] == ["mix-ft (languages=en de)", "mix-ft (languages=en sw)"]


def test_a_row_is_found_by_name_or_title(result):
    settings = {"surgery": "pcgrad"}
    results = [result("mix-ft", 5, 1, EN_DE), result("mix-ft", 5, 1, EN_DE, settings=settings)]
    group = group_results(results)[0]
    assert group.row_named("mix-FT") == group.row_named("mix-ft") == "mix-ft"
    assert group.row_named("mix-FT (surgery=pcgrad)") == "mix-ft (surgery=pcgrad)"
    with pytest.raises(InputError, match=r"no row 'ord-fs' in panx.* one of: mix-ft; mix-ft \(surgery=pcgrad\)\.$"):
        group.row_named("ord-fs")


def test_chosen_languages_keep_their_order_and_the_source_stays_the_source(result):
    results = [result("mix-ft", 5, 1, EN_DE | {"sw": 40.0}), result("mix-ft", 5, 1, EN_DE, task="tydiqa")]
    [group] = group_results(results, languages=["sw"])
    assert (group.languages, group.common, group.targets) == (("sw",), ("sw",), ("sw",))
    assert group.averages("mix-ft", 5) == {1: 40.0}
    assert group.notes == ("Only 1 of the 3 test languages are reported on, and tested.",)
    two = group_results(results, languages=["sw", "en"])[0]
    assert (two.languages, two.targets) == (("en", "sw"), ("sw",))


def test_languages_that_no_result_has_are_named_with_those_there_are(result):
    results = [result("mix-ft", 5, 1, EN_DE)]
    with pytest.raises(InputError, match=r"no result has the test language 'xx'\. Expected some of: en de\.$"):
        group_results(results, languages=["de", "xx"])
    with pytest.raises(InputError, match=r"no languages to report on\. Expected some of: en de\.$"):
        group_results(results, languages=[])


def test_settings_that_differ_between_methods_are_noted_and_folders_are_not(result):
    results = [
        result("mix-ft", 5, 1, EN_DE, settings={"max_steps": 7, "output_dir": "a"}),
        result("zero-shot", 0, 1, EN_DE, settings={"output_dir": "b"}, versions={"torch": "2.14.0"}),
    ]
    group = group_results(results)[0]
    assert group.rows == ["zero-shot", "mix-ft"]
    assert group.notes == (
        "Settings differ, max_steps (7: mix-ft; default: zero-shot).",
        "Versions differ, torch (2.13.0: mix-ft K=5; 2.14.0: zero-shot K=0).",
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
    with pytest.raises(
        InputError, match=r"two results for panx mix-ft k5 seed1 of org/enc_base, with the same settings\. Keep"
    ):
        group_results([result("mix-ft", 5, 1, EN_DE), result("mix-ft", 5, 1, EN_DE)])


def test_no_results_are_refused():
    with pytest.raises(InputError, match="no results to report"):
        group_results([])


def test_two_encoders_of_one_name_are_two_groups_and_results_without_a_checksum_split_nothing(result):
    def of(seed, checksum):
        encoder = {"encoder": {"name": "enc", "sha256": checksum}} if checksum else {}
        return result("mix-ft", 5, seed, EN_DE, model="./enc", **encoder)

    one, two = group_results([of(1, "a" * 64), of(2, "b" * 64), of(3, "a" * 64)])
    assert (one.model, two.model) == ("./enc aaaaaaaa", "./enc bbbbbbbb")
    assert (list(one.cells["mix-ft", 5]), list(two.cells["mix-ft", 5])) == ([1, 3], [2])
    [group] = group_results([of(1, "a" * 64), of(2, "")])
    assert group.model == "./enc"

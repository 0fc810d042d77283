"""Several source languages: all are trained on in full, and none is a target."""

import pytest

from hf_mixtrain.cards.usage import recipe
from hf_mixtrain.commands.run import main, parse_settings
from hf_mixtrain.data import load_fewshot
from hf_mixtrain.errors import InputError
from hf_mixtrain.report import group_results
from hf_mixtrain.results import find_results, read_results

SOURCES = ["--source_language", "en,de", "--languages", "sw", "--num_train_epochs", "1", "--save_models", "none"]


@pytest.fixture(scope="module")
def finished(flags, tmp_path_factory):
    """Give the folder of a grid with two source languages, and its flags."""
    out = tmp_path_factory.mktemp("sources") / "out"
    methods = ["--method", "zero-shot", "ord-fs", "gradient-mix-train", "--select_on", "source-dev"]
    given = [*flags, *SOURCES, *methods, "--shots", "5", "--seeds", "1", "--surgery_probability", "1"]
    given += ["--output_dir", str(out)]
    assert main(given) == 0
    return out, given


def results_of(out, method="gradient-mix-train", shots=5):
    return read_results(out / "panx" / method / f"k{shots}" / "seed1")


def test_all_sources_are_trained_on_and_tested_first(finished):
    out, _ = finished
    results = results_of(out)
    assert results["languages"] == ["en", "de", "sw"]
    assert list(results["shot_ids"]) == ["sw"]
    assert results["settings"]["source_language"] == "en,de"
    assert {"train", "dev", "test"} <= results["data"]["en"].keys() & results["data"]["de"].keys()
    assert results_of(out, "zero-shot", 0)["updates"] == (48 + 8) // 8


def test_surgery_draws_the_languages_of_the_shots_and_sources_on_request(finished, run):
    out, _ = finished
    assert set(results_of(out)["surgery"]["languages"]) == {"sw"}
    more = ["--method", "gradient-mix-train", "--oracle_include_source", "true", "--surgery_probability", "1"]
    (results,) = run("included", *SOURCES, *more).results
    assert set(results["surgery"]["languages"]) <= {"en", "de", "sw"}
    assert {"en", "de"} & set(results["surgery"]["languages"])


def test_means_over_targets_leave_all_sources_out(finished):
    out, _ = finished
    (group,) = group_results(find_results(out))
    assert group.targets == ("sw",)
    card = (out / "panx" / "gradient-mix-train" / "k5" / "seed1" / "README.md").read_text()
    assert "trained on English and German and on 5 shots in Swahili" in card
    score = results_of(out)["scores"]["sw"]["f1"]
    assert "name: F1 (seqeval) (mean over 1 target languages)" in card
    assert f"{score:.2f}" in card


def test_the_same_run_again_finds_its_cells_also_by_a_recipe_with_a_list(finished, tmp_path, capsys):
    out, given = finished
    (tmp_path / "recipe.yaml").write_text("source_language: [en, de]\n")
    without = [word for word in given if word not in ("--source_language", "en,de")]
    assert main([str(tmp_path / "recipe.yaml"), *without, "--dry_run", "true"]) == 0
    assert capsys.readouterr().out.count(": finished") == 3
    text = recipe(results_of(out))
    assert "source_language: en,de" in text
    assert "languages: [sw]" in text


def test_a_source_without_files_is_refused_by_name(flags):
    with pytest.raises(InputError, match="fr"):
        main([*flags, *SOURCES, "--source_language", "en,fr", "--dry_run", "true"])
    with pytest.raises(InputError, match="--source_language: expected a language, or several such as en,de"):
        parse_settings([*flags, "--source_language", "en,"])


def test_training_rows_are_found_again_by_language(data_dir):
    data = load_fewshot("panx", shots=1, seed=1, source=data_dir, languages=["sw"], source_language=["en", "de"])
    parts = data.train_by_language
    assert {language: set(rows["language"]) for language, rows in parts.items()} == {"en": {"en"}, "de": {"de"}}
    assert sum(map(len, parts.values())) == len(data.train)

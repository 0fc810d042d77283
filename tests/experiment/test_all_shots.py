"""K = all: every row that a language has, however many those of the others are."""

import json
import sys

import pytest
import yaml

from hf_mixtrain.commands.run import main, parse_settings
from hf_mixtrain.data import load_fewshot, read_shots
from hf_mixtrain.experiment.cells import grid
from hf_mixtrain.experiment.status import grid_status
from hf_mixtrain.report import write_report
from hf_mixtrain.results import find_results, read_results, write_results
from tests.experiment.tiny_task import sentences, write_tsv


@pytest.fixture(scope="module")
def unequal_dir(tmp_path_factory):
    """Give the tiny task with 8 shots of German and 3 of Swahili."""
    folder = tmp_path_factory.mktemp("unequal")
    (folder / "panx").mkdir()
    for language, shots in {"en": 32, "de": 8, "sw": 3}.items():
        for split, count, shift in [("train", shots, 0), ("dev", 6, 50), ("test", 6, 60)]:
            write_tsv(folder / "panx" / f"{split}-{language}.tsv", sentences(language, count, shift))
    return folder


@pytest.fixture(scope="module")
def arguments(unequal_dir, encoder_dir):
    return [
        *["--task", "panx", "--languages", "de", "sw", "--data_source", str(unequal_dir), "--seeds", "1"],
        *["--model_name_or_path", str(encoder_dir), "--max_length", "32", "--per_device_train_batch_size", "8"],
        *["--num_train_epochs", "1", "--gradient_accumulation_steps", "1", "--save_models", "none"],
        *["--method", "gradient-mix-train", "ord-fs"],
    ]


@pytest.fixture(scope="module")
def finished(arguments, tmp_path_factory):
    """Give the folder of a grid with K = 5 and K = all, and its flags."""
    out = tmp_path_factory.mktemp("all") / "out"
    flags = [*arguments, "--shots", "5", "all", "--output_dir", str(out)]
    assert main(flags) == 0
    return out, flags


def test_every_language_gives_all_its_rows(finished):
    out, _ = finished
    results = read_results(out / "panx" / "gradient-mix-train" / "kall" / "seed1")
    assert {language: len(ids) for language, ids in results["shot_ids"].items()} == {"de": 8, "sw": 3}
    assert not any("fewer than" in warning for warning in results["warnings"])
    of_five = read_results(out / "panx" / "gradient-mix-train" / "k5" / "seed1")
    assert any("fewer than 5 shots" in warning for warning in of_five["warnings"])


def test_files_say_all_and_no_file_says_a_number_instead(finished):
    out, _ = finished
    cell = out / "panx" / "ord-fs" / "kall" / "seed1"
    assert json.loads((cell / "results.json").read_text())["shots"] == "all"
    assert json.loads((cell / "shots.json").read_text())["shots"] == "all"
    card = (cell / "README.md").read_text()
    assert "all shots there are, 8 in German, 3 in Swahili" in card
    assert "shots: [all]" in card
    assert "With so few examples" not in card
    texts = [path.read_bytes() for path in out.rglob("*") if path.suffix in {".json", ".md", ".html", ".csv", ".yaml"}]
    assert not any(str(sys.maxsize).encode() in text for text in texts)


def test_the_recipe_on_a_card_repeats_the_cell(finished, tmp_path):
    out, _ = finished
    card = (out / "panx" / "ord-fs" / "kall" / "seed1" / "README.md").read_text()
    recipe = yaml.safe_load(card.split("```yaml\n")[1].split("```")[0])
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe | {"model_name_or_path": "m", "data_source": "demo"}))
    settings = parse_settings([str(tmp_path / "recipe.yaml"), "--output_dir", str(out)])
    assert [str(cell) for cell in grid(settings.run, "panx")] == ["panx ord-fs kall seed1"]


def test_reports_put_all_after_the_numbers(finished, tmp_path):
    out, _ = finished
    text = write_report(out).read_text()
    assert "| method | K=5 | K=all |" in text
    assert "K = all: " in text
    found = find_results(out)
    assert [result["shots"] for result in found if result["method"] == "ord-fs"] == sorted(
        result["shots"] for result in found if result["method"] == "ord-fs"
    )
    assert write_results(tmp_path / "copy", found[-1]).read_text().count('"shots": "all"') == 1


def test_status_names_the_cell(finished):
    out, _ = finished
    states = {str(status.cell): status.state for status in grid_status(out)}
    assert states["panx gradient-mix-train kall seed1"] == "finished"
    assert len(states) == 4


def test_the_same_run_again_finds_its_cells_and_a_dry_run_names_them(finished, capsys):
    _, flags = finished
    assert main([*flags, "--dry_run", "true"]) == 0
    output = capsys.readouterr().out
    assert "panx gradient-mix-train kall seed1: finished" in output
    assert "to do: 0 cells" in output
    assert main(flags) == 0


def test_a_forecast_of_all_counts_the_rows_there_are(arguments, capsys):
    def examples(k):
        assert main([*arguments, "--method", "ord-fs", "--shots", k, "--max_steps", "-1", "--dry_run", "true"]) == 0
        return capsys.readouterr().out

    assert "panx ord-fs kall seed1: to do" in examples("all")
    assert "1 cell, 3 trainings" in examples("all")


def test_a_file_of_all_shots_gives_them_again_and_fewer_of_them(finished, unequal_dir):
    out, _ = finished
    file = out / "panx" / "ord-fs" / "kall" / "seed1" / "shots.json"
    known = {"seed": 1, "languages": ["de", "sw"], "source": unequal_dir}
    again = load_fewshot("panx", shots="all", shots_file=file, **known)
    assert again.shot_ids == read_shots(file).ids
    five = load_fewshot("panx", shots=5, shots_file=file, **known)
    assert five.shot_ids == load_fewshot("panx", shots=5, **known).shot_ids


def test_strict_shots_looks_at_the_numbers_beside_all(arguments):
    flags = [*arguments, "--shots", "5", "all", "--strict_shots", "true", "--dry_run", "true"]
    with pytest.raises(ValueError, match="expected at least 5 for 5 shots, found only 3"):
        main(flags)
    assert main([*flags, "--shots", "all"]) == 0
    assert main([*flags, "--shots", "3", "all"]) == 0


@pytest.mark.parametrize("word", ["every", "5.5", ""])
def test_other_words_are_refused(arguments, word):
    with pytest.raises(
        ValueError, match=f"--shots: expected a number of shots, or all, or a number for each .*Got '{word}'"
    ):
        main([*arguments, f"--shots={word}", "--dry_run", "true"])

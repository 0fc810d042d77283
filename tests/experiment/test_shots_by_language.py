"""K for each language by hand: ``--shots de=5,sw=2``."""

import copy
import json
import pickle

import pytest
import yaml

from hf_mixtrain.commands.run import main, parse_settings
from hf_mixtrain.data import load_fewshot, read_shots
from hf_mixtrain.errors import InputError
from hf_mixtrain.experiment.cells import grid
from hf_mixtrain.experiment.status import grid_status
from hf_mixtrain.hub.registry import Released, read_registry
from hf_mixtrain.report import write_report
from hf_mixtrain.results import read_results
from hf_mixtrain.shot_count import ALL_SHOTS, shot_count

KNOWN = {"seed": 1, "languages": ["de", "sw"], "source": "demo"}


@pytest.fixture(scope="module")
def arguments(encoder_dir):
    return [
        *["--task", "panx", "--languages", "de", "sw", "--data_source", "demo", "--seeds", "1", "--method", "mix-ft"],
        *["--model_name_or_path", str(encoder_dir), "--max_length", "32", "--max_steps", "1", "--save_models", "none"],
        *["--max_source_examples", "8", "--max_eval_examples", "4"],
    ]


@pytest.fixture(scope="module")
def finished(arguments, tmp_path_factory):
    """Give the folder of a grid with the same K for all and one for each, and its flags."""
    out = tmp_path_factory.mktemp("by_language") / "out"
    flags = [*arguments, "--shots", "2", "sw=2,de=5", "--output_dir", str(out)]
    assert main(flags) == 0
    return out, flags


def test_every_form_says_the_same_and_no_number_equals_it():
    forms = [shot_count(form) for form in ("sw=2,de=5", "de=5, sw=2", {"de": 5, "sw": "2"})]
    assert len(set(forms)) == 1
    assert copy.deepcopy(forms[0]) == pickle.loads(pickle.dumps(forms[0])) == forms[0]
    assert (str(forms[0]), f"k{forms[0]}") == ("de=5,sw=2", "kde=5,sw=2")
    assert 10**9 < forms[0] < ALL_SHOTS
    assert len({forms[0], shot_count("de=2,sw=5"), 5, 2}) == 4


@pytest.mark.parametrize("text", ["de=5,", "de=5,de=6", "=5", "de=-1", "de=x", "de=0", "../x=5", "de=5=6", "de=5,sw"])
def test_what_cannot_be_meant_is_refused(arguments, text):
    with pytest.raises(InputError, match="--shots: expected a number of shots, or all, or a number for each language"):
        main([*arguments, "--shots", text, "--dry_run", "true"])


def test_each_language_gives_its_own_number_and_the_rows_are_those_of_that_number():
    data = load_fewshot("panx", shots={"de": 5, "sw": 2}, **KNOWN)
    assert {language: len(rows) for language, rows in data.shots.items()} == {"de": 5, "sw": 2}
    assert data.shot_ids["de"] == load_fewshot("panx", shots=5, **KNOWN).shot_ids["de"]
    assert data.shot_ids["sw"] == load_fewshot("panx", shots=2, **KNOWN).shot_ids["sw"]


def test_all_and_none_are_numbers_too():
    data = load_fewshot("panx", shots="de=all,sw=0", **KNOWN)
    assert data.shot_ids["de"] == load_fewshot("panx", shots="all", **KNOWN).shot_ids["de"]
    assert ("sw" in data.shots, data.unseen) == (False, ["sw"])


@pytest.mark.parametrize(
    ("shots", "message"), [("de=5", "found none for sw"), ("de=5,sv=2", "none for sw; and sv, no target of this run")]
)
def test_languages_that_are_left_out_or_are_no_targets_are_named(arguments, shots, message):
    with pytest.raises(InputError, match=message):
        load_fewshot("panx", shots=shots, **KNOWN)
    with pytest.raises(InputError, match=message):
        main([*arguments, "--shots", "7", shots, "--dry_run", "true"])


def test_folders_files_cards_reports_and_status_say_it_readably(finished):
    out, _ = finished
    cell = out / "panx" / "mix-ft" / "kde=5,sw=2" / "seed1"
    assert json.loads((cell / "results.json").read_text())["shots"] == {"de": 5, "sw": 2}
    assert json.loads((cell / "shots.json").read_text())["shots"] == {"de": 5, "sw": 2}
    assert read_results(cell)["shots"] == shot_count("de=5,sw=2")
    card = (cell / "README.md").read_text()
    assert "shots, 5 in German, 2 in Swahili" in card
    report = write_report(out).read_text()
    assert "K = de=5,sw=2: " in report
    states = {str(status.cell): status.state for status in grid_status(out)}
    assert states == {"panx mix-ft k2 seed1": "finished", "panx mix-ft kde=5,sw=2 seed1": "finished"}


def test_the_recipe_on_a_card_repeats_the_cell_and_the_same_run_again_finds_it(finished, tmp_path, capsys):
    out, flags = finished
    card = (out / "panx" / "mix-ft" / "kde=5,sw=2" / "seed1" / "README.md").read_text()
    recipe = yaml.safe_load(card.split("```yaml\n")[1].split("```")[0])
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe | {"model_name_or_path": "m", "data_source": "demo"}))
    settings = parse_settings([str(tmp_path / "recipe.yaml"), "--output_dir", str(out)])
    assert [str(cell) for cell in grid(settings.run, "panx")] == ["panx mix-ft kde=5,sw=2 seed1"]
    (tmp_path / "block.yaml").write_text("shots: {de: 5, sw: 2}\n")
    assert main([str(tmp_path / "block.yaml"), *flags[: flags.index("--shots")], *flags[-2:], "--dry_run", "true"]) == 0
    assert "panx mix-ft kde=5,sw=2 seed1: finished" in capsys.readouterr().out
    assert main([*flags, "--dry_run", "true"]) == 0
    assert "to do: 0 cells" in capsys.readouterr().out


def test_a_file_of_such_shots_gives_them_again_and_no_more(finished):
    out, _ = finished
    file = out / "panx" / "mix-ft" / "kde=5,sw=2" / "seed1" / "shots.json"
    again = load_fewshot("panx", shots="de=5,sw=2", shots_file=file, **KNOWN)
    assert again.shot_ids == read_shots(file).ids
    with pytest.raises(InputError, match=r"expected 5 shots of 'sw', found 2\. Set `shots` to de=5,sw=2"):
        load_fewshot("panx", shots=5, shots_file=file, **KNOWN)


def test_a_registry_keeps_it(tmp_path):
    entry = dict.fromkeys(("name", "task", "method", "model", "repo_id", "publish"), "x")
    path = tmp_path / "registry.yaml"
    path.write_text(
        yaml.safe_dump([entry | {"shots": {"de": 5}, "seed": 1, "tag": None, "commit": None, "sha256": {}}])
    )
    [found] = read_registry(path)
    assert isinstance(found, Released)
    assert found.shots == shot_count("de=5")

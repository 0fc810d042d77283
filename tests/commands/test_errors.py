"""Wrong input: one line that says what was expected, what was found and what to do, and exit status 2."""

import logging
import re
import shutil

import pytest

from hf_mixtrain.commands.main import call, main
from hf_mixtrain.commands.run import main as run
from hf_mixtrain.commands.run import parse_settings
from hf_mixtrain.results import write_results


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_MIXTRAIN_CACHE", str(tmp_path / "cache"))


@pytest.fixture(autouse=True)
def _restored_logging():
    package = logging.getLogger("hf_mixtrain")
    before = (package.handlers[:], package.propagate, package.level)
    yield
    package.handlers[:], package.propagate = before[0], before[1]
    package.setLevel(before[2])
    for name in ("commands", "experiment"):
        logging.getLogger(f"hf_mixtrain.{name}").setLevel(logging.NOTSET)


@pytest.fixture
def error_of(flags, tmp_path, capsys):
    """Give what the script says about some flags; it must end with status 2 and leave no results."""

    def error_of(*argv, recipe=None):
        argv = [*map(str, flags), "--output_dir", str(tmp_path / "out"), *map(str, argv)]
        if recipe is not None:
            path = tmp_path / "mine.yaml"
            path.write_text(recipe)
            argv.insert(0, str(path))
        assert call(run, argv) == 2
        lines = [line for line in capsys.readouterr().err.splitlines() if "rows that are training" not in line]
        assert len(lines) == 1, lines
        assert not list(tmp_path.rglob("results.json"))
        return lines[0]

    return error_of


@pytest.fixture
def broken_data(data_dir, tmp_path):
    """Give a copy of the data with one file changed."""

    def broken(name, change):
        shutil.copytree(data_dir, tmp_path / "data")
        path = tmp_path / "data" / "panx" / name
        path.write_text(change(path.read_text()))
        return tmp_path / "data"

    return broken


def test_the_script_ends_with_one_line_and_status_2(script, flags, tmp_path):
    (tmp_path / "mine.yaml").write_text("shot: 5\n")
    code, output, errors = script(tmp_path / "mine.yaml", *flags)
    assert (code, output) == (2, "")
    assert errors == f"error: {tmp_path}/mine.yaml: unknown key 'shot'. Did you mean 'shots'?\n"


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ("shot: 5", r"mine.yaml: unknown key 'shot'. Did you mean 'shots'?"),
        ("learning_rat: 1", "mine.yaml: unknown key 'learning_rat'. Did you mean 'learning_rate'?"),
        (
            "shots: [1, five]",
            "mine.yaml: --shots: expected a number of shots, or all, or a number for each language such as de=5,sw=20. "
            "Got 'five'.",
        ),
        ("surgery_probability: 2", "`surgery_probability` must be between 0 and 1. Got 2"),
        ("a: b: c", "mine.yaml:1: not YAML"),
        ("just text", "mine.yaml: expected `flag: value` lines, found str."),
    ],
)
def test_a_recipe_that_cannot_be_used_is_named(error_of, recipe, message):
    assert message in error_of(recipe=recipe)


@pytest.mark.parametrize(
    ("flags_", "message"),
    [
        (["--shotss", "5"], "unknown flag --shotss. Did you mean --shots?"),
        (["--method", "zero-shoot"], "--method: unknown method 'zero-shoot'. Expected one of zero-shot, ord-fs-dev"),
        (["--shots", "0"], "--shots: expected 1 or more. Got 0. Without any shots, use --method zero-shot."),
        (["--seed", "3"], "--seed does not work in a grid. The seed is the cell's: use --seeds."),
        (["--hub_strategy", "end"], "--hub_strategy does not work in a grid. With --push_to_hub, a cell"),
        (["--cell_index", "2", "--cell_count", "2"], "--cell_index: expected 0 to 1"),
        (["--task", "pan-x"], "Did you mean 'panx'?"),
        (["--learning_rate", "fast"], "--learning_rate/--learning-rate: invalid float value: 'fast'"),
        (["--languages", "de", "xx"], "'xx'"),
        (["--data_source", "nowhere"], "nowhere"),
        (["--model_name_or_path", "nowhere"], "--model_name_or_path nowhere: cannot be loaded"),
        (["mine.yaml"], "unexpected argument 'mine.yaml'. Expected --flags; a recipe file comes first."),
        (
            ["--source_language", "en", "de"],
            "unexpected argument 'de'. Expected several source languages with commas, as in en,de.",
        ),
    ],
)
def test_flags_that_cannot_be_used_are_named(error_of, flags_, message):
    assert message in error_of(*flags_)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("train-de.tsv", lambda text: text.replace("Uwe\tB-PER", "Uwe B-PER", 1), "train-de.tsv:1: "),
        ("train-de.tsv", lambda text: text.replace("Uwe\tB-PER", "Uwe\tB-PERSON", 1), "train-de.tsv:1: "),
        ("test-sw.tsv", lambda text: text.replace("B-LOC", "LOC", 1), "test-sw.tsv:"),
        ("train-sw.tsv", lambda text: "\n\n".join(text.split("\n\n")[:4]), "sw: expected at least 5 for 5 shots"),
    ],
    ids=["a line without a tab", "a tag outside the labels", "a tag outside the labels in a test set", "too few rows"],
)
def test_data_that_cannot_be_used_are_named(error_of, broken_data, name, change, message):
    assert message in error_of("--data_source", broken_data(name, change), "--strict_shots")


def test_a_missing_file_is_named(error_of, broken_data):
    folder = broken_data("test-de.tsv", str)
    for split in ("train", "test"):
        (folder / "panx" / f"{split}-de.tsv").unlink()
    assert "test-de.tsv" in error_of("--data_source", folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"settings": lambda settings: settings | {"learning_rate": 1e-3}}, "made with learning_rate 0.001, now 0.01."),
        ({"model": lambda model: "other"}, "made with model 'other', now "),
    ],
)
def test_results_of_other_settings_are_not_taken_for_these(flags, tmp_path, capsys, changes, message):
    folder = tmp_path / "panx/gradient-mix-train/k5/seed1"
    settings = parse_settings([*map(str, flags)])
    cell = {
        "task": "panx", "method": "gradient-mix-train", "shots": 5, "seed": 1, "model": settings.run.model_name_or_path,
        "languages": ["en", "de", "sw"], "metric": "f1", "scores": {code: {"f1": 1.0} for code in ("en", "de", "sw")},
        "average": 1.0, "settings": dict(settings.changed), "shot_ids": {}, "versions": {}, "train_seconds": 1.0,
        "peak_memory_bytes": 1, "surgery": {},
    }  # fmt: skip
    path = write_results(folder, cell | {key: change(cell[key]) for key, change in changes.items()})
    before = path.read_bytes()
    assert call(run, [*map(str, flags), "--output_dir", str(tmp_path)]) == 2
    line = capsys.readouterr().err
    assert message in line
    assert line.endswith(
        "Use another --output_dir, or --overwrite to make it again, or delete the folder of this cell.\n"
    )
    assert path.read_bytes() == before


def test_a_failed_cell_is_named_and_the_status_is_1(flags, tmp_path, capsys):
    (tmp_path / "panx/gradient-mix-train/k5/seed1/config.json").mkdir(parents=True)
    assert call(run, [*map(str, flags), "--output_dir", str(tmp_path), "--num_train_epochs", "1"]) == 1
    failed, advice = capsys.readouterr().err.splitlines()[-2:]
    assert re.match(r"failed: panx gradient-mix-train k5 seed1: .*config\.json", failed)
    assert advice == "1 cell failed. Run the same command again to try it again."


def test_commands_that_there_are_not_are_named(capsys):
    assert main(["pull"]) == 2
    assert "unknown command 'pull'. Expected one of init, run, " in capsys.readouterr().err


def test_help_lists_the_commands(capsys):
    assert main(["--help"]) == 0
    assert "hf-mixtrain COMMAND" in capsys.readouterr().out

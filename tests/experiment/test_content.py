"""Work is taken again only if what it was made from is the same."""

import json
import shutil

import pytest

from hf_mixtrain.errors import InputError
from hf_mixtrain.experiment.identity import task_checksum
from hf_mixtrain.results import read_results

CELL = "panx/zero-shot/k0/seed1"


@pytest.fixture
def data(data_dir, tmp_path):
    """A copy of the data that a test may change."""
    return shutil.copytree(data_dir, tmp_path / "own" / "data")


@pytest.fixture
def go(run, data):
    """Run zero-shot, or other methods, on the copy of the data in the folder ``out``."""
    return lambda *more, method="zero-shot": run("out", "--data_source", data, "--method", method, *more)


def relabel(data, split, language):
    path = data / "panx" / f"{split}-{language}.tsv"
    path.write_text(path.read_text().replace("B-PER", "B-ORG"))


@pytest.mark.parametrize(("split", "language"), [("train", "en"), ("test", "de"), ("dev", "en")])
def test_a_finished_cell_of_other_rows_is_refused_by_the_name_of_the_rows(go, data, split, language):
    go()
    relabel(data, split, language)
    with pytest.raises(
        InputError, match=rf"results\.json: made with other data: {split} of {language}\. .*--overwrite"
    ):
        go()


def test_overwrite_makes_it_again_and_what_is_the_same_is_kept(go, data, tmp_path):
    go("--seeds", "1", "2", method="naive-mix-train")
    kept = tmp_path / "out/panx/naive-mix-train/k5/seed1/results.json"
    before = kept.read_bytes()
    go("--overwrite", "true", "--seeds", "1", "2", method="naive-mix-train")
    assert kept.read_bytes() == before
    relabel(data, "train", "de")
    go("--overwrite", "true", "--seeds", "1", "2", method="naive-mix-train")
    assert read_results(kept)["data"] != json.loads(before)["data"]


def test_a_method_does_not_start_from_a_model_of_rows_that_were_corrected_meanwhile(go, run, data):
    relabel(data, "train", "en")
    go()
    relabel(data, "test", "en")  # now both are other than at first
    again = go(method="mix-ft").results[0]
    fresh = run("fresh", "--data_source", data, "--method", "mix-ft").results[0]
    assert again["scores"] == fresh["scores"]
    assert again["data"] == fresh["data"]


def test_another_encoder_in_a_folder_of_the_same_name_is_another_encoder(go, encoder_dir, tmp_path):
    from safetensors.torch import load_file, save_file

    other = shutil.copytree(encoder_dir, tmp_path / "other" / encoder_dir.name)
    go()
    assert go("--model_name_or_path", other).results  # the same content in another place
    weights = load_file(other / "model.safetensors")
    save_file({name: 2 * weight for name, weight in weights.items()}, other / "model.safetensors")
    with pytest.raises(InputError, match="made with another content of model"):
        go("--model_name_or_path", other)


def test_what_cannot_change_a_result_is_no_part_of_a_cell(go, data, data_dir, tmp_path):
    go()
    flags = ["--per_device_eval_batch_size", "3", "--dataloader_num_workers", "1", "--logging_steps", "1"]
    flags += ["--adapt_epochs", "9", "--select_steps", "7", "--shots_per", "entity", "--save_steps", "2"]
    flags += ["--run_name", "mine", "--oracle_batch_size", "3", "--max_source_examples", "1000"]
    renamed = data.rename(tmp_path / "renamed")
    (renamed / "panx" / "stray.txt").touch()
    assert go("--data_source", renamed, *flags).results


def test_settings_that_decide_are_named(go):
    go()
    with pytest.raises(InputError, match=r"made with learning_rate 0\.01, now 0\.1"):
        go("--learning_rate", "0.1")
    with pytest.raises(InputError, match="made with global_batch_size 8, now 16"):
        go("--gradient_accumulation_steps", "2")
    with pytest.raises(InputError, match=r"made with other data: train of en \(max_source_examples 'at its default'"):
        go("--max_source_examples", "9")


def test_a_task_whose_file_was_edited_is_another(go, data, tmp_path):
    from hf_mixtrain.data import load_task

    text = "name: mine\nkind: token-classification\nlabels: [O, B-PER, B-LOC, B-ORG]\nlanguages: [en, de]\nmetric: f1\n"
    text += "folder: {train: 'panx/train-{language}.tsv', test: 'panx/test-{language}.tsv'}\n"
    path = tmp_path / "mine.yaml"
    found = {}
    for name, more in {
        "first": "",
        "title": "title: Names\n",
        "place": "source_folder: {dev: other.tsv}\n",
        "size": "defaults: {per_device_eval_batch_size: 9}\n",
        "rate": "defaults: {learning_rate: 0.1}\n",
        "quoted": "quoted: false\n",
    }.items():
        path.write_text(text + more)
        found[name] = task_checksum(load_task(path))
    assert found["first"] == found["title"] == found["place"] == found["size"]
    assert len({found["first"], found["rate"], found["quoted"]}) == 3


def test_results_say_what_they_were_made_from(go):
    results = go("--shots", "2", method="gradient-mix-train").results[0]
    assert results["data"]["de"].keys() == {"shots", "test"}
    assert results["data"]["en"].keys() == {"train", "dev", "test"}  # the dev rows chose how tags are decoded
    assert (results["world_size"], results["global_batch_size"], results["updates"]) == (1, 8, 7)
    assert results["encoder"].keys() == {"name", "sha256"}
    assert results["final_loss"] > 0
    assert isinstance(results["warnings"], list)


def test_results_that_say_nothing_of_their_content_are_refused(go, tmp_path):
    go()
    path = tmp_path / "out" / CELL / "results.json"
    results = json.loads(path.read_text())
    del results["data"]
    path.write_text(json.dumps(results))
    with pytest.raises(InputError, match="made with a version that did not record 'data' yet"):
        go()


def test_a_training_that_diverged_is_marked(go):
    results = go("--learning_rate", "1e38", "--max_grad_norm", "0").results[0]
    assert results["final_loss"] is None
    assert any(warning.startswith("diverged") for warning in results["warnings"])
    assert any(warning.startswith("all predictions of de are ") for warning in results["warnings"])


def test_a_finished_grid_reads_each_result_once_and_trains_nothing(go, monkeypatch):
    from hf_mixtrain.experiment import finished, trainings

    go("--seeds", "1", "2")
    read = []
    monkeypatch.setattr(finished, "read_results", lambda path: read.append(path) or read_results(path))
    monkeypatch.setattr(trainings, "train", lambda *_, **__: pytest.fail("trained again"))
    go("--seeds", "1", "2")
    assert len(read) == 2


def test_a_fresh_cell_asks_for_its_training_once(go, monkeypatch):
    from hf_mixtrain.experiment import cell_run

    asked, trained = [], cell_run.trained
    monkeypatch.setattr(cell_run, "trained", lambda chain, *a, **k: asked.append(str(chain)) or trained(chain, *a, **k))
    go(method="mix-ft")
    assert asked == ["training on shots"]

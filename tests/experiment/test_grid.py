"""What methods share, and what must not change a result."""

import json
import logging
import os
import re
import shutil

import pytest

from hf_mixtrain.errors import InputError
from hf_mixtrain.experiment import evaluation
from hf_mixtrain.results import find_results

TIMES = ("train_seconds", "peak_memory_bytes")


def by_method(outcome):
    assert not outcome.failed, outcome.failed
    return {
        result["method"]: {key: value for key, value in result.items() if key not in TIMES}
        for result in outcome.results
    }


def test_methods_share_the_training_on_the_source(run, caplog):
    caplog.set_level(logging.INFO, logger="hf_mixtrain.experiment")
    found = by_method(run("out", "--method", "zero-shot", "ord-fs", "mix-ft"))
    assert [message.strip() for message in caplog.messages if re.fullmatch(r" +training on [a-z ]+", message)] == [
        "training on source",
        "training on shots of de",
        "training on shots of sw",
        "training on shots",
    ]
    assert found["ord-fs"]["scores"]["en"] == found["zero-shot"]["scores"]["en"]
    assert found["ord-fs"]["shot_ids"] == found["mix-ft"]["shot_ids"]


def test_a_method_alone_gives_the_same_as_among_others(run, tmp_path):
    flags = ["--adapt_learning_rate", "1e-3"]
    together = by_method(run("together", "--method", "zero-shot", "mix-ft", "ord-fs", *flags))
    assert by_method(run("alone", "--method", "ord-fs", *flags))["ord-fs"] == together["ord-fs"]
    # One model for each target, and that of the source.
    folder = tmp_path / "together/panx/ord-fs/k5/seed1"
    assert {path.parent.name for path in folder.glob("*/model.safetensors")} == {"en", "de", "sw"}
    assert not (folder / "model.safetensors").exists()


def test_the_order_of_languages_changes_nothing(run):
    first = by_method(run("a", "--languages", "de", "sw"))["gradient-mix-train"]
    second = by_method(run("b", "--languages", "sw", "de"))["gradient-mix-train"]
    assert second.pop("languages") == ["en", "sw", "de"]
    assert first.pop("languages") == ["en", "de", "sw"]
    assert first.pop("average") == pytest.approx(second.pop("average"))
    assert first == second


def test_zero_shot_has_one_cell_for_each_seed(run, tmp_path):
    run("out", "--method", "zero-shot", "mix-ft", "--shots", "1", "2", "--seeds", "1", "2", "--save_models", "none")
    cells = [(r["method"], r["shots"], r["seed"]) for r in find_results(tmp_path / "out")]
    assert cells == [
        *[("mix-ft", shots, seed) for shots in (1, 2) for seed in (1, 2)],
        ("zero-shot", 0, 1),
        ("zero-shot", 0, 2),
    ]
    assert not list((tmp_path / "out").rglob("*.safetensors"))


def test_cells_can_be_spread_and_merge(run):
    flags = ["--method", "zero-shot", "naive-mix-train", "--cell_count", "2"]
    first = run("out", *flags, "--cell_index", "1")
    assert [result["method"] for result in first.results] == ["zero-shot"]
    assert [str(cell) for cell in first.missing] == ["panx naive-mix-train k5 seed1"]
    second = run("out", *flags, "--cell_index", "0")
    assert [result["method"] for result in second.results] == ["zero-shot", "naive-mix-train"]
    assert not second.missing


def test_a_folder_is_the_same_however_it_is_written(run, data_dir, encoder_dir, tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.INFO, logger="hf_mixtrain.experiment")
    run("out", "--method", "zero-shot")
    monkeypatch.chdir(data_dir.parent)
    relative = ["--data_source", f"{data_dir.name}/", "--model_name_or_path", os.path.relpath(encoder_dir)]
    again = run("out", "--method", "zero-shot", *relative)
    assert "1 of 1 cells are finished already." in caplog.messages
    found = (again.results[0]["model"], again.results[0]["settings"]["data_source"])
    assert found == (f"./{encoder_dir.name}", f"./{data_dir.name}")
    with pytest.raises(InputError, match=rf"made with model '\./{encoder_dir.name}', now 'xlm-roberta-base'"):
        run("out", "--method", "zero-shot", "--model_name_or_path", "xlm-roberta-base")


def test_results_with_whole_paths_are_those_of_the_same_folders(run, data_dir, encoder_dir, tmp_path, caplog):
    """Earlier versions wrote folders as they were given."""
    caplog.set_level(logging.INFO, logger="hf_mixtrain.experiment")
    run("out", "--method", "zero-shot")
    file = tmp_path / "out/panx/zero-shot/k0/seed1/results.json"
    results = json.loads(file.read_text())
    results["model"], results["settings"]["data_source"] = str(encoder_dir), str(data_dir)
    del results["versions"]["data_revisions"]
    file.write_text(json.dumps(results))
    run("out", "--method", "zero-shot")
    assert "1 of 1 cells are finished already." in caplog.messages


def test_folders_of_one_name_are_not_taken_for_each_other(run, data_dir, encoder_dir, tmp_path):
    """What is kept of a training is found again by the whole path, which no result shows."""
    first = by_method(run("out", "--method", "zero-shot"))["zero-shot"]
    (tmp_path / "out/panx/zero-shot/k0/seed1/results.json").unlink()
    other = tmp_path / data_dir.name
    shutil.copytree(data_dir, other)
    train = other / "panx/train-en.tsv"
    train.write_text(train.read_text().replace("B-PER", "B-ORG"))
    second = by_method(run("out", "--method", "zero-shot", "--data_source", str(other)))["zero-shot"]
    assert second["settings"] == first["settings"]
    assert second["scores"] != first["scores"]


def test_no_file_of_a_cell_names_a_folder_of_the_machine(run, data_dir, tmp_path):
    outcome = run("out", "--method", "zero-shot", "ord-fs")
    assert outcome.results[0]["versions"]["data_revisions"] == {}
    assert "model_revision" not in outcome.results[0]["versions"]
    machine = str(data_dir.parent.parent).encode()
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file() and ".stages" not in path.parts:
            assert machine not in path.read_bytes(), path


def test_shots_can_be_taken_from_a_file(run, tmp_path):
    first = by_method(run("first"))["gradient-mix-train"]
    file = tmp_path / "first/panx/gradient-mix-train/k5/seed1/shots.json"
    flags = ["--seeds", "2", "--shots", "3", "--method", "naive-mix-train"]
    second = by_method(run("second", *flags, "--shots_file", file))["naive-mix-train"]
    assert second["shot_ids"] == {language: ids[:3] for language, ids in first["shot_ids"].items()}
    assert by_method(run("third", *flags))["naive-mix-train"]["shot_ids"] != second["shot_ids"]


@pytest.mark.parametrize("language", ["de", "sw"])
def test_a_grid_stopped_while_it_tests_ends_with_the_same_results(run, monkeypatch, language):

    flags = ["--method", "zero-shot", "ord-fs"]
    expected = by_method(run("straight", *flags))
    evaluate = evaluation.evaluate_decodings

    def stop(trainer, task, rows, *args, **kwargs):
        if rows[0]["language"] == language:
            raise KeyboardInterrupt
        return evaluate(trainer, task, rows, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(evaluation, "evaluate_decodings", stop)
        with pytest.raises(KeyboardInterrupt):
            run("stopped", *flags)
    assert by_method(run("stopped", *flags)) == expected


def test_a_failed_cell_loses_no_other(run, tmp_path):
    # A folder in the way of its model makes one cell fail.
    blocked = tmp_path / "out/panx/zero-shot/k0/seed1/config.json"
    blocked.mkdir(parents=True)
    outcome = run("out", "--method", "zero-shot", "naive-mix-train")
    assert [str(cell) for cell in outcome.failed] == ["panx zero-shot k0 seed1"]
    assert [result["method"] for result in outcome.results] == ["naive-mix-train"]
    blocked.rmdir()
    again = run("out", "--method", "zero-shot", "naive-mix-train")
    assert [result["method"] for result in again.results] == ["zero-shot", "naive-mix-train"]


@pytest.mark.parametrize("method", ["ord-fs-dev", "macro-mix-train", "upsampled-mix-train", "averaged-mix-train"])
def test_the_other_methods_run_to_the_end(run, method, tmp_path):
    result = by_method(run("out", "--method", method))[method]
    assert result["scores"].keys() == {"en", "de", "sw"}
    assert not list((tmp_path / "out").glob("panx/.stages/*/*-[0-9]*"))


def test_selection_on_source_dev_is_a_setting(run):
    flags = ["--method", "naive-mix-train", "--select_on", "source-dev", "--select_steps", "4"]
    assert by_method(run("out", *flags))["naive-mix-train"]["settings"]["select_on"] == "source-dev"


@pytest.mark.parametrize("trimmed", ["true", "false"])
def test_a_model_that_was_half_saved_once_is_saved_whole(run, tmp_path, trimmed):
    """What a killed process leaves: some files aside, and no config.json."""
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    folder = tmp_path / "out/panx/ord-fs/k5/seed1/de"
    (folder / ".part").mkdir(parents=True)
    (folder / ".part/model.safetensors").write_bytes(b"half of it")
    run("out", "--trim_vocabulary", trimmed, "--method", "ord-fs")
    assert not (folder / ".part").exists()
    assert AutoModelForTokenClassification.from_pretrained(folder).config.vocab_size == 47
    assert len(AutoTokenizer.from_pretrained(folder)) == 47


def test_what_was_trained_trimmed_is_saved_with_the_whole_vocabulary(run, encoder_dir, tmp_path):
    from transformers import AutoModel, AutoModelForTokenClassification, AutoTokenizer

    run("out", "--trim_vocabulary", "true")
    folder = tmp_path / "out/panx/gradient-mix-train/k5/seed1"
    saved, encoder = AutoModelForTokenClassification.from_pretrained(folder), AutoModel.from_pretrained(encoder_dir)
    before, after = (model.get_input_embeddings().weight for model in (encoder, saved))
    changed = (before != after).any(1).nonzero().flatten().tolist()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer.get_vocab() == AutoTokenizer.from_pretrained(encoder_dir).get_vocab()
    assert changed
    assert len(changed) <= 27  # 4 special tokens and 23 words; 20 more occur in no text
    (trimmed,) = (tmp_path / "out/panx/.stages").glob("encoder-*/config.json")
    assert json.loads(trimmed.read_text())["vocab_size"] == 27 < len(after)


def test_trimming_saves_no_weights_that_the_encoder_does_not_have(run, encoder_dir, tmp_path):
    """Else all seeds would start from the one random pooler that loading made up."""
    from safetensors.torch import load_file, save_file

    without = tmp_path / "encoder without pooler"
    shutil.copytree(encoder_dir, without)
    weights = load_file(without / "model.safetensors")
    save_file({key: value for key, value in weights.items() if "pooler" not in key}, without / "model.safetensors")
    run("out", "--trim_vocabulary", "true", "--model_name_or_path", str(without), "--method", "zero-shot")
    (trimmed,) = (tmp_path / "out/panx/.stages").glob("encoder-*/model.safetensors")
    assert load_file(trimmed).keys() == {key for key in weights if "pooler" not in key}

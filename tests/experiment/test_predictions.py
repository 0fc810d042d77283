"""``--save_predictions`` and how cells are decoded."""

import json
import shutil

import pytest
from datasets import Dataset

from hf_mixtrain.errors import InputError
from hf_mixtrain.evaluation import score_predictions
from hf_mixtrain.experiment.grid_run import run_grid
from hf_mixtrain.prediction import read_reading


def test_kept_predictions_give_the_scores_of_the_results(run, settings_of, tmp_path):
    (results,) = run("out", "--method", "naive-mix-train", "--save_predictions", "--decode", "legal").results
    folder = tmp_path / "out/panx/naive-mix-train/k5/seed1"
    rows = [json.loads(line) for line in (folder / "predictions.jsonl").read_text(encoding="utf-8").splitlines()]
    assert list(dict.fromkeys(row["language"] for row in rows)) == results["languages"]
    for language in results["languages"]:
        of_language = [row for row in rows if row["language"] == language]
        task = settings_of().task
        gold = Dataset.from_dict({"tags": [row["gold"] for row in of_language]})
        assert score_predictions(task, gold, [row["prediction"] for row in of_language]) == pytest.approx(
            results["scores"][language]
        )


def test_no_file_of_predictions_without_the_flag_and_a_hint_where_it_comes_late(run, tmp_path, caplog):
    run("out", "--method", "zero-shot")
    assert not (tmp_path / "out/panx/zero-shot/k0/seed1/predictions.jsonl").exists()
    run("out", "--method", "zero-shot", "--save_predictions")
    assert "hf-mixtrain evaluate" in caplog.text


def test_the_decoding_that_was_asked_for_is_used_and_kept_beside_the_model(run, tmp_path):
    for rule in ("argmax", "legal", "transitions"):
        (results,) = run(rule, "--method", "naive-mix-train", "--decode", rule).results
        assert results["decoding"]["rule"] == rule
        used = {language: scores["f1"] for language, scores in results["scores"].items()}
        assert used == results["decoding"]["scores"][rule]
        reading = read_reading(tmp_path / rule / "panx/naive-mix-train/k5/seed1")
        assert reading.decoding.rule == rule
        assert reading.label_piece == "content"
    assert set(results["decoding"]["scores"]) == {"argmax", "legal", "transitions"}
    assert {name: scores["f1"] for name, scores in results["scores_argmax"].items()} == results["decoding"]["scores"][
        "argmax"
    ]


def test_paper_exact_reads_the_first_piece_word_by_word(settings_of):
    exact = settings_of("--paper_exact", "true")
    assert (exact.label_piece, exact.decode) == ("first", "argmax")
    own = settings_of("--paper_exact", "true", "--label_piece", "all", "--decode", "legal")
    assert (own.label_piece, own.decode) == ("all", "legal")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--task", "xnli", "--decode", "legal"], "--decode: expected a task that tags words"),
        (["--task", "xnli", "--label_piece", "content"], "--label_piece: expected a task that tags words"),
        (["--task", "udpos", "--decode", "legal"], "--decode legal: expected tags with B- and I-"),
    ],
)
def test_decoding_that_does_not_fit_the_task_is_refused(settings_of, flags, said):
    with pytest.raises(InputError, match=said):
        settings_of(*flags)


def test_transitions_are_the_default_where_there_is_no_dev_data(settings_of, data_dir, tmp_path):
    copy = tmp_path / "data"
    shutil.copytree(data_dir, copy)
    for path in (copy / "panx").glob("dev-*"):
        path.unlink()
    flags = ["--data_source", copy, "--output_dir", tmp_path / "out", "--num_train_epochs", "1"]
    (results,) = run_grid(settings_of(*flags, "--method", "zero-shot")).results
    assert results["decoding"]["rule"] == "transitions"

"""The grid through the script: what it writes, what it skips, and what an interruption leaves."""

import json
import re
import signal

import pytest
from transformers import AutoModelForTokenClassification, AutoTokenizer

from hf_mixtrain.results import find_results

METHODS = ["--method", "zero-shot", "gradient-mix-train"]
ZERO, GRADIENT = "panx/zero-shot/k0/seed1", "panx/gradient-mix-train/k5/seed1"


@pytest.fixture(scope="module")
def finished(script, flags, tmp_path_factory):
    """A finished grid of two methods."""
    out = tmp_path_factory.mktemp("out")
    code, output, errors = script(*flags, *METHODS, "--output_dir", out)
    assert code == 0, errors
    return out, output, errors


def files(out):
    """Content of all files that users see, but for times and memory."""
    found = {}
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        if path.is_dir() or name.startswith("panx/."):
            continue
        content = path.read_bytes()
        if path.name == "results.json":
            content = {k: v for k, v in json.loads(content).items() if k not in ("train_seconds", "peak_memory_bytes")}
        elif path.name == "README.md":
            content = re.sub(rb"Training took .* Versions", b"Versions", content)
        elif path.name.startswith("report."):
            continue  # it has a table of times
        found[name] = content
    return found


def test_a_cell_has_model_results_shots_and_card(finished):
    out, _, _ = finished
    names = {path.name for path in (out / GRADIENT).iterdir()}
    assert names >= {"model.safetensors", "config.json", "tokenizer.json", "results.json", "shots.json", "README.md"}
    assert not [name for name in names if name.endswith((".bin", ".pt"))]
    assert (out / "report.md").is_file()


def test_results_say_what_was_done(finished):
    out, _, _ = finished
    zero, gradient = sorted(find_results(out), key=lambda result: result["shots"])
    assert (zero["shots"], zero["shot_ids"], zero["surgery"]) == (0, {}, {})
    assert gradient["languages"] == ["en", "de", "sw"]
    assert {language: len(ids) for language, ids in gradient["shot_ids"].items()} == {"de": 5, "sw": 5}
    assert gradient["average"] == pytest.approx(sum(scores["f1"] for scores in gradient["scores"].values()) / 3)
    assert gradient["surgery"]["steps"] == 4 * 8  # 48 + 2 * 5 rows in batches of 8, 4 epochs
    assert gradient["settings"]["gradient_accumulation_steps"] == 1  # 32 rows in batches of 8 are the task's default
    assert not {"output_dir", "seed", "save_steps", "seeds", "task"} & gradient["settings"].keys()
    assert gradient["train_seconds"] > 0
    assert gradient["peak_memory_bytes"] > 0
    assert gradient["versions"].keys() >= {"python", "torch", "transformers", "hf_mixtrain"}


def test_saved_models_can_be_loaded(finished):
    out, _, _ = finished
    model, tokenizer = (
        auto.from_pretrained(out / GRADIENT) for auto in (AutoModelForTokenClassification, AutoTokenizer)
    )
    assert model.config.id2label[1] == "B-PER"
    logits = model(**tokenizer("Juma anaishi", return_tensors="pt")).logits
    assert logits.shape == (1, 4, 7)


def test_screen_shows_progress_and_a_table_and_no_noise(finished):
    _, output, errors = finished
    assert "[1/2] panx gradient-mix-train k5 seed1" in errors  # the longest first
    assert re.search(r"\[2/2\] panx zero-shot k0 seed1, about .* left", errors)
    assert re.search(r"^panx, f1\nlanguage +zero-shot K=0 +gradient-mix-train K=5$", output, re.MULTILINE)
    assert re.search(r"^sw +\d+\.\d\d +\d+\.\d\d$", output, re.MULTILINE)
    assert re.search(r"^targets +\d+\.\d\d +\d+\.\d\d$", output, re.MULTILINE)
    assert not re.search(r"warning|newly initialized|'loss'|it/s", output + errors, re.IGNORECASE)


def test_finished_cells_are_skipped(finished, script, flags):
    out, output, _ = finished
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.name in ("results.json", "config.json")}
    code, again, errors = script(*flags, *METHODS, "--output_dir", out)
    assert code == 0
    assert "2 of 2 cells are finished already" in errors
    assert again == output
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_several_processes_run_one_grid(finished, script, flags, tmp_path):
    out, _, _ = finished
    assert flags[-2:] == ["--use_cpu", "true"]  # without it, too, the processes train together
    code, output, errors = script(*flags[:-2], *METHODS, "--output_dir", tmp_path, processes=2)
    assert code == 0, errors
    assert errors.count("[1/2] panx gradient-mix-train k5 seed1") == output.count("panx, f1") == 1
    one, two = find_results(out), find_results(tmp_path)
    assert [result["shot_ids"] for result in one] == [result["shot_ids"] for result in two]
    assert two[0]["surgery"]["steps"] == 4 * 8  # two processes share each batch of 8
    for alone, shared in zip(one, two, strict=True):
        assert (alone["world_size"], shared["world_size"]) == (1, 2)
        assert (alone["updates"], alone["global_batch_size"]) == (shared["updates"], shared["global_batch_size"])
        assert shared["final_loss"] == pytest.approx(alone["final_loss"], abs=2e-3)
        for language, scores in alone["scores"].items():
            assert shared["scores"][language]["f1"] == pytest.approx(scores["f1"], abs=0.5), language


@pytest.mark.parametrize("kill_at_batch", [2 * 4 * 8 + 18], ids=["in the second method, after a checkpoint"])
def test_a_killed_grid_ends_with_the_same_files(finished, script, flags, tmp_path, kill_at_batch):
    out, _, _ = finished
    code, _, errors = script(*flags, *METHODS, "--output_dir", tmp_path, kill_at_batch=kill_at_batch)
    assert code == -signal.SIGKILL, errors
    assert (tmp_path / GRADIENT / "results.json").is_file()
    assert not (tmp_path / ZERO / "results.json").exists()
    assert list(tmp_path.glob("panx/.stages/*/checkpoint-15"))
    code, _, errors = script(*flags, *METHODS, "--output_dir", tmp_path)
    assert code == 0, errors
    assert files(tmp_path) == files(out)

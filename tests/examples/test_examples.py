"""Every script in `examples/` runs as it stands; a tiny random encoder keeps it short."""

import difflib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.experiment.tiny_task import encoder_dir

__all__ = ["encoder_dir"]

EXAMPLES = Path(__file__).parents[2] / "examples"


def run_example(name, *flags, folder):
    environment = {**os.environ, "PYTHONPATH": str(EXAMPLES.parent), "TRANSFORMERS_VERBOSITY": "error"}
    command = [sys.executable, str(EXAMPLES / name), *flags]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("name", ["run_ner.py", "run_ner_gradient_mix.py", "lora.py"])
def test_a_script_trains_and_scores_each_language(name, encoder_dir, tmp_path):
    output = run_example(name, "--model", str(encoder_dir), "--epochs", "0.05", folder=tmp_path)
    assert re.findall(r"^(\w\w)  F1 \d+\.\d$", output, re.MULTILINE) == ["en", "de", "sw"]


def test_the_gradient_mix_twin_differs_in_six_lines():
    plain, twin = (
        EXAMPLES.joinpath(name).read_text().split('"""', 2)[2].splitlines()
        for name in ("run_ner.py", "run_ner_gradient_mix.py")
    )
    changed = [line for line in difflib.ndiff(plain, twin) if line.startswith("+ ")]
    assert len([line for line in changed if line.strip("+ ") and "output_dir" not in line]) <= 6


def test_supervised_fine_tuning_compares_updates_with_both_languages(tmp_path):
    pytest.importorskip("trl")
    output = run_example("sft.py", "--steps", "6", folder=tmp_path)
    assert "'steps': 6" in output
    assert "'de'" in output
    assert "'sw'" in output


def test_own_data_go_from_files_to_tagged_text(encoder_dir, tmp_path):
    output = run_example(
        "own_data.py", "--model", str(encoder_dir), "--epochs", "1", "--max_length", "32", folder=tmp_path
    )
    assert re.findall(r"^\$ hf-mixtrain (\w+)", output, re.MULTILINE) == ["init", "run", "predict"]
    assert {"en", "de", "pl", "sw"} <= set(re.findall(r"^(\w\w) +\d+\.\d\d$", output, re.MULTILINE))
    tagged = (tmp_path / "own-data" / "tagged.conll").read_text(encoding="utf-8")
    words = [line.split("\t")[0] for line in tagged.splitlines() if line]
    assert " ".join(words) == "Ute wohnt in Bad Tölz . Rehema Bakari anaishi Kigoma ."


def test_embeddings_are_trained_on_pairs_in_three_languages(encoder_dir, tmp_path):
    pytest.importorskip("sentence_transformers", minversion="6.0")
    output = run_example("embeddings.py", "--model", str(encoder_dir), "--epochs", "1", folder=tmp_path)
    found = re.findall(r"^(before|after ) +(\w\w)  \d of 5 found$", output, re.MULTILINE)
    assert found == [(when, language) for when in ("before", "after ") for language in ("en", "de", "sw")]
    assert "'steps': 5" in output


def test_every_example_is_run_by_a_test():
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    for path in EXAMPLES.iterdir():
        if path.is_file():
            assert f'"{path.name}"' in tests, path.name

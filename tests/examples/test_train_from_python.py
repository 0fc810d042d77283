"""The program of the README runs by copy and paste."""

import re

from tests.examples.test_examples import run_example


def test_the_readmes_program_trains_and_scores_each_language(tmp_path):
    output = run_example("train_from_python.py", folder=tmp_path)
    assert re.findall(r"^(\w\w)  F1 \d+\.\d$", output, re.MULTILINE) == ["en", "de", "sw"]
    assert re.search(r"\d+ updates compared with a target language", output)

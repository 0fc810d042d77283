"""reproduction/rare-shots.md says what the results beside it say."""

import json
from pathlib import Path
from statistics import mean

FOLDER = Path(__file__).parents[2] / "reproduction"


def test_each_number_of_the_table_is_that_of_a_result():
    page = (FOLDER / "rare-shots.md").read_text(encoding="utf-8")
    cells = [json.loads(line) for line in (FOLDER / "rare-shots.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {cell["method"] for cell in cells} == {"naive-mix-train", "gradient-mix-train", "upsampled-mix-train"}
    for cell in cells:
        score = mean(scores["f1"] for language, scores in cell["scores"].items() if language != "en")
        (row,) = (line for line in page.splitlines() if line.startswith(f"| {cell['method']} "))
        assert f"| {score:.2f} |" in row

"""The tables of pages whose numbers are not made by a script are those of the results in reproduction/."""

import json
from pathlib import Path
from statistics import mean

ROOT = Path(__file__).parents[2]


def lines(name):
    return [json.loads(line) for line in (ROOT / "reproduction" / name).read_text(encoding="utf-8").splitlines()]


def test_the_example_of_a_diagnosis_is_that_of_its_results():
    page = (ROOT / "docs" / "diagnose.md").read_text(encoding="utf-8").replace("−", "-")
    for found in lines("diagnosis.jsonl"):
        (row,) = (line for line in page.splitlines() if line.startswith(f"| {found['updates']} updates"))
        means = {
            name: mean(values[name] for values in found["languages"].values()) for name in found["languages"]["el"]
        }
        numbers = [f"{means['loss_on_shots']:.3f}", f"{means['loss_on_held_out']:.3f}"]
        numbers += [
            f"{means['shots_and_held_out']:+.3f}",
            f"{100 * means['conflicts']:.0f} %",
            f"{means['plain']:+.4f}",
        ]
        for name in ("surgery_gain", "repeated_gain"):
            gain, (low, high) = found[name]
            numbers.append(f"{gain:+.4f} ({low:+.4f} to {high:+.4f})")
        assert row.split(" | ")[1:] == [*numbers[:-1], f"{numbers[-1]} |"]


def test_the_losses_and_scores_of_versions_are_those_of_their_results():
    page = (ROOT / "docs" / "versions.md").read_text(encoding="utf-8")
    short, whole = [], []
    for cell in lines("versions.jsonl"):
        (short if cell["updates"] == 30 else whole).append(cell)
    losses = {(cell["versions"]["torch"][:4], cell["versions"]["transformers"]): cell["final_loss"] for cell in short}
    same = {losses["2.13", "5.0.0"], losses["2.13", "5.23.0"], losses["2.14", "5.24.0"]}
    assert len(same) == 1
    assert f"it is {losses['2.6.', '5.0.0']:.3f} instead of {same.pop():.3f}" in page
    for torch in ("2.6", "2.13"):
        scores = {
            cell["method"]: mean(value["f1"] for language, value in cell["scores"].items() if language != "en")
            for cell in whole
            if cell["versions"]["torch"].startswith(f"{torch}.")
        }
        three = [f"{scores[name]:.1f}" for name in ("zero-shot", "naive-mix-train", "gradient-mix-train")]
        assert f"{three[0]}, {three[1]} and {three[2]}" in " ".join(page.split())

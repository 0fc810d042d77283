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

"""The benchmarks run, train what they measure, and say so when they do not. No timing is tested."""

import json
from dataclasses import replace

import pytest

from benchmarks import variants
from benchmarks.__main__ import main
from benchmarks.presets import PRESETS
from benchmarks.steps import measure_steps


def test_the_smallest_preset_trains_every_variant_and_writes_both_files(tmp_path):
    main(["--preset", "smoke", "--output", str(tmp_path)])
    report = json.loads((tmp_path / "benchmark.json").read_text())
    case, result = report["results"][0]["case"], report["results"][0]["result"]
    assert {name: len(seconds) for name, seconds in result["seconds"].items()} == dict.fromkeys(case["variants"], 2)
    trained = result["surgeries"]
    assert min(trained[name] for name in ("ours", "flattened", "PCGrad", "UPGrad")) >= 4
    assert trained["plain B"] == trained["plain B+K"] == 0
    table = (tmp_path / "benchmark.md").read_text()
    assert all(f"| {name} |" in table for name in case["variants"])


def test_a_variant_that_trains_nothing_is_an_error(monkeypatch):
    arguments = variants._arguments
    monkeypatch.setattr(variants, "_arguments", lambda *a, **k: arguments(*a, **k) | {"learning_rate": 0.0})
    case = replace(PRESETS["smoke"][0].case, variants=("plain B",))
    with pytest.raises(RuntimeError, match="plain B trained nothing"):
        measure_steps(case)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_case_of_a_preset_can_be_cut_and_compared(preset):
    for measurement in PRESETS[preset]:
        case = measurement.case
        assert set(case.variants) <= set(variants.VARIANTS)
        parts = case.accumulation * case.processes
        if measurement.kind in ("step", "memory"):
            assert case.rows % parts == 0
            assert "plain B+K" not in case.variants or (case.rows + case.shots) % parts == 0

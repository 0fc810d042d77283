import json

import pytest

from hf_mixtrain.commands.main import main
from hf_mixtrain.diagnosis import diagnose_checkpoint
from hf_mixtrain.errors import InputError
from tests.similarity.conftest import encoder

__all__ = ["encoder"]


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_MIXTRAIN_CACHE", str(tmp_path / "cache"))


def test_a_checkpoint_is_measured_language_by_language(tmp_path, encoder, capsys):
    flags = ["--task", "panx", "--data_source", "demo", "--languages", "de", "sw", "--batches", "3", "--device", "cpu"]
    output = tmp_path / "deep" / "diagnosis.json"
    assert main(["diagnose", encoder, *flags, "--held_out", "4", "--output", str(output)]) == 0
    printed = capsys.readouterr().out
    numbers = json.loads(output.read_text())
    assert list(numbers["languages"]) == ["de", "sw"]
    for language, row in numbers["languages"].items():
        assert min(row["loss_on_shots"], row["loss_on_held_out"]) > 0
        assert -1 <= row["shots_and_held_out"] <= 1
        assert 0 <= row["conflicts"] <= 1
        (line,) = (line for line in printed.splitlines() if line.startswith(f"{language} "))
        assert f"{row['loss_on_held_out']:.3f}" in line
    assert f"{numbers['surgery_gain'][0]:+.4f} (95 % CI" in printed
    assert printed.rstrip().endswith(f"Numbers: {output}")


def test_the_same_seed_gives_the_same_numbers(tmp_path, encoder):
    files = []
    for name in ("one", "two"):
        files.append(tmp_path / name)
        diagnose_checkpoint(
            encoder, task="panx", data_source="demo", languages=["de"], batches=3, held_out=4, output=files[-1]
        )
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shots": 0}, r"`shots` must be 1 or more for a diagnosis\. Got 0"),
        ({"batches": 2}, r"`batches` must be 3 or more"),
        ({"batch_size": 0}, r"`batch_size` must be 1 or more"),
        ({"held_out": 0}, r"`held_out` must be 1 or more"),
        ({"device": "abacus"}, r"`device` 'abacus' cannot be used"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_read(change, message):
    with pytest.raises(InputError, match=message):
        diagnose_checkpoint("any", task="panx", **change)


def test_too_few_rows_for_a_batch_are_named(encoder):
    with pytest.raises(InputError, match=r"expected 9999 training rows or more a batch\. Got \d+\. Lower"):
        diagnose_checkpoint(encoder, task="panx", data_source="demo", languages=["de"], batch_size=9999)


def test_several_sources_and_k_by_language_are_taken(tmp_path, encoder):
    output = tmp_path / "numbers.json"
    table = diagnose_checkpoint(
        encoder,
        task="panx",
        data_source="demo",
        shots="sw=2,th=1",
        source_language="en,de",
        languages=["sw", "th"],
        batches=3,
        held_out=2,
        output=output,
    )
    assert json.loads(output.read_text())["shots"] == {"sw": 2, "th": 1}
    assert [row[0].split()[0] for row in table.rows] == ["sw", "th", "mean"]

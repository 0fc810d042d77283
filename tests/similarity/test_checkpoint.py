import json

import pytest

from hf_mixtrain.errors import InputError
from hf_mixtrain.similarity import checkpoint_similarity


def test_a_checkpoint_is_compared_on_the_shots_of_a_task(tmp_path, encoder, monkeypatch):
    monkeypatch.setenv("HF_MIXTRAIN_CACHE", str(tmp_path / "cache"))
    files = checkpoint_similarity(
        encoder, task="panx", data_source="demo", shots=2, languages=["de", "sw"], output=tmp_path / "map", device="cpu"
    )
    numbers = json.loads(files[0].read_text())
    assert (numbers["task"], numbers["shots"], numbers["seed"]) == ("panx", 2, 1)
    assert numbers["languages"] == ["en", "de", "sw"]
    assert all(row[n] == 1.0 for n, row in enumerate(numbers["before"]))
    assert files[1].read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("shots", ["all", {"sw": 2}])
def test_several_source_languages_and_every_kind_of_k(tmp_path, encoder, monkeypatch, shots):
    monkeypatch.setenv("HF_MIXTRAIN_CACHE", str(tmp_path / "cache"))
    files = checkpoint_similarity(
        encoder, task="panx", data_source="demo", shots=shots, languages=["sw"], source_language="en,de",
        output=tmp_path / "map", device="cpu", batch_size=512, max_length=16,
    )  # fmt: skip
    numbers = json.loads(files[0].read_text())
    assert (sorted(numbers["languages"]), numbers["shots"]) == (["de", "en", "sw"], shots)


def test_a_checkpoint_that_is_none_is_named(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty: cannot be loaded for panx .* Expected the folder"):
        checkpoint_similarity(str(tmp_path / "empty"), task="panx", data_source="demo", languages=["de"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shots": 0}, r"`shots` must be 1 or more to compare gradients\. Got 0"),
        ({"batch_size": 0}, r"`batch_size` must be 1 or more"),
        ({"device": "abacus"}, r"`device` 'abacus' cannot be used"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_read(change, message):
    with pytest.raises(InputError, match=message):
        checkpoint_similarity("any", task="panx", **change)

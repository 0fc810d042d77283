import json

import pytest

from hf_mixtrain.experiment import precision
from hf_mixtrain.experiment.precision import bf16_on_processor


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_MIXTRAIN_CACHE", str(tmp_path))
    return tmp_path


def test_what_was_measured_first_is_kept(cache, monkeypatch):
    first = bf16_on_processor("measure")
    (path,) = cache.glob("bf16-*.json")
    assert first == (json.loads(path.read_text())["bf16_time_over_float32"] <= 0.9)
    monkeypatch.setattr(precision, "_seconds", None)  # would fail
    assert bf16_on_processor("measure") == first


@pytest.mark.parametrize(("ratio", "chosen"), [(0.5, True), (0.9, True), (1.0, False), (1.55, False)])
def test_bf16_is_chosen_where_it_saves_a_tenth(cache, ratio, chosen):
    bf16_on_processor("measure")
    (path,) = cache.glob("bf16-*.json")
    path.write_text(json.dumps({"bf16_time_over_float32": ratio}))
    assert bf16_on_processor("measure") is chosen


def test_a_damaged_record_is_measured_again(cache):
    bf16_on_processor("measure")
    (path,) = cache.glob("bf16-*.json")
    path.write_text("{")
    bf16_on_processor("measure")
    assert json.loads(path.read_text())["bf16_time_over_float32"] > 0


def test_all_machines_that_work_in_a_folder_compute_in_the_same_numbers(cache, tmp_path, monkeypatch):
    folder = tmp_path / "out"
    folder.mkdir()
    first = bf16_on_processor("measure", folder)
    (path,) = cache.glob("bf16-*.json")
    path.write_text(json.dumps({"bf16_time_over_float32": 1.5 if first else 0.5}))  # as another machine finds
    assert bf16_on_processor("measure") is not first
    assert bf16_on_processor("measure", folder) is first


def test_a_damaged_decision_of_a_folder_is_made_again(tmp_path):
    (tmp_path / ".bf16.json").write_text("")
    bf16_on_processor("measure", tmp_path)
    assert json.loads((tmp_path / ".bf16.json").read_text())["bf16_time_over_float32"] > 0


def test_a_folder_that_is_not_there_is_not_made(tmp_path):
    bf16_on_processor("measure", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_flag_decides_for_a_training(settings_of, tmp_path):
    for choice, expected in (("always", True), ("never", False)):
        settings = settings_of("--output_dir", tmp_path, "--bf16", "--use_cpu", "--bf16_on_processor", choice)
        assert settings.training_arguments().bf16 is expected
        assert settings.changed["bf16_on_processor"] == choice

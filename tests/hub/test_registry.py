"""The list of released checkpoints."""

import pytest

from hf_mixtrain.errors import InputError
from hf_mixtrain.hub import download, find_released, load_released, read_registry, register
from hf_mixtrain.hub.push import Release
from hf_mixtrain.shot_count import ALL_SHOTS

CELL = {"task": "panx", "method": "mix-ft", "shots": 5, "seed": 1, "model": "xlm-roberta-base"}
PLANNED = Release("me/panx", None, "v1.0", "", False, {"model.safetensors": "0" * 64})
NAME = "xlm-roberta-base-panx-mix-ft-k5-seed1"


@pytest.fixture
def registry(tmp_path):
    path = tmp_path / "registry.yaml"
    register(path, CELL, PLANNED, "hf-mixtrain push FOLDER me/panx --tag v1.0")
    register(path, CELL | {"seed": 2}, PLANNED, "publish")
    return path


def test_what_is_written_is_read(registry):
    first, second = read_registry(registry)
    assert (first.name, first.seed, second.seed) == (NAME, 1, 2)
    assert first.sha256 == {"model.safetensors": "0" * 64}


def test_a_release_takes_the_place_of_its_plan(registry):
    done = Release("me/panx", "a" * 40, "v1.0", "", True, PLANNED.sha256)
    register(registry, CELL, done, "publish")
    assert [entry.commit for entry in read_registry(registry)] == ["a" * 40, None]


def test_what_is_not_yet_published_says_how_to_publish_it(registry):
    message = "not yet published. To publish it: hf-mixtrain push FOLDER me/panx --tag v1.0"
    with pytest.raises(InputError, match=message):
        download(NAME, registry=registry)
    with pytest.raises(InputError, match=message):
        load_released("panx", shots=5, method="mix-ft", registry=registry)


def test_what_does_not_exist_names_what_comes_near(registry):
    entries = read_registry(registry)
    with pytest.raises(InputError, match=f"no released checkpoint 'roberta-panx'. There are: .*{NAME}"):
        find_released(entries, "roberta-panx")
    with pytest.raises(InputError, match=f"task='panx', shots=10. There are: {NAME}"):
        find_released(entries, task="panx", shots=10)
    with pytest.raises(InputError, match="There are: none yet"):
        find_released(entries, task="udpos")


def test_several_that_fit_are_named(registry):
    with pytest.raises(InputError, match="several released checkpoints fit task='panx', shots=5"):
        find_released(read_registry(registry), task="panx", shots=5)


@pytest.mark.parametrize("text", ["- name: x", "a: [", "- 1"])
def test_a_file_that_is_no_registry_is_named(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=r"mine\.yaml: expected a list of released checkpoints"):
        read_registry(path)
    with pytest.raises(InputError, match=r"mine\.yaml: expected a list"):
        register(path, CELL, PLANNED, "publish")
    with pytest.raises(InputError, match=r"no\.yaml: no such file"):
        read_registry(tmp_path / "no.yaml")


def test_every_entry_of_the_package_says_how_to_publish_it_or_has_a_commit():
    for entry in read_registry():
        assert entry.sha256["model.safetensors"]
        assert entry.commit or entry.publish.startswith("hf-mixtrain push ")


def test_a_plan_takes_no_release_away(registry):
    register(registry, CELL, Release("me/panx", "a" * 40, "v1.0", "", True, PLANNED.sha256), "publish")
    with pytest.raises(InputError, match=f"{NAME} is published already, as me/panx at v1.0"):
        register(registry, CELL, PLANNED, "publish")
    assert read_registry(registry)[0].commit == "a" * 40


def test_all_shots_are_a_word_in_the_file_and_found_by_it(registry):
    register(registry, CELL | {"shots": ALL_SHOTS}, PLANNED, "publish")
    assert "shots: all" in registry.read_text()
    found = find_released(read_registry(registry), task="panx", shots="all")
    assert (found.name, found.shots) == ("xlm-roberta-base-panx-mix-ft-kall-seed1", ALL_SHOTS)

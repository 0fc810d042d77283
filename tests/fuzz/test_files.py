"""Whatever stands in a file: it is read, or one `InputError` of one line says what is wrong with it."""

import contextlib
import json
import tempfile
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_mixtrain.cards import write_card
from hf_mixtrain.commands.recipe import read_recipe
from hf_mixtrain.data import load_task
from hf_mixtrain.data.shots_file import read_shots
from hf_mixtrain.errors import InputError
from hf_mixtrain.hub.model_check import INDEX, check_model, check_tokenizer
from hf_mixtrain.hub.registry import read_registry
from hf_mixtrain.results import find_results, read_results

from .strategies import VALUES, YAML, altered, as_json, damaged

RESULTS = {
    "task": "panx", "method": "mix-ft", "shots": 1, "seed": 1, "model": "m", "languages": ["en", "de"], "metric": "f1",
    "scores": {"en": {"f1": 80.0}, "de": {"f1": 70.0}}, "average": 75.0, "settings": {"learning_rate": 0.1},
    "shot_ids": {"de": ["train-de-1"]}, "versions": {"python": "3.11", "data_revisions": {"a/b": "c"}},
    "train_seconds": 1.5, "peak_memory_bytes": 1,
    "surgery": {"steps": 3, "conflict_rate": 0.5, "cosine": 0.1,
        "languages": {"de": {"draws": 3, "conflicts": 1, "cosine": 0.1}}},
}  # fmt: skip
SHOTS = {
    "task": "panx", "shots": 1, "shots_per": "example", "split": "train", "seed": 1,
    "languages": {"de": {"ids": ["train-de-1"], "checksum": "0" * 64}},
}  # fmt: skip
RECIPE = b"task: panx\nmethod: [mix-ft]\nshots: [1, 5]\nlearning_rate: 1.0e-5\n"
TASK = {
    "name": "mine", "title": "Mine", "kind": "token-classification", "labels": ["O", "B-A", "I-A"], "metric": "f1",
    "languages": ["en", "de"], "folder": {"train": "{language}.tsv"}, "defaults": {"max_length": 32},
}  # fmt: skip
RELEASED = {
    "name": "m", "task": "panx", "method": "mix-ft", "shots": 1, "seed": 1, "model": "m", "repo_id": "me/m",
    "tag": "v1", "commit": "0" * 40, "sha256": {"README.md": "0" * 64}, "publish": "hf-mixtrain push",
}  # fmt: skip
CONFIG = {"model_type": "bert", "num_hidden_layers": 1, "id2label": {"0": "O"}, "architectures": ["BertModel"]}
FRONT = b"---\n%b\n---\n# Card\n".__mod__
CARD = files("hf_mixtrain.cards").joinpath("card.md.jinja").read_text(encoding="utf-8")


def yaml_of(good):
    """YAML files: damaged bytes, altered values, and forms that are known to hurt."""
    written = st.one_of(altered(good), VALUES).map(lambda value: json.dumps(value).encode())
    plain = yaml.safe_dump(good).encode()
    mixed = YAML.map(lambda text: text.encode("utf-8", "surrogatepass"))
    return st.one_of(damaged(plain), written, mixed, mixed.map(lambda text: plain + text))


def json_of(good):
    """JSON files: damaged bytes, altered values, values of any kind."""
    deep = st.sampled_from([b"[" * 5000, b'{"a":' * 5000, b"\xff\xfe", b"", b"1" * 5000])
    return st.one_of(damaged(as_json(good)), altered(good).map(as_json), VALUES.map(as_json), deep)


def tries(read, name: str, content: bytes) -> None:
    """Read a file with that content; an error must be an `InputError`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(content)
        with contextlib.suppress(InputError):
            read(path)


@settings(settings.get_profile("fuzz"))
@given(st.one_of(damaged(RECIPE), yaml_of({"task": "panx", "shots": [1]})))
def test_recipes(content):
    tries(read_recipe, "recipe.yaml", content)


@settings(settings.get_profile("fuzz"))
@given(yaml_of(TASK))
def test_task_files(content):
    tries(load_task, "task.yaml", content)


@settings(settings.get_profile("fuzz"))
@given(yaml_of([RELEASED]))
def test_registries(content):
    tries(read_registry, "registry.yaml", content)


@settings(settings.get_profile("fuzz"))
@given(json_of(RESULTS))
def test_results_files(content):
    tries(read_results, "results.json", content)


@settings(settings.get_profile("fuzz"))
@given(st.lists(json_of(RESULTS), max_size=3).map(b"\n".join))
def test_lines_of_results(content):
    tries(find_results, "study.jsonl", content)


@settings(settings.get_profile("fuzz"))
@given(json_of(SHOTS))
def test_shots_files(content):
    tries(read_shots, "shots.json", content)


@settings(settings.get_profile("fuzz"))
@given(json_of(RESULTS))
def test_cards_of_any_results(content):
    def write_twice(path):
        text = write_card(path.parent).read_bytes()
        assert write_card(path.parent).read_bytes() == text

    tries(write_twice, "results.json", content)


@settings(settings.get_profile("fuzz"))
@given(st.one_of(damaged(CARD.encode()), yaml_of({"license": "mit"}).map(FRONT)))
def test_cards_that_are_rewritten(content):
    tries(lambda path: write_card(path.parent, RESULTS), "README.md", content)


@settings(settings.get_profile("fuzz"))
@given(json_of(CONFIG), st.sampled_from(["config.json", "tokenizer.json", "model.safetensors", INDEX]))
def test_models(content, name):
    def check(path):
        for other in ("config.json", "tokenizer.json", INDEX):
            if other != name:
                path.with_name(other).write_text("{}")
        check_tokenizer(path.parent)
        check_model(path.parent)

    tries(check, name, content)


@pytest.mark.parametrize("name", ["recipe.yaml", "task.yaml", "registry.yaml"])
def test_a_folder_in_place_of_a_file_is_one_line(tmp_path, name):
    (tmp_path / name).mkdir()
    reader = {"recipe.yaml": read_recipe, "task.yaml": load_task, "registry.yaml": read_registry}[name]
    with pytest.raises(InputError):
        reader(tmp_path / name)

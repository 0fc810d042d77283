"""What may go to the Hub."""

import json

import pytest
from safetensors.numpy import save_file

from hf_mixtrain.errors import InputError
from hf_mixtrain.hub.release_files import check_labels, is_allowed, release_files
from hf_mixtrain.hub.secrets import find_secret

TOKEN = "hf_" + "aB3" * 12


@pytest.mark.parametrize(
    "path",
    [
        "training_args.bin",
        "pytorch_model.bin",
        "optimizer.pt",
        "rng_state.pth",
        "trainer_state.json",
        "model.safetensors.bin",
        "modeling.py",
        ".env",
        "checkpoint-5/model.safetensors",
        "_push-1/config.json",
        ".cache/config.json",
        "a/b/config.json",
        "runs/events.out",
    ],
)
def test_nothing_but_a_release_goes_up(path):
    assert not is_allowed(path)


@pytest.mark.parametrize("path", ["model-00001-of-00002.safetensors", "sw/model.safetensors", "shots.json", "LICENSE"])
def test_all_of_a_release_goes_up(path):
    assert is_allowed(path)


def test_a_folder_is_listed_without_what_training_left(folder):
    assert list(release_files(folder)) == [
        "README.md",
        "config.json",
        "model.safetensors",
        "results.json",
        "tokenizer.json",
    ]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "README.md").unlink(), "no README.md in it. Make a card first"),
        (lambda folder: (folder / "results.json").write_text('{"task": '), "results.json: not a JSON file"),
        (lambda folder: (folder / "shots.json").write_text("[" * 100_000), "shots.json: not a JSON file"),
        (lambda folder: (folder / "model.safetensors").rename(folder / "adapter_model.safetensors"), "no weights"),
        (lambda folder: (folder / "config.json").unlink(), "no config.json in it"),
        (lambda folder: (folder / "model.safetensors").unlink(), "no weights .*train with `--save_models all`"),
        (
            lambda folder: (folder / "model.safetensors").rename(folder / "pytorch_model.bin"),
            "pytorch_model.bin is a pickle",
        ),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"x" * 99), "the weights are broken"),
        (lambda folder: _cut(folder / "model.safetensors"), "the weights are broken"),
    ],
)
def test_what_cannot_be_released_is_refused_in_one_line(folder, spoil, message):
    spoil(folder)
    with pytest.raises(InputError, match=message) as error:
        release_files(folder)
    assert "\n" not in str(error.value)


def _cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def test_labels_without_names_are_refused(folder):
    check_labels(folder)
    config = json.loads((folder / "config.json").read_text())
    config["id2label"] = {str(row): f"LABEL_{row}" for row in range(3)}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="labels have no names"):
        check_labels(folder)
    (folder / "config.json").write_text("[]")
    with pytest.raises(InputError, match="expected a JSON object"):
        check_labels(folder)


@pytest.mark.parametrize(
    "secret",
    [
        TOKEN,
        "hf_oauth_" + "aB3-" * 8,
        "hf_jwt_" + "aB3." * 8,
        "ghp_" + "x1" * 18,
        "github_pat_" + "x1_" * 12,
        "AKIA" + "ABCD" * 4,
        "ASIA" + "AB2D" * 4,
        r"\n" + TOKEN,
        "x" + TOKEN,
        r"\u000aASIA" + "AB2D" * 4,
        TOKEN.replace("a", r"\u0061"),
        TOKEN.replace("_", r"\x5f"),
    ],
)
def test_tokens_are_found_with_their_line_and_not_shown(tmp_path, secret):
    path = tmp_path / "results.json"
    path.write_text(f'{{\n  "a": 1,\n  "token": "{secret}"\n}}')
    assert find_secret(path) == f"{path}:3"


@pytest.mark.parametrize("text", ["hf_mixtrain", "hf_hub_download", "see hf_token", "MALAYSIASINGAPORETHAILAND"])
def test_ordinary_words_are_no_tokens(tmp_path, text):
    path = tmp_path / "README.md"
    path.write_text(text)
    assert find_secret(path) is None


def test_ones_own_token_is_found_in_any_form(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "my-own-gateway-token")
    path = tmp_path / "README.md"
    path.write_text("x my-own-gateway-token")
    assert find_secret(path) == f"{path}:1"


def test_tokens_in_weights_are_found(tmp_path, folder):
    import numpy as np

    path = tmp_path / "model.safetensors"
    save_file({"weight": np.zeros(4)}, path, metadata={"args": TOKEN})
    assert find_secret(path) == str(path)


@pytest.mark.parametrize("before", range(0, 80, 7))
def test_a_token_across_two_chunks_is_found(tmp_path, monkeypatch, before):
    monkeypatch.setattr("hf_mixtrain.hub.secrets._CHUNK", 32)
    path = tmp_path / "README.md"
    path.write_text("\n" * before + TOKEN + "\n" * 50)
    assert find_secret(path) == f"{path}:{before + 1}"

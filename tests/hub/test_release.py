"""A release from the recipe to the model in use, by the commands of docs/hub.md, on a tiny task."""

import shutil
from pathlib import Path

import pytest

from hf_mixtrain.hub import read_registry, rewrite_model_card
from hf_mixtrain.hub.listing import sha256
from tests.docs.pages import blocks
from tests.experiment.tiny_task import data_dir, encoder_dir, flags

from .test_commands import hf_mixtrain
from .test_loading import user_program

__all__ = ["data_dir", "encoder_dir", "flags"]

ROOT = Path(__file__).parents[2]
MODEL_CARDS = ROOT / "model_cards"
NAME = "encoder-panx-gradient-mix-train-k5-seed1"


def rewritten(folder, entry, tmp_path):
    """Make the card again in a copy of a folder, and return it."""
    copy = tmp_path / "again" / folder.name
    shutil.copytree(folder, copy)
    return rewrite_model_card(copy, entry).read_text()


@pytest.mark.parametrize("client", ["xet"], indirect=True)
def test_a_release_is_made_planned_published_and_used(client, flags, tmp_path):
    out, registry, cards = tmp_path / "out", tmp_path / "registry.yaml", tmp_path / "model_cards"
    hf_mixtrain(client, "run", str(ROOT / "reproduction/recipes/panx.yaml"), *flags, "--output_dir", str(out))
    cell = out / "panx/gradient-mix-train/k5/seed1"
    push = ["push", str(cell), NAME, "--tag", "v1.0", "--registry", str(registry), "--model_cards", str(cards)]

    client.hub.forget()
    token, client.token = client.token, None
    hf_mixtrain(client, *push, "--dry_run")
    assert client.hub.requests == []
    (entry,) = read_registry(registry)
    again = f"hf-mixtrain push ./seed1 {NAME} --tag v1.0 --registry ./registry.yaml --model_cards ./model_cards"
    assert (entry.name, entry.commit, entry.publish) == (NAME, None, again)
    card = (cards / NAME / "README.md").read_text()
    assert f"Not yet published on the Hub. To publish it: `{again}`" in card
    assert "| language | shots | zero-shot | this model | gain |" in card
    assert rewritten(cards / NAME, entry, tmp_path) == card
    load = f"""
    from hf_mixtrain.hub import load_released
    model, tokenizer, folder = load_released("panx", shots=5, registry={str(registry)!r})
    print(model.config.id2label[1], folder.name)
    """
    assert client.run(load, ok=False).endswith(f"{NAME}: not yet published. To publish it: {again}")

    client.token = token
    hf_mixtrain(client, *push)
    (entry,) = read_registry(registry)
    commit = client.hub.repo(f"me/{NAME}").refs["refs/tags/v1.0"]
    assert (entry.repo_id, entry.commit) == (f"me/{NAME}", commit)
    assert entry.sha256.keys() >= {"model.safetensors", "config.json", "tokenizer.json", "results.json", "shots.json"}
    assert (cards / NAME / "README.md").read_bytes() == client.hub.files(f"me/{NAME}")["README.md"]
    assert {path.name for path in (cards / NAME).iterdir()} == {
        *("README.md", "results.json", "shots.json", "recipe.yaml", "config.json", "compared_with"),
    }
    assert client.run(load, home="fresh") == f"B-PER {commit}"
    tagger = f'from transformers import pipeline; print(pipeline(model="me/{NAME}").task)'
    assert user_program(client, tagger) == "token-classification"
    (page,) = blocks("docs/hub.md", "python")
    assert client.run(f"import os\nos.chdir({str(tmp_path)!r})\n{page}\nprint(folder.name)", home="fresh") == commit
    assert client.hub.repo("me/panx-5").refs["refs/tags/v1.0"]
    error = hf_mixtrain(client, *push, "--dry_run", ok=False)
    assert f"{NAME} is published already, as me/{NAME} at v1.0." in error


def test_model_cards_need_a_registry(client, folder, repo_id):
    error = hf_mixtrain(client, "push", str(folder), repo_id, "--model_cards", "cards", ok=False)
    assert error.startswith("error: --model_cards needs --registry")


def test_our_model_cards_are_generated_and_agree_with_the_registry(tmp_path):
    entries, folders = read_registry(), sorted(path for path in MODEL_CARDS.iterdir() if path.is_dir())
    assert [entry.name for entry in entries] == [folder.name for folder in folders]
    for entry, folder in zip(entries, folders, strict=True):
        card = (folder / "README.md").read_text()
        assert rewritten(folder, entry, tmp_path) == card, "not as it is generated: see model_cards/README.md"
        for name in ("results.json", "shots.json", "config.json"):
            assert sha256(folder / name) == entry.sha256[name]
        if entry.commit is None:
            assert f"Not yet published on the Hub. To publish it: `{entry.publish}`" in card
            assert "Published as" not in card
            assert f'"{entry.repo_id}"' not in card
        else:
            assert f"Published as `{entry.repo_id}`" in card

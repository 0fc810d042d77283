"""Adapters beside the weights: what is trained, what is saved, and what comes out when they are merged."""

import json
import re
import sys

import pytest
import torch
from transformers import AutoConfig, AutoModelForTokenClassification, set_seed

from hf_mixtrain import predict
from hf_mixtrain.errors import InputError
from hf_mixtrain.experiment.lora import Lora, copy_adapter, is_adapter, load_adapter, merge
from hf_mixtrain.experiment.publishing import repositories

pytest.importorskip("peft")

LORA = Lora(rank=2, alpha=4.0, targets=None)


@pytest.fixture
def model(encoder_dir):
    def make():
        set_seed(0)
        return AutoModelForTokenClassification.from_pretrained(encoder_dir, num_labels=5)

    return make


@pytest.fixture
def batch():
    return {"input_ids": torch.arange(8).reshape(2, 4), "labels": torch.tensor([[0, 1, 2, 3], [4, 3, 2, 1]])}


def trained(model, batch):
    wrapped = LORA.add(model, "token-classification")
    optimizer = torch.optim.SGD([p for p in wrapped.parameters() if p.requires_grad], lr=1.0)
    for _ in range(3):
        wrapped(**batch).loss.backward()
        optimizer.step()
    return wrapped.eval()


def test_adapters_and_head_are_trained_and_nothing_else(model, batch):
    before = {name: weight.clone() for name, weight in model().state_dict().items()}
    wrapped = trained(model(), batch)
    names = {name for name, weight in wrapped.named_parameters() if weight.requires_grad}
    assert all("lora_" in name or "classifier" in name for name in names)
    assert any("lora_" in name for name in names)
    after = merge(wrapped).state_dict()
    changed = {
        name.rpartition(".")[0].rpartition(".")[2] for name in before if not torch.equal(before[name], after[name])
    }
    assert changed == {"query", "value", "classifier"}


def test_an_adapter_is_saved_loaded_and_merged_to_the_same_model(model, batch, tmp_path):
    wrapped = trained(model(), batch)
    wrapped.save_pretrained(tmp_path / "trained")
    copy_adapter(tmp_path / "trained", tmp_path / "copy", "./encoder")
    assert is_adapter(tmp_path / "copy")
    assert not (tmp_path / "copy/README.md").exists()
    assert json.loads((tmp_path / "copy/adapter_config.json").read_text())["base_model_name_or_path"] == "./encoder"
    expected = wrapped(**batch).logits
    loaded = load_adapter(model(), tmp_path / "copy").eval()
    assert any(weight.requires_grad for weight in loaded.parameters())
    torch.testing.assert_close(loaded(**batch).logits, expected)
    torch.testing.assert_close(merge(loaded)(**batch).logits, expected)


def test_layers_that_are_not_there_are_refused(model):
    with pytest.raises(InputError, match=r"--lora_target_modules: PEFT finds no layer to adapt .*such as query value"):
        Lora(2, 4.0, ["no_such_layer"]).add(model(), "token-classification")


def test_without_peft_one_line_says_what_to_install(model, monkeypatch):
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(InputError, match="--use_peft needs PEFT: pip install"):
        LORA.add(model(), "token-classification")


@pytest.mark.parametrize("export", ["merged", "adapter"])
def test_a_grid_trains_adapters_and_says_so(run, encoder_dir, tmp_path, export):
    from safetensors.torch import load_file

    flags = ["--use_peft", "true", "--lora_r", "2", "--lora_export", export, "--method", "mix-ft"]
    (result,) = run("out", *flags).results
    expected = {"use_peft": True, "lora_r": 2, "lora_alpha": 32.0}
    assert expected.items() <= result["settings"].items()
    assert "peft" in result["versions"]
    folder = tmp_path / "out/panx/mix-ft/k5/seed1"
    assert (folder / "tokenizer.json").is_file()
    assert "use_peft" in (folder / "README.md").read_text()
    if export == "adapter":
        names = load_file(folder / "adapter_model.safetensors").keys()
        assert names
        assert all("lora_" in name or "classifier" in name for name in names)
        config = json.loads((folder / "adapter_config.json").read_text())
        assert config["base_model_name_or_path"] == f"./{encoder_dir.name}"
        # As the documentation says that it is loaded.
        labels = AutoConfig.from_pretrained(folder)
        assert len(labels.id2label) == 7
        base = AutoModelForTokenClassification.from_pretrained(encoder_dir, config=labels)
        loaded = load_adapter(base, folder).state_dict()
        saved = load_file(folder / "adapter_model.safetensors")
        found = {
            name.replace(".default", "").replace(".modules_to_save", ""): weight for name, weight in loaded.items()
        }
        assert all(torch.equal(found[name], weight) for name, weight in saved.items())
        with pytest.raises(InputError, match="holds adapters, and a whole model is expected"):
            predict(folder, ["Ann lives in York"])
        return
    saved = AutoModelForTokenClassification.from_pretrained(folder).state_dict()
    encoder = load_file(encoder_dir / "model.safetensors")
    changed = [name for name, weight in encoder.items() if not torch.equal(saved.get(f"bert.{name}", weight), weight)]
    assert changed
    assert all(re.search(r"(query|value)\.weight", name) for name in changed)


def test_what_adapters_cannot_do_is_refused_before_any_training(settings_of):
    with pytest.raises(InputError, match="--lora_r needs --use_peft true"):
        settings_of("--lora_r", "2")
    push = settings_of("--push_to_hub", "true", "--use_peft", "true", "--lora_export", "adapter")
    with pytest.raises(InputError, match="--push_to_hub needs whole models"):
        repositories(push, [])
    with pytest.raises(InputError, match="the mean of adapters"):
        settings_of("--use_peft", "true", "--select_on", "average")

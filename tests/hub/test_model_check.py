"""Models of strangers: nothing of them runs, nothing outside their folder is read, and one line says why not."""

import json
import pickle
import shutil

import pytest
from transformers import AutoModelForSequenceClassification

from hf_mixtrain.errors import InputError
from hf_mixtrain.hub import load_checkpoint, load_model, load_tokenizer
from hf_mixtrain.hub.model_check import check_config, check_model

CODE = "import pathlib; pathlib.Path({!r}).touch()\nclass Model: pass\nclass Tokenizer: pass\n"


class _Touch:
    """A pickle that makes a file when it is read."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


def change(folder, name="config.json", **values):
    path = folder / name
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def add_code(folder, mark):
    (folder / "code.py").write_text(CODE.format(str(mark)))


def own_model_class(folder, mark):
    add_code(folder, mark)
    change(folder, model_type="mine", auto_map={f"Auto{name}": "code.Model" for name in ("Config", "Model")})


def own_tokenizer_class(folder, mark):
    add_code(folder, mark)
    names = ["code.Tokenizer", "code.Tokenizer"]
    change(folder, "tokenizer_config.json", tokenizer_class="Tokenizer", auto_map={"AutoTokenizer": names})


def pickled_weights(folder, mark):
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(_Touch(mark)))


def pickle_through_an_index(folder, mark):
    pickled_weights(folder, mark)
    index = {"metadata": {}, "weight_map": {"classifier.weight": "pytorch_model.bin"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def weights_of_another_folder(folder, _mark):
    shutil.move(folder / "model.safetensors", folder.parent / "elsewhere.safetensors")
    index = {"metadata": {}, "weight_map": {"classifier.weight": "../elsewhere.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def weights_by_another_name(folder, _mark):
    change(folder, transformers_weights="other.safetensors")


def kernel_for_attention(folder, _mark):
    change(folder, attn_implementation="strangers/kernel")


def kernel_in_a_part(folder, _mark):
    change(folder, text_config={"_attn_implementation": "flash_attention_2"})


def quantized(folder, _mark):
    change(folder, quantization_config={"quant_method": "mxfp4"})


def without_tokenizer(folder, _mark):
    (folder / "tokenizer.json").unlink()


def vocabulary_of_another_folder(folder, _mark):
    (folder.parent / "secret.txt").write_text("mine")
    change(folder, "tokenizer_config.json", vocab_file="../secret.txt")


def layers_without_end(folder, _mark):
    change(folder, num_hidden_layers=100_000)


def labels_without_end(folder, _mark):
    change(folder, num_labels=10**9)


def nested_without_end(folder, _mark):
    (folder / "config.json").write_text('{"a":' * 100_000 + "1" + "}" * 100_000)


def width_without_end(folder, _mark):
    change(folder, hidden_size=10**7)


def cut_weights(folder, _mark):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-10])


def header_without_end(folder, _mark):
    (folder / "model.safetensors").write_bytes(b"\xff" * 100)


def load_both(folder):
    return load_model(AutoModelForSequenceClassification, folder), load_tokenizer(folder)


SPOILED = [
    own_model_class, own_tokenizer_class, pickled_weights, pickle_through_an_index, weights_of_another_folder,
    weights_by_another_name, kernel_for_attention, kernel_in_a_part, quantized, without_tokenizer,
    vocabulary_of_another_folder, layers_without_end, labels_without_end, nested_without_end, width_without_end,
    cut_weights, header_without_end,
]  # fmt: skip


@pytest.fixture
def model(tiny_models, tmp_path):
    shutil.copytree(tiny_models / "pairs", tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.parametrize("spoil", SPOILED, ids=lambda spoil: spoil.__name__)
def test_a_malicious_or_broken_model_ends_in_one_line(model, tmp_path, monkeypatch, spoil):
    spoil(model, tmp_path / "mark")
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("asked whether to run code"))
    before = set(tmp_path.rglob("*"))
    with pytest.raises(InputError) as error:
        load_both(model)
    assert len(str(error.value).splitlines()) == 1
    assert set(tmp_path.rglob("*")) == before
    with pytest.raises(InputError):
        load_checkpoint(model)


def test_a_plain_model_is_loaded_under_the_name_that_was_asked_for(model):
    loaded = load_model(AutoModelForSequenceClassification, model)
    assert loaded.name_or_path == loaded.config._name_or_path == load_tokenizer(model).name_or_path == str(model)


def test_weights_in_parts_are_loaded(model):
    whole = load_model(AutoModelForSequenceClassification, model)
    (model / "model.safetensors").unlink()
    whole.save_pretrained(model, max_shard_size="1KB")
    assert (model / "model.safetensors.index.json").is_file()
    again = load_model(AutoModelForSequenceClassification, model)
    assert all((again.state_dict()[name] == value).all() for name, value in whole.state_dict().items())


def test_an_index_that_names_a_missing_file_is_refused(model):
    load_model(AutoModelForSequenceClassification, model).save_pretrained(model, max_shard_size="1KB")
    next(model.glob("model-00002-of-*.safetensors")).unlink()
    (model / "model.safetensors").unlink(missing_ok=True)
    with pytest.raises(InputError, match="no weights"):
        check_model(model)


@pytest.mark.parametrize("value", [None, "eager", "sdpa"])
def test_attention_of_transformers_itself_is_no_kernel(tmp_path, value):
    check_config({"attn_implementation": value, "sub": {"_attn_implementation_internal": value}}, tmp_path)

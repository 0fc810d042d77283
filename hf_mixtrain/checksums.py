"""What is kept on disk to be used again, with checksums: what was cut, changed or half written is noticed."""

import hashlib
import json
import logging
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from hf_mixtrain.files import atomic_write_text, sha256_of

logger = logging.getLogger(__name__)

_SUMS = "checksums.json"


def checksums_of(folder: str | Path) -> dict[str, str]:
    """Return the SHA-256 of every file in a folder, by its path in it.

    Example:
        >>> checksums_of("no/such/folder")
        {}
    """
    folder = Path(folder)
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256_of(path) for path in paths if path.name != _SUMS}


def damaged_file(folder: str | Path, checksums: Mapping[str, str]) -> str | None:
    """Return the first file in a folder that is not as it was when its checksum was taken, None if all are.

    Args:
        folder: The folder. Files that were added later do no harm.
        checksums: As `checksums_of` gave them.
    """
    for name, expected in checksums.items():
        path = Path(folder, name)
        try:
            state = path.stat()
            if _sha256(path, state.st_mtime_ns, state.st_size) != expected:
                return name
        except OSError:
            return name
    return None


def write_checksums(folder: str | Path) -> None:
    """Write the checksums of a folder into the folder, for `is_whole`.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "a.txt").write_text("a")
        >>> write_checksums(folder)
        >>> is_whole(folder)
        True
        >>> _ = (folder / "a.txt").write_text("ab")
        >>> is_whole(folder)
        False
    """
    write_json(Path(folder, _SUMS), checksums_of(folder))


def is_whole(folder: str | Path) -> bool:
    """Tell whether a folder has its checksums, and every file that they name is as it was written.

    A folder that is damaged is named in one line of the log.
    """
    folder = Path(folder)
    if not folder.is_dir():
        return False
    sums = read_json(folder / _SUMS)
    if not isinstance(sums, dict):
        return False
    if name := damaged_file(folder, sums):
        logger.warning("%s is damaged: %s is not as it was written. It is made again.", folder, name)
    return name is None


def write_json(path: str | Path, value: Any) -> None:
    """Write a value as JSON with its checksum, as one whole; `read_json` gives it back.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp(), "record.json")
        >>> write_json(path, {"steps": 3})
        >>> read_json(path)
        {'steps': 3}
        >>> _ = path.write_text(path.read_text().replace("3", "4", 1))
        >>> read_json(path) is None
        True
    """
    atomic_write_text(path, json.dumps({"content": value, "sha256": _sum(value)}, indent=2) + "\n")


def read_json(path: str | Path) -> Any:
    """Return what `write_json` wrote; None if it is not there or, with one line in the log, if it is damaged."""
    path = Path(path)
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        if read["sha256"] == _sum(read["content"]):
            return read["content"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        pass
    logger.warning("%s is damaged. It is made again.", path)
    return None


def _sum(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


@cache
def _sha256(path: Path, _changed: int, _size: int) -> str:
    """Read a file once for each state that it is found in: models are large."""
    return sha256_of(path)

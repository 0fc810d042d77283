"""Data sets that are made once and then read from disk, found again by the content they were made from."""

import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
from datasets import ClassLabel, Dataset, Features

from hf_mixtrain.errors import InputError
from hf_mixtrain.files import atomic_file, atomic_write_text, cache_dir, remove, sha256_of, why_not_written

logger = logging.getLogger(__name__)


def key_of(*parts: object) -> str:
    """Return a name for what is made from ``parts``: equal parts, equal name, on every machine.

    Args:
        parts: Values whose ``repr`` says all about them: text, numbers, tuples and lists of these.

    Example:
        >>> key_of("panx", 128) == key_of("panx", 128), len(key_of())
        (True, 32)
    """
    return hashlib.blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def content_hash(dataset: Dataset) -> str:
    """Return the SHA-256 over all rows, column types and label names of ``dataset``, however it was made.

    Example:
        >>> rows = Dataset.from_dict({"id": ["a", "b", "c"]})
        >>> content_hash(rows.select([1])) == content_hash(Dataset.from_dict({"id": ["b"]}))
        True
    """
    table = dataset.with_format("arrow")[:] if len(dataset) else dataset.data.table.slice(0, 0)
    # One chunk, copied: two tables with equal rows then have equal bytes, whatever they were cut from.
    table = table.combine_chunks().take(pa.array(range(len(dataset)), pa.int64()))
    columns = [(field.name, str(field.type), _label_names(dataset.features[field.name])) for field in table.schema]
    digest = hashlib.sha256(repr(columns).encode("utf-8", "surrogatepass"))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema.remove_metadata()) as writer:
        writer.write_table(table.replace_schema_metadata(None))
    digest.update(sink.getvalue())
    return digest.hexdigest()


def _label_names(kind: Any) -> list[str]:
    kind = getattr(kind, "feature", kind)
    return list(kind.names) if isinstance(kind, ClassLabel) else []


def cached_dataset(
    folder: str, key: str, features: Features, make: Callable[[], Iterable[Mapping[str, list[Any]]]]
) -> Dataset:
    """Return the data set called ``key``, from disk if it is there and whole, else made and kept.

    Beside the file is one with its SHA-256: a file that was cut or changed is made again. Several processes may ask at
    the same time: each writes a file of its own and moves it into place whole.

    Args:
        folder: Folder below the cache folder, such as ``"rows"``.
        key: Name from `key_of`, over everything that ``make`` depends on.
        features: Column types.
        make: Called if the file is missing; gives batches, each a dict of equally long lists.

    Returns:
        A data set that is read from disk as needed.

    Raises:
        InputError: If the cache folder cannot be written.
    """
    path = cache_dir() / folder / f"{key}.arrow"
    if not _is_whole(path):
        try:
            if path.is_dir():
                remove(path)
            _write(path, features, make())
        except OSError as error:
            if not (reason := why_not_written(error)):
                raise
            raise InputError(
                f"{path.parent}: expected a folder that can be written, for data made ready once. Found: {reason}. "
                "Set HF_MIXTRAIN_CACHE to one."
            ) from error
        logger.info("Wrote %s", path)
    return Dataset.from_file(str(path))


def _is_whole(path: Path) -> bool:
    try:
        state = path.stat()
    except OSError:
        return False
    return path.is_file() and _has_its_checksum(path, state.st_mtime_ns, state.st_size)


@cache
def _has_its_checksum(path: Path, _changed: int, _size: int) -> bool:
    """Compare a file with its checksum, once for each state that it is found in."""
    try:
        if _checksum_file(path).read_text(encoding="utf-8", errors="replace").strip() == sha256_of(path):
            return True
    except OSError:
        pass
    logger.warning("%s is damaged, or its checksum is: it is made again.", path)
    return False


def _checksum_file(path: Path) -> Path:
    return path.with_suffix(".sha256")


def _write(path: Path, features: Features, batches: Iterable[Mapping[str, list[Any]]]) -> None:
    schema = features.arrow_schema
    with atomic_file(path) as file:
        with pa.ipc.new_stream(file, schema) as writer:
            for batch in batches:
                arrays = [pa.array(batch[field.name], field.type) for field in schema]
                writer.write_batch(pa.record_batch(arrays, schema=schema))
        file.flush()
        # Before the file itself: a file that is there has its checksum, also if the process is killed here.
        atomic_write_text(_checksum_file(path), f"{sha256_of(file.name)}\n")

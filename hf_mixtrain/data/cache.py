"""Data sets that are made once and then read from disk, found again by the content they were made from."""

import hashlib
import logging
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from datasets import Dataset, Features

from hf_mixtrain.errors import InputError
from hf_mixtrain.files import cache_dir

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
    """Return a hash over all rows and column types of ``dataset``, however it was made.

    Example:
        >>> rows = Dataset.from_dict({"id": ["a", "b", "c"]})
        >>> content_hash(rows.select([1])) == content_hash(Dataset.from_dict({"id": ["b"]}))
        True
    """
    digest = hashlib.blake2b(repr(dataset.features).encode(), digest_size=16)
    table = dataset.with_format("arrow")[:] if len(dataset) else dataset.data.table.slice(0, 0)
    # One chunk, copied: two tables with equal rows then have equal bytes, whatever they were cut from.
    table = table.combine_chunks().take(pa.array(range(len(dataset)), pa.int64()))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema.remove_metadata()) as writer:
        writer.write_table(table.replace_schema_metadata(None))
    digest.update(sink.getvalue())
    return digest.hexdigest()


def cached_dataset(
    folder: str, key: str, features: Features, make: Callable[[], Iterable[Mapping[str, list[Any]]]]
) -> Dataset:
    """Return the data set called ``key``, from disk if it is there, else made and kept.

    Several processes may ask at the same time: each writes a file of its own and moves it into place whole.

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
    if not path.is_file():
        try:
            _write(path, features, make())
        except (PermissionError, NotADirectoryError, FileExistsError) as error:
            raise InputError(
                f"{path.parent}: expected a folder that can be written, for data made ready once. "
                "Set HF_MIXTRAIN_CACHE to one."
            ) from error
        logger.info("Wrote %s", path)
    return Dataset.from_file(str(path))


def _write(path: Path, features: Features, batches: Iterable[Mapping[str, list[Any]]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    schema = features.arrow_schema
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file, pa.ipc.new_stream(file, schema) as writer:
            for batch in batches:
                arrays = [pa.array(batch[field.name], field.type) for field in schema]
                writer.write_batch(pa.record_batch(arrays, schema=schema))
            writer.close()
            file.flush()
            # A file that lost its end in a crash would read as a shorter data set.
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise

"""Where files go, and how they are written so that none is ever half there."""

import os
import tempfile
from pathlib import Path

from huggingface_hub import constants

__all__ = ["atomic_write_text", "cache_dir"]


def cache_dir() -> Path:
    """Return the folder for what can be made again: ``HF_MIXTRAIN_CACHE``, else ``hf_mixtrain`` in ``HF_HOME``.

    Example:
        >>> cache_dir().is_absolute()
        True
    """
    folder = os.environ.get("HF_MIXTRAIN_CACHE") or os.path.join(constants.HF_HOME, "hf_mixtrain")
    return Path(folder).expanduser().absolute()


def atomic_write_text(path: str | Path, text: str) -> Path:
    """Write ``text`` as UTF-8 with LF line ends: a reader sees the old file or the new one, never a part.

    Args:
        path: The file; missing parent folders are made.
        text: The whole content.

    Returns:
        ``path`` as a `Path`.

    Example:
        >>> folder = tempfile.mkdtemp()
        >>> atomic_write_text(Path(folder, "a", "b.txt"), "text").read_text()
        'text'
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files that only their owner can read.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path

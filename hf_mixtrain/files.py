"""Where files go, and how they are written so that none is ever half there."""

import os
import tempfile
from pathlib import Path

from huggingface_hub import constants


def cache_dir() -> Path:
    """Return the folder for what can be made again: ``HF_MIXTRAIN_CACHE``, else ``hf_mixtrain`` in ``HF_HOME``.

    Example:
        >>> cache_dir().is_absolute()
        True
    """
    folder = os.environ.get("HF_MIXTRAIN_CACHE") or os.path.join(constants.HF_HOME, "hf_mixtrain")
    return Path(folder).expanduser().absolute()


def is_path(text: str) -> bool:
    """Whether a text has the form of a path that is more than a name.

    Example:
        >>> [is_path(text) for text in ("/data/xtreme", "../xtreme", "./xtreme", "~/xtreme", "org/name", "hub")]
        [True, True, True, True, False, False]
    """
    return text in (".", "..") or text.startswith(("/", "~", "./", "../"))


def portable_path(path: str | Path) -> str:
    """Return a path as it can be told to others: its name alone, in a form that shows that it is a path.

    Args:
        path: A file or a folder, relative or absolute; it need not be there.

    Returns:
        ``./NAME``, the same for every way to write the same path.

    Example:
        >>> portable_path("/home/me/data/xtreme"), portable_path("data/xtreme/"), portable_path("./xtreme")
        ('./xtreme', './xtreme', './xtreme')
    """
    return f"./{os.path.basename(os.path.abspath(os.path.expanduser(path)))}"


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

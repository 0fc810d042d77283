"""Where files go, how they are written so that none is ever half there, and how they are told apart."""

import errno
import hashlib
import itertools
import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

import psutil  # type: ignore[import-untyped]
from huggingface_hub import constants

from hf_mixtrain.errors import InputError

_BLOCK = 2**20
# Names of unfinished files say which process of which machine writes them, so that those of dead ones can be removed.
_PART = ".part"
_HOST = hashlib.sha256(platform.node().encode()).hexdigest()[:8]
_RUN = uuid4().hex[:8]
_numbers = itertools.count()
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
_IN_THE_WAY = (errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG)


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


def sha256_of(path: str | Path) -> str:
    """Return the SHA-256 of a file, in hex.

    Example:
        >>> import tempfile
        >>> sha256_of(atomic_write_text(Path(tempfile.mkdtemp(), "a.txt"), "text"))[:12]
        '982d9e3eb996'
    """
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def atomic_file(path: str | Path) -> Iterator[BinaryIO]:
    """Give a file to write into, put at ``path`` when the block ends: a reader sees the old one or all of the new one.

    What is written is readable for whom the user's umask lets read. If the block raises, ``path`` stays as it was. What
    a killed process left of an earlier try is removed.

    Args:
        path: The file; missing parent folders are made.

    Yields:
        A file, open for bytes.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp(), "a.bin")
        >>> with atomic_file(path) as file:
        ...     _ = file.write(b"content")
        ...     path.exists()
        False
        >>> path.read_bytes()
        b'content'
    """
    path = Path(path)
    part = _new_part(path)
    try:
        with open(part, "xb") as file:
            yield file
            file.flush()
            # Without it, a file that was put in place just before the machine stopped can be found empty.
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException as error:
        part.unlink(missing_ok=True)
        if isinstance(error, OSError) and str(error.filename) in ("None", str(part)):
            error.filename = str(path)  # a full disk is told of without any name
        raise


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Give a folder to fill that is put at ``path`` when the block ends, in place of what is there.

    If the block raises, ``path`` stays as it was. What a killed process left of an earlier try is removed.

    Args:
        path: The folder; missing parent folders are made.

    Yields:
        An empty folder beside it.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp(), "model")
        >>> with atomic_folder(path) as folder:
        ...     _ = (folder / "config.json").write_text("{}")
        ...     path.exists()
        False
        >>> [file.name for file in path.iterdir()]
        ['config.json']
    """
    path = Path(path)
    part = _new_part(path)
    part.mkdir()
    try:
        yield part
        if path.exists():
            old = _new_part(path)
            os.rename(path, old)
            os.rename(part, path)
            remove(old)
        else:
            os.rename(part, path)
    except BaseException:
        remove(part)
        raise


def atomic_write_bytes(path: str | Path, content: bytes) -> Path:
    """Write ``content`` as one whole; see `atomic_file`.

    Args:
        path: The file; missing parent folders are made.
        content: The whole content.

    Returns:
        ``path`` as a `Path`.

    Example:
        >>> import tempfile
        >>> atomic_write_bytes(Path(tempfile.mkdtemp(), "a", "b.bin"), b"content").read_bytes()
        b'content'
    """
    with atomic_file(path) as file:
        file.write(content)
    return Path(path)


def atomic_write_text(path: str | Path, text: str) -> Path:
    """Write ``text`` as UTF-8 with LF line ends, as one whole; see `atomic_file`.

    Args:
        path: The file; missing parent folders are made.
        text: The whole content.

    Returns:
        ``path`` as a `Path`.

    Example:
        >>> import tempfile
        >>> atomic_write_text(Path(tempfile.mkdtemp(), "a", "b.txt"), "text").read_text()
        'text'
    """
    return atomic_write_bytes(path, text.encode("utf-8"))


def remove(path: str | Path) -> None:
    """Remove a file or a folder with all that is in it; what is not there is no error.

    Example:
        >>> remove("no/such/file")
    """
    path = Path(path)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def no_room(error: BaseException) -> str | None:
    """Return in words why no file at all can be written where an error came from, None if it is about something else.

    Libraries in other languages tell the system's reason in their text alone (safetensors 0.8, torch 2.13).

    Example:
        >>> no_room(RuntimeError("I/O error: No space left on device (os error 28)"))
        'No space left on device'
    """
    if isinstance(error, OSError):
        return os.strerror(error.errno) if error.errno in _NO_ROOM else None
    told = str(error)
    return next((os.strerror(code) for code in _NO_ROOM if os.strerror(code) in told), None)


def why_not_written(error: BaseException) -> str | None:
    """Return in words why something could not be written, or None if the error is about something else.

    Example:
        >>> why_not_written(OSError(errno.ENOSPC, "No space left on device"))
        'No space left on device'
        >>> why_not_written(FileNotFoundError(errno.ENOENT, "No such file or directory"))
    """
    if isinstance(error, OSError) and error.errno in _IN_THE_WAY:
        return f"{os.strerror(error.errno)}{f' ({error.filename})' if error.filename else ''}"
    return no_room(error)


def require_writable(folder: str | Path) -> None:
    """Check that a folder can be written into, or can be made where it is not there yet; nothing is made.

    Args:
        folder: The folder.

    Raises:
        InputError: If not; one line with the folder, the reason and what to do.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> require_writable(folder / "new" / "out")
        >>> list(folder.iterdir())
        []
    """
    there = Path(folder).absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    try:
        if not there.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(there))
        probe = _new_part(there / "probe")
        probe.write_bytes(b"content")
        probe.unlink()
    except OSError as error:
        raise InputError(
            f"{folder}: expected a folder that can be written, found: {why_not_written(error) or error}. "
            "Use another one, or correct this one, and run the same command again."
        ) from error


def require_writable_file(path: str | Path) -> None:
    """Check that a file can be written, before the work that its content takes; nothing is made.

    Args:
        path: The file; it may be there already.

    Raises:
        InputError: If not; one line with the path, the reason and what to do.

    Example:
        >>> require_writable_file(".")
        Traceback (most recent call last):
        hf_mixtrain.errors.InputError: .: expected the name of a file, found a folder. Use another name.
    """
    if Path(path).is_dir():
        raise InputError(f"{path}: expected the name of a file, found a folder. Use another name.")
    require_writable(Path(path).parent)


def _new_part(path: Path) -> Path:
    """Name an unfinished file beside ``path``, and remove those of processes that are no more."""
    path.parent.mkdir(parents=True, exist_ok=True)
    start = f".{path.name[:150]}."
    for name in os.listdir(path.parent):
        if name.startswith(start) and name.endswith(_PART) and _is_left_over(path.parent / name):
            remove(path.parent / name)
    return path.with_name(f"{start}{_HOST}-{os.getpid()}-{_RUN}-{next(_numbers)}{_PART}")


def _is_left_over(part: Path) -> bool:
    """Whether the process that wrote an unfinished file is no more, as far as this machine can tell."""
    host, pid, run, *_ = (*part.name.split(".")[-2].split("-"), "", "", "")
    if host != _HOST or not pid.isdigit():
        return False
    if int(pid) == os.getpid():
        return run != _RUN  # in a container, the first process has the same number again
    try:
        return psutil.Process(int(pid)).create_time() > part.stat().st_mtime + 1
    except (psutil.NoSuchProcess, FileNotFoundError):
        return True
    except psutil.AccessDenied:
        return False

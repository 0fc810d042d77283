"""Who works on what when several launches share a folder: claims that hold on NFS and Lustre, without file locks.

The claims on one piece of work are numbered files, each made by exclusive creation (``O_EXCL``), which local file
systems, NFS (3 and later) and Lustre do in one step; file locks need a service that clusters often switch off. The file
with the highest number says who holds the work. Its owner rewrites it every few seconds, the heartbeat. A claim is over
when its owner says so in it, when its owner is a process of this machine that has ended, or when its file has not
changed for ``patience`` seconds by the observer's own clock, so that clocks need not agree. Who takes work over creates
the next number, and of several who try, one succeeds. Files are never deleted, so a number is never given twice; but
for those of a name that only one process ever takes, see `Claims.forget`.
"""

import contextlib
import json
import logging
import os
import platform
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil  # type: ignore[import-untyped]

from hf_mixtrain.files import remove

logger = logging.getLogger(__name__)

# Seconds between two heartbeats, and until an owner without one counts as gone: NFS may show files 60 s old.
BEAT, PATIENCE = 10.0, 150.0
# A claim is rewritten in place with as many bytes as before: this needs no room on a disk that is full.
_BYTES = 1024


class ClaimLostError(RuntimeError):
    """Another launch has taken the work over, because this process gave no sign for too long."""


@dataclass(frozen=True)
class Holder:
    """What a claim says of its owner.

    Attributes:
        host: Name of the machine.
        pid: Number of the process there.
        note: What the owner noted of its progress.
        silent_seconds: Age of the last heartbeat by the clock of this machine.
        over: Whether the owner has given the work back, or is a process of this machine that has ended.
    """

    host: str
    pid: int
    note: dict[str, Any]
    silent_seconds: float
    over: bool


class Claim:
    """Work that this process holds, until `release`. Made by `Claims.take`; as a context, it releases at the end.

    Attributes:
        name: Of the work.
        lost: Whether another launch has taken it over.
    """

    def __init__(self, path: Path, handle: int, on_release: Callable[["Claim"], None]) -> None:
        self.name = path.parent.name
        self._path, self._handle, self._on_release = path, handle, on_release
        self._lock = threading.Lock()
        self._content = _identity() | {"token": uuid4().hex, "beat": 0, "over": False, "note": {}}
        self._is_open = True
        self.lost = False
        self._write()

    def __enter__(self) -> "Claim":
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def note(self, **values: Any) -> None:
        """Note how far the work is; others see it after the next heartbeat."""
        with self._lock:
            self._content["note"] = values

    def check(self) -> None:
        """Raise `ClaimLostError` if others have taken the work over."""
        if self.lost:
            raise ClaimLostError(
                f"{self.name}: another launch has taken this over, because this process gave no sign for "
                "some minutes (was it suspended, or the disk out of reach?). Nothing is lost: that launch goes on."
            )

    def beat(self) -> None:
        """Show that the owner is alive, and find out whether others thought otherwise."""
        with self._lock:
            if not self._is_open:
                return
            self._content["beat"] += 1
            try:
                self._write()
                self.lost = self.lost or _path(self._path.parent, int(self._path.name) + 1).exists()
            except OSError as error:  # the file system may be back at the next beat
                logger.debug("No heartbeat in %s: %s", self._path, error)

    def release(self) -> None:
        """Give the work back; doing so again does nothing."""
        with self._lock:
            if not self._is_open:
                return
            self._content["over"] = True
            with contextlib.suppress(OSError):
                self._write()
            os.close(self._handle)
            self._is_open = False
        self._on_release(self)

    def _write(self) -> None:
        text = json.dumps(self._content)
        if len(text) >= _BYTES:
            text = json.dumps(self._content | {"note": {}})
        content, done = text.ljust(_BYTES - 1).encode() + b"\n", 0
        while done < len(content):  # less than all is written, without an error, where the disk becomes full
            done += os.pwrite(self._handle, content[done:], done)
        os.fsync(self._handle)


class Claims:
    """The claims in one folder.

    Args:
        folder: The folder, shared by all launches; it is made when it is needed.
        beat: Seconds between two heartbeats of a claim that is held here.
        patience: Seconds without any heartbeat after which an owner counts as gone.

    Attributes:
        folder: The folder.

    Example:
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> mine, others = Claims(folder), Claims(folder)
        >>> with mine.take("cell"):
        ...     others.take("cell") is None
        True
        >>> others.take("cell") is None
        False
    """

    def __init__(self, folder: str | Path, *, beat: float = BEAT, patience: float = PATIENCE) -> None:
        self.folder = Path(folder)
        self._beat, self._patience = beat, patience
        self._held: set[Claim] = set()
        self._seen: dict[Path, tuple[bytes, float]] = {}
        self._heart: threading.Thread | None = None
        self._lock = threading.Lock()

    def take(self, name: str) -> Claim | None:
        """Claim a piece of work.

        Args:
            name: Its name, which may be the name of a file.

        Returns:
            The claim, or None if someone holds the work.

        Raises:
            OSError: If the folder cannot be written.
        """
        last = _last(self.folder / name)
        if last and not self._is_over(_path(self.folder / name, last)):
            return None
        path = _path(self.folder / name, last + 1)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
        except FileExistsError:
            return None
        try:
            claim = Claim(path, handle, self._held.discard)
        except OSError as error:
            # The disk is full. An empty claim would keep others waiting for as long as one whose owner is silent.
            os.close(handle)
            path.unlink(missing_ok=True)
            error.filename = str(path)
            raise
        with self._lock:
            self._held.add(claim)
            if self._heart is None:
                self._heart = threading.Thread(target=self._beat_on, name="heartbeat", daemon=True)
                self._heart.start()
        return claim

    def wait(self, name: str, poll: float = 0.5) -> Claim:
        """Claim a piece of work as soon as nobody holds it."""
        said = False
        while (claim := self.take(name)) is None:
            if not said:
                logger.info("Waiting for another process that works on %s.", name)
                said = True
            time.sleep(poll)
        return claim

    def is_free(self, name: str) -> bool:
        """Tell whether `take` would succeed now."""
        last = _last(self.folder / name)
        return not last or self._is_over(_path(self.folder / name, last))

    def forget(self, name: str) -> None:
        """Release what this process holds of a name that nobody takes again, and remove the files of that name."""
        with self._lock:
            mine = [claim for claim in self._held if claim.name == name]
        for claim in mine:
            claim.release()
        remove(self.folder / name)

    def _is_over(self, path: Path) -> bool:
        content = _read(path)
        holder = _holder(path, content)
        if holder is not None and holder.over:
            return True
        now = time.monotonic()
        before, since = self._seen.get(path, (None, now))
        if before != content:
            self._seen[path] = content, now
            return False
        return now - since > self._patience

    def _beat_on(self) -> None:
        while True:
            time.sleep(self._beat)
            with self._lock:
                held = list(self._held)
                if not held:
                    self._heart = None
                    return
            for claim in held:
                claim.beat()


def holders(folder: str | Path) -> dict[str, Holder]:
    """Return who holds or last held each piece of work, for people to read: it decides nothing.

    Args:
        folder: The folder of some `Claims`; it need not be there.
    """
    found: dict[str, Holder] = {}
    for part in sorted(Path(folder).glob("*/")):
        if last := _last(part):
            path = _path(part, last)
            holder = _holder(path, _read(path))
            if holder is not None:
                found[part.name] = holder
    return found


def _last(folder: Path) -> int:
    try:
        return max((int(name) for name in os.listdir(folder) if name.isdecimal() and name.isascii()), default=0)
    except FileNotFoundError:
        return 0


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:04d}"


def _read(path: Path) -> bytes:
    # Opening a file makes NFS ask the server, where `stat` may answer from a cache.
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _holder(path: Path, content: bytes) -> Holder | None:
    """What a claim says; None if it is being written at this moment, was left empty, or is damaged."""
    try:
        values = json.loads(content)
        silent = max(0.0, time.time() - path.stat().st_mtime)
        pid = int(values["pid"])
        ended = values["machine"] == _machine() and _started(pid) != values["started"]
        return Holder(str(values["host"]), pid, dict(values["note"]), silent, values["over"] is True or ended)
    except (ValueError, OSError, LookupError, TypeError, RecursionError, OverflowError):
        return None


def _identity() -> dict[str, Any]:
    pid = os.getpid()
    return {"host": platform.node(), "pid": pid, "machine": _machine(), "started": _started(pid)}


@cache
def _machine() -> str:
    """Where numbers of processes mean the same: one boot of one machine, and one container on it."""
    parts = [platform.node()]
    for path in ("/proc/sys/kernel/random/boot_id", "/proc/self/ns/pid"):
        with contextlib.suppress(OSError):
            parts.append(os.readlink(path) if path.endswith("pid") else Path(path).read_text().strip())
    return " ".join(parts)


def _started(pid: int) -> str:
    """When a process of this machine began, which tells it from a later one of the same number; empty if it ended."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if state in "ZX" else fields[18]
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return ""
    try:
        return str(psutil.Process(pid).create_time())
    except psutil.Error:
        return ""

"""Faults to order: which request goes wrong, how, and how often."""

import re
import socket
import struct
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

RESET = "reset"  # the connection is reset before anything is done
LOST = "lost"  # the request is carried out, and the connection is reset before the answer
CUT = "cut"  # the answer ends in the middle of the body
FLIP = "flip"  # one byte of the body is wrong
STALL = "stall"  # nothing is said for longer than the client waits


class Fault(NamedTuple):
    """``action`` is one of the names above, or a status with optional headers and body."""

    action: str | int
    headers: Mapping[str, str] = MappingProxyType({})
    body: bytes = b'{"error": "ordered by the test"}'


class Faults:
    """Faults that wait for their requests; each is used once."""

    def __init__(self):
        self._waiting: list[tuple[str, re.Pattern, list[Fault]]] = []
        self.used: list[str] = []

    def add(self, method: str, path: str, faults: Iterable[Fault | str | int]) -> None:
        queue = [fault if isinstance(fault, Fault) else Fault(fault) for fault in faults]
        self._waiting.append((method, re.compile(path), queue))

    def take(self, method: str, path: str) -> Fault | None:
        for wanted, pattern, queue in self._waiting:
            if wanted == method and queue and pattern.search(path):
                self.used.append(f"{method} {path}")
                return queue.pop(0)
        return None

    def clear(self) -> None:
        self._waiting.clear()
        self.used.clear()


def reset(connection: socket.socket) -> None:
    """Close a connection so that the other side sees a reset, not an orderly end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()

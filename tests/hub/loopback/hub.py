"""The server: two ports, one for the Hub and one for its storage, so that a token sent to the storage is noticed."""

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from .faults import CUT, FLIP, LOST, RESET, STALL, Faults, reset
from .store import HubError, Repo, Store


class Request(NamedTuple):
    hub: "LoopbackHub"
    method: str
    path: str
    query: dict[str, str]
    headers: Any
    body: bytes

    @property
    def authorization(self) -> str | None:
        return self.headers.get("Authorization")

    def json(self) -> Any:
        return json.loads(self.body or b"{}")


class Answer(NamedTuple):
    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = MappingProxyType({})


Handler = Callable[..., Answer]
_LONG = 4.0  # seconds; the client of these tests waits for two
ROUTES: list[tuple[str, re.Pattern, Handler]] = []


def route(method: str, pattern: str) -> Callable[[Handler], Handler]:
    """Register a function for requests; groups of the pattern become its arguments, percent-decoded."""

    def register(handler: Handler) -> Handler:
        ROUTES.append((method, re.compile(pattern), handler))
        return handler

    return register


class LoopbackHub:
    """A Hub that runs in threads of this process.

    Args:
        cas: Folder of the Xet storage; without it the Hub offers LFS alone.
    """

    def __init__(self, cas: Path | None = None):
        self.cas = cas
        self.store = Store({})
        self.faults = Faults()
        self.requests: list[str] = []  # "GET /api/models/me/ner"
        self.received: list[bytes] = []  # bodies of all requests
        self.lock = threading.RLock()
        self._servers = [self._start(), self._start()]
        self.url, self.storage_url = (f"http://127.0.0.1:{server.server_address[1]}" for server in self._servers)

    def account(self, name: str, role: str = "write") -> str:
        """Make an account and return its token."""
        token = f"hf_{name}{role}Secret0123456789abcdefghij"
        self.store.tokens[token] = (name, role)
        return token

    def repo(self, repo_id: str) -> Repo:
        return self.store.repos[repo_id]

    def files(self, repo_id: str, revision: str = "main") -> dict[str, bytes]:
        """Contents of a revision, of files that did not go to the Xet storage."""
        files = self.repo(repo_id).resolve(revision).files
        return {path: self.store.content(blob) for path, blob in files.items() if self.has(blob)}

    def has(self, blob: Any) -> bool:
        return blob.sha256 is None or blob.sha256 in self.store.large

    def fail(self, method: str, path: str, *faults: Any) -> None:
        """Let the next requests that fit go wrong, one fault each; then they work again."""
        self.faults.add(method, path, faults)

    def forget(self) -> None:
        """Forget the requests so far and the faults that wait."""
        self.requests.clear()
        self.received.clear()
        self.faults.clear()

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def _start(self) -> ThreadingHTTPServer:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Connection)
        server.daemon_threads = True
        server.hub = self
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return server


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Without this, a header and a body in two packets wait for each other.
    disable_nagle_algorithm = True

    def log_message(self, *_args: Any) -> None:
        pass

    def _answer(self) -> None:
        hub: LoopbackHub = self.server.hub
        url = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else self._chunks()
        with hub.lock:
            hub.requests.append(f"{self.command} {url.path}")
            hub.received.append(body)
            fault = hub.faults.take(self.command, url.path)
        if fault and fault.action == STALL:
            time.sleep(_LONG)
        if fault and fault.action in (RESET, STALL):
            self._reset()
            return
        if fault and isinstance(fault.action, int):
            self._send(Answer(fault.body, fault.action, fault.headers))
            return
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        with hub.lock:
            answer = _dispatch(Request(hub, self.command, url.path, query, self.headers, body))
        if fault and fault.action == LOST:
            self._reset()
            return
        self._send(answer, fault.action if fault else None)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815

    def _chunks(self) -> bytes:
        body = b""
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        return body

    def _reset(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        reset(self.connection)

    def _send(self, answer: Answer, damage: str | int | None = None) -> None:
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        if not isinstance(answer.body, bytes):
            self.send_header("Content-Type", "application/json; charset=utf-8")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if "Content-Length" not in answer.headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if damage == FLIP:
            body = body[:-1] + bytes([body[-1] ^ 1])
        if damage == CUT:
            body = body[: len(body) // 2]
            self.close_connection = True
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError, ValueError):  # the other side is gone, or we have reset it
            super().handle()

    def finish(self) -> None:
        with contextlib.suppress(ConnectionError, ValueError, OSError):
            super().finish()


def _dispatch(request: Request) -> Answer:
    for method, pattern, handler in ROUTES:
        if method == request.method and (match := pattern.fullmatch(request.path)):
            try:
                return handler(request, *(unquote(group) for group in match.groups() if group is not None))
            except HubError as error:
                headers = {"X-Error-Message": str(error)} | ({"X-Error-Code": error.code} if error.code else {})
                return Answer(error.body, error.status, headers)
    return Answer({"error": f"no such route: {request.method} {request.path}"}, 404)

"""A host on the other side of a real connection: remembers what it was sent, answers what a test lays down."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Said = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class Heard:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Host:
    """`answers` are given one after the other; the last one stays. An answer may be a function of what was heard."""

    port: int
    scheme: str = "http"
    heard: list[Heard] = field(default_factory=list)
    answers: list[Said | Callable[[Heard], Said]] = field(default_factory=lambda: [(200, {}, b"ok")])

    def address(self, path: str = "/hook/0f1e2d3c") -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}{path}"

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """From now on."""
        self.answers = [(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)]

    def next(self, heard: Heard) -> Said:
        self.heard.append(heard)
        said = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        return said(heard) if callable(said) else said


@contextlib.contextmanager
def listening(wrap: Callable[[ThreadingHTTPServer], None] | None = None) -> Iterator[Host]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, given, content = host.next(Heard(self.path, headers, body))
            self.send_response(status)
            for name, value in given.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if wrap is not None:
        wrap(server)
    host = Host(server.server_address[1], "http" if wrap is None else "https")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)

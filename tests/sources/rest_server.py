"""A REST source over real HTTP, with the manners and bad manners that such servers have."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

SECRET = "s3cret-of-the-source"
CLIENT = ("accord", "client-s3cret")


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Shop:
    """What the server has, what it does next, and what it was asked."""

    orders: list[dict[str, Any]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    #: Answers that come before the usual one: (status, headers, body).
    before: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    given_tokens: int = 0
    port: int = 0
    rows_a_page: int = 2
    #: Called before each answer.
    at_each: Callable[[Asked], None] = lambda asked: None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def allow(self) -> list[str]:
        return [f"127.0.0.1:{self.port}"]

    def paths(self) -> list[str]:
        return [one.path for one in self.asked]

    def answer(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        if self.before:
            return self.before.pop(0)
        answers = {
            "/v1": lambda asked: (200, {}, b"hello"),
            "/v1/all": lambda asked: _json(self.orders),
            "/v1/pages": self.page,
            "/v1/pages404": self.page_or_404,
            "/v1/offsets": self.offset,
            "/v1/cursors": self.cursor,
            "/v1/addresses": self.address,
            "/v1/links": self.link,
            "/v1/same": lambda asked: _json(self.orders[:2]),
            "/v1/since": self.since,
            "/v1/guarded": self.guarded,
            "/token": self.token,
        }
        found = answers.get(asked.path)
        return found(asked) if found else (404, {}, b"no such thing")

    def page(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        number, size = int(asked.query.get("page", 1)), min(int(asked.query.get("limit", 2)), 3)
        return _json({"data": {"items": self.orders[(number - 1) * size : number * size]}, "page": number})

    def page_or_404(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        found = self.page(asked)
        return found if json.loads(found[2])["data"]["items"] else (404, {}, b"{}")

    def offset(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        start = int(asked.query["skip"])
        # It gives three at most, whatever it is asked for.
        return _json(self.orders[start : start + 3])

    def cursor(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        start = int(asked.query.get("after", 0))
        end = start + self.rows_a_page
        following = end if end < len(self.orders) else None
        return _json({"rows": self.orders[start:end], "meta": {"next": following}})

    def address(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        start = int(asked.query.get("start", 0))
        following = f"{self.base}/addresses?start={start + 2}" if start + 2 < len(self.orders) else None
        return _json({"results": self.orders[start : start + 2], "next": following})

    def link(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        start = int(asked.query.get("start", 0))
        headers = {}
        if start + 2 < len(self.orders):
            headers["Link"] = f'</v1/links?start=0>; rel="first", </v1/links?start={start + 2}>; rel="next"'
        status, _none, body = _json(self.orders[start : start + 2])
        return status, headers, body

    def since(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        wanted = asked.query.get("updated_since", "")
        return _json([one for one in self.orders if one["updated_at"] >= wanted])

    def guarded(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        said = asked.headers.get("authorization", "")
        basic = "Basic " + base64.b64encode(f"user:{SECRET}".encode()).decode()
        known = {f"Bearer {SECRET}", basic, *(f"Bearer {token}" for token in self.tokens)}
        if said in known or asked.headers.get("x-api-key") == SECRET:
            return _json(self.orders)
        return 401, {}, f"wrong: {said} {asked.headers.get('x-api-key', '')}".encode()

    def token(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        basic = "Basic " + base64.b64encode(":".join(CLIENT).encode()).decode()
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        is_known = asked.headers.get("authorization") == basic
        if not is_known or form.get("grant_type") != "client_credentials":
            return 401, {}, b'{"error": "invalid_client"}'
        self.given_tokens += 1
        token = f"token-{self.given_tokens}"
        self.tokens.add(token)
        return _json({"access_token": token, "token_type": "Bearer", "expires_in": 3600})


def _json(value: Any) -> tuple[int, dict[str, str], bytes]:
    return 200, {}, json.dumps(value).encode()


@contextmanager
def served(orders: list[dict[str, Any]]) -> Iterator[Shop]:
    shop = Shop(orders=orders)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {
                name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()
            }
            size = int(self.headers.get("Content-Length") or 0)
            asked = Asked(
                self.command,
                parts.path,
                query,
                {name.lower(): value for name, value in self.headers.items()},
                self.rfile.read(size),
            )
            shop.asked.append(asked)
            shop.at_each(asked)
            status, headers, body = shop.answer(asked)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "Content-Length" not in headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *parts: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    shop.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield shop
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


def orders(count: int) -> list[dict[str, Any]]:
    """As a shop would tell them: records in records, a list, exact money, a moment."""
    return [
        {
            "id": number,
            "store": {"code": f"0{number % 3}", "city": "成都"},
            "amount": number + 0.1,
            "tags": ["a", number],
            "is_paid": number % 2 == 0,
            "updated_at": f"2026-05-{number:02d}T08:00:00Z",
        }
        for number in range(1, count + 1)
    ]

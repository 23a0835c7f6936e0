"""Somebody signed in at the server under measurement: a session made directly, one kept-alive connection."""

from __future__ import annotations

import html
import http.client
import json
import time
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from performance.config.benchmark.counting import HEADER
from performance.people.models import Person

CSRF = "b" * 32


@dataclass(frozen=True)
class Answer:
    """One request: how long it took from the first byte sent to the last one read, and what came back."""

    status: int
    milliseconds: float
    queries: int | None
    content: bytes
    location: str

    @property
    def size(self) -> int:
        return len(self.content)

    @property
    def text(self) -> str:
        return html.unescape(self.content.decode())

    def json(self) -> Any:
        return json.loads(self.content)


@dataclass
class Visitor:
    """A browser of one person, without the browser."""

    port: int
    person: Person | None = None
    _cookies: str = field(init=False, default="")
    _connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        cookies = {settings.CSRF_COOKIE_NAME: CSRF}
        if self.person is not None:
            cookies[settings.SESSION_COOKIE_NAME] = _session_key(self.person.user)
        self._cookies = "; ".join(f"{name}={value}" for name, value in cookies.items())

    def get(self, path: str) -> Answer:
        return self._ask("GET", path)

    def post(self, path: str, fields: dict[str, Any]) -> Answer:
        return self._ask("POST", path, urlencode(fields, doseq=True))

    def close(self) -> None:
        self._connection.close()

    def _ask(self, method: str, path: str, body: str | None = None) -> Answer:
        headers = {"Cookie": self._cookies, "X-CSRFToken": CSRF, "Accept-Encoding": "identity"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        begun = time.perf_counter()
        self._connection.request(method, path, body=body, headers=headers)
        response = self._connection.getresponse()
        content = response.read()
        took = (time.perf_counter() - begun) * 1000
        counted = response.getheader(HEADER)
        return Answer(
            status=response.status,
            milliseconds=took,
            queries=int(counted) if counted is not None else None,
            content=content,
            location=response.getheader("Location") or "",
        )


def _session_key(user: Any) -> str:
    """A session as signing in would leave it."""
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    return str(store.session_key)

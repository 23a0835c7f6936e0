"""Requests to addresses that somebody else chose: a chat's bot, a system of the organisation.

The name is resolved once and judged (`egress`), the judged address is dialled, and TLS still checks the name. One deadline
holds for everything after the name is resolved, whatever the other side drips. What failed says so by a code: the words of
drivers and servers can repeat the address, which is a secret. `post` follows no redirect, and reads only the beginning of
the answer; whoever needs more speaks over `line_to` and `in_time`.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import urllib3
from django.utils.translation import gettext_lazy as _
from urllib3.connection import HTTPConnection, HTTPSConnection

from performance.foundation import egress, refusals

SECONDS = 10
MOST_BYTES = 64 * 1024
LONGEST_ADDRESS = 1000
DEFAULT_PORTS = {"https": 443, "http": 80}
PRINTABLE = re.compile(r"[!-~]+\Z")
REASONS: dict[str, Any] = {
    "bad_address": _("This is not an address of the form https://host/path."),
    "not_encrypted": _("Only an address that begins with https:// keeps what is sent from others."),
    "unreachable": _("The host cannot be reached."),
    "tls_refused": _("The host offers no trusted encryption."),
    "timed_out": _("The host took too long to answer."),
    "odd_answer": _("What the host answered could not be understood."),
}


class Unanswered(refusals.Refused):
    """There is no answer. `retryable`: another try may bring one."""

    def __init__(self, code: str, *, retryable: bool = True) -> None:
        super().__init__(REASONS[code], code=code)
        self.retryable = retryable


@dataclass(frozen=True)
class Place:
    """Where an address leads. `target` is what stands behind the host: a secret, as in most addresses of bots."""

    scheme: str
    host: str
    port: int
    target: str = field(repr=False)

    @property
    def host_header(self) -> str:
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == DEFAULT_PORTS[self.scheme] else f"{name}:{self.port}"


@dataclass(frozen=True)
class Answer:
    """What came back: `headers` by their name in small letters, and the beginning of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def place_of(address: str, *, longest: int = LONGEST_ADDRESS) -> Place:
    """The parts of an address. Raises Unanswered("bad_address")."""
    try:
        parts = urlsplit(address)
        scheme, host, port = parts.scheme, parts.hostname or "", parts.port
    except ValueError as error:
        raise Unanswered("bad_address", retryable=False) from error
    # A name before an @ would be a password in plain sight, and a way to make one host look like another.
    is_plain = len(address) <= longest and PRINTABLE.match(address) and "\\" not in address
    if not is_plain or scheme not in DEFAULT_PORTS or not host or "@" in parts.netloc or port == 0:
        raise Unanswered("bad_address", retryable=False)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(scheme, host, port or DEFAULT_PORTS[scheme], target)


def post(
    address: str,
    *,
    headers: Mapping[str, str],
    body: bytes,
    allow: Iterable[str],
    seconds: float = SECONDS,
    resolver: egress.Resolver = socket.getaddrinfo,
) -> Answer:
    """Sends one POST and reads the answer. Raises EgressRefused, Unanswered. Never inside a transaction.

    Without encryption only an address is reached that the installation allows although it is private.
    """
    place = place_of(address)
    line = line_to(place, allow=allow, seconds=seconds, resolver=resolver)
    if place.scheme == "http" and egress.is_public(ip_address(line.host)):
        raise Unanswered("not_encrypted", retryable=False)
    sent = {"User-Agent": "Accord", **headers, "Host": place.host_header, "Connection": "close"}
    try:
        with in_time(line, time.monotonic() + seconds):
            line.request("POST", place.target, body=body, headers=sent, preload_content=False)
            with contextlib.closing(line.getresponse()) as answer:
                # Only so much, and as it came: a packed answer could unpack to anything.
                content = answer.read(MOST_BYTES, decode_content=False)
    finally:
        line.close()
    return Answer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, content)


def line_to(
    place: Place,
    *,
    allow: Iterable[str],
    seconds: float,
    resolver: egress.Resolver = socket.getaddrinfo,
) -> HTTPConnection:
    """A line to the address that was judged now, not dialled yet. `seconds`: how long one wait may last. Raises
    EgressRefused."""
    pinned = egress.pin(place.host, place.port, allow=allow, resolver=resolver)
    if place.scheme == "http":
        return HTTPConnection(pinned.address, pinned.port, timeout=seconds)
    return HTTPSConnection(
        pinned.address,
        pinned.port,
        timeout=seconds,
        ssl_context=ssl.create_default_context(),
        server_hostname=place.host.rstrip("."),
    )


@contextlib.contextmanager
def in_time(line: HTTPConnection, deadline: float) -> Iterator[None]:
    """What is said over a line inside this, dialled first where it is not open, ends by the deadline (time.monotonic).
    Raises Unanswered: unreachable, tls_refused, timed_out, odd_answer."""
    try:
        with _cut_off(line, deadline):
            yield
    except ssl.SSLError as error:
        raise Unanswered("timed_out" if time.monotonic() >= deadline else "tls_refused") from error
    except (OSError, http.client.HTTPException, urllib3.exceptions.HTTPError) as error:
        raise Unanswered(_code_of(error, deadline)) from error
    if time.monotonic() >= deadline:
        # Cut off in the middle of a body without a length, which looks like its end.
        raise Unanswered("timed_out")


@contextlib.contextmanager
def _cut_off(line: HTTPConnection, deadline: float) -> Iterator[None]:
    """Each wait has a limit of its own, so a host that sends one byte at a time would never reach any: at the deadline
    the line is cut. Its socket is kept at hand: the connection lets go of it when the answer begins."""
    sockets: list[Any] = []

    def cut() -> None:
        for each in (line.sock, *sockets):
            with contextlib.suppress(OSError, AttributeError):
                each.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(deadline - time.monotonic(), 0), cut)
    timer.daemon = True
    timer.start()
    try:
        if line.sock is None:
            line.connect()
        sockets.append(line.sock)
        if time.monotonic() >= deadline:
            # In the middle of a handshake there was no line to cut yet.
            raise TimeoutError
        yield
    finally:
        timer.cancel()


def _code_of(error: Exception, deadline: float) -> str:
    # A connection that could not be made counts as one that took too long, for urllib3.
    is_slow = isinstance(error, TimeoutError | urllib3.exceptions.TimeoutError)
    if time.monotonic() >= deadline or (
        is_slow and not isinstance(error, urllib3.exceptions.NewConnectionError)
    ):
        return "timed_out"
    if isinstance(error, urllib3.exceptions.SSLError):
        return "tls_refused"
    is_talk = isinstance(error, http.client.HTTPException | urllib3.exceptions.ProtocolError)
    return "odd_answer" if is_talk and not isinstance(error, ConnectionError) else "unreachable"

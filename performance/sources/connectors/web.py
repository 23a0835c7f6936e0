"""HTTP to addresses that egress has judged: each dial is judged anew, and so is wherever a redirect leads.

Bytes, seconds and redirects are counted. What a server says in a body or a header never gets into a refusal: it may
repeat the secret that it was asked with. Credentials go to the origin they were given for and to no other.
"""

from __future__ import annotations

import email.utils
import random
import socket
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import quote, urlencode, urljoin

from urllib3.connection import HTTPConnection
from urllib3.response import HTTPResponse

from performance.foundation import egress, outgoing
from performance.sources.connectors.protocol import ConnectorRefused, Limits

#: Of one answer, unpacked: it is held in memory as a whole.
MAX_ANSWER = 32 * 1024**2
CHUNK = 1 << 16
#: Addresses of next pages carry their place in them.
LONGEST_ADDRESS = 8000
MAX_REDIRECTS = 5
TRIES = 5
LONGEST_WAIT = 120.0
SILENCE_SECONDS = 60
REDIRECTS = frozenset({301, 302, 303, 307, 308})
AGAIN = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Answer:
    """`links`: the Link headers. `address`: where it came from in the end."""

    status: int
    body: bytes
    links: str
    address: str


@dataclass(frozen=True)
class Origin:
    scheme: str
    host: str
    port: int


def origin_of(address: str) -> Origin:
    """Raises ConnectorRefused("bad_address") for what is no plain address of http or https."""
    place = _place_of(address)
    return Origin(place.scheme, place.host, place.port)


def _place_of(address: str) -> outgoing.Place:
    with _refusing():
        return outgoing.place_of(address, longest=LONGEST_ADDRESS)


@contextmanager
def _refusing() -> Iterator[None]:
    """What the network or its guard says, as a connector says it. A server that talks gibberish may be another one when
    it is asked again, as one that is not there."""
    try:
        yield
    except egress.EgressRefused as refused:
        raise ConnectorRefused(refused.code, retryable=refused.retryable) from refused
    except outgoing.Unanswered as refused:
        code = "unreachable" if refused.code == "odd_answer" else refused.code
        raise ConnectorRefused(code, retryable=code in ("unreachable", "timed_out")) from refused


class Web:
    """Requests of one piece of work. `allow`: the installation's egress exceptions, see egress.pin."""

    def __init__(
        self,
        *,
        allow: Sequence[str] = (),
        limits: Limits | None = None,
        sleep: Callable[[float], None] = time.sleep,
        resolver: egress.Resolver | None = None,
    ) -> None:
        self._allow = tuple(allow)
        self._limits = limits or Limits()
        self._sleep = sleep
        self._resolver = resolver or socket.getaddrinfo
        self._ends_at = time.monotonic() + self._limits.read_seconds
        self._open: tuple[Origin, HTTPConnection] | None = None
        self.bytes_read = 0

    def close(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def get(self, address: str, secrets: Mapping[str, str]) -> Answer:
        """The answer, whatever its status. `secrets`: headers that go to the origin of `address` alone.

        Raises ConnectorRefused: what egress says, unreachable, timed_out, tls_refused, source_busy,
        redirect_refused, too_many_bytes.
        """
        home = origin_of(address)
        for _hop in range(MAX_REDIRECTS + 1):
            here = origin_of(address)
            answer, leads_to = self._patiently("GET", address, secrets if here == home else {}, None)
            if answer.status not in REDIRECTS or not leads_to:
                return answer
            address = _followed(address, leads_to)
        raise ConnectorRefused("redirect_refused")

    def post_form(self, address: str, fields: Mapping[str, str], secrets: Mapping[str, str]) -> Answer:
        """A form to exactly this address: with credentials in it, it is sent on to nobody."""
        body = urlencode(fields).encode()
        headers = {**secrets, "Content-Type": "application/x-www-form-urlencoded"}
        answer, _leads_to = self._patiently("POST", address, headers, body)
        if answer.status in REDIRECTS:
            raise ConnectorRefused("redirect_refused")
        return answer

    # -- inside ------------------------------------------------------------------------------------------

    def _patiently(
        self, method: str, address: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[Answer, str]:
        """Again after a while, where the server is busy or was not there."""
        problem = ConnectorRefused("source_busy", retryable=True)
        for attempt in range(TRIES):
            wait = min(2.0**attempt, 30.0) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret, only not all at once
            was_open = self._open is not None
            try:
                answer, leads_to, asked_for = self._asked(method, address, headers, body)
            except ConnectorRefused as refused:
                if not refused.retryable:
                    raise
                problem = refused
                # A server may hang up on a connection that rested; that says nothing about a new one.
                wait = 0.0 if was_open else wait
            else:
                if answer.status not in AGAIN:
                    return answer, leads_to
                problem = ConnectorRefused("source_busy", retryable=True)
                wait = wait if asked_for is None else asked_for
            if wait > LONGEST_WAIT or time.monotonic() + wait > self._ends_at:
                break
            if attempt < TRIES - 1:
                self._sleep(wait)
        raise problem

    def _asked(
        self, method: str, address: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[Answer, str, float | None]:
        place = _place_of(address)
        sent = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "Accord",
            **headers,
            "Host": place.host_header,
        }
        try:
            with _refusing():
                line = self._line_to(place)
                if method == "POST" or headers:
                    _refuse_in_clear(place, line)
                with outgoing.in_time(line, self._ends_at):
                    line.timeout = SILENCE_SECONDS
                    line.request(method, place.target, body=body, headers=sent, preload_content=False)
                    response = line.getresponse()
                    content = self._content(response)
        except ConnectorRefused:
            self.close()
            raise
        except (ValueError, zlib.error) as error:
            # A letter that no header may have; an answer that is not what it says it is packed with.
            self.close()
            code = "unreachable" if isinstance(error, zlib.error) else "bad_address"
            raise ConnectorRefused(code, retryable=code == "unreachable") from error
        if line.sock is None:
            # The server has said that it hangs up: whoever comes next is dialled, and judged, anew.
            self.close()
        answer = Answer(response.status, content, ", ".join(response.headers.getlist("Link")), address)
        return answer, response.headers.get("Location", ""), _seconds(response.headers.get("Retry-After"))

    def _line_to(self, place: outgoing.Place) -> HTTPConnection:
        """The line that is open already, or a new one to an address judged now."""
        origin = Origin(place.scheme, place.host, place.port)
        if self._open is not None and self._open[0] == origin:
            return self._open[1]
        self.close()
        line = outgoing.line_to(
            place, allow=self._allow, seconds=self._limits.connect_seconds, resolver=self._resolver
        )
        self._open = (origin, line)
        return line

    def _content(self, response: HTTPResponse) -> bytes:
        packed = response.headers.get("Content-Encoding", "").lower() in ("gzip", "x-gzip")
        unpacker = zlib.decompressobj(31) if packed else None
        content = bytearray()
        while chunk := response.read1(CHUNK, decode_content=False):
            content += unpacker.decompress(chunk, MAX_ANSWER + 1) if unpacker else chunk
            if len(content) > MAX_ANSWER:
                raise ConnectorRefused("answer_too_large")
        # Else the connection waits for the rest of a body that has ended.
        response.close()
        self.bytes_read += len(content)
        if self.bytes_read > self._limits.max_bytes:
            raise ConnectorRefused("too_many_bytes")
        return bytes(content)


def _refuse_in_clear(place: outgoing.Place, line: HTTPConnection) -> None:
    """Without encryption credentials go only where the installation lets us go inside its own network."""
    if place.scheme == "http" and egress.is_public(ip_address(line.host)):
        raise ConnectorRefused("not_encrypted")


def _followed(address: str, leads_to: str) -> str:
    """Where a redirect leads, if we may go there. The addresses behind the name are judged when it is dialled."""
    try:
        target = urljoin(address, quote(leads_to, safe="%/:?#[]@!$&'()*+,;=~-._"))
        there = origin_of(target)
    except (ConnectorRefused, ValueError) as error:
        raise ConnectorRefused("redirect_refused") from error
    if origin_of(address).scheme == "https" and there.scheme != "https":
        raise ConnectorRefused("redirect_refused")
    return target.partition("#")[0]


def _seconds(asked_for: str | None) -> float | None:
    """Retry-After: seconds or a date (RFC 9110, 10.2.3); None for what is neither."""
    text = (asked_for or "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(moment.timestamp() - time.time(), 0.0)

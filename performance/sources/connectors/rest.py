"""REST sources: JSON over HTTP, an endpoint for each table, read page by page.

Nothing is known of the server but what its answers say: columns and types are guessed from the first rows, and a page that
comes a second time, an address on another host, an answer that is no JSON end the reading rather than be guessed at.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from datetime import time as clock
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

from performance.sources.connectors import documents, lengths, signing_in, web
from performance.sources.connectors.protocol import (
    Batch,
    CheckResult,
    ColumnInfo,
    ConnectorRefused,
    Cursor,
    Limits,
    Query,
    Row,
    Source,
    TableInfo,
)

SAMPLE_ROWS = 2000
SAMPLE_PAGES = 3
LINK = re.compile(r"<([^<>]*)>([^<>]*)")
NEXT = re.compile(r"(?i);\s*rel\s*=\s*(\"[^\"]*\bnext\b[^\"]*\"|next\b)")


@dataclass(frozen=True)
class Endpoint:
    """How one table is asked for. `paging`: none, page, offset, cursor or link. `since_format`: iso, date, seconds
    or milliseconds."""

    name: str
    path: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    rows_path: str = ""
    paging: str = "none"
    page_parameter: str = ""
    size_parameter: str = ""
    page_size: int | None = None
    first_page: int = 1
    next_path: str = ""
    since_parameter: str = ""
    since_format: str = "iso"


@dataclass(frozen=True)
class _Page:
    records: list[dict[str, Any]]
    document: Any
    answer: web.Answer


class RestConnector:
    """One REST source with its endpoints."""

    kind = "rest"
    has_types = False

    def __init__(
        self,
        base: str,
        credentials: signing_in.Credentials,
        endpoints: Sequence[Endpoint],
        *,
        allow: Sequence[str] = (),
        limits: Limits | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.base = base_address(base)
        self.limits = limits or Limits()
        self._credentials = credentials
        self._endpoints = {endpoint.name: endpoint for endpoint in endpoints}
        self._web = web.Web(allow=allow, limits=self.limits, sleep=sleep)

    def close(self) -> None:
        self._web.close()

    def check(self) -> CheckResult:
        """Asks the first endpoint; without one, whether the base address answers at all."""
        started = time.monotonic()
        first = next(iter(self._endpoints.values()), None)
        if first is not None:
            self._answer(self._address(first, {}))
        else:
            answer = self._asked(self.base)
            if answer.status in (401, 403):
                raise ConnectorRefused("credentials_refused")
        milliseconds = int((time.monotonic() - started) * 1000)
        is_encrypted = self.base.startswith("https:")
        return CheckResult("REST", milliseconds, is_encrypted, can_write=None, tables=len(self._endpoints))

    def discover(self) -> list[TableInfo]:
        return [TableInfo("", name, self._described(one)) for name, one in self._endpoints.items()]

    def describe(self, source: Source) -> tuple[ColumnInfo, ...]:
        return self._described(self._endpoint(source))

    def read(
        self, source: Source, columns: Sequence[str], cursor: Cursor | None = None, batch_size: int = 5000
    ) -> Generator[Batch, None, None]:
        endpoint = self._endpoint(source)
        since: dict[str, str] = {}
        if cursor is not None:
            if not endpoint.since_parameter:
                raise ConnectorRefused("no_since")
            since = {endpoint.since_parameter: since_text(cursor.start, endpoint.since_format)}
        waiting: list[Row] = []
        given = held = 0
        for page in self._pages(endpoint, since):
            rows = [tuple(record.get(name) for name in columns) for record in page.records]
            waiting += rows
            held += lengths.size_of(rows)
            if given + len(waiting) > self.limits.max_rows:
                raise ConnectorRefused("too_many_rows", rows=self.limits.max_rows)
            while len(waiting) >= batch_size or (waiting and held >= lengths.BATCH_BYTES):
                batch, waiting = waiting[:batch_size], waiting[batch_size:]
                yield Batch(rows=batch, first_row=given + 1)
                given, held = given + len(batch), 0
        if waiting:
            yield Batch(rows=waiting, first_row=given + 1)

    # -- inside ------------------------------------------------------------------------------------------

    def _endpoint(self, source: Source) -> Endpoint:
        if isinstance(source, Query):
            raise ConnectorRefused("no_query")
        found = self._endpoints.get(source.name)
        if found is None:
            raise ConnectorRefused("endpoint_missing")
        return found

    def _described(self, endpoint: Endpoint) -> tuple[ColumnInfo, ...]:
        records: list[dict[str, Any]] = []
        for number, page in enumerate(self._pages(endpoint, {}), start=1):
            records += page.records
            if number == SAMPLE_PAGES or len(records) >= SAMPLE_ROWS:
                break
        if not records:
            raise ConnectorRefused("no_rows")
        return documents.column_infos(records[:SAMPLE_ROWS])

    def _pages(self, endpoint: Endpoint, since: Mapping[str, str]) -> Iterator[_Page]:
        """Page after page until the source says, or shows, that there is no more."""
        seen: set[bytes] = set()
        address: str | None = self._address(endpoint, {**since, **self._first(endpoint)})
        number = rows = 0
        while address is not None:
            if number >= self.limits.max_pages:
                raise ConnectorRefused("too_many_pages", pages=self.limits.max_pages)
            page = self._page(endpoint, address, is_first=number == 0)
            if page is None or (number and not page.records):
                return
            print_ = hashlib.sha256(page.answer.body).digest()
            if print_ in seen:
                # The parameter does nothing there, or the cursor goes in circles: this would never end.
                raise ConnectorRefused("page_twice")
            seen.add(print_)
            yield page
            number, rows = number + 1, rows + len(page.records)
            address = self._next(endpoint, since, page, number, rows)

    def _page(self, endpoint: Endpoint, address: str, *, is_first: bool) -> _Page | None:
        answer = self._asked(address)
        if answer.status == 404 and endpoint.paging == "page" and not is_first:
            # How some servers say that the page before was the last one.
            return None
        _judge_status(answer.status)
        document = documents.parsed(answer.body)
        found = documents.picked(document, endpoint.rows_path)
        if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
            raise ConnectorRefused("rows_missing")
        return _Page([documents.flat(record) for record in found], document, answer)

    def _first(self, endpoint: Endpoint) -> dict[str, str]:
        sized = _sized(endpoint)
        if endpoint.paging == "page":
            return sized | {endpoint.page_parameter: str(endpoint.first_page)}
        if endpoint.paging == "offset":
            return sized | {endpoint.page_parameter: "0"}
        return sized

    def _next(
        self, endpoint: Endpoint, since: Mapping[str, str], page: _Page, number: int, rows: int
    ) -> str | None:
        if endpoint.paging == "page":
            turned = {endpoint.page_parameter: str(endpoint.first_page + number)}
        elif endpoint.paging == "offset":
            # By what came, not by what was asked for: many servers give fewer.
            turned = {endpoint.page_parameter: str(rows)}
        elif endpoint.paging == "cursor":
            found = documents.picked(page.document, endpoint.next_path)
            if found in (None, "", False):
                return None
            if not isinstance(found, str | int):
                raise ConnectorRefused("cursor_unreadable")
            if not endpoint.page_parameter:
                return self._same_origin(page.answer.address, str(found))
            turned = {endpoint.page_parameter: str(found)}
        elif endpoint.paging == "link":
            target = next_link(page.answer.links)
            return self._same_origin(page.answer.address, target) if target else None
        else:
            return None
        return self._address(endpoint, {**since, **_sized(endpoint), **turned})

    def _same_origin(self, address: str, target: str) -> str:
        """The address of the next page. On another host we would have no credentials, and no business."""
        try:
            followed = urljoin(address, target)
            if web.origin_of(followed) != web.origin_of(self.base):
                raise ConnectorRefused("link_elsewhere")
        except ValueError as error:
            raise ConnectorRefused("link_elsewhere") from error
        return followed.partition("#")[0]

    def _address(self, endpoint: Endpoint, more: Mapping[str, str]) -> str:
        path = endpoint_path(endpoint.path)
        address = f"{self.base.rstrip('/')}/{path}" if path else self.base
        query = urlencode({**endpoint.parameters, **more})
        return f"{address}?{query}" if query else address

    def _answer(self, address: str) -> web.Answer:
        answer = self._asked(address)
        _judge_status(answer.status)
        return answer

    def _asked(self, address: str) -> web.Answer:
        answer = self._web.get(address, self._credentials.headers(self._web))
        if answer.status == 401 and self._credentials.forget():
            # The token was taken back before its time.
            answer = self._web.get(address, self._credentials.headers(self._web))
        return answer


def base_address(text: str) -> str:
    """The address as it is kept. Raises ConnectorRefused("bad_address") for one with a query, a name or a password."""
    tidy = text.strip()
    web.origin_of(tidy)
    parts = urlsplit(tidy)
    if parts.query or parts.fragment:
        raise ConnectorRefused("bad_address")
    return tidy.rstrip("/")


def endpoint_path(text: str) -> str:
    """The path below the base address. Raises ConnectorRefused("bad_endpoint") for one that leads out of it."""
    path = text.strip().strip("/")
    parts = path.split("/")
    if (
        any(part in (".", "..") for part in parts)
        or "\\" in path
        or "?" in path
        or "#" in path
        or "//" in path
    ):
        raise ConnectorRefused("bad_endpoint")
    if "%2e" in path.lower() or "%2f" in path.lower() or not path.isprintable():
        raise ConnectorRefused("bad_endpoint")
    return quote(path, safe="%/:@!$&'()*+,;=~-._")


def parameters_of(text: str) -> dict[str, str]:
    """Lines "name=value" (or a query string) as parameters."""
    return dict(parse_qsl("&".join(text.split("\n")).replace("\r", ""), keep_blank_values=True))


def since_text(start: Any, format_: str) -> str:
    """Where to begin, as the endpoint wants to hear it. Cut to whole seconds or days: earlier, never later."""
    if not isinstance(start, date):
        return str(start)
    if format_ == "date":
        return (start.date() if isinstance(start, datetime) else start).isoformat()
    if not isinstance(start, datetime):
        if format_ == "iso":
            return start.isoformat()
        start = datetime.combine(start, clock(), UTC)
    moment = start if start.tzinfo else start.replace(tzinfo=UTC)
    if format_ == "iso":
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    seconds = int(moment.timestamp())
    return str(seconds * 1000 if format_ == "milliseconds" else seconds)


def next_link(header: str) -> str:
    """The target of rel="next" in Link headers (RFC 8288), or ""."""
    for target, parameters in LINK.findall(header):
        if NEXT.search(parameters):
            return str(target)
    return ""


def _sized(endpoint: Endpoint) -> dict[str, str]:
    if endpoint.size_parameter and endpoint.page_size:
        return {endpoint.size_parameter: str(endpoint.page_size)}
    return {}


def _judge_status(status: int) -> None:
    if 200 <= status < 300:
        return
    if status in (401, 403):
        raise ConnectorRefused("credentials_refused")
    if status in (404, 410):
        raise ConnectorRefused("endpoint_missing")
    raise ConnectorRefused("status_refused", status=status)

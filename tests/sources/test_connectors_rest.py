"""REST sources: every way of paging and signing in, patience, caps, and words that give nothing away."""

import gzip
import json
import socket
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from performance.sources import connectors
from performance.sources.connectors import documents, rest, signing_in
from tests import dripping
from tests.sources.rest_server import CLIENT, SECRET, Shop, orders, served

pytestmark = pytest.mark.usefixtures("webs_closed")

COLUMNS = ["id", "store.code", "amount", "tags", "is_paid"]
ROWS = [(n, f"0{n % 3}", Decimal(f"{n}.1"), f'["a", {n}]', n % 2 == 0) for n in range(1, 8)]
WAYS = [
    {"path": "all"},
    {"path": "pages", "rows_path": "data.items", "paging": "page", "page_parameter": "page"},
    {
        "path": "pages404",
        "rows_path": "data.items",
        "paging": "page",
        "page_parameter": "page",
        "size_parameter": "limit",
        "page_size": 100,
    },
    {"path": "offsets", "paging": "offset", "page_parameter": "skip"},
    {
        "path": "cursors",
        "rows_path": "rows",
        "paging": "cursor",
        "page_parameter": "after",
        "next_path": "meta.next",
    },
    {"path": "addresses", "rows_path": "results", "paging": "cursor", "next_path": "next"},
    {"path": "links", "paging": "link"},
]


@pytest.fixture
def shop() -> Iterator[Shop]:
    with served(orders(7)) as shop:
        yield shop


def opened(
    shop: Shop, waits: list[float] | None = None, limits: Any = None, base: str = "", **options: Any
) -> rest.RestConnector:
    names = {"auth", "user", "secret", "header_name", "token_address", "scope"}
    credentials = signing_in.Credentials(**{key: options.pop(key) for key in names & set(options)})
    endpoint = connectors.Endpoint(name="orders", **{"path": "all"} | options)
    return rest.RestConnector(
        base or shop.base,
        credentials,
        [endpoint],
        allow=shop.allow,
        limits=limits,
        sleep=(waits if waits is not None else []).append,
    )


ORDERS = connectors.Table("", "orders")


def read(source: rest.RestConnector, names: list[str] = COLUMNS, **options: Any) -> list[tuple[Any, ...]]:
    return [row for batch in source.read(ORDERS, names, **options) for row in batch.rows]


def code_of(source: rest.RestConnector, **options: Any) -> str:
    with pytest.raises(connectors.ConnectorRefused) as refused:
        read(source, **options)
    assert SECRET not in str(refused.value)
    assert SECRET not in json.dumps(refused.value.params)
    return str(refused.value.code)


@pytest.mark.parametrize("way", WAYS, ids=[str(way["path"]) for way in WAYS])
def test_every_way_of_paging_gives_each_row_once(shop: Shop, way: dict[str, Any]) -> None:
    assert read(opened(shop, **way), batch_size=3) == ROWS


def test_columns_are_told_from_a_sample(shop: Shop) -> None:
    shop.orders[3]["coupon"] = "SPRING"
    infos = opened(shop).describe(ORDERS)
    assert {info.name: info.type for info in infos} == {
        "id": "integer",
        "store.code": "text",
        "store.city": "text",
        "amount": "decimal",
        "tags": "text",
        "is_paid": "boolean",
        "updated_at": "timestamp",
        "coupon": "text",
    }
    shop.orders.clear()
    with pytest.raises(connectors.ConnectorRefused) as refused:
        opened(shop).describe(ORDERS)
    assert refused.value.code == "no_rows"


def test_money_keeps_the_digits_it_was_written_with() -> None:
    record = documents.flat(
        documents.parsed(b'{"a": 0.1, "b": 12345678901234567.89, "c": NaN, "d": {"e": {}}}')
    )
    assert record == {"a": Decimal("0.1"), "b": Decimal("12345678901234567.89"), "c": None, "d.e": "{}"}


def test_a_batch_holds_as_many_rows_as_asked_for(shop: Shop) -> None:
    batches = list(opened(shop, **WAYS[4]).read(ORDERS, ["id"], batch_size=3))
    assert [(len(batch.rows), batch.first_row) for batch in batches] == [(3, 1), (3, 4), (1, 7)]


@pytest.mark.parametrize(
    "credentials",
    [
        {"auth": "bearer", "secret": SECRET},
        {"auth": "basic", "user": "user", "secret": SECRET},
        {"auth": "header", "header_name": "X-API-Key", "secret": SECRET},
    ],
)
def test_each_way_of_signing_in_opens_the_door(shop: Shop, credentials: dict[str, str]) -> None:
    assert read(opened(shop, path="guarded", **credentials)) == ROWS
    assert code_of(opened(shop, path="guarded", **credentials | {"secret": "wrong"})) == "credentials_refused"


def test_what_the_server_says_is_never_shown(shop: Shop) -> None:
    shop.tokens.clear()
    source = opened(shop, path="guarded", auth="basic", user="nobody", secret=SECRET)
    assert code_of(source) == "credentials_refused"
    assert SECRET not in repr(source._credentials)


def oauth(shop: Shop, secret: str = CLIENT[1]) -> dict[str, Any]:
    return {
        "auth": "oauth",
        "user": CLIENT[0],
        "secret": secret,
        "token_address": f"http://127.0.0.1:{shop.port}/token",
        "path": "guarded",
    }


def test_a_token_is_fetched_once_and_kept_until_it_is_refused(shop: Shop) -> None:
    assert read(opened(shop, **oauth(shop))) == ROWS
    assert read(opened(shop, **oauth(shop))) == ROWS
    assert shop.given_tokens == 1
    shop.tokens.clear()
    assert read(opened(shop, **oauth(shop))) == ROWS
    assert shop.given_tokens == 2
    assert code_of(opened(shop, **oauth(shop, "another"))) == "token_refused"


def test_a_token_that_ran_out_is_fetched_anew(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_in, "MARGIN", 3600)
    for expected in (1, 2):
        assert read(opened(shop, **oauth(shop))) == ROWS
        assert shop.given_tokens == expected


def test_a_busy_source_is_asked_again_when_it_says(shop: Shop) -> None:
    waits: list[float] = []
    shop.before = [(429, {"Retry-After": "7"}, b""), (503, {}, b"")]
    assert read(opened(shop, waits)) == ROWS
    assert waits[0] == 7
    assert 1 < waits[1] < 3


@pytest.mark.parametrize("headers", [{"Retry-After": "86400"}, {}])
def test_a_source_that_stays_busy_is_left_for_later(shop: Shop, headers: dict[str, str]) -> None:
    waits: list[float] = []
    shop.before = [(429, headers, b"")] * 9
    with pytest.raises(connectors.ConnectorRefused) as refused:
        read(opened(shop, waits))
    assert (refused.value.code, refused.value.retryable) == ("source_busy", True)
    assert len(waits) == (0 if headers else 4)


def test_a_connection_that_was_hung_up_is_opened_anew(shop: Shop) -> None:
    source = opened(shop)
    assert read(source) == ROWS
    source._web._open[1].sock.shutdown(socket.SHUT_RDWR)
    assert read(source) == ROWS


@pytest.mark.parametrize("beginning", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\n\r\n["])
def test_a_source_that_drips_is_left_when_the_time_of_the_work_is_over(shop: Shop, beginning: bytes) -> None:
    """Each of its bytes comes soon enough; together they would never end."""
    with dripping.host(beginning) as shop.port:
        source = opened(shop, limits=connectors.Limits(read_seconds=1))
        began = time.monotonic()
        assert code_of(source) == "timed_out"
        assert time.monotonic() - began < 5


def test_half_an_answer_is_none(shop: Shop) -> None:
    """The server promises more than it sends."""
    cut = (200, {"Content-Length": "9000", "Connection": "close"}, json.dumps(shop.orders[:1]).encode())
    shop.before = [cut]
    assert read(opened(shop)) == ROWS
    shop.before = [cut] * 5
    assert code_of(opened(shop)) == "unreachable"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((200, {}, b"<html>"), "not_json"),
        ((200, {}, b"[" * 100_000), "not_json"),
        ((200, {}, b'{"data": []}'), "rows_missing"),
        ((200, {}, b"[1, 2]"), "rows_missing"),
        ((404, {}, b""), "endpoint_missing"),
        ((418, {}, SECRET.encode()), "status_refused"),
    ],
)
def test_an_answer_that_is_none_is_refused(shop: Shop, answer: Any, code: str) -> None:
    shop.before = [answer]
    assert code_of(opened(shop)) == code


def test_a_page_that_comes_twice_ends_the_reading(shop: Shop) -> None:
    assert code_of(opened(shop, path="same", paging="page", page_parameter="page")) == "page_twice"


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"max_rows": 3}, "too_many_rows"),
        ({"max_pages": 2}, "too_many_pages"),
        ({"max_bytes": 300}, "too_many_bytes"),
        ({"read_seconds": -1}, "timed_out"),
    ],
)
def test_rows_pages_bytes_and_seconds_are_capped(shop: Shop, limits: dict[str, int], code: str) -> None:
    assert code_of(opened(shop, limits=connectors.Limits(**limits), **WAYS[4])) == code


def test_a_packed_answer_is_unpacked_only_so_far(shop: Shop) -> None:
    body = gzip.compress(json.dumps(shop.orders).encode())
    shop.before = [(200, {"Content-Encoding": "gzip"}, body)]
    assert read(opened(shop)) == ROWS
    shop.before = [(200, {"Content-Encoding": "gzip"}, gzip.compress(b" " * (40 * 1024**2)))]
    assert code_of(opened(shop)) == "answer_too_large"


def test_only_what_is_new_is_asked_for(shop: Shop) -> None:
    source = opened(shop, path="since", since_parameter="updated_since", parameters={"kind": "sale"})
    start = connectors.Cursor("updated_at", datetime(2026, 5, 6, 8, 0, 0, 999, tzinfo=UTC))
    assert read(source, cursor=start) == ROWS[5:]
    assert shop.asked[-1].query == {"kind": "sale", "updated_since": "2026-05-06T08:00:00Z"}
    assert code_of(opened(shop), cursor=start) == "no_since"


@pytest.mark.parametrize(
    ("start", "format_", "text"),
    [
        (datetime(2026, 5, 6, 23, 0, tzinfo=UTC), "date", "2026-05-06"),
        (date(2026, 5, 6), "iso", "2026-05-06"),
        (date(1970, 1, 2), "seconds", "86400"),
        (datetime(1970, 1, 1, 0, 0, 1, 900_000, tzinfo=UTC), "milliseconds", "1000"),
        (4711, "iso", "4711"),
    ],
)
def test_where_to_begin_is_said_in_the_words_of_the_endpoint(start: Any, format_: str, text: str) -> None:
    assert rest.since_text(start, format_) == text


@pytest.mark.parametrize(
    "path",
    ["[*].[@, @]", "length(@)", "[*].{a: @}.*[].{b: @}", "a" * 301, "a[", "`" * 3, "map(&a, @)"],
)
def test_a_path_that_could_make_more_than_it_finds_is_refused(path: str) -> None:
    with pytest.raises(connectors.ConnectorRefused) as refused:
        documents.compiled(path)
    assert refused.value.code == "bad_path"


@pytest.mark.parametrize(
    "path", ["data.items[?kind=='sale'].{id: id, sum: total.amount}", '"a b"[0:9]', "a.*"]
)
def test_a_path_that_picks_is_taken(path: str) -> None:
    documents.compiled(path)


@pytest.mark.parametrize(
    "path", ["../admin", "a/../../b", "a?b=c", "a#b", "%2e%2e/b", "a\\b", "a//b", "a\nb"]
)
def test_a_path_stays_below_the_base_address(path: str) -> None:
    with pytest.raises(connectors.ConnectorRefused) as refused:
        rest.endpoint_path(path)
    assert refused.value.code == "bad_endpoint"


@pytest.mark.parametrize("name", ["Host", "content-length", "X Key", "X-Key\r\nHost: a", "", "Cookie"])
def test_a_header_that_says_something_else_carries_no_key(name: str) -> None:
    with pytest.raises(connectors.ConnectorRefused) as refused:
        signing_in.header_name(name)
    assert refused.value.code == "bad_header"


def test_a_secret_cannot_begin_another_header(shop: Shop) -> None:
    assert code_of(opened(shop, auth="bearer", secret="a\r\nX-Admin: 1")) == "bad_secret"
    assert not shop.asked


def test_a_connection_is_tested_with_its_first_endpoint_or_its_address(shop: Shop) -> None:
    found = opened(shop).check()
    assert (found.server, found.encrypted, found.can_write, found.tables) == ("REST", False, None, 1)
    bare = rest.RestConnector(shop.base, signing_in.Credentials(), [], allow=shop.allow)
    assert bare.check().tables == 0
    assert shop.paths() == ["/v1/all", "/v1"]


def test_a_document_of_countless_parts_is_not_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty megabytes of empty records would take a gigabyte and a half."""
    monkeypatch.setattr(documents, "MAX_PARTS", 1000)
    for content in (b"[" + b"{}," * 1000 + b"{}]", b"[" * 1001, b"{}\n" * 1001):
        with pytest.raises(connectors.ConnectorRefused) as refused:
            documents.records_of(content)
        assert refused.value.code == "too_many_rows"
    assert len(documents.records_of(b"[" + b"{}," * 998 + b"{}]")) == 999

"""Where a REST source may lead us: nowhere inside, whatever it is called, however it gets there."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from performance.sources import connectors
from performance.sources.connectors import rest, signing_in, web
from tests.sources.rest_server import SECRET, Shop, orders, served

pytestmark = pytest.mark.usefixtures("webs_closed")


@pytest.fixture
def shop() -> Iterator[Shop]:
    with served(orders(3)) as shop:
        yield shop


def source(base: str, allow: list[str], **credentials: str) -> rest.RestConnector:
    endpoint = connectors.Endpoint(name="orders", path="all")
    return rest.RestConnector(
        base, signing_in.Credentials(**credentials), [endpoint], allow=allow, sleep=lambda seconds: None
    )


def refusal(base: str, allow: list[str] = [], **credentials: str) -> str:  # noqa: B006 - never changed
    with pytest.raises(connectors.ConnectorRefused) as refused:
        source(base, allow, **credentials).describe(connectors.Table("", "orders"))
    return str(refused.value.code)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[fd00::1]",
        "[fe80::1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_address_inside_is_refused_before_anything_is_sent(scheme: str, host: str) -> None:
    assert refusal(f"{scheme}://{host}/v1") == "address_refused"


@pytest.mark.parametrize(
    "base",
    [
        "file:///etc/passwd",
        "ftp://example.com/",
        "gopher://example.com/",
        "//example.com/",
        "example.com/v1",
        "https://user:pw@example.com/",
        "https://example.com@127.0.0.1/",
        "https://example.com/?key=1",
        "https://exa mple.com/",
        "https://example.com\\@127.0.0.1/",
        "https:///v1",
        "http://example.com:99999/",
        "http://[::1/",
        "https://example.com/\r\nHost: a",
    ],
)
def test_what_is_no_plain_web_address_is_refused(base: str) -> None:
    with pytest.raises(connectors.ConnectorRefused) as refused:
        rest.base_address(base)
    assert refused.value.code == "bad_address"


def test_the_installation_may_allow_an_address_and_its_port(shop: Shop) -> None:
    assert source(shop.base, shop.allow).describe(connectors.Table("", "orders"))
    assert refusal(shop.base, [f"127.0.0.1:{shop.port + 1}"]) == "address_refused"
    assert refusal(shop.base.replace("127.0.0.1", "[::ffff:127.0.0.1]"), shop.allow) == "address_refused"


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("http://169.254.169.254/latest/meta-data/", "address_refused"),
        ("http://[::1]/", "address_refused"),
        ("//10.0.0.1/", "address_refused"),
        ("http://localhost:1/", "address_refused"),
        ("file:///etc/passwd", "redirect_refused"),
        ("ftp://example.com/", "redirect_refused"),
        ("http://user@example.com/", "redirect_refused"),
        ("javascript:1", "redirect_refused"),
        ("http://[", "redirect_refused"),
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_judged_like_an_address(shop: Shop, target: str, code: str, status: int) -> None:
    shop.before = [(status, {"Location": target}, b"")]
    assert refusal(shop.base, shop.allow) == code


def test_a_redirect_within_the_source_is_followed_but_not_for_ever(shop: Shop) -> None:
    shop.before = [(302, {"Location": "/v1/all"}, b"")]
    assert source(shop.base, shop.allow).describe(connectors.Table("", "orders"))
    shop.before = [(302, {"Location": "/v1/all"}, b"")] * 9
    assert refusal(shop.base, shop.allow) == "redirect_refused"


def test_credentials_do_not_follow_a_redirect_to_another_origin(shop: Shop) -> None:
    with served(orders(2)) as other:
        shop.before = [(302, {"Location": f"{other.base}/all"}, b"")]
        allow = shop.allow + other.allow
        assert source(shop.base, allow, auth="bearer", secret=SECRET).describe(connectors.Table("", "orders"))
        assert "authorization" in shop.asked[0].headers
        assert "authorization" not in other.asked[0].headers
        assert SECRET not in str(other.asked)


def test_encryption_is_not_given_up_by_a_redirect() -> None:
    with pytest.raises(connectors.ConnectorRefused) as refused:
        web._followed("https://example.com/a", "http://example.com/a")
    assert refused.value.code == "redirect_refused"


def test_client_and_secret_are_not_sent_on(shop: Shop) -> None:
    shop.before = [(307, {"Location": "http://example.com/token"}, b"")]
    credentials = {
        "auth": "oauth",
        "user": "c",
        "secret": "unique to this test",
        "token_address": f"http://127.0.0.1:{shop.port}/token",
    }
    assert refusal(shop.base, shop.allow, **credentials) == "redirect_refused"
    inside = credentials | {"token_address": "http://169.254.169.254/token"}
    assert refusal(shop.base, shop.allow, **inside) == "address_refused"


def test_a_next_page_on_another_host_is_not_followed(shop: Shop) -> None:
    shop.before = [(200, {"Link": '<http://example.com/v1/all?page=2>; rel="next"'}, b'[{"id": 1}]')]
    endpoint = connectors.Endpoint(name="orders", path="all", paging="link")
    connector = rest.RestConnector(shop.base, signing_in.Credentials(), [endpoint], allow=shop.allow)
    with pytest.raises(connectors.ConnectorRefused) as refused:
        list(connector.read(connectors.Table("", "orders"), ["id"]))
    assert refused.value.code == "link_elsewhere"


def test_a_name_that_answers_differently_the_second_time_gains_nothing(shop: Shop) -> None:
    """The name is resolved once for each dial, and the judged address is dialled. The name itself leads nowhere."""
    answers = iter(["127.0.0.1", "10.0.0.1"])
    asked: list[str] = []

    def resolver(host: str, port: int, **_options: Any) -> list[tuple[Any, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    through = web.Web(allow=shop.allow, resolver=resolver, sleep=lambda seconds: None)
    address = f"http://rebinding.invalid:{shop.port}/v1/all"
    assert through.get(address, {}).status == 200
    assert shop.asked[0].headers["host"] == f"rebinding.invalid:{shop.port}"
    assert through.get(address, {}).status == 200, "the open connection leads where it led"
    through.close()
    with pytest.raises(connectors.ConnectorRefused) as refused:
        through.get(address, {})
    assert refused.value.code == "address_refused"
    assert asked == ["rebinding.invalid"] * 2


def test_one_bad_answer_among_good_ones_is_refused(shop: Shop) -> None:
    def resolver(host: str, port: int, **_options: Any) -> list[tuple[Any, ...]]:
        return [(2, 1, 6, "", (address, port)) for address in ("93.184.216.34", "10.0.0.1")]

    with pytest.raises(connectors.ConnectorRefused) as refused:
        web.Web(resolver=resolver).get("https://mixed.invalid/", {})
    assert refused.value.code == "address_refused"


@pytest.mark.parametrize(
    "credentials",
    [
        {"auth": "bearer", "secret": SECRET},
        {"auth": "basic", "user": "reader", "secret": SECRET},
        {"auth": "header", "header_name": "X-Key", "secret": SECRET},
        {
            "auth": "oauth",
            "user": "client",
            "secret": SECRET,
            "token_address": "http://8.8.8.8/token",
        },
    ],
)
def test_no_secret_goes_over_the_open_network_in_clear(credentials: dict[str, str]) -> None:
    """Refused before anything is dialled."""
    assert refusal("http://8.8.8.8/api", **credentials) == "not_encrypted"


def test_what_needs_no_secret_may_be_asked_in_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*arguments: Any, **options: Any) -> Any:
        raise OSError

    monkeypatch.setattr("urllib3.util.connection.create_connection", unreachable)
    assert refusal("http://8.8.8.8/api") == "unreachable"

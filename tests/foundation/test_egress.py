"""Egress: a name must not lead into our own network, however it is written."""

import socket

import pytest

from performance.foundation import egress

PUBLIC = "93.184.215.14"


def answering(*addresses: str):
    """A resolver that gives the next address at each call, as a rebinding DNS server would."""
    calls = iter(addresses)

    def resolve(host: str, port: int, **_options: object) -> list[tuple[object, ...]]:
        address = next(calls)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    return resolve


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",  # noqa: S104 - judged, not bound
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "192.88.99.1",
        "192.0.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "fd12:3456::1",
        "fec0::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:a9fe:a9fe",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1:a00:0:1:808:808",
        "64:ff9b:1::808:808",
        "2002:7f00:1::",
        "2001:db8::1",
        "[::1]",
    ],
)
def test_special_addresses_are_refused_as_literals_and_as_answers(address: str) -> None:
    with pytest.raises(egress.EgressRefused) as refused:
        egress.pin(address, 5432)
    assert refused.value.code == "address_refused"
    if not address.startswith("["):
        with pytest.raises(egress.EgressRefused) as refused:
            egress.pin("innocent.example", 5432, resolver=answering(address))
        assert refused.value.code == "address_refused"


@pytest.mark.parametrize("spelling", ["127.1", "2130706433", "0x7f.0.0.1", "localhost", "0177.0.0.1"])
def test_odd_spellings_of_loopback_are_judged_by_what_they_resolve_to(spelling: str) -> None:
    with pytest.raises(egress.EgressRefused) as refused:
        egress.pin(spelling, 5432)
    assert refused.value.code in ("address_refused", "host_unknown")


@pytest.mark.parametrize(
    "host",
    [
        "",
        "/var/run/postgresql",
        "a b",
        "db,127.0.0.1",
        "user@host",
        "http://host",
        "host:5432",
        "ｌocalhost",
        "x" * 300,
        "fe80::1%eth0;",
        "host?x=1",
        "host/db",
        "host\n",
    ],
)
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(egress.EgressRefused) as refused:
        egress.pin(host + ("\x00" if host == "host\n" else ""), 5432)
    assert refused.value.code in ("bad_host", "address_refused")


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_out_of_range_is_refused(port: int) -> None:
    with pytest.raises(egress.EgressRefused) as refused:
        egress.pin(PUBLIC, port)
    assert refused.value.code == "bad_port"


def test_a_public_address_is_pinned() -> None:
    pinned = egress.pin("db.example.com", 5432, resolver=answering(PUBLIC))
    assert (pinned.host, pinned.address, pinned.port) == ("db.example.com", PUBLIC, 5432)


def test_dns_that_answers_differently_later_gains_nothing() -> None:
    resolver = answering(PUBLIC, "127.0.0.1")
    assert egress.pin("rebind.example", 5432, resolver=resolver).address == PUBLIC
    with pytest.raises(egress.EgressRefused):
        egress.pin("rebind.example", 5432, resolver=resolver)


def test_one_bad_address_among_good_ones_is_enough_to_refuse() -> None:
    def both(host: str, port: int, **_options: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", (PUBLIC, port)), (2, 1, 6, "", ("10.0.0.1", port))]

    with pytest.raises(egress.EgressRefused):
        egress.pin("two.example", 5432, resolver=both)


@pytest.mark.parametrize(
    ("entry", "host", "port", "allowed"),
    [
        ("127.0.0.1:5432", "127.0.0.1", 5432, True),
        ("127.0.0.1:5432", "127.0.0.1", 6379, False),
        ("127.0.0.1", "127.0.0.1", 6379, True),
        ("10.0.0.0/8", "10.9.9.9", 5432, True),
        ("10.0.0.0/8", "11.9.9.9", 5432, True),
        ("10.0.0.0/8", "192.168.0.1", 5432, False),
        ("[::1]:5432", "::1", 5432, True),
        ("[::1]:5432", "::1", 5433, False),
        ("fd00::/8", "fd12::1", 5432, True),
    ],
)
def test_the_installation_lists_its_exceptions(entry: str, host: str, port: int, allowed: bool) -> None:
    if allowed:
        assert egress.pin(host, port, allow=[entry]).port == port
    else:
        with pytest.raises(egress.EgressRefused):
            egress.pin(host, port, allow=[entry])


def test_a_named_exception_holds_for_that_name_alone() -> None:
    assert egress.pin("db.internal", 5432, allow=["db.internal:5432"], resolver=answering("10.0.0.5")).address
    with pytest.raises(egress.EgressRefused):
        egress.pin("other.internal", 5432, allow=["db.internal"], resolver=answering("10.0.0.5"))


def test_a_mistyped_exception_is_an_error_and_opens_nothing() -> None:
    with pytest.raises(ValueError):
        egress.pin(PUBLIC, 5432, allow=["10.0.0.0/99"])

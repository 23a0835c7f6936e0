"""Where we may connect to for somebody else: a name is resolved once, judged, and the judged address is dialled.

Whoever connects a source or names an address to be told at may name any host, so a name must not lead into our
own network: loopback, link-local (cloud metadata), private, shared, multicast, reserved, and IPv6 forms that carry
an IPv4 address inside. The administrator of the installation lists the exceptions. Callers connect to
`Pinned.address`, never to the name again, so a DNS server that answers differently the second time gains nothing.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from performance.foundation import refusals

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[..., list[tuple[Any, ...]]]

HOST_NAME = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_-]{1,63})*\.?\Z")
#: Public by number, yet answered by the cloud host itself (Azure's wire server).
SPECIAL = frozenset({ipaddress.ip_address("168.63.129.16")})
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
#: Of a translator of one's own: where in it the inner address stands is the network's own affair, and so is where it leads.
LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")
#: Kept for protocols and relays; clouds answer in the first one, and not every Python counts them as private.
RESERVED = (ipaddress.IPv4Network("192.0.0.0/24"), ipaddress.IPv4Network("192.88.99.0/24"))
IPV4_COMPATIBLE = ipaddress.IPv6Network("::/96")

REASONS: dict[str, Any] = {
    "bad_host": _("This is not a host name or an address."),
    "bad_port": _("The port must be a number from 1 to 65535."),
    "host_unknown": _("No such host: the name could not be resolved."),
    "address_refused": _(
        "This host leads to an address inside a private network. The administrator of the installation can "
        "allow it."
    ),
}


class EgressRefused(refusals.Refused):
    """We do not connect there. `retryable`: another time the name may resolve."""

    def __init__(self, code: str, *, retryable: bool = False) -> None:
        super().__init__(REASONS[code], code=code)
        self.retryable = retryable


@dataclass(frozen=True)
class Pinned:
    """A judged address. `host` is kept for TLS names only; dial `address`."""

    host: str
    address: str
    port: int


def pin(
    host: str, port: int, *, allow: Iterable[str] = (), resolver: Resolver = socket.getaddrinfo
) -> Pinned:
    """Resolve `host` once and return the address to dial. `allow` holds entries of the installation:
    "10.0.0.0/8", "127.0.0.1:5432", "db.internal", "db.internal:5432", "[::1]:5432".

    Raises EgressRefused: bad_host, bad_port, host_unknown, address_refused.
    """
    name = host.strip().strip("[]")
    if not 1 <= port <= 65535:
        raise EgressRefused("bad_port")
    literal = _literal(name)
    if literal is None and not HOST_NAME.match(name):
        raise EgressRefused("bad_host")
    rules = tuple(_rule(entry) for entry in allow)
    addresses = [literal] if literal is not None else _resolved(name, port, resolver)
    for address in addresses:
        if not (is_public(address) or any(rule.admits(name, address, port) for rule in rules)):
            raise EgressRefused("address_refused")
    return Pinned(host=name, address=str(addresses[0]), port=port)


def is_listed(host: str, port: int, *, allow: Iterable[str]) -> bool:
    """Whether the installation names this host among its exceptions, by name or by number. Asks no name server."""
    name = host.strip().strip("[]")
    literal = _literal(name)
    rules = [_rule(entry) for entry in allow]
    if literal is None:
        return any(rule.network is None and rule.admits_name(name, port) for rule in rules)
    return any(rule.admits(name, literal, port) for rule in rules)


def is_public(address: Address) -> bool:
    """True for addresses of the open internet; an IPv4 address carried inside an IPv6 one is judged too."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = _embedded(address)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local or address.scope_id or address in LOCAL_NAT64:
            return False
    elif any(address in network for network in RESERVED):
        return False
    return (
        address.is_global and not address.is_multicast and not address.is_reserved and address not in SPECIAL
    )


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in NAT64 or address in IPV4_COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _literal(name: str) -> Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _resolved(name: str, port: int, resolver: Resolver) -> list[Address]:
    try:
        answers = resolver(name, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as error:
        raise EgressRefused("host_unknown", retryable=True) from error
    addresses = [ipaddress.ip_address(str(answer[4][0])) for answer in answers]
    if not addresses:
        raise EgressRefused("host_unknown", retryable=True)
    return addresses


@dataclass(frozen=True)
class _Rule:
    """One entry of the installation's allow list. A port, when given, must match."""

    network: ipaddress.IPv4Network | ipaddress.IPv6Network | None
    name: str
    port: int | None

    def admits(self, name: str, address: Address, port: int) -> bool:
        if self.port is not None and self.port != port:
            return False
        if self.network is not None:
            return address.version == self.network.version and address in self.network
        return self.admits_name(name, port)

    def admits_name(self, name: str, port: int) -> bool:
        return self.port in (None, port) and self.name == name.lower().rstrip(".")


def _rule(entry: str) -> _Rule:
    """Parse one entry; raises ValueError (a mistake of the installation must not open or close silently)."""
    text, port = entry.strip(), None
    bracketed = re.fullmatch(r"\[(.+)\](?::(\d+))?", text)
    if bracketed:
        text, port = bracketed[1], int(bracketed[2]) if bracketed[2] else None
    elif text.count(":") == 1:
        text, digits = text.split(":")
        port = int(digits)
    try:
        return _Rule(network=ipaddress.ip_network(text), name="", port=port)
    except ValueError:
        if not HOST_NAME.match(text):
            raise
        return _Rule(network=None, name=text.lower().rstrip("."), port=port)

"""Requests to addresses that others chose: pinned, encrypted, never redirected, never endless."""

import datetime
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from urllib3.connection import HTTPConnection

from performance.foundation import egress, outgoing
from tests import dripping
from tests.inbox import hosts

HERE = ["127.0.0.1"]


@pytest.fixture
def host() -> Iterator[hosts.Host]:
    with hosts.listening() as found:
        yield found


def post(address: str, allow: list[str] | None = None, **options: Any) -> outgoing.Answer:
    return outgoing.post(address, headers={}, body=b"{}", allow=HERE if allow is None else allow, **options)


def leading_to(*addresses: str) -> Callable[..., Any]:
    """A name server that gives the next address at each question."""
    left = iter(addresses)

    def resolve(host: str, port: int, **_options: Any) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(left), port))]

    return resolve


def test_a_request_says_which_host_it_means_and_brings_the_answer(host: hosts.Host) -> None:
    host.answer(202, b"taken", Retry_After="7")
    answer = outgoing.post(host.address("/a?key=b"), headers={"X-Test": "1"}, body=b"text", allow=HERE)
    assert (answer.status, answer.body, answer.headers["retry-after"]) == (202, b"taken", "7")
    heard = host.heard[0]
    assert (heard.path, heard.body, heard.headers["x-test"]) == ("/a?key=b", b"text", "1")
    assert heard.headers["host"] == f"127.0.0.1:{host.port}"


def test_a_redirect_is_an_answer_and_is_not_followed(host: hosts.Host) -> None:
    with hosts.listening() as elsewhere:
        host.answer(307, Location=elsewhere.address())
        assert post(host.address()).status == 307
        assert elsewhere.heard == []


@pytest.mark.parametrize("name", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]"])
def test_a_private_address_is_refused_unless_the_installation_allows_it(name: str) -> None:
    with pytest.raises(egress.EgressRefused) as refused:
        post(f"https://{name}/hook", allow=[])
    assert refused.value.code == "address_refused"


def test_the_address_that_was_judged_is_dialled_whatever_the_name_says_next(host: hosts.Host) -> None:
    resolver = leading_to("127.0.0.1", "203.0.113.9")
    address = f"http://moving.example:{host.port}/"
    assert post(address, resolver=resolver).status == 200
    assert host.heard[0].headers["host"] == f"moving.example:{host.port}"
    resolver = leading_to("127.0.0.1")
    with pytest.raises(egress.EgressRefused):
        post(address, allow=["other.example"], resolver=resolver)
    assert len(host.heard) == 1


def test_nothing_goes_out_unencrypted_to_the_open_internet() -> None:
    with pytest.raises(outgoing.Unanswered) as refused:
        post("http://shop.example/", resolver=leading_to("93.184.215.14"))
    assert (refused.value.code, refused.value.retryable) == ("not_encrypted", False)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "hooks.example/x",
        "ftp://hooks.example/x",
        "https://",
        "https:///x",
        "https://user:word@hooks.example/x",
        "https://hooks.example:99999/x",
        "https://hooks.example:0/x",
        "https://hooks.example/a b",
        "https://hooks.example/\r\nX: 1",
        "https://hooks.example/密",
        "https://hooks.example\\@10.0.0.1/",
        "https://[::1/x",
        "https://hooks.example/" + "x" * 1000,
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(outgoing.Unanswered) as refused:
        outgoing.place_of(address)
    assert (refused.value.code, refused.value.retryable) == ("bad_address", False)


def test_a_host_that_says_nothing_is_left_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        began = time.monotonic()
        with pytest.raises(outgoing.Unanswered) as refused:
            post(f"http://127.0.0.1:{server.getsockname()[1]}/", seconds=0.3)
    assert (refused.value.code, refused.value.retryable) == ("timed_out", True)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("beginning", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_host_that_drips_is_left_at_the_deadline_too(beginning: bytes) -> None:
    with dripping.host(beginning) as port:
        began = time.monotonic()
        with pytest.raises(outgoing.Unanswered) as refused:
            post(f"http://127.0.0.1:{port}/", seconds=0.5)
        assert time.monotonic() - began < 3
    assert refused.value.code == "timed_out"


def test_a_host_that_needs_the_whole_time_to_be_connected_is_asked_nothing(
    host: hosts.Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = HTTPConnection.connect

    def slow(connection: HTTPConnection) -> None:
        # A handshake holds the line to itself: at the deadline there is nothing to cut.
        time.sleep(0.5)
        connect(connection)

    monkeypatch.setattr(HTTPConnection, "connect", slow)
    with pytest.raises(outgoing.Unanswered) as refused:
        post(host.address(), seconds=0.2)
    assert refused.value.code == "timed_out"
    assert host.heard == []


def test_only_the_beginning_of_an_answer_is_read(host: hosts.Host) -> None:
    host.answer(200, b"x" * (outgoing.MOST_BYTES * 4))
    assert len(post(host.address()).body) == outgoing.MOST_BYTES


def test_a_closed_port_and_a_babbling_host_say_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(outgoing.Unanswered) as refused:
        post(f"http://127.0.0.1:{port}/")
    assert refused.value.code == "unreachable"

    def babble() -> None:
        line, _address = server.accept()
        with line:
            line.recv(4096)
            line.sendall(b"SSH-2.0-babble\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=babble, daemon=True)
        thread.start()
        with pytest.raises(outgoing.Unanswered) as refused:
            post(f"http://127.0.0.1:{server.getsockname()[1]}/")
        thread.join(5)
    assert refused.value.code in ("odd_answer", "unreachable")


def certificate(folder: Path, name: str) -> Path:
    """A certificate for this name that vouches for itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    whose = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(whose)
        .issuer_name(whose)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


def encrypted(file: Path) -> Callable[[Any], None]:
    def wrap(server: Any) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        server.socket = context.wrap_socket(server.socket, server_side=True)

    return wrap


def test_encryption_is_checked_by_name_although_the_number_is_dialled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path, "hook.example")
    with hosts.listening(encrypted(file)) as host:
        address = f"https://hook.example:{host.port}/x"
        with pytest.raises(outgoing.Unanswered) as refused:
            post(address, resolver=leading_to("127.0.0.1"))
        assert refused.value.code == "tls_refused"
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        assert post(address, resolver=leading_to("127.0.0.1")).status == 200
        with pytest.raises(outgoing.Unanswered) as refused:
            post(f"https://other.example:{host.port}/x", resolver=leading_to("127.0.0.1"))
        assert refused.value.code == "tls_refused"
        assert len(host.heard) == 1


def test_an_address_does_not_show_what_stands_behind_its_host() -> None:
    assert "0f1e2d3c" not in repr(outgoing.place_of("https://hooks.example/0f1e2d3c"))


def test_a_listed_host_is_known_without_asking_a_name_server() -> None:
    allow = ["relay.example:8443", "10.0.0.0/8"]
    assert egress.is_listed("relay.example", 8443, allow=allow)
    assert egress.is_listed("10.1.1.1", 443, allow=allow)
    assert not egress.is_listed("relay.example", 443, allow=allow)
    assert not egress.is_listed("other.example", 8443, allow=allow)

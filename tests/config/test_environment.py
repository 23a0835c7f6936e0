"""Reading the environment: plain values, plain refusals."""

from urllib.parse import parse_qs

import pytest
from django.core.exceptions import ImproperlyConfigured

from performance.config import environment


@pytest.mark.parametrize(
    ("written", "meant"),
    [("1", True), ("true", True), ("On", True), ("0", False), ("", False), ("no", False)],
)
def test_a_switch_reads_the_usual_words(monkeypatch: pytest.MonkeyPatch, written: str, meant: bool) -> None:
    monkeypatch.setenv("ACCORD_X", written)
    assert environment.flag("ACCORD_X", not meant) is meant


def test_a_switch_refuses_other_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCORD_X", "maybe")
    with pytest.raises(ImproperlyConfigured, match="ACCORD_X is a switch"):
        environment.flag("ACCORD_X", False)


def test_a_number_refuses_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCORD_X", "many")
    with pytest.raises(ImproperlyConfigured, match="whole number"):
        environment.number("ACCORD_X", 3)


def test_a_list_is_split_at_commas_and_trimmed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCORD_X", " a, b ,,c")
    assert environment.listing("ACCORD_X") == ["a", "b", "c"]


def test_what_is_required_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACCORD_X", raising=False)
    with pytest.raises(ImproperlyConfigured, match="Set ACCORD_X: it signs sessions"):
        environment.required("ACCORD_X", "it signs sessions")


def test_an_email_url_names_server_account_and_encryption() -> None:
    configured = environment.email("smtp://me%40example.com:s%3Acret@mail.example.com?tls=1")
    assert configured["EMAIL_HOST"] == "mail.example.com"
    assert configured["EMAIL_PORT"] == 587
    assert configured["EMAIL_HOST_USER"] == "me@example.com"
    assert configured["EMAIL_HOST_PASSWORD"] == "s:cret"
    assert configured["EMAIL_USE_TLS"] is True
    assert environment.email("smtps://mail.example.com")["EMAIL_PORT"] == 465


def test_an_email_url_of_another_kind_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL begins with"):
        environment.email("pigeon://loft")


def test_a_broker_beside_the_database_keeps_its_tls_whatever_stands_in_the_query() -> None:
    url = "postgres://app:s%40x@db:5433/accord?sslmode=verify-full&sslrootcert=/etc/ca.pem"
    beside = environment.broker_beside(f"{url}&disable_server_side_cursors=true", "accord_broker")
    address, _mark, query = beside.partition("?")
    assert address == "sqla+postgresql+psycopg://app:s%40x@db:5433/accord_broker"
    assert parse_qs(query) == {"sslmode": ["verify-full"], "sslrootcert": ["/etc/ca.pem"]}

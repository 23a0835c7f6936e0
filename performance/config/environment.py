"""Reading settings from environment variables: one function per type, each with a plain refusal."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import sqlalchemy
from django.core.exceptions import ImproperlyConfigured
from psycopg.pq import Conninfo

_YES = {"1", "true", "yes", "on"}
_NO = {"0", "false", "no", "off", ""}


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def flag(name: str, default: bool) -> bool:
    """A switch: 1/0, true/false, yes/no, on/off."""
    value = os.environ.get(name)
    if value is None:
        return default
    if value.strip().lower() in _YES:
        return True
    if value.strip().lower() in _NO:
        return False
    raise ImproperlyConfigured(f"{name} is a switch: write 1 or 0, not {value!r}.")


def number(name: str, default: int) -> int:
    value = text(name)
    if not value:
        return default
    try:
        return int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is a whole number, not {value!r}.") from error


def listing(name: str, default: str = "") -> list[str]:
    """A list of values separated by commas."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def required(name: str, why: str) -> str:
    value = text(name)
    if not value:
        raise ImproperlyConfigured(f"Set {name}: {why}")
    return value


def broker_beside(url: str, database: str) -> str:
    """A broker in another database of the same PostgreSQL, with the same TLS. What only Django reads in the URL's
    query is left out: libpq refuses names that it does not know."""
    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    parts = sqlalchemy.make_url(url)
    beside = parts.set(
        drivername="postgresql+psycopg",
        database=database,
        query={name: value for name, value in parts.query.items() if name in known},
    )
    return "sqla+" + beside.render_as_string(hide_password=False)


def email(url: str) -> dict[str, Any]:
    """Django's e-mail settings from a URL.

    ``smtp://user:password@host:587?tls=1`` (STARTTLS), ``smtps://…:465`` (TLS from the start),
    ``console:`` (print the messages) or ``file:///folder`` (one file per message).
    """
    parts = urlsplit(url)
    if parts.scheme == "console":
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    if parts.scheme == "file":
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": parts.path,
        }
    if parts.scheme in {"smtp", "smtps"}:
        wants_tls = parse_qs(parts.query).get("tls", ["0"])[0] in _YES
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": parts.hostname or "localhost",
            "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 587 if wants_tls else 25),
            "EMAIL_HOST_USER": unquote(parts.username or ""),
            "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
            "EMAIL_USE_SSL": parts.scheme == "smtps",
            "EMAIL_USE_TLS": parts.scheme == "smtp" and wants_tls,
            "EMAIL_TIMEOUT": 10,
        }
    raise ImproperlyConfigured(
        f"EMAIL_URL begins with smtp:, smtps:, console: or file:, not {parts.scheme!r}."
    )

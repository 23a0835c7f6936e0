"""The servers that tests talk to: real ones, or a skip that says what is missing.

Where ``CI=true``, nothing may be missing: a skipped test would look like a green one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from typing import Any, Never
from urllib.parse import urlsplit

import psycopg
import pymysql
import pytest
import redis

POSTGRES = "postgresql://postgres@127.0.0.1:5432/postgres"
MARIADB = "mysql+pymysql://root@127.0.0.1:3306/"
REDIS = "redis://127.0.0.1:6379/15"


@contextlib.contextmanager
def database_server() -> Iterator[None]:
    """A PostgreSQL for Django's connections, for the length of a test run.

    With DATABASE_URL set it is there already; else the embedded one runs for as long as any test run needs it,
    and Django's connections are told the port that it really has.
    """
    from django.conf import settings
    from django.db import connections

    from performance.foundation.embedded import cluster

    if not settings.EMBEDDED:
        yield
        return
    with cluster.shared(durable=False) as plan:
        for alias in settings.DATABASES:
            connections.settings[alias]["PORT"] = plan.port
        yield


def insistently(connection: psycopg.Connection[Any], statement: str, tries: int = 5) -> None:
    """Executes it once more where a request of a page that has just been closed is in the way: a page that goes sends
    what was typed. `connection` commits by itself."""
    for left in reversed(range(tries)):
        try:
            connection.execute(statement)  # type: ignore[call-overload]
        except psycopg.errors.DeadlockDetected:
            if not left:
                raise
        else:
            return


def owner_url() -> str:
    """A libpq URL of the maintenance database of the server under test, as its owner, who may make databases."""
    return _maintenance_url("owner")


def application_url() -> str:
    """The same as the application's role."""
    return _maintenance_url("default")


def _maintenance_url(alias: str) -> str:
    from django.db import connections

    known = connections.settings[alias if alias in connections.settings else "default"]
    credentials = f"{known['USER']}:{known['PASSWORD']}@" if known["USER"] else ""
    return f"postgresql://{credentials}{known['HOST'] or '127.0.0.1'}:{known['PORT'] or 5432}/postgres"


def postgres_url() -> str:
    """A libpq URL of a PostgreSQL to use as a *source*, as a role that may make databases.

    ``ACCORD_TEST_POSTGRES`` names another; without a server apart, the one under test serves as source too.
    """
    url = os.environ.get("ACCORD_TEST_POSTGRES", POSTGRES)
    with contextlib.suppress(psycopg.OperationalError), psycopg.connect(url, connect_timeout=3):
        return url
    if os.environ.get("CI") == "true":
        _missing(f"PostgreSQL does not answer at {_shown(url)}")
    return owner_url()


def mariadb_url() -> str:
    """An SQLAlchemy URL of a MariaDB or MySQL server, without a database, as a user who may make databases.

    ``ACCORD_TEST_MARIADB`` names another.
    """
    url = os.environ.get("ACCORD_TEST_MARIADB", MARIADB)
    parts = urlsplit(url)
    try:
        pymysql.connect(
            host=parts.hostname or "127.0.0.1",
            port=parts.port or 3306,
            user=parts.username or "root",
            password=parts.password or "",
            connect_timeout=3,
        ).close()
    except pymysql.err.OperationalError:
        _missing(f"MariaDB does not answer at {_shown(url)}")
    return url


def redis_url() -> str:
    """A Redis database that tests may empty. ``ACCORD_TEST_REDIS`` names another."""
    url = os.environ.get("ACCORD_TEST_REDIS", REDIS)
    client = redis.Redis.from_url(url, socket_connect_timeout=3)
    try:
        client.ping()
    except redis.exceptions.ConnectionError:
        _missing(f"Redis does not answer at {_shown(url)}")
    finally:
        client.close()
    return url


def chromium_path() -> str:
    """The program of an installed Chromium. ``ACCORD_TEST_CHROMIUM`` names another."""
    configured = os.environ.get("ACCORD_TEST_CHROMIUM")
    if configured:
        return configured
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = next(filter(None, map(shutil.which, names)), None)
    return found or _missing("no Chromium is installed (Debian's package: chromium)")


CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


def _missing(reason: str) -> Never:
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}; CI must have it.", pytrace=False)
    pytest.skip(reason)


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}"

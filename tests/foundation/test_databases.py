"""Throwaway databases go, whoever is still connected to them."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

from performance.foundation import databases
from tests import services


@pytest.fixture
def owner(database_server: None) -> Iterator[psycopg.Connection]:
    with psycopg.connect(services.owner_url(), autocommit=True) as connection:
        yield connection


@pytest.fixture
def name(owner: psycopg.Connection) -> str:
    name = f"test_gone_{uuid.uuid4().hex[:12]}"
    owner.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return name


def _there(owner: psycopg.Connection, name: str) -> bool:
    return owner.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def test_drop_database_ends_the_sessions_of_its_owner(owner: psycopg.Connection, name: str) -> None:
    with psycopg.connect(services.owner_url().rpartition("/")[0] + f"/{name}") as session:
        databases.drop_database(owner, name)
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    assert not _there(owner, name)


def test_drop_database_waits_for_sessions_that_it_may_not_end(owner: psycopg.Connection, name: str) -> None:
    known = settings.DATABASES["default"]
    session = psycopg.connect(
        services.owner_url().rpartition("/")[0] + f"/{name}", user=known["USER"], password=known["PASSWORD"]
    )
    leaving = threading.Timer(0.5, session.close)
    leaving.start()
    databases.drop_database(owner, name)
    leaving.join()
    assert not _there(owner, name)


def test_drop_database_of_one_that_is_gone_changes_nothing(owner: psycopg.Connection) -> None:
    databases.drop_database(owner, "test_never_was")

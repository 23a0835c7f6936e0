"""One migrated database for a whole run: migrating takes half a minute, copying what is migrated a second."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator

import psycopg
from django.conf import settings
from django.db import connections
from psycopg import sql

from performance.foundation import databases
from tests import services


@contextlib.contextmanager
def migrated() -> Iterator[str]:
    """The name of a database that nobody is connected to, for `copy`. Made by whichever worker comes first, while the others
    wait; dropped by the last one to leave. One that a killed run left behind is made anew."""
    name = f"test_{settings.DATABASES['owner']['NAME']}_migrated"
    making, using = f"{name} is made", f"{name} is used"
    with psycopg.connect(services.owner_url(), autocommit=True) as owner:
        with _locked(owner, making):
            if _is_free(owner, using):
                _make(name)
            _call(owner, "pg_advisory_lock_shared", using)
        try:
            yield name
        finally:
            with _locked(owner, making):
                _call(owner, "pg_advisory_unlock_shared", using)
                if _is_free(owner, using):
                    databases.drop_database(owner, name)


def copy(template: str, name: str) -> None:
    with psycopg.connect(services.owner_url(), autocommit=True) as owner:
        databases.drop_database(owner, name)
        owner.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )


def drop(name: str) -> None:
    """Ends what threads and servers of tests have left connected, which the owner may not, and waits for the others, as
    autovacuum may be there, where Django gives up at once."""
    with psycopg.connect(services.application_url(), autocommit=True) as application:
        application.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE usename = current_user AND pid <> pg_backend_pid() AND datname = %s",
            [name],
        )
    with psycopg.connect(services.owner_url(), autocommit=True) as owner:
        databases.drop_database(owner, name)


def _make(name: str) -> None:
    owner = connections["owner"]
    before = owner.settings_dict["NAME"]
    owner.creation._get_test_db_name = lambda: name  # type: ignore[attr-defined]
    owner.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    owner.close()
    settings.DATABASES["owner"]["NAME"] = owner.settings_dict["NAME"] = before


@contextlib.contextmanager
def _locked(owner: psycopg.Connection[tuple[object, ...]], key: str) -> Iterator[None]:
    _call(owner, "pg_advisory_lock", key)
    try:
        yield
    finally:
        _call(owner, "pg_advisory_unlock", key)


def _is_free(owner: psycopg.Connection[tuple[object, ...]], key: str) -> bool:
    is_free = bool(_call(owner, "pg_try_advisory_lock", key))
    if is_free:
        _call(owner, "pg_advisory_unlock", key)
    return is_free


def _call(owner: psycopg.Connection[tuple[object, ...]], function: str, key: str) -> object:
    found = owner.execute(
        sql.SQL("SELECT {}(%s)").format(sql.Identifier(function)), [zlib.crc32(key.encode())]
    ).fetchone()
    return found and found[0]

"""A database for one measurement: made by the owner, dropped afterwards, whatever happens in between."""

from __future__ import annotations

import contextlib
import secrets
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections
from psycopg import sql

from performance.foundation import broker, databases
from performance.foundation.embedded import cluster

ALIASES = ("default", "owner")


@dataclass(frozen=True)
class Ground:
    """Where this process now is: `name` is the database's, also the prefix of everything else that it uses."""

    name: str

    def url(self, alias: str) -> str:
        """A libpq URL of the throwaway database for the application's role ("default") or the owner."""
        return _url(alias, self.name)


@contextlib.contextmanager
def throwaway(purpose: str, *, template: str = "") -> Iterator[Ground]:
    """Points both connections of this process at a fresh, migrated database; drops it at the end, also after
    Ctrl-C or SIGTERM. `template`: a migrated database to copy, which nobody may be connected to."""
    if "owner" not in settings.DATABASES:
        raise CommandError("DATABASE_OWNER_URL is needed: the owner makes and drops the throwaway database.")
    with contextlib.ExitStack() as stack:
        if settings.EMBEDDED:
            running = stack.enter_context(cluster.shared(durable=False))
            for alias in ALIASES:
                connections.settings[alias]["PORT"] = running.port
        ground = Ground(f"accord_{purpose}_{secrets.token_hex(4)}")
        stack.enter_context(_stopped_politely())
        stack.enter_context(_database(ground, template))
        stack.enter_context(_pointed_at(ground))
        if not template:
            call_command("migrate", database="owner", interactive=False, verbosity=0)
        _make_tables_of_cache_and_broker(ground)
        yield ground


def settle() -> None:
    """What autovacuum does within minutes of a large load, done now, so that plans rest on statistics."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    connections["owner"].close()


@contextlib.contextmanager
def _database(ground: Ground, template: str = "") -> Iterator[None]:
    name, role = sql.Identifier(ground.name), sql.Identifier(settings.APPLICATION_ROLE)
    # One connection throughout: a server that has run out of them would otherwise keep the database.
    with psycopg.connect(_url("owner", "postgres"), autocommit=True) as connection:
        copied = sql.SQL(" TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
        connection.execute(sql.SQL("CREATE DATABASE {}{}").format(name, copied))
        try:
            connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, role))
            yield
        finally:
            databases.drop_database(connection, ground.name)


@contextlib.contextmanager
def _pointed_at(ground: Ground) -> Iterator[None]:
    before = {alias: connections[alias].settings_dict["NAME"] for alias in ALIASES}
    try:
        for alias in ALIASES:
            connections[alias].close()
            connections[alias].settings_dict["NAME"] = ground.name
        yield
    finally:
        for alias, name in before.items():
            connections[alias].close()
            connections[alias].settings_dict["NAME"] = name


def _make_tables_of_cache_and_broker(ground: Ground) -> None:
    """Without Redis, both live in PostgreSQL: here, in the throwaway database."""
    cache = settings.CACHES["default"]
    if cache["BACKEND"].endswith("DatabaseCache"):
        call_command("createcachetable", database="owner", verbosity=0)
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {}").format(
                    sql.Identifier(str(cache["LOCATION"])), sql.Identifier(settings.APPLICATION_ROLE)
                )
            )
    if not settings.REDIS_URL:
        broker.make_tables(ground.url("owner"), settings.APPLICATION_ROLE)


@contextlib.contextmanager
def _stopped_politely() -> Iterator[None]:
    """SIGTERM unwinds like Ctrl-C, so that everything is put away."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before: Any = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _url(alias: str, database: str) -> str:
    known = connections[alias].settings_dict
    credentials = f"{known['USER']}:{known['PASSWORD']}@" if known["USER"] else ""
    return f"postgresql://{credentials}{known['HOST'] or '127.0.0.1'}:{known['PORT'] or 5432}/{database}"

"""Databases that come and go: the demo's sources, a benchmark's ground, what tests fill."""

from __future__ import annotations

import time
from typing import Any

import psycopg
from psycopg import sql

PATIENCE_SECONDS = 30


def drop_database(connection: psycopg.Connection[Any], name: str) -> None:
    """Drops the database if it exists; `connection` is another database's, in autocommit, by the owner.

    ``DROP DATABASE … WITH (FORCE)`` gives up on every session whose role the owner is no member of, and up to
    PostgreSQL 17 an autovacuum worker passing through counts as one. So only the sessions that the owner may end are
    ended; a plain DROP sends autovacuum away by itself and waits for the others to leave.

    Raises psycopg.errors.ObjectInUse when somebody still holds the database after half a minute.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        connection.execute(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = %s AND pid <> pg_backend_pid() AND usesysid IS NOT NULL
              AND pg_has_role(usesysid, 'MEMBER')
            """,
            [name],
        )
        try:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
        except psycopg.errors.ObjectInUse:
            if time.monotonic() > deadline:
                raise
        else:
            return

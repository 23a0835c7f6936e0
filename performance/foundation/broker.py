"""The broker over PostgreSQL: its tables, its upkeep, and how long the queue of any broker is.

Kombu's SQLAlchemy transport keeps its messages in two tables of a database apart. The owner makes them, so
that the application's role owns nothing there either; delivered messages stay until a sweep clears them.
"""

from __future__ import annotations

from typing import Any

import psycopg
import sqlalchemy
from celery import current_app
from django.conf import settings
from psycopg import sql

SCHEME = "sqla+"
TABLES = ("kombu_queue", "kombu_message")
SEQUENCES = ("queue_id_sequence", "message_id_sequence")
KEPT_DELIVERED = "1 hour"


def is_database() -> bool:
    return str(settings.CELERY_BROKER_URL).startswith(SCHEME)


def database_name() -> str:
    return str(sqlalchemy.make_url(settings.CELERY_BROKER_URL.removeprefix(SCHEME)).database)


def make_tables(owner_url: str, role: str) -> None:
    """Make the broker's tables as the owner and let `role` use them. Idempotent.

    `owner_url` is a libpq URL of the broker's database.
    """
    from kombu.transport.sqlalchemy import Channel
    from kombu.transport.sqlalchemy.models import metadata

    # The transport declares its tables when a channel first asks for them.
    channel: Any = Channel.__new__(Channel)
    channel._configure_entity_tablenames({})
    engine = sqlalchemy.create_engine(owner_url.replace("postgresql://", "postgresql+psycopg://", 1))
    try:
        metadata.create_all(engine)
    finally:
        engine.dispose()
    with psycopg.connect(owner_url, autocommit=True) as connection:
        names = {"role": sql.Identifier(role)}
        connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {role}").format(**names))
        for table in TABLES:
            connection.execute(
                sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {role}").format(
                    table=sql.Identifier(table), **names
                )
            )
        for sequence in SEQUENCES:
            connection.execute(
                sql.SQL("GRANT USAGE ON SEQUENCE {sequence} TO {role}").format(
                    sequence=sql.Identifier(sequence), **names
                )
            )


def leave_inherited_connections() -> None:
    """For a process just forked: forgets the parent's connections to the broker without closing them.

    The transport caches its engines for the whole process. A worker's child that is replaced while the parent is
    connected would otherwise talk on the parent's sockets: each reads the other's answers, and the worker falls silent.
    """
    from kombu.transport.sqlalchemy import Channel

    for engine, _sessions in Channel._engines.values():
        engine.dispose(close=False)
    Channel._engines.clear()


def clear_delivered() -> int:
    """Delete messages that were delivered a while ago. Returns how many; 0 for other brokers."""
    if not is_database():
        return 0
    url = settings.CELERY_BROKER_URL.removeprefix(SCHEME).replace("+psycopg", "", 1)
    with psycopg.connect(url, autocommit=True) as connection:
        cleared = connection.execute(
            "DELETE FROM kombu_message WHERE NOT visible AND timestamp < localtimestamp - %s::interval",
            [KEPT_DELIVERED],
        )
        return cleared.rowcount


def waiting() -> int:
    """Messages that wait in the queue. Raises the transport's own error when the broker does not answer."""
    with current_app.connection_for_read(connect_timeout=3) as connection:
        queue = settings.CELERY_TASK_DEFAULT_QUEUE
        declared = connection.default_channel.queue_declare(queue=queue, durable=True, auto_delete=False)
        return int(declared.message_count)

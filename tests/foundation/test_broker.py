"""Messages over PostgreSQL: carried by a role that owns nothing, counted, cleared; and over Redis."""

import os
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from celery import current_app
from django.conf import settings
from kombu import Connection
from psycopg import sql
from pytest_django import Settings
from sqlalchemy import text

from performance.foundation import broker, databases
from tests import services


@pytest.fixture
def broker_database(database_server: None) -> Iterator[str]:
    """An empty database for a broker: a libpq URL as the owner."""
    name = f"test_broker_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(services.owner_url(), autocommit=True) as owner:
        owner.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield services.owner_url().rpartition("/")[0] + f"/{name}"
        databases.drop_database(owner, name)


def _as_application(owner_url: str) -> str:
    database = owner_url.rpartition("/")[2]
    known = settings.DATABASES["default"]
    host, port = known["HOST"] or "127.0.0.1", psycopg.conninfo.conninfo_to_dict(owner_url)["port"]
    return f"postgresql://{known['USER']}:{known['PASSWORD']}@{host}:{port}/{database}"


@pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:DeprecationWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_application_sends_and_receives_but_owns_nothing(
    broker_database: str, settings: Settings
) -> None:
    broker.make_tables(broker_database, settings.APPLICATION_ROLE)
    broker.make_tables(broker_database, settings.APPLICATION_ROLE)
    url = _as_application(broker_database)
    settings.CELERY_BROKER_URL = "sqla+" + url.replace("postgresql://", "postgresql+psycopg://")
    with Connection(settings.CELERY_BROKER_URL) as connection:
        queue = connection.SimpleQueue("accord")
        queue.put({"say": "hello"})
        message = queue.get(timeout=10)
        assert message.payload == {"say": "hello"}
        message.ack()
        queue.close()
        engine, _session = connection.default_channel._open()
        engine.dispose()
    with psycopg.connect(url, autocommit=True) as application:
        assert application.execute("SELECT count(*), bool_or(visible) FROM kombu_message").fetchone() == (
            1,
            False,
        )
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute("CREATE TABLE mine (id int)")
        assert broker.clear_delivered() == 0, "a message delivered just now is kept for a while"
        application.execute("UPDATE kombu_message SET timestamp = localtimestamp - interval '2 hours'")
        assert broker.clear_delivered() == 1


def test_waiting_messages_of_redis_are_counted(settings: Settings) -> None:
    url = services.redis_url()
    queue = f"test-{uuid.uuid4().hex}"
    settings.CELERY_TASK_DEFAULT_QUEUE = queue
    with Connection(url) as connection:
        sender = connection.SimpleQueue(queue)
        sender.put("one")
        sender.put("two")
        before = current_app.conf.broker_url
        current_app.conf.broker_url = url
        try:
            assert broker.waiting() == 2
        finally:
            current_app.conf.broker_url = before
            sender.queue.delete()
            sender.close()


@pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:DeprecationWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_forked_process_talks_to_the_broker_on_a_connection_of_its_own(
    broker_database: str, settings: Settings
) -> None:
    broker.make_tables(broker_database, settings.APPLICATION_ROLE)
    address = "sqla+" + _as_application(broker_database).replace("postgresql://", "postgresql+psycopg://")

    def backend() -> int:
        with Connection(address) as connection, connection.default_channel.session as session:
            return int(session.scalar(text("SELECT pg_backend_pid()")))

    mine = backend()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        broker.leave_inherited_connections()
        os.write(writing, str(backend()).encode())
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    os.close(writing)
    with os.fdopen(reading) as answer:
        theirs = int(answer.read())
    assert theirs != mine
    assert backend() == mine, "the parent keeps its own"
    with Connection(address) as connection:
        connection.default_channel._open()[0].dispose()

"""A company in a database of its own, a real Redis as broker, and worker processes that may be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import kombu
import psycopg
import pytest
import redis
from django.conf import settings
from pytest_django import DjangoDbBlocker

from performance.config.benchmark import ground, seeding, server
from performance.config.celery import app
from performance.foundation import jobs, tenancy
from tests import services

PEOPLE = 700
#: Patience, not a measure: on an idle machine nothing here takes a tenth of it.
SECONDS = 120
SETTINGS = "performance.config.benchmark.settings"


def until(look: Callable[[], Any], what: str, seconds: float = SECONDS) -> Any:
    """Polls until `look` finds something; fails with `what` when it does not in time."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            pytest.fail(f"Waited {seconds:.0f} s in vain: {what}", pytrace=False)
        time.sleep(0.05)
    return found


@dataclass
class House:
    """The database and the broker that everything in these tests stands on."""

    place: ground.Ground
    company: seeding.Company
    environ: Mapping[str, str]
    folder: Path
    _workers: list[Worker] = field(default_factory=list)

    def start_worker(self) -> Worker:
        worker = Worker.started(self, len(self._workers))
        self._workers.append(worker)
        return worker

    def running_worker(self) -> Worker:
        """One that lives already, else a new one: starting a process takes seconds."""
        return next((worker for worker in self._workers if worker.is_alive), None) or self.start_worker()

    def stop_workers(self) -> None:
        for worker in self._workers:
            worker.kill()

    def send(self, task: Any, *args: Any) -> None:
        """A message as the web process sends it: through Redis, with the organisation in its header."""
        headers = {jobs.HEADER: str(self.company.organisation.pk)}
        with self._broker() as broker:
            task.apply_async(args, connection=broker, headers=headers)

    def beat(self) -> None:
        """All periodic tasks at once, as beat sends them over the minutes."""
        with self._broker() as broker:
            for entry in app.conf.beat_schedule.values():
                app.send_task(entry["task"], entry.get("args", []), connection=broker)

    def lose_messages(self) -> int:
        """Every message that waits is gone. Returns how many were lost."""
        with self._broker() as broker:
            return broker.default_channel.queue_purge(settings.CELERY_TASK_DEFAULT_QUEUE) or 0

    def _broker(self) -> kombu.Connection:
        return kombu.Connection(
            self.environ["REDIS_URL"], transport_options={"global_keyprefix": f"{self.place.name}:"}
        )

    def owner(self) -> psycopg.Connection[Any]:
        """A connection of the owner, for barriers that a worker runs into."""
        return psycopg.connect(self.place.url("owner"))

    def see_rows(self, connection: psycopg.Connection[Any]) -> None:
        """The owner, too, sees no rows before it says whose."""
        connection.execute(
            "SELECT set_config('app.organisation', %s, false)", [str(self.company.organisation.pk)]
        )

    def waiting_messages(self) -> int:
        with self._broker() as broker:
            queue = settings.CELERY_TASK_DEFAULT_QUEUE
            return int(broker.default_channel.queue_declare(queue=queue, durable=True).message_count)

    def is_waiting_for_a_lock(self) -> bool:
        """Whether a backend of the worker stands before somebody else's lock."""
        with psycopg.connect(self.place.url("owner"), autocommit=True) as connection:
            found = connection.execute(
                "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
                " WHERE NOT granted AND datname = current_database()"
            ).fetchone()
        return bool(found and found[0])

    def run_python(self, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another process of the application, for instance a web process that dies."""
        return subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=settings.BASE_DIR,
            env=dict(self.environ),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )


@dataclass
class Worker:
    """A Celery worker with one process for tasks, in a process group of its own."""

    process: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def started(cls, house: House, number: int) -> Worker:
        log = house.folder / f"worker-{number}.log"
        with log.open("w") as written:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "celery", "-A", "performance.config", "worker"),
                    *("--concurrency=1", "--loglevel=INFO", f"--hostname=kill{number}@%h"),
                    *("--without-gossip", "--without-mingle", "--without-heartbeat"),
                ],
                cwd=settings.BASE_DIR,
                env=dict(house.environ),
                stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return cls(process, log)

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    @property
    def is_ready(self) -> bool:
        """It takes messages."""
        return " ready." in self.log.read_text()

    def kill(self) -> None:
        """SIGKILL for the worker and its children: nobody tidies up."""
        if self.is_alive:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@pytest.fixture(scope="package")
def house(
    migrated_database: str, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """Everything is dropped at the end: the database, the workers, what is left in Redis."""
    redis_url = services.redis_url()
    folder = tmp_path_factory.mktemp("kill")
    with django_db_blocker.unblock(), ground.throwaway("kill", template=migrated_database) as place:
        company = seeding.seed(PEOPLE, say=lambda text: None, with_scores=False)
        environ = server.environment(place, folder, SETTINGS) | {
            "REDIS_URL": redis_url,
            "ACCORD_EGRESS_ALLOW": "127.0.0.1/32,localhost",
            "ACCORD_TASK_SECONDS": "120",
        }
        environ.pop("ACCORD_BROKER_URL", None)
        found = House(place, company, environ, folder)
        try:
            yield found
        finally:
            found.stop_workers()
            _forget(redis_url, place.name)


@pytest.fixture
def acting(house: House, django_db_blocker: DjangoDbBlocker) -> Callable[[], Any]:
    """`with acting():` reads and writes as the application does."""
    return lambda: tenancy.acting_for(house.company.organisation)


@pytest.fixture(autouse=True)
def _quiet_queue(house: House) -> Iterator[None]:
    """No test sees the messages of another."""
    house.lose_messages()
    yield
    house.lose_messages()


def _forget(redis_url: str, prefix: str) -> None:
    client = redis.Redis.from_url(redis_url)
    for key in client.scan_iter(match=f"{prefix}*"):
        client.delete(key)
    client.close()


def new_name(kind: str) -> str:
    return f"{kind}_{uuid.uuid4().hex[:8]}"

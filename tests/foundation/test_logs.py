"""Log lines say whose they are, also those that Django and Celery write once the work has failed; and nobody else
writes lines in them."""

from __future__ import annotations

import http.client
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from okr import queries
from performance.foundation import health, jobs, logs, tenancy
from tests.conftest import Cast


@shared_task(base=jobs.OrganisationTask, name="tests.failing")
def failing() -> None:
    raise RuntimeError("broken on purpose")


def _told(record: logging.LogRecord) -> tuple[str, str, str]:
    logs.Belonging().filter(record)
    told: Any = record
    return told.request_id, told.organisation_id, told.task_id


class Keeping(logging.Handler):
    """Keeps what each record says of itself at the moment it is written."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, tuple[str, str, str]]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append((record.levelname, _told(record)))


@pytest.fixture
def keeping(request: pytest.FixtureRequest) -> Any:
    handler = Keeping()
    logger = logging.getLogger(request.param)
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


@pytest.mark.parametrize("keeping", ["django.request"], indirect=True)
@pytest.mark.django_db
def test_a_failed_request_is_logged_with_its_id_and_organisation(
    keeping: Keeping, cast: Cast, client_for: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(queries, "visible_to", broken)
    client = client_for(cast.employee)
    client.raise_request_exception = False
    answer = client.get(reverse("okr:objectives"))
    assert answer.status_code == 500
    assert keeping.told == [("ERROR", (answer["X-Request-ID"], str(cast.organisation.pk), ""))]


@pytest.mark.parametrize("keeping", ["django.request"], indirect=True)
@pytest.mark.django_db
def test_an_answer_that_says_unavailable_is_logged_with_its_request(keeping: Keeping, client: Client) -> None:
    cache.delete(health.HEARTBEAT)
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert keeping.told == [("ERROR", (answer["X-Request-ID"], "", ""))]


@pytest.mark.parametrize("keeping", ["celery.app.trace"], indirect=True)
@pytest.mark.django_db
def test_a_failed_task_is_logged_with_its_id_and_organisation(keeping: Keeping, cast: Cast) -> None:
    with tenancy.remembering(cast.organisation.pk):
        outcome = failing.apply(task_id="task-1")
    assert outcome.failed()
    assert keeping.told == [("ERROR", ("", str(cast.organisation.pk), "task-1"))]


def test_an_access_line_is_one_object_whatever_is_asked_for() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "-c", "performance/config/gunicorn.py"),
            *("-b", f"127.0.0.1:{port}", "--workers", "1", "tests.foundation.hello"),
        ],
        cwd=settings.BASE_DIR,
        env={**os.environ, "ACCORD_LOG_FORMAT": "json"},
        stderr=subprocess.PIPE,
        text=True,
    )
    paths = [
        "/x%0A%7B%22level%22%3A%22FORGED%22%7D",
        "/a%5C",
        "/a%22b",
        "/%E9%B9%BF",
        "/invitation/the-secret/",
    ]
    try:
        for path in paths:
            assert _asked(port, path) == 200
    finally:
        server.send_signal(signal.SIGTERM)
        _out, written = server.communicate(timeout=30)
    lines = [json.loads(line) for line in written.splitlines()]
    access = [line for line in lines if line["logger"] == "gunicorn.access"]
    shown = [path.replace("the-secret", "***") for path in paths]
    assert sorted(line["path"] for line in access) == sorted(shown)
    assert {line["status"] for line in access} == {200}


def _asked(port: int, path: str) -> int:
    deadline = time.monotonic() + 30
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        finally:
            connection.close()


@pytest.mark.parametrize(
    ("task", "level", "is_told"),
    [
        ("performance.foundation.tasks.sweep", logging.INFO, False),
        ("performance.scoring.tasks.catch_up", logging.INFO, False),
        ("performance.scoring.tasks.catch_up", logging.ERROR, True),
        ("performance.sources.tasks.run_load", logging.INFO, True),
    ],
)
def test_only_the_schedules_own_successes_are_left_out(task: str, level: int, is_told: bool) -> None:
    record = logging.LogRecord("celery.app.trace", level, __file__, 1, "Task %s", (task,), None)
    record.data = {"name": task}
    assert logs.NotRoutine().filter(record) is is_told


def test_what_is_no_task_is_told() -> None:
    assert logs.NotRoutine().filter(logging.LogRecord("x", logging.INFO, __file__, 1, "y", (), None))


@pytest.mark.parametrize(
    "path",
    ["/invitation/%s/", "/setup/%s/", "/accounts/password/reset/key/%s/", "/accounts/confirm-email/%s/"],
)
def test_what_django_says_of_a_request_keeps_the_secret_of_its_link(path: str) -> None:
    said = ("Not Found", path % "the-secret")
    record = logging.LogRecord("django.request", logging.ERROR, __file__, 1, "%s: %s", said, None)
    assert logs.Masked().filter(record)
    assert record.getMessage() == f"Not Found: {path % '***'}"

"""A real Celery worker beside the test: in a thread, over an in-memory broker, with its own connection."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from celery import signals
from celery.contrib.testing import worker
from django.conf import settings
from django.db import connections

from performance.config.celery import app

PATIENCE = 90.0
BEAT_SECONDS = 10.0


def until(look: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Polls until `look` finds something; fails with `what` when it does not in time."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            pytest.fail(f"Waited {seconds:.0f} s in vain: {what}")
        time.sleep(0.1)
    return found


class Office:
    """Whoever works behind the pages: the worker, and the clock that sends what is periodic."""

    def __init__(self) -> None:
        self.failures: list[str] = []

    def beat(self) -> None:
        """Every periodic task once, as beat sends them over the minutes."""
        for entry in app.conf.beat_schedule.values():
            app.send_task(entry["task"], entry.get("args", []))

    def wait(self, look: Callable[[], Any], what: str) -> Any:
        """Polls while the worker works, beating now and then; a failed task ends the wait."""

        beaten = time.monotonic()

        def looked() -> Any:
            nonlocal beaten
            assert not self.failures, self.failures
            if time.monotonic() - beaten > BEAT_SECONDS:
                beaten = time.monotonic()
                self.beat()
            return look()

        return until(looked, what)


@contextmanager
def working() -> Iterator[Office]:
    """A worker for the length of the block. Needs a transactional test: it sees only what is committed."""
    office = Office()

    def note(sender: Any = None, einfo: Any = None, **given: Any) -> None:
        office.failures.append(f"{getattr(sender, 'name', sender)}: {einfo}")

    def leave(**given: Any) -> None:
        connections.close_all()

    def leave_logging(**given: Any) -> None:
        """With somebody listening, Celery leaves the log as the tests after this one expect it."""

    app.conf.broker_url = settings.CELERY_BROKER_URL
    signals.setup_logging.connect(leave_logging)
    signals.task_failure.connect(note)
    signals.task_postrun.connect(leave)
    try:
        with worker.start_worker(app, perform_ping_check=False, pool="solo", shutdown_timeout=30):
            yield office
    finally:
        signals.setup_logging.disconnect(leave_logging)
        signals.task_failure.disconnect(note)
        signals.task_postrun.disconnect(leave)

"""Two writers at one moment, made deterministic: the second runs into the first one's open transaction."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import connection

from performance.foundation import tenancy

PATIENCE_SECONDS = 30
WAITING = """SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()"""


def second_waits_for_first(
    organisation: Any, first: Callable[[], Any], second: Callable[[], Any]
) -> list[Any]:
    """Runs both for the organisation: `first` commits only once `second` waits for a lock that it holds.

    Returns what each gave back, or the exception that it ended with. Fails when `second` never had to wait,
    because then nothing kept the two apart.
    """
    outcomes: list[Any] = [None, None]
    has_written, may_commit = threading.Event(), threading.Event()

    def run_first() -> None:
        try:
            with tenancy.acting_for(organisation):
                outcomes[0] = first()
                has_written.set()
                may_commit.wait(PATIENCE_SECONDS)
        except Exception as error:  # noqa: BLE001
            outcomes[0] = error
        finally:
            has_written.set()
            connection.close()

    def run_second() -> None:
        try:
            with tenancy.acting_for(organisation):
                outcomes[1] = second()
        except Exception as error:  # noqa: BLE001
            outcomes[1] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run_first), threading.Thread(target=run_second)]
    threads[0].start()
    assert has_written.wait(PATIENCE_SECONDS)
    threads[1].start()
    try:
        has_waited = until_somebody_waits(threads[1])
    finally:
        may_commit.set()
        for thread in threads:
            thread.join(PATIENCE_SECONDS)
    assert has_waited, f"nothing kept the two apart: {outcomes}"
    return outcomes


def until_somebody_waits(second: threading.Thread) -> bool:
    """Whether anybody came to wait for a lock before `second` ended."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while second.is_alive() and time.monotonic() < deadline:
        with connection.cursor() as cursor:
            # Inside a transaction the activity is read once and kept.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return True
        time.sleep(0.02)
    return False


def first_holds_while_second_runs(
    organisation: Any, first: Callable[[], Any], second: Callable[[], Any]
) -> list[Any]:
    """Runs `second` from beginning to end while the transaction of `first` is still open: for rows that the second
    skips instead of waiting for them. Returns what each gave back, or the exception that it ended with."""
    outcomes: list[Any] = [None, None]
    has_written, may_commit = threading.Event(), threading.Event()

    def run(place: int, job: Callable[[], Any]) -> None:
        try:
            with tenancy.acting_for(organisation):
                outcomes[place] = job()
                if not place:
                    has_written.set()
                    may_commit.wait(PATIENCE_SECONDS)
        except Exception as error:  # noqa: BLE001
            outcomes[place] = error
        finally:
            has_written.set()
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in ((0, first), (1, second))]
    threads[0].start()
    assert has_written.wait(PATIENCE_SECONDS)
    threads[1].start()
    threads[1].join(PATIENCE_SECONDS)
    may_commit.set()
    threads[0].join(PATIENCE_SECONDS)
    return outcomes

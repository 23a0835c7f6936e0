"""How a worker takes a job, shows that it lives, and ends it; all by compare-and-set on the row itself.

A job delivered twice is taken once. A worker that was thought dead and comes back finds its claim gone and may
write nothing more.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import connection as database
from django.db.models import F
from django.utils import timezone
from uuid_utils.compat import uuid7

from performance.foundation import tenancy
from performance.sources import connectors
from performance.sources.models import JobState
from performance.sources.models.jobs import Job
from performance.sources.queries.loads import is_claimable

JobType = TypeVar("JobType", bound=Job)

MAX_ATTEMPTS = 4
BEAT_SECONDS = 20


class ClaimLost(Exception):
    """Somebody else has the job now, or it was stopped."""


def take(model: type[JobType], job_id: uuid.UUID, *, at: datetime) -> JobType | None:
    """The job, claimed for us; None when there is nothing to take. Its own short transaction."""
    claim_id = uuid7()
    with tenancy.acting_for(tenancy.current_organisation_id()):
        taken = (
            model.objects.filter(pk=job_id)
            .filter(is_claimable(at))
            .update(
                state=JobState.RUNNING,
                claim=claim_id,
                attempt=F("attempt") + 1,
                started_at=at,
                heartbeat_at=at,
                problem_code="",
                problem_params={},
            )
        )
        return model.objects.get(pk=job_id) if taken else None


def beat(job: Job, *, at: datetime, **changes: Any) -> None:
    """A sign of life together with news of the work, inside the caller's transaction. Raises ClaimLost."""
    alive = (
        type(job)
        .objects.filter(pk=job.pk, claim=job.claim, state=JobState.RUNNING)
        .update(heartbeat_at=at, **changes)
    )
    if not alive:
        raise ClaimLost


def finish(job: Job, state: str, *, at: datetime, **changes: Any) -> None:
    """Ends the job inside the caller's transaction. Raises ClaimLost."""
    beat(job, at=at, state=state, finished_at=at, **changes)


def fail(job: Job, refused: connectors.ConnectorRefused, *, at: datetime) -> bool:
    """Ends the job with its problem, or puts it back for later when that may help. True when it is over."""
    problem = {"problem_code": refused.code, "problem_params": refused.params}
    with tenancy.acting_for(tenancy.current_organisation_id()):
        if refused.retryable and job.attempt < MAX_ATTEMPTS:
            wait = timedelta(minutes=2**job.attempt)
            beat(job, at=at, state=JobState.WAITING, claim=None, due_at=at + wait, **problem)
            return False
        finish(job, JobState.FAILED, at=at, **problem)
        return True


@contextmanager
def heartbeat(job: Job) -> Iterator[None]:
    """Signs of life from a thread of its own while the source keeps us waiting. A killed process takes the
    thread with it, so silence still means death."""
    organisation_id = tenancy.current_organisation_id()
    stop = threading.Event()

    def pulse() -> None:
        try:
            while not stop.wait(BEAT_SECONDS):
                with tenancy.acting_for(organisation_id):
                    beat(job, at=timezone.now())
        except ClaimLost:
            # The worker itself finds out at its next step.
            return
        finally:
            database.close()

    thread = threading.Thread(target=pulse, name=f"heartbeat-{job.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5)

"""Work at sources, outside transactions. The job rows are the truth; these messages only say: look now."""

from __future__ import annotations

import uuid

from celery import shared_task
from django.utils import timezone

from performance.foundation import jobs
from performance.sources import actions, queries


@shared_task(base=jobs.OrganisationTask, transactional=False)
def run_load(load_id: str) -> None:
    actions.run_load(load_id=uuid.UUID(load_id), clock=timezone.now)


@shared_task(base=jobs.OrganisationTask, transactional=False)
def run_probe(probe_id: str) -> None:
    actions.run_probe(probe_id=uuid.UUID(probe_id), clock=timezone.now)


@shared_task(base=jobs.OrganisationTask)
def sweep_sources() -> None:
    """Starts what is due, and takes up what was lost: messages, workers."""
    now = timezone.now()
    actions.start_due_loads(at=now)
    actions.clear_answers(at=now)
    actions.clear_rejected_rows(at=now)
    for load_id in queries.claimable_loads(now).values_list("pk", flat=True):
        jobs.nudge(run_load, str(load_id))
    for probe_id in queries.claimable_probes(now).values_list("pk", flat=True):
        jobs.nudge(run_probe, str(probe_id))

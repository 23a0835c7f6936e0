"""Background work: values follow their data and definitions."""

import uuid

from celery import shared_task
from django.utils import timezone

from performance.foundation import jobs, stale, tenancy
from performance.kpis import actions, queries
from performance.kpis.queries import live

BATCH = 200


@shared_task(base=jobs.OrganisationTask, transactional=False, ignore_result=True)
def refresh_stale_values() -> int:
    """Computes what loads, signatures, answers of sources and new periods have made out of date, and has sources asked
    where rows stay there. Answers how many metrics changed."""
    now = timezone.now()
    organisation_id = tenancy.current_organisation_id()
    loaded = stale.claim("metric_values", limit=BATCH, at=now)
    signed = stale.claim("metric_definitions", limit=BATCH, at=now)
    answered = stale.claim("live_answers", limit=BATCH, at=now)
    with tenancy.acting_for(organisation_id):
        wanted = queries.metrics_reading(loaded.subject_ids) | set(signed.subject_ids)
        everything = bool(queries.periods_without_values())
        if wanted:
            actions.start_readings(metric_ids=wanted, at=now)
        if everything:
            actions.start_readings(at=now)
        for reading_id in live.claimable_readings(now).values_list("pk", flat=True):
            jobs.nudge(ask_source_for_values, str(reading_id))
        if not loaded and not signed and not answered and not everything:
            return 0
        wanted |= set(answered.subject_ids)
        changed = actions.refresh_values(metric_ids=None if everything else wanted, at=timezone.now())
        for claimed in (loaded, signed, answered):
            stale.settle(claimed)
    return len(changed)


@shared_task(base=jobs.OrganisationTask, transactional=False, ignore_result=True)
def ask_source_for_values(reading_id: str) -> None:
    """Asks one source for the aggregates of one metric, outside any transaction, and then for the values."""
    if actions.run_reading(reading_id=uuid.UUID(reading_id), clock=timezone.now):
        with tenancy.acting_for(tenancy.current_organisation_id()):
            jobs.nudge(refresh_stale_values)

"""Background work: values follow their data and definitions, forecasts and alerts follow values."""

import time
import uuid

from celery import shared_task
from django.utils import timezone

from performance.foundation import jobs, stale, tenancy
from performance.kpis import actions, forecasting, queries
from performance.kpis.queries import forecasts, live
from performance.people import queries as people
from performance.people.models import Organisation

BATCH = 200
#: After that long the next sweep goes on with the metrics that still wait.
MOST_SECONDS = 240


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
        if changed:
            jobs.nudge(watch_values)
    return len(changed)


@shared_task(base=jobs.OrganisationTask, transactional=False, ignore_result=True)
def refresh_forecasts() -> int:
    """Foresees the metrics whose values changed or that a new month came to, one after another. Computing holds no
    transaction. Answers how many forecasts changed."""
    organisation_id = tenancy.current_organisation_id()
    ends_at = time.monotonic() + MOST_SECONDS
    with tenancy.acting_for(organisation_id):
        today = people.today_here()
        actions.mark_due_forecasts(today=today, at=timezone.now())
    changed = 0
    while time.monotonic() < ends_at and (claim := stale.claim(forecasts.STALE, limit=1, at=timezone.now())):
        (metric_id,) = claim.subject_ids
        with tenancy.acting_for(organisation_id):
            histories = forecasts.histories(metric_id, today)
            kept = forecasts.current_bases(metric_id)
        found = forecasting.foresee(histories, kept)
        with tenancy.acting_for(organisation_id):
            if stale.is_held(claim):
                changed += actions.store_forecasts(metric_id=metric_id, found=found, at=timezone.now())
                stale.settle(claim)
    return changed


@shared_task(base=jobs.OrganisationTask, transactional=False, ignore_result=True)
def ask_source_for_values(reading_id: str) -> None:
    """Asks one source for the aggregates of one metric, outside any transaction, and then for the values."""
    if actions.run_reading(reading_id=uuid.UUID(reading_id), clock=timezone.now):
        with tenancy.acting_for(tenancy.current_organisation_id()):
            jobs.nudge(refresh_stale_values)


@shared_task(base=jobs.OrganisationTask, transactional=False, ignore_result=True)
def watch_values() -> int:
    """Judges the alert rules after values, targets or rules changed. Answers how many alerts were raised or recovered."""
    claimed = stale.claim("metric_watch", limit=BATCH, at=timezone.now())
    if not claimed:
        return 0
    with tenancy.acting_for(tenancy.current_organisation_id()):
        done = _watch()
        stale.settle(claimed)
    return done


@shared_task(base=jobs.OrganisationTask, ignore_result=True)
def watch_clock() -> int:
    """The same for what time alone changes: months settle, paths rise, data grow old, people leave."""
    return _watch()


def _watch() -> int:
    organisation = Organisation.objects.get(pk=tenancy.current_organisation_id())
    done = actions.watch_values(organisation=organisation, at=timezone.now())
    return done.opened + done.recovered

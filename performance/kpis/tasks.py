"""Background work: values follow their data and definitions, alerts follow the values."""

from celery import shared_task
from django.utils import timezone

from performance.foundation import jobs, stale, tenancy
from performance.kpis import actions, queries
from performance.people.models import Organisation

BATCH = 200


@shared_task(base=jobs.OrganisationTask, transactional=False, ignore_result=True)
def refresh_stale_values() -> int:
    """Computes what loads, signatures and new periods have made out of date. Answers how many metrics changed."""
    now = timezone.now()
    organisation_id = tenancy.current_organisation_id()
    loaded = stale.claim("metric_values", limit=BATCH, at=now)
    signed = stale.claim("metric_definitions", limit=BATCH, at=now)
    with tenancy.acting_for(organisation_id):
        wanted = queries.metrics_reading(loaded.subject_ids) | set(signed.subject_ids)
        everything = bool(queries.periods_without_values())
        if not loaded and not signed and not everything:
            return 0
        changed = actions.refresh_values(metric_ids=None if everything else wanted, at=timezone.now())
        stale.settle(loaded)
        stale.settle(signed)
        if changed:
            jobs.nudge(watch_values)
    return len(changed)


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

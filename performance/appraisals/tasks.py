"""Background work: exports, asking for reviews, and telling people that their result is there. Each is safe to run twice."""

import uuid

from celery import shared_task
from django.utils import timezone

from performance.appraisals import actions, queries
from performance.foundation import jobs, tenancy


@shared_task(base=jobs.OrganisationTask, transactional=False, ignore_result=True)
def write_export(export_id: str) -> None:
    """Writes one export's file."""
    actions.run_export(export_id=uuid.UUID(export_id))


@shared_task(base=jobs.OrganisationTask, transactional=False, ignore_result=True)
def announce_results() -> None:
    """Tells everybody whose result was published, a batch at a time."""
    told = actions.ANNOUNCED_AT_ONCE
    while told == actions.ANNOUNCED_AT_ONCE:
        with tenancy.acting_for(tenancy.current_organisation_id()):
            told = actions.announce_results(at=timezone.now())


@shared_task(base=jobs.OrganisationTask, transactional=False, ignore_result=True)
def ask_for_reviews() -> None:
    """Puts reviews whose stage has begun before their writers, a batch at a time."""
    asked = actions.ASKED_AT_ONCE
    while asked == actions.ASKED_AT_ONCE:
        with tenancy.acting_for(tenancy.current_organisation_id()):
            asked = actions.ask_for_reviews(at=timezone.now())


@shared_task(base=jobs.OrganisationTask, transactional=False, ignore_result=True)
def catch_up() -> None:
    """The sweep: what a lost message or a killed worker left behind, stages that begin, and files past their time."""
    announce_results.run()
    ask_for_reviews.run()
    with tenancy.acting_for(tenancy.current_organisation_id()):
        actions.clear_expired_exports(at=timezone.now())
        waiting = list(queries.open_exports(timezone.now()).values_list("pk", flat=True))
    for export_id in waiting:
        actions.run_export(export_id=export_id)

"""What goals do by themselves: bound key results fill, agreed objectives start with their period, grades are
asked for when it is closing, and what is closed is sealed."""

from celery import shared_task
from django.utils import timezone

from okr import actions
from performance.foundation import jobs


@shared_task(base=jobs.OrganisationTask)
def refresh_bound_key_results() -> None:
    """Takes the metrics' values into the key results bound to them."""
    actions.refresh_bound_key_results(at=timezone.now())


@shared_task(base=jobs.OrganisationTask)
def activate_agreed_objectives() -> None:
    """Starts what was agreed before its period became active."""
    actions.activate_agreed_objectives(at=timezone.now())


@shared_task(base=jobs.OrganisationTask)
def close_periods() -> None:
    """Asks for grades in closing periods and seals the goals of closed ones."""
    actions.ask_for_grades(at=timezone.now())
    actions.seal_closed_periods(at=timezone.now())

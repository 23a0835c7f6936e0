"""What goals do by themselves: bound key results fill, agreed objectives start with their period, grades are
asked for when it is closing, what is closed is sealed, and check-ins are asked for when they are due."""

from celery import shared_task
from django.utils import timezone

from okr import actions, queries, rules
from performance.foundation import jobs, tenancy
from performance.people import models as people_models
from performance.people import queries as people


@shared_task(base=jobs.OrganisationTask)
def refresh_bound_key_results() -> None:
    """Takes the metrics' values into the key results bound to them."""
    actions.refresh_bound_key_results(at=timezone.now())


@shared_task(base=jobs.OrganisationTask)
def activate_agreed_objectives() -> None:
    """Starts what was agreed before its period became active."""
    actions.activate_agreed_objectives(at=timezone.now())


@shared_task(base=jobs.OrganisationTask)
def keep_rhythm() -> None:
    """Notes who owes this week's check-in, asks for it on its day, and tells the line when it stays away."""
    at = timezone.now()
    organisation = people_models.Organisation.objects.get(pk=tenancy.current_organisation_id())
    today = people.day_at(organisation, at)
    monday = rules.monday_of(today)
    periods = queries.periods_of_week(monday, today)
    for place, period in enumerate(periods):
        period.organisation = organisation
        actions.open_duties(period=period, monday=monday, at=at, besides=periods[:place])
    while actions.ask_for_check_ins(organisation=organisation, at=at):
        pass
    while actions.escalate_missed(organisation=organisation, at=at):
        pass


@shared_task(base=jobs.OrganisationTask)
def close_periods() -> None:
    """Asks for grades in closing periods and seals the goals of closed ones."""
    actions.ask_for_grades(at=timezone.now())
    actions.seal_closed_periods(at=timezone.now())

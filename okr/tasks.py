"""What goals do by themselves: bound key results fill, agreed objectives start with their period, grades are
asked for when it is closing, what is closed is sealed, and check-ins are asked for when they are due."""

import datetime

from celery import shared_task
from django.utils import timezone

from okr import actions, queries, rules
from performance.foundation import jobs, tenancy
from performance.people import models as people_models
from performance.people import queries as people

#: Objectives that are locked together.
BATCH = 100


@shared_task(base=jobs.OrganisationTask, transactional=False)
def refresh_bound_key_results() -> None:
    """Takes the metrics' values into the key results bound to them: looks without a lock, then takes what has moved
    batch by batch, so that no check-in waits for all of it."""
    organisation_id, at = tenancy.current_organisation_id(), timezone.now()
    with tenancy.acting_for(organisation_id):
        moved = queries.moved_objectives(queries.bound_key_results())
    for start in range(0, len(moved), BATCH):
        with tenancy.acting_for(organisation_id):
            actions.refresh_bound_key_results(at=at, objective_ids=moved[start : start + BATCH])


@shared_task(base=jobs.OrganisationTask)
def activate_agreed_objectives() -> None:
    """Starts what was agreed before its period became active."""
    actions.activate_agreed_objectives(at=timezone.now())


@shared_task(base=jobs.OrganisationTask, transactional=False)
def keep_rhythm() -> None:
    """Notes who owes this week's check-in, asks for it on its day, and tells the line when it stays away. Each batch
    is a transaction of its own: what is asked stays asked, whatever happens to the next."""
    at, organisation_id = timezone.now(), tenancy.current_organisation_id()
    with tenancy.acting_for(organisation_id):
        organisation = _open_duties(at)
    for tell in (actions.ask_for_check_ins, actions.escalate_missed):
        is_more = True
        while is_more:
            with tenancy.acting_for(organisation_id):
                is_more = bool(tell(organisation=organisation, at=at))


def _open_duties(at: datetime.datetime) -> people_models.Organisation:
    organisation = people_models.Organisation.objects.get(pk=tenancy.current_organisation_id())
    today = people.day_at(organisation, at)
    monday = rules.monday_of(today)
    periods = queries.periods_of_week(monday, today)
    for place, period in enumerate(periods):
        period.organisation = organisation
        actions.open_duties(period=period, monday=monday, at=at, besides=periods[:place])
    return organisation


@shared_task(base=jobs.OrganisationTask)
def close_periods() -> None:
    """Asks for grades in closing periods and seals the goals of closed ones."""
    actions.ask_for_grades(at=timezone.now())
    actions.seal_closed_periods(at=timezone.now())

"""What goals do by themselves: bound key results fill, agreed objectives start with their period, grades are
asked for when it is closing, what is closed is sealed, and check-ins are asked for when they are due."""

import datetime
import zoneinfo

from celery import shared_task
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from okr import actions, queries, rules
from performance.foundation import access, jobs, tenancy
from performance.foundation.components import formats
from performance.inbox import actions as inbox
from performance.inbox import tasks as inbox_tasks
from performance.people import models as people_models
from performance.people import queries as people

#: From this hour on the week before is told.
MORNING = 7
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


@shared_task(base=jobs.OrganisationTask)
def follow_lines() -> int:
    """Whoever manages the owner by today agrees for the other side. Answers how many objectives changed hands."""
    organisation = people_models.Organisation.objects.get(pk=tenancy.current_organisation_id())
    return len(actions.follow_lines(at=timezone.now(), organisation=organisation))


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
    """Asks for grades and retrospectives in closing periods and seals the goals of closed ones."""
    actions.ask_for_grades(at=timezone.now())
    actions.seal_closed_periods(at=timezone.now())
    actions.invite_to_retrospectives(at=timezone.now())


@shared_task(base=jobs.OrganisationTask)
def write_week_letters() -> int:
    """On the first workday of a week, from the morning on: the week before, to those whom it concerns. Returns how many
    were written; a full batch is followed by the next."""
    at = timezone.now()
    organisation = people_models.Organisation.objects.get(pk=tenancy.current_organisation_id())
    here = at.astimezone(zoneinfo.ZoneInfo(organisation.time_zone))
    if here.hour < MORNING or not people.work_days(organisation).is_workday(here.date()):
        return 0
    monday = rules.monday_of(here.date()) - datetime.timedelta(days=7)
    digests = queries.week_digests(organisation=organisation, monday=monday, today=here.date())
    if digests:
        written = [_week_letter(digest, organisation) for digest in digests]
        inbox.queue_letters(kind=queries.WEEK_LETTER, key=monday.isoformat(), letters=written, at=at)
        jobs.nudge(write_week_letters)
    return len(digests)


def _week_letter(digest: queries.WeekDigest, organisation: people_models.Organisation) -> inbox.Written:
    def link(path: str) -> str:
        return settings.ACCORD_URL + access.inside(organisation.pk, path)

    def linked(goals: list[queries.GoalThen]) -> list[tuple[queries.GoalThen, str]]:
        return [(goal, link(reverse("okr:objective", args=[goal.row.objective.pk]))) for goal in goals]

    with translation.override(inbox_tasks.language_of(digest.person, organisation)):
        context = {
            "digest": digest,
            "organisation": organisation,
            "goals": linked(digest.goals),
            "behind": linked(digest.behind),
            "home": link(reverse("okr:home")),
            "my_team": link(reverse("okr:my_team")),
            "settings": link(reverse("inbox:mail")),
        }
        return inbox.Written(
            person_id=digest.person.pk,
            subject=_("Your week: %(week)s") % {"week": formats.week(digest.monday)},
            text=render_to_string("okr/email/week.txt", context),
            html=render_to_string("okr/email/week.html", context),
        )

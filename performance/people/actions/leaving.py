"""Writes: people leave, and come back. What ends with a last day ends once it is over, planned or not."""

import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from performance.foundation import audit, stale
from performance.people import queries
from performance.people.actions import invitations, lines, people, roles, teams
from performance.people.actions.refusal import PeopleRefused
from performance.people.models import (
    ApiToken,
    Membership,
    Person,
    ReportingLine,
    Team,
    TeamMembership,
)

PARTED_AT_ONCE = 200


def deactivate_person(
    *,
    person: Person,
    left_on: datetime.date,
    by: Any,
    at: datetime.datetime,
    why: str = "",
    reports_to: Person | None = None,
) -> Person:
    """Ends somebody's time here: `left_on` is their last day. History, goals and scores stay.

    Reports move to `reports_to` from the next day on; without one, the action declines while there are any, also
    planned ones. Roles, access and work end with the last day: at once when it is over, else by `end_what_ended`.
    """
    if person.hired_on and left_on < person.hired_on:
        raise PeopleRefused(_("The last day cannot lie before the first one."), field="left_on")
    next_day = left_on + lines.A_DAY
    with transaction.atomic():
        person = people.locked(person)
        if person.left_on is not None:
            raise PeopleRefused(_("This person has left already."), code="conflict")
        roles.refuse_last_administrator([person.pk])
        _hand_over_reports(person, reports_to, next_day, by, at)
        person.left_on = left_on
        person.save(update_fields=["left_on"])
        for dated in (ReportingLine, TeamMembership):
            rows = dated.objects.filter(person=person)
            rows.filter(starts_on__gte=next_day).delete()
            rows.filter(Q(ends_on=None) | Q(ends_on__gt=next_day)).update(ends_on=next_day)
        invitations.withdraw_for([person.pk], at)
        if left_on < queries.day_at(person.organisation, at):
            _part(person, by, at)
        audit.record(
            by=by,
            action="people.deactivate_person",
            subject=person,
            at=at,
            why=why,
            changes={"left_on": [None, left_on]},
        )
        stale.mark("score", [person.pk], at=at)
    return person


def return_person(*, person: Person, hired_on: datetime.date, by: Any, at: datetime.datetime) -> Person:
    """Somebody who left comes back from a day on, as the same person with the same history.

    Roles that ended with their last day are given anew, lines and teams begin no earlier than that day. Who has not
    left yet keeps theirs: what the planned last day had cut goes on.
    """
    with transaction.atomic():
        person = people.locked(person)
        if person.left_on is None:
            raise PeopleRefused(_("This person has not left."), code="conflict")
        if person.erased_at is not None:
            raise PeopleRefused(_("The personal data of this person was erased."), code="erased")
        was = person.left_on
        had_left = was < queries.day_at(person.organisation, at)
        person.left_on = person.parted_at = None
        if had_left:
            roles.end_roles([person.pk], by=by, at=at)
            person.returned_on = hired_on
        person.save(update_fields=["left_on", "parted_at", "returned_on"])
        if not had_left:
            lines.reopen_own_line(person, was + lines.A_DAY)
            lines.take_reports_back(person=person, from_day=was + lines.A_DAY, by=by, at=at)
            teams.reopen_memberships(person, was + lines.A_DAY)
        open_access([person])
        audit.record(
            by=by,
            action="people.return_person",
            subject=person,
            at=at,
            changes={"left_on": [was, None], "from": hired_on},
        )
        stale.mark("score", [person.pk], at=at)
    return person


def end_what_ended(*, at: datetime.datetime) -> int:
    """Takes back what ended with a last day that is over by now. Returns of how many people."""
    with transaction.atomic():
        waiting = queries.still_to_part(at).select_for_update(of=("self",), skip_locked=True)
        parting = list(waiting[:PARTED_AT_ONCE])
        for person in parting:
            _part(person, None, at)
    return len(parting)


def open_access(returned: list[Person]) -> None:
    """Those who are here again may sign in again."""
    for person in returned:
        if person.user_id:
            Membership.objects.filter(user=person.user_id, organisation=person.organisation_id).update(
                is_active=True
            )


def _hand_over_reports(
    person: Person, to: Person | None, from_day: datetime.date, by: Any, at: datetime.datetime
) -> None:
    count = queries.lines_led(person.pk, from_day).values("person_id").distinct().count()
    if count and to is None:
        raise PeopleRefused(
            ngettext(
                "%(count)s person reports to them. Say who takes over.",
                "%(count)s people report to them. Say who takes over.",
                count,
            )
            % {"count": count},
            field="reports_to",
        )
    if count and to is not None:
        lines.hand_over_reports(person=person, to=to, from_day=from_day, by=by, at=at)


def _part(person: Person, by: Any, at: datetime.datetime) -> None:
    """Roles, teams led, access and tokens; apps above this one pass on what waits for the person."""
    successor = queries.successor_of(person)
    roles.end_roles([person.pk], by=by, at=at)
    for team in Team.objects.filter(lead=person, closed_on=None):
        team.lead = successor
        team.save(update_fields=["lead"])
        audit.record(
            by=by, action="people.edit_team", subject=team, at=at, changes={"lead": [person, successor]}
        )
    if person.user_id is not None:
        here = {"user": person.user_id, "organisation": person.organisation_id}
        Membership.objects.filter(**here).update(is_active=False)
        ApiToken.objects.filter(**here, revoked_at=None).update(revoked_at=at)
    for pass_on in settings.LEAVERS:
        import_string(pass_on)(person=person, to=successor, at=at)
    person.parted_at = at
    person.save(update_fields=["parted_at"])

"""Writes: teams, and who belongs to them from a day on."""

import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from performance.foundation import audit
from performance.people.actions import lines
from performance.people.actions.refusal import PeopleRefused
from performance.people.models import Person, Team, TeamMembership


def start_team(
    *,
    code: str,
    name_en: str,
    by: Any,
    at: datetime.datetime,
    name_zh: str = "",
    parent: Team | None = None,
    lead: Person | None = None,
) -> Team:
    code = code.strip() or name_en.strip()[:60]
    if Team.objects.filter(code__iexact=code).exists():
        raise PeopleRefused(_("Another team has this code."), field="code")
    with transaction.atomic():
        team = Team.objects.create(
            code=code, name_en=name_en.strip(), name_zh=name_zh.strip(), parent=parent, lead=lead
        )
        audit.record(by=by, action="people.start_team", subject=team, at=at)
    return team


def edit_team(
    *,
    team: Team,
    name_en: str,
    name_zh: str,
    parent: Team | None,
    lead: Person | None,
    by: Any,
    at: datetime.datetime,
) -> Team:
    """Names, place and lead. A team cannot stand inside itself."""
    _refuse_nesting(team, parent)
    wanted = {"name_en": name_en.strip(), "name_zh": name_zh.strip(), "parent": parent, "lead": lead}
    changes = {
        key: [getattr(team, key), value] for key, value in wanted.items() if getattr(team, key) != value
    }
    if changes:
        with transaction.atomic():
            for key, value in wanted.items():
                setattr(team, key, value)
            team.save()
            audit.record(by=by, action="people.edit_team", subject=team, at=at, changes=changes)
    return team


def close_team(*, team: Team, on: datetime.date, by: Any, at: datetime.datetime) -> Team:
    """The team stops existing on a day. Its history stays; its members belong to it until then."""
    with transaction.atomic():
        team.closed_on = on
        team.save(update_fields=["closed_on"])
        memberships = TeamMembership.objects.filter(team=team)
        memberships.filter(starts_on__gte=on).delete()
        memberships.filter(Q(ends_on=None) | Q(ends_on__gt=on)).update(ends_on=on)
        audit.record(by=by, action="people.close_team", subject=team, at=at, changes={"closed_on": on})
    return team


def join_team(
    *,
    person: Person,
    team: Team,
    starts_on: datetime.date,
    by: Any,
    at: datetime.datetime,
    is_primary: bool = True,
) -> TeamMembership:
    """From a day on, the person belongs to the team. A new primary team ends the one before."""
    if team.closed_on is not None and team.closed_on <= starts_on:
        raise PeopleRefused(_("This team is closed on that day."), field="team")
    with transaction.atomic():
        person = Person.objects.select_for_update().get(pk=person.pk)
        lines.refuse_outside(person, starts_on)
        own = TeamMembership.objects.filter(person=person)
        holding = Q(ends_on=None) | Q(ends_on__gt=starts_on)
        if own.filter(holding, team=team, starts_on__lte=starts_on, is_primary=is_primary).exists():
            raise PeopleRefused(
                _("They belong to this team already on that day."), field="team", code="no_change"
            )
        ending = own.filter(
            holding & (Q(team=team) | Q(is_primary=True)) if is_primary else holding & Q(team=team)
        )
        later = ending.filter(starts_on__gt=starts_on).order_by("starts_on").first()
        ending.filter(starts_on=starts_on).delete()
        ending.filter(starts_on__lt=starts_on).update(ends_on=starts_on)
        membership = TeamMembership.objects.create(
            person=person,
            team=team,
            is_primary=is_primary,
            starts_on=starts_on,
            ends_on=_while_both_are(person, team, later.starts_on if later else None),
        )
        audit.record(
            by=by,
            action="people.join_team",
            subject=person,
            at=at,
            changes={"team": team, "from": starts_on, "primary": is_primary},
        )
    return membership


def reopen_memberships(person: Person, from_day: datetime.date) -> None:
    """The memberships that a withdrawn last day had cut go on."""
    for membership in TeamMembership.objects.filter(person=person, ends_on=from_day).select_related("team"):
        if membership.team.closed_on is None or membership.team.closed_on > from_day:
            membership.ends_on = membership.team.closed_on
            membership.save(update_fields=["ends_on"])


def _while_both_are(person: Person, team: Team, ends_on: datetime.date | None) -> datetime.date | None:
    """The first day on which a membership no longer holds: `ends_on`, or sooner, when one of both is gone."""
    days = [day for day in (ends_on, team.closed_on) if day is not None]
    return lines.last_days_over(min(days, default=None), person)


def _refuse_nesting(team: Team, parent: Team | None) -> None:
    above, seen = parent, 0
    while above is not None:
        if above.pk == team.pk or seen > 20:
            raise PeopleRefused(_("A team cannot stand inside itself."), field="parent", code="cycle")
        above, seen = above.parent, seen + 1

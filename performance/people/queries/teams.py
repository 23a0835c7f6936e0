"""Reads: teams, units and their members."""

import datetime
import uuid
from collections.abc import Iterable

from django.db.models import Case, Count, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from performance.people.models import BusinessUnit, Person, Team, TeamMembership
from performance.people.queries.lines import active_people, holds_on, line_above, people_who_write


def team_of(person_id: uuid.UUID, on: datetime.date) -> Team | None:
    """The primary team on that day."""
    membership = (
        TeamMembership.objects.filter(holds_on(on), person_id=person_id, is_primary=True)
        .select_related("team")
        .first()
    )
    return membership.team if membership else None


def members_of(team_id: uuid.UUID, on: datetime.date) -> QuerySet[Person]:
    memberships = TeamMembership.objects.filter(holds_on(on), team_id=team_id)
    return active_people(on).filter(pk__in=memberships.values("person_id"))


def all_teams() -> QuerySet[Team]:
    """Every team, closed ones too, with its lead and the team it is part of."""
    return Team.objects.select_related("lead", "parent")


def units() -> QuerySet[BusinessUnit]:
    return BusinessUnit.objects.order_by("name_en")


def teams(on: datetime.date) -> QuerySet[Team]:
    """Teams that are open on that day."""
    return Team.objects.exclude(closed_on__lte=on).select_related("lead", "parent").order_by("name_en")


def teams_with_counts(on: datetime.date) -> QuerySet[Team]:
    """Open teams with `members`: how many people belong to each on that day."""
    held = TeamMembership.objects.filter(holds_on(on), team=OuterRef("pk")).order_by()
    counted = held.values("team").annotate(number=Count("pk")).values("number")
    return teams(on).annotate(members=Coalesce(Subquery(counted), 0))


def teams_of(person_ids: Iterable[uuid.UUID], on: datetime.date) -> dict[uuid.UUID, Team]:
    """person → primary team on that day."""
    memberships = TeamMembership.objects.filter(
        holds_on(on), person_id__in=list(person_ids), is_primary=True
    ).select_related("team")
    return {membership.person_id: membership.team for membership in memberships}


def teammates(person_id: uuid.UUID, on: datetime.date) -> QuerySet[Person]:
    """Everybody who shares a team with this person that day, the person too, by name."""
    memberships = TeamMembership.objects.filter(holds_on(on))
    theirs = memberships.filter(person_id=person_id).values("team_id")
    return (
        active_people(on)
        .filter(pk__in=memberships.filter(team_id__in=theirs).values("person_id"))
        .order_by("name_sort")
    )


def nearest(person_id: uuid.UUID, on: datetime.date) -> QuerySet[Person]:
    """Everybody else who is here that day and can help: the manager first, then the line above, then who shares a team,
    then all others; each by name."""
    line = line_above(person_id, on)
    mates = teammates(person_id, on).order_by().values("pk")
    distance = Case(
        When(pk__in=line[:1], then=Value(0)),
        When(pk__in=line, then=Value(1)),
        When(pk__in=mates, then=Value(2)),
        default=Value(3),
    )
    return people_who_write(on).exclude(pk=person_id).order_by(distance, "name_sort", "pk")


def teams_spoken_for(person_id: uuid.UUID, on: datetime.date) -> QuerySet[Team]:
    """Open teams that this person leads or belongs to that day."""
    memberships = TeamMembership.objects.filter(holds_on(on), person_id=person_id)
    return Team.objects.filter(
        Q(pk__in=memberships.values("team_id")) | Q(lead_id=person_id), closed_on=None
    ).order_by("name_en")

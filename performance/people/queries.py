"""Reads: who is here, who manages whom, which period it is. Dates decide; the default is the organisation's today."""

import datetime
import uuid
import zoneinfo
from collections.abc import Iterable
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from performance.foundation import access, tenancy
from performance.people.models import (
    Membership,
    Organisation,
    Period,
    Person,
    ReportingLine,
    RoleGrant,
    Team,
    TeamMembership,
)


def memberships_of(user: Any) -> list[Organisation]:
    """The organisations this account may enter, oldest first. Read before any organisation is chosen."""
    memberships = (
        Membership.objects.filter(user=user, is_active=True, organisation__closed_at=None)
        .select_related("organisation")
        .order_by("created_at", "id")
    )
    return [membership.organisation for membership in memberships]


def load_actor(*, user: Any, organisation_id: uuid.UUID) -> access.Actor | None:
    """The person this account acts as, with the granted roles; None when it is nobody here (any more)."""
    people = Person.objects.select_related("organisation", "unit").prefetch_related(
        Prefetch("grants", queryset=RoleGrant.objects.only("role", "person_id"))
    )
    person = people.filter(user=user).first()
    if person is None or (person.left_on is not None and person.left_on < today(person.organisation)):
        return None
    return access.Actor(
        user=user,
        organisation=person.organisation,
        person=person,
        roles=frozenset(grant.role for grant in person.grants.all()),
    )


def today(organisation: Organisation) -> datetime.date:
    """The organisation's calendar day now."""
    return timezone.now().astimezone(zoneinfo.ZoneInfo(organisation.time_zone)).date()


def active_people(on: datetime.date) -> QuerySet[Person]:
    return Person.objects.filter(Q(left_on=None) | Q(left_on__gte=on)).exclude(hired_on__gt=on)


def people_visible_to(actor: access.Actor) -> QuerySet[Person]:
    """The directory is open to every member."""
    return Person.objects.all()


def holds_on(on: datetime.date, prefix: str = "") -> Q:
    """The rows of a dated line that hold on a day."""
    return Q(**{f"{prefix}starts_on__lte": on}) & (
        Q(**{f"{prefix}ends_on": None}) | Q(**{f"{prefix}ends_on__gt": on})
    )


def manager_of(person_id: uuid.UUID, on: datetime.date) -> Person | None:
    line = ReportingLine.objects.filter(holds_on(on), person_id=person_id).select_related("manager").first()
    return line.manager if line else None


def managers_of(person_ids: Iterable[uuid.UUID], on: datetime.date) -> dict[uuid.UUID, uuid.UUID]:
    """person → manager on that day; people without one are absent."""
    lines = ReportingLine.objects.filter(holds_on(on), person_id__in=list(person_ids))
    return dict(lines.values_list("person_id", "manager_id"))


def reports_of(manager_id: uuid.UUID, on: datetime.date) -> QuerySet[Person]:
    """Direct reports on that day."""
    lines = ReportingLine.objects.filter(holds_on(on), manager_id=manager_id)
    return active_people(on).filter(pk__in=lines.values("person_id"))


BELOW = """
    WITH RECURSIVE below(person_id) AS (
        SELECT person_id FROM people_reportingline
        WHERE organisation_id = %(organisation)s AND manager_id = %(manager)s
          AND starts_on <= %(on)s AND (ends_on IS NULL OR ends_on > %(on)s)
        UNION
        SELECT line.person_id FROM people_reportingline line
        JOIN below ON line.manager_id = below.person_id
        WHERE line.organisation_id = %(organisation)s
          AND line.starts_on <= %(on)s AND (line.ends_on IS NULL OR line.ends_on > %(on)s)
    )
    SELECT person_id FROM below
"""
ABOVE = """
    WITH RECURSIVE above(manager_id, height) AS (
        SELECT manager_id, 1 FROM people_reportingline
        WHERE organisation_id = %(organisation)s AND person_id = %(person)s
          AND starts_on <= %(on)s AND (ends_on IS NULL OR ends_on > %(on)s)
        UNION
        SELECT line.manager_id, above.height + 1 FROM people_reportingline line
        JOIN above ON line.person_id = above.manager_id
        WHERE line.organisation_id = %(organisation)s AND above.height < 50
          AND line.starts_on <= %(on)s AND (line.ends_on IS NULL OR line.ends_on > %(on)s)
    )
    SELECT manager_id FROM above ORDER BY height
"""


def _ids(statement: str, **parameters: Any) -> list[uuid.UUID]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, {"organisation": tenancy.current_organisation_id(), **parameters})
        return [row[0] for row in cursor.fetchall()]


def line_above(person_id: uuid.UUID, on: datetime.date) -> list[uuid.UUID]:
    """Managers from the direct one to the top, in one query."""
    return _ids(ABOVE, person=person_id, on=on)


def is_above(manager_id: uuid.UUID, person_id: uuid.UUID, on: datetime.date) -> bool:
    """Whether `manager_id` stands anywhere up the line of `person_id`."""
    return manager_id in line_above(person_id, on)


def ids_below(manager_id: uuid.UUID, on: datetime.date) -> list[uuid.UUID]:
    """Everyone anywhere below, in one query."""
    return _ids(BELOW, manager=manager_id, on=on)


def everyone_below(manager_id: uuid.UUID, on: datetime.date) -> QuerySet[Person]:
    return active_people(on).filter(pk__in=ids_below(manager_id, on))


def manages_anyone(person_id: uuid.UUID, on: datetime.date) -> bool:
    return ReportingLine.objects.filter(holds_on(on), manager_id=person_id).exists()


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


def periods() -> QuerySet[Period]:
    """Newest first."""
    return Period.objects.order_by("-starts_on", "kind")


def current_period(on: datetime.date) -> Period | None:
    """The quarter (else the shortest other period) that holds this day and is open; the latest one else."""
    holding = list(Period.objects.filter(starts_on__lte=on, ends_on__gte=on).exclude(state="closed"))
    if holding:
        return min(holding, key=lambda period: (period.kind != "quarter", period.days))
    return Period.objects.exclude(state="closed").order_by("-starts_on").first()


def people_with_role(role: str) -> QuerySet[Person]:
    return Person.objects.filter(grants__role=role, left_on=None)

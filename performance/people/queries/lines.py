"""Reads: who manages whom, and when. One recursive statement instead of a query per level."""

import datetime
import uuid
from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from performance.foundation import tenancy
from performance.people.models import Person, ReportingLine


def active_people(on: datetime.date) -> QuerySet[Person]:
    return Person.objects.filter(Q(left_on=None) | Q(left_on__gte=on)).exclude(hired_on__gt=on)


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
    with connection.cursor() as cursor:
        cursor.execute(statement, {"organisation": tenancy.current_organisation_id(), **parameters})
        return [row[0] for row in cursor.fetchall()]


def line_above(person_id: uuid.UUID, on: datetime.date) -> list[uuid.UUID]:
    """Managers from the direct one to the top, in one query."""
    return _ids(ABOVE, person=person_id, on=on)


def ids_below(manager_id: uuid.UUID, on: datetime.date) -> list[uuid.UUID]:
    """Everyone anywhere below, in one query."""
    return _ids(BELOW, manager=manager_id, on=on)


def below(manager_id: uuid.UUID, on: datetime.date) -> RawSQL:
    """Everyone anywhere below, as a part of a larger query: `filter(owner_id__in=below(...))`. The database
    follows the line; no list of ids travels, however many people there are."""
    organisation = tenancy.current_organisation_id()
    statement = BELOW % dict.fromkeys(("organisation", "manager", "on"), "%s")
    return RawSQL(statement, [organisation, manager_id, on, on, organisation, on, on])  # noqa: S611


def everyone_below(manager_id: uuid.UUID, on: datetime.date) -> QuerySet[Person]:
    return active_people(on).filter(pk__in=ids_below(manager_id, on))


def manages_anyone(person_id: uuid.UUID, on: datetime.date) -> bool:
    return ReportingLine.objects.filter(holds_on(on), manager_id=person_id).exists()


def current_line(person_id: uuid.UUID, on: datetime.date) -> ReportingLine | None:
    """The line that holds on a day, with its manager and since when."""
    return ReportingLine.objects.filter(holds_on(on), person_id=person_id).select_related("manager").first()

"""Reads: who manages whom, and when. One recursive statement instead of a query per level."""

import datetime
import uuid
from collections.abc import Collection, Iterable
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.db.models.expressions import RawSQL

from performance.foundation import tenancy
from performance.people.models import Organisation, Person, ReportingLine, Role, RoleGrant
from performance.people.queries.absences import days_away
from performance.people.queries.accounts import day_at, today


def active_people(on: datetime.date) -> QuerySet[Person]:
    return Person.objects.filter(Q(left_on=None) | Q(left_on__gte=on)).exclude(hired_on__gt=on)


def people_who_write(on: datetime.date) -> QuerySet[Person]:
    """Everybody here that day who can do what they are asked for: an auditor reads, and answers nothing."""
    auditors = RoleGrant.objects.filter(role=Role.AUDITOR).values("person")
    return active_people(on).exclude(pk__in=auditors)


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


def lines_above(person_ids: Iterable[uuid.UUID], on: datetime.date) -> dict[uuid.UUID, list[uuid.UUID]]:
    """person → their line, the direct manager first. A query for each level, however many people there are."""
    at_level = {key: key for key in person_ids}
    lines: dict[uuid.UUID, list[uuid.UUID]] = {key: [] for key in at_level}
    while at_level:
        managers = managers_of(set(at_level.values()), on)
        at_level = {key: managers[below] for key, below in at_level.items() if below in managers}
        at_level = {key: above for key, above in at_level.items() if above not in lines[key]}
        for key, above in at_level.items():
            lines[key].append(above)
    return lines


def not_there(person_ids: Collection[uuid.UUID], on: datetime.date) -> set[uuid.UUID]:
    """Who of them is away on that day or no longer here. Two queries."""
    here = active_people(on).filter(pk__in=person_ids).values_list("pk", flat=True)
    return set(person_ids) - set(here) | set(days_away(person_ids, on, on))


def reports_of(manager_id: uuid.UUID, on: datetime.date) -> QuerySet[Person]:
    """Direct reports on that day."""
    lines = ReportingLine.objects.filter(holds_on(on), manager_id=manager_id)
    return active_people(on).filter(pk__in=lines.values("person_id"))


def lines_led(manager_id: uuid.UUID, from_day: datetime.date) -> QuerySet[ReportingLine]:
    """Lines to a manager that hold on a day or later, planned ones too."""
    lasting = Q(ends_on=None) | Q(ends_on__gt=from_day)
    return ReportingLine.objects.filter(lasting, manager_id=manager_id)


def successor_of(person: Person) -> Person | None:
    """Who stands in for somebody who left: whoever most of their reports went to, else the manager of their last day;
    None when nobody of them is here any more."""
    if person.left_on is None:
        return None
    after = person.left_on + datetime.timedelta(days=1)
    led = ReportingLine.objects.filter(manager=person, ends_on=after).values("person_id")
    went = ReportingLine.objects.filter(person__in=led, starts_on=after).exclude(manager=person)
    most = went.values("manager_id").annotate(times=Count("pk")).order_by("-times", "manager_id").first()
    candidates = [most["manager_id"]] if most else []
    candidates += [manager.pk for manager in [manager_of(person.pk, person.left_on)] if manager]
    here = active_people(max(after, today(person.organisation))).in_bulk(candidates)
    return next((here[key] for key in candidates if key in here), None)


def still_to_part(at: datetime.datetime) -> QuerySet[Person]:
    """People whose last day is over and who still hold what ended with it."""
    on = day_at(Organisation.objects.get(pk=tenancy.current_organisation_id()), at)
    return Person.objects.filter(left_on__lt=on, parted_at=None).select_related("organisation").order_by("pk")


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

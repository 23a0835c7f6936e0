"""Reads: the directory as a table."""

import datetime
from collections.abc import Iterator
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from performance.people.models import Person, ReportingLine, TeamMembership
from performance.people.queries.lines import holds_on

AT_ONCE = 2000
#: Heads of the columns → what stands in them.
COLUMNS = {
    "Number": "number",
    "Name": "name_en",
    "Chinese name": "name_zh",
    "E-mail": "email",
    "Title": "title_en",
    "Chinese title": "title_zh",
    "Level": "level",
    "City": "city",
    "Team": "team_then",
    "Business unit": "unit__name_en",
    "Manager number": "manager_then",
    "Joined on": "hired_on",
    "Left on": "left_on",
}
#: The heads; an import knows them again.
EXPORTED = tuple(COLUMNS)


def exported_rows(people: QuerySet[Person], on: datetime.date) -> Iterator[tuple[Any, ...]]:
    """One row a person, with the manager and the primary team of a day. One query, read in pieces."""
    line = ReportingLine.objects.filter(holds_on(on), person=OuterRef("pk"))
    team = TeamMembership.objects.filter(holds_on(on), person=OuterRef("pk"), is_primary=True)
    rows = people.annotate(
        manager_then=Subquery(line.values("manager__number")[:1]),
        team_then=Subquery(team.values("team__name_en")[:1]),
    )
    return rows.values_list(*COLUMNS.values()).iterator(chunk_size=AT_ONCE)

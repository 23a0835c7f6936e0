"""Reads: values, the feed of public praise, points given and received."""

import datetime
import uuid
from dataclasses import dataclass

from django.db.models import Count, QuerySet, Sum

from feedback.models import CompanyValue, Note, RecognitionRule
from feedback.queries.notes import notes_visible_to
from performance.foundation import access
from performance.people import queries as people
from performance.people.models import Person

TOTALS = 20


def company_values() -> QuerySet[CompanyValue]:
    """Those that are offered, in their order."""
    return CompanyValue.objects.filter(retired_at=None)


def all_values() -> QuerySet[CompanyValue]:
    return CompanyValue.objects.all()


def points_a_month() -> int:
    rule = RecognitionRule.objects.first()
    return rule.points_a_month if rule else RecognitionRule._meta.get_field("points_a_month").default


def points_left(person_id: uuid.UUID, at: datetime.datetime) -> int:
    """Of this calendar month on the organisation's clocks; praise that was taken back gives its points back."""
    local = people.local_time(people.organisation_here(), at)
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = (first + datetime.timedelta(days=32)).replace(day=1)
    given = Note.objects.filter(
        author_id=person_id, retracted_at=None, written_at__gte=first, written_at__lt=following
    )
    return max(points_a_month() - (given.aggregate(all=Sum("points"))["all"] or 0), 0)


def praise_feed(
    actor: access.Actor, *, value_id: uuid.UUID | None = None, person_id: uuid.UUID | None = None
) -> QuerySet[Note]:
    """Public praise, newest first, for a value or a person where one is asked for."""
    found = notes_visible_to(actor).filter(visibility="public", kind="praise")
    if value_id is not None:
        found = found.filter(value=value_id)
    if person_id is not None:
        found = found.filter(about=person_id)
    return found


@dataclass(frozen=True)
class Total:
    person: Person
    points: int
    praises: int


def point_totals(actor: access.Actor, on: datetime.date) -> list[Total]:
    """Who received points with public praise, the most first; people who have left are left out. Two queries."""
    rows = (
        notes_visible_to(actor)
        .filter(visibility="public", kind="praise", points__gt=0)
        .order_by()
        .values("about")
        .annotate(points_sum=Sum("points"), praises=Count("pk"))
        .order_by("-points_sum", "about")
    )
    here = people.active_people(on).filter(pk__in=[row["about"] for row in rows])
    by_key = {person.pk: person for person in here}
    totals = [
        Total(by_key[row["about"]], row["points_sum"], row["praises"])
        for row in rows
        if row["about"] in by_key
    ]
    return totals[:TOTALS]

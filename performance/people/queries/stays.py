"""Where somebody was when. The unit in the directory is the last one; what came before is kept with its end."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, UUIDField, When

from performance.foundation import sets
from performance.people.models import Person, UnitStay

#: (unit, first day, last day) in turn.
Stays = tuple[tuple[uuid.UUID | None, datetime.date, datetime.date], ...]
A_DAY = datetime.timedelta(days=1)


def unit_then(day: Any, *, person: str = "pk", unit: str = "unit_id") -> Case:
    """The unit that somebody was in on a day (or an OuterRef to one): for queries of rows with a person."""
    later = UnitStay.objects.filter(person=OuterRef(person), until__gt=day).order_by("until")
    return Case(
        When(Exists(later), then=Subquery(later.values("unit_id")[:1])),
        default=F(unit),
        output_field=UUIDField(null=True),
    )


def in_units_during(
    everybody: QuerySet[Person], units: Iterable[uuid.UUID | None], since: datetime.date, until: datetime.date
) -> QuerySet[Person]:
    """Who was in one of these units (None: in no unit) on at least one of the days."""
    wanted = set(units)
    named = [unit_id for unit_id in wanted if unit_id is not None]
    at_end, earlier = Q(unit_at_end__in=named), Q(unit_id__in=named)
    if None in wanted:
        at_end, earlier = at_end | Q(unit_at_end=None), earlier | Q(unit_id=None)
    within = UnitStay.objects.filter(earlier, person=OuterRef("pk"), until__gt=since, until__lte=until)
    return everybody.alias(unit_at_end=unit_then(until)).filter(at_end | Exists(within))


def stays_since(
    person_ids: Iterable[uuid.UUID] | None, since: datetime.date
) -> dict[uuid.UUID, list[UnitStay]]:
    """person → the stays that ended after that day, in turn; of everybody unless ids are given. One query."""
    found = UnitStay.objects.filter(until__gt=since)
    if person_ids is not None:
        found = found.filter(person_id__in=sets.among(person_ids))
    stays: dict[uuid.UUID, list[UnitStay]] = defaultdict(list)
    for stay in found.order_by("person_id", "until"):
        stays[stay.person_id].append(stay)
    return stays


def stretches(
    unit_id: uuid.UUID | None, stays: Iterable[UnitStay], since: datetime.date, until: datetime.date
) -> Stays:
    """The units of somebody over these days. `unit_id`: the one in the directory; `stays`: those that ended later than
    the first day, in turn."""
    found: list[tuple[uuid.UUID | None, datetime.date, datetime.date]] = []
    first = since
    for stay in stays:
        if first > until:
            return tuple(found)
        found.append((stay.unit_id, first, min(stay.until - A_DAY, until)))
        first = stay.until
    if first <= until:
        found.append((unit_id, first, until))
    return tuple(found)


def unit_of(person: Person, day: datetime.date) -> uuid.UUID | None:
    """The unit that somebody was in on a day. One query."""
    later = UnitStay.objects.filter(person=person, until__gt=day).order_by("until").first()
    return later.unit_id if later else person.unit_id


def earlier_units(person: Person) -> list[UnitStay]:
    """Where somebody was before, the latest first."""
    return list(UnitStay.objects.filter(person=person).select_related("unit").order_by("-until"))

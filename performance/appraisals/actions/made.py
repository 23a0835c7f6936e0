"""Which reviews a cycle needs: made from who is in it and who led whom, for as long as it is open."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.db.models import F, Q

from performance.appraisals import queries
from performance.appraisals.models import Cycle, CycleEntry, Review, ReviewKind
from performance.appraisals.models.templates import WHOLE
from performance.people import models as people
from performance.people import queries as people_queries

BATCH = 1000
#: Whoever led for fewer days does not review, unless nobody led for longer.
LEAST_DAYS_LED = 14
#: manager → (first day, last day, days)
Led = dict[uuid.UUID, tuple[datetime.date, datetime.date, int]]


def make_reviews(cycle: Cycle) -> int:
    """The reviews that are missing: of oneself, upward, and of each manager who led somebody in the period. Peers are
    nominated. A few statements a thousand people; what is there stays."""
    if cycle.template_version_id is None:
        return 0
    asked = set(queries.kinds_asked(cycle))
    found = CycleEntry.objects.filter(cycle=cycle, state="open").select_related("person").order_by("pk")
    made = 0
    batch: list[CycleEntry] = []
    for entry in found.iterator(chunk_size=BATCH):
        batch.append(entry)
        if len(batch) == BATCH:
            made += _make(cycle, batch, asked)
            batch = []
    return made + _make(cycle, batch, asked)


def _make(cycle: Cycle, batch: Sequence[CycleEntry], asked: set[str]) -> int:
    today = people_queries.today_here()
    reviews: list[Review] = []
    if ReviewKind.SELF in asked:
        reviews += [
            Review(entry=entry, kind=ReviewKind.SELF, reviewer_id=entry.person_id)
            for entry in batch
            if entry.person.left_on is None or entry.person.left_on >= today
        ]
    if ReviewKind.MANAGER in asked:
        reviews += _of_managers(cycle, batch, today)
    if ReviewKind.UPWARD in asked:
        reviews += _upward(cycle, batch, today)
    before = Review.objects.filter(entry__in=batch).count()
    Review.objects.bulk_create(reviews, ignore_conflicts=True, batch_size=BATCH)
    return Review.objects.filter(entry__in=batch).count() - before


def _of_managers(cycle: Cycle, batch: Sequence[CycleEntry], today: datetime.date) -> list[Review]:
    with_one = set(
        Review.objects.filter(entry__in=batch, kind=ReviewKind.MANAGER).values_list("entry_id", flat=True)
    )
    fresh = [entry for entry in batch if entry.pk not in with_one]
    led = days_led([entry.person_id for entry in fresh], cycle.period)
    leading = {key for of in led.values() for key in of}
    leading |= {entry.manager_id for entry in fresh if entry.manager_id}
    here = people_queries.active_people(today).filter(pk__in=leading)
    gone = leading - set(here.values_list("pk", flat=True))
    made = []
    for entry in fresh:
        managers = _counted({key: of for key, of in led.get(entry.person_id, {}).items() if key not in gone})
        if not managers and entry.manager_id and entry.manager_id not in gone:
            managers = {entry.manager_id: (cycle.period.starts_on, cycle.period.ends_on, 1)}
        last = max(managers, key=lambda key: (managers[key][1], key), default=None)
        for key, share in shares({key: of[2] for key, of in managers.items()}).items():
            made.append(
                Review(
                    entry=entry,
                    kind=ReviewKind.MANAGER,
                    reviewer_id=key,
                    is_lead=key == last,
                    from_on=managers[key][0],
                    until_on=managers[key][1],
                    share_ppm=share,
                )
            )
    return made


def days_led(person_ids: Iterable[uuid.UUID], period: people.Period) -> Mapping[uuid.UUID, Led]:
    """person → who led them on days of the period, from when until when. One query."""
    lines = people.ReportingLine.objects.filter(
        Q(ends_on=None) | Q(ends_on__gt=period.starts_on),
        person_id__in=list(person_ids),
        starts_on__lte=period.ends_on,
    ).order_by("starts_on")
    after = period.ends_on + datetime.timedelta(days=1)
    led: dict[uuid.UUID, Led] = defaultdict(dict)
    for person, manager, starts_on, ends_on in lines.values_list(
        "person_id", "manager_id", "starts_on", "ends_on"
    ):
        first, end = max(starts_on, period.starts_on), min(ends_on or after, after)
        known = led[person].get(manager)
        days = (end - first).days + (known[2] if known else 0)
        led[person][manager] = (known[0] if known else first, end - datetime.timedelta(days=1), days)
    return led


def _counted(led: Led) -> Led:
    long_enough = {key: of for key, of in led.items() if of[2] >= LEAST_DAYS_LED}
    return long_enough or dict(sorted(led.items(), key=lambda item: (-item[1][2], item[0]))[:1])


def shares(days: Mapping[uuid.UUID, int]) -> dict[uuid.UUID, int]:
    """By days, summing to exactly 1,000,000 (largest remainders; ties go to the smaller id)."""
    whole = sum(days.values())
    parts = {key: divmod(count * WHOLE, whole) for key, count in days.items()}
    missing = WHOLE - sum(part for part, _rest in parts.values()) if parts else 0
    first = sorted(parts, key=lambda key: (-parts[key][1], key))[:missing]
    return {key: part + (key in first) for key, (part, _rest) in parts.items()}


def _upward(cycle: Cycle, batch: Sequence[CycleEntry], today: datetime.date) -> list[Review]:
    """Each direct report of the cycle's day who is still here."""
    by_person = {entry.person_id: entry for entry in batch}
    here = people_queries.active_people(today)
    lines = people.ReportingLine.objects.filter(
        people_queries.holds_on(cycle.people_on), manager_id__in=by_person, person__in=here
    ).exclude(person_id=F("manager_id"))
    return [
        Review(entry=by_person[manager], kind=ReviewKind.UPWARD, reviewer_id=person)
        for manager, person in lines.values_list("manager_id", "person_id")
    ]

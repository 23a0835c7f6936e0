"""Reads: what waits for a person."""

import datetime
import enum
import uuid
import zoneinfo
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import CharField, Count, Exists, F, Func, OuterRef, Q, QuerySet, Value

from performance.inbox import kinds
from performance.inbox.channels import reasons
from performance.inbox.models import (
    Area,
    Delivery,
    Endpoint,
    Letter,
    MailPace,
    MailRule,
    Occasion,
    OverdueRule,
    WorkItem,
)
from performance.inbox.rules import ATTEMPTS, SENDING_LASTS
from performance.people import models as people_models
from performance.people import queries as people

#: How long one waits for the answer of a test.
AWAITED = datetime.timedelta(minutes=2)
#: Items that a daily e-mail names; it counts the others.
NAMED_A_DAY = 20
#: People who are written to in one go.
A_BATCH = 500

#: The people whom a row of the list names.
NAMED = ("assigned_by", "escalated_to", "handed_to", "handed_by")
#: The least and the most that an organisation may choose.
OVERDUE_WITHIN = {"due_days": (1, 20), "grace_days": (0, 20), "levels": (0, 2)}

# One icon for each kind of work; the area's own where a kind has none.
ICONS = {
    "goals.agreement": "signature",
    "goals.check_in": "checklist",
    "goals.reply": "message-circle",
    "goals.missed": "clock",
    "goals.link": "git-merge",
    "goals.dependency": "arrows-exchange",
    "goals.declined": "arrow-back-up",
    "goals.vote": "gauge",
    "goals.mention": "at",
    "goals.action": "list-check",
    "goals.blocker": "alert-triangle",
    "goals.helper_left": "alert-triangle",
    "goals.self_grade": "clipboard-check",
    "goals.manager_grade": "clipboard-check",
    "metrics.signature": "signature",
    "metrics.alert": "alert-triangle",
    "feedback.pulse": "message-heart",
    "feedback.note": "message-heart",
    "feedback.action": "list-check",
    "feedback.request": "message-question",
    "feedback.declined": "message-x",
    "feedback.one_on_one": "calendar-repeat",
    "home.endpoint_off": "plug-connected-x",
    "performance.approval": "adjustments-horizontal",
    "performance.review": "clipboard-check",
    "performance.score_check": "calculator",
    "performance.score_question": "message-question",
    "performance.number_question": "message-question",
    "performance.score_answer": "message-check",
    "goals.retrospective": "history",
    "goals.retrospective_note": "history",
    "people.line": "hierarchy-2",
    **{f"{area}.overdue": "stairs" for area in Area.values},
}
ICONS_OF_AREAS = {
    Area.HOME: "home",
    Area.GOALS: "target-arrow",
    Area.METRICS: "chart-dots",
    Area.FEEDBACK: "message-heart",
    Area.PERFORMANCE: "award",
    Area.PEOPLE: "users",
}


def open_items(person_id: uuid.UUID, *, on: datetime.date | None = None) -> QuerySet[WorkItem]:
    """What waits, most urgent first. With `on`, snoozed items are left out until their day."""
    items = _in_hand(WorkItem.objects.filter(person_id=person_id)).select_related(*NAMED)
    if on is not None:
        items = items.filter(Q(snoozed_until=None) | Q(snoozed_until__lte=on))
    return items.order_by(F("due_on").asc(nulls_last=True), "assigned_at", "id")


def snoozed_items(person_id: uuid.UUID, *, on: datetime.date) -> QuerySet[WorkItem]:
    """What comes back on a later day, the nearest first."""
    items = _in_hand(WorkItem.objects.filter(person_id=person_id, snoozed_until__gt=on))
    return items.select_related(*NAMED).order_by("snoozed_until", "id")


def done_items(person_id: uuid.UUID) -> QuerySet[WorkItem]:
    done = WorkItem.objects.filter(person_id=person_id).exclude(done_at=None)
    return done.select_related(*NAMED).order_by("-done_at")


def handed_items(person_id: uuid.UUID) -> QuerySet[WorkItem]:
    """What this person has put into somebody else's hands, and may take back."""
    items = WorkItem.objects.filter(person_id=person_id, done_at=None).exclude(handed_to=None)
    return items.select_related(*NAMED).order_by(F("due_on").asc(nulls_last=True), "assigned_at", "id")


def items_of(person_id: uuid.UUID) -> QuerySet[WorkItem]:
    """Everything that waits or waited for this person."""
    return WorkItem.objects.filter(person_id=person_id).select_related(*NAMED)


def items_of_kind(kind: str) -> QuerySet[WorkItem]:
    """What waits or waited of one kind, whoever it was for."""
    return WorkItem.objects.filter(kind=kind)


def open_of_kind(kind: str) -> QuerySet[WorkItem]:
    """What waits of one kind, whoever it waits for: only where everybody concerned may know of it."""
    return _in_hand(items_of_kind(kind))


def told_about(subject_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Everybody for whom something about these subjects waits or waited."""
    return set(WorkItem.objects.filter(subject_id__in=subject_ids).values_list("person_id", flat=True))


def told_of_each(subject_ids: Collection[uuid.UUID]) -> set[tuple[uuid.UUID, uuid.UUID]]:
    """The same as pairs of a subject and a person."""
    told = WorkItem.objects.filter(subject_id__in=subject_ids).values_list("subject_id", "person_id")
    return set(told.order_by().distinct())


def going_up() -> QuerySet[WorkItem]:
    """What waits and is told up the line when it stays undone: of the kinds that go up, in the hands of whoever does
    it."""
    return _in_hand(WorkItem.objects.filter(kind__in=kinds.going_up(), about=None))


def goes_up(item: WorkItem, rule: OverdueRule) -> bool:
    """Whether a level of the line has yet to hear of this item when it stays undone. On which day stands in
    `escalate_on` once it is overdue; after a level has heard of it without a further day nobody else does."""
    is_told = kinds.goes_up(item.kind) and item.about_id is None and item.handed_to_id is None
    is_over = item.escalations > 0 and item.escalate_on is None
    return is_told and item.done_at is None and item.escalations < rule.levels and not is_over


def _in_hand(items: QuerySet[WorkItem]) -> QuerySet[WorkItem]:
    return items.filter(done_at=None, handed_to=None)


def stand_ins(item: WorkItem, on: datetime.date) -> QuerySet[people_models.Person]:
    """Who else may do it: by the rules of its app, here, writing, and not whoever asks it; nobody
    does what is done, whose subject may be gone. By name."""
    kind = kinds.kind_of(item.kind)
    if item.done_at is not None or kind is None or kind.stand_ins is None:
        return people_models.Person.objects.none()
    having = WorkItem.objects.filter(kind=item.kind, subject_id=item.subject_id, done_at=None)
    found = people.people_who_write(on).filter(pk__in=kind.stand_ins(item.subject_id, on))
    return (
        found.exclude(pk__in=[key for key in (item.person_id, item.assigned_by_id) if key])
        .exclude(pk__in=having.values("person_id"))
        .order_by("name_sort", "pk")
    )


def standing_overdue_rule() -> OverdueRule:
    """The organisation's, or the default that nobody has changed yet."""
    return OverdueRule.objects.first() or OverdueRule()


def in_area(items: QuerySet[WorkItem], area: str) -> QuerySet[WorkItem]:
    return items.filter(kind__startswith=f"{area}.") if area in Area.values else items


def open_counts(person_id: uuid.UUID, *, on: datetime.date) -> dict[str, int]:
    """How many items the list shows on a day in each area, and under "home" all of them. One query."""
    counts = dict(
        open_items(person_id, on=on)
        .order_by()
        .annotate(in_area=Func("kind", Value("."), Value(1), function="split_part", output_field=CharField()))
        .values("in_area")
        .annotate(number=Count("id"))
        .values_list("in_area", "number")
    )
    return {**counts, "home": sum(counts.values())}


def list_counts(person_id: uuid.UUID, *, on: datetime.date) -> dict[str, int]:
    """How many items this person has put off (`later`) and handed over (`handed`). One query."""
    waiting = WorkItem.objects.filter(person_id=person_id, done_at=None)
    return waiting.aggregate(
        later=Count("pk", filter=Q(handed_to=None, snoozed_until__gt=on)),
        handed=Count("pk", filter=Q(handed_to__isnull=False)),
    )


def icon_of(item: WorkItem) -> str:
    return ICONS.get(item.kind) or ICONS_OF_AREAS.get(item.area, "point")  # type: ignore[call-overload]


def urgency_of(item: WorkItem, on: datetime.date) -> str:
    """ "bad" once overdue, "warn" on the last day, else "accent"; what is done is not urgent."""
    if item.done_at is not None:
        return "accent"
    if item.about_id is not None:
        return "bad"
    if item.due_on is None or item.due_on > on:
        return "accent"
    return "warn" if item.due_on == on else "bad"


@dataclass(frozen=True)
class DailyDigest:
    """What somebody is told this day: the most urgent items, and how many there are in all."""

    person: people_models.Person
    day: datetime.date
    items: tuple[WorkItem, ...]
    total: int

    @property
    def rest(self) -> int:
        return self.total - len(self.items)


def daily_digests(*, organisation: people_models.Organisation, at: datetime.datetime) -> list[DailyDigest]:
    """For those who are told once a day, whose hour has come, for whom something waits, and who have not been written
    to today; up to a batch, on workdays. Four queries."""
    here = at.astimezone(zoneinfo.ZoneInfo(organisation.time_zone))
    day = here.date()
    if not people.work_days(organisation).is_workday(day):
        return []
    told = Letter.objects.filter(person=OuterRef("person"), kind="inbox.daily", key=day.isoformat())
    items = _in_hand(WorkItem.objects.filter(Q(snoozed_until=None) | Q(snoozed_until__lte=day)))
    rules = MailRule.objects.filter(
        ~Exists(told),
        Exists(items.filter(person=OuterRef("person"))),
        pace=MailPace.DAILY,
        daily_hour__lte=here.hour,
        person__in=people.active_people(day).exclude(email="").values("pk"),
    )
    persons = {rule.person_id: rule.person for rule in rules.select_related("person__user")[:A_BATCH]}
    waiting: dict[uuid.UUID, list[WorkItem]] = defaultdict(list)
    for item in items.filter(person__in=persons).order_by(
        F("due_on").asc(nulls_last=True), "assigned_at", "id"
    ):
        waiting[item.person_id].append(item)
    return [
        DailyDigest(persons[key], day, tuple(found[:NAMED_A_DAY]), len(found))
        for key, found in waiting.items()
    ]


def without_week() -> QuerySet[MailRule, uuid.UUID]:
    """Ids of those who want no summary of the week, as a part of a larger query."""
    return MailRule.objects.filter(wants_week=False).values_list("person_id", flat=True)


def letters_sent(kind: str, key: str) -> QuerySet[Letter]:
    """Letters of a kind that tell of this day or week, sent or on their way."""
    return Letter.objects.filter(kind=kind, key=key)


def webhooks() -> QuerySet[Endpoint]:
    """The organisation's, by name; without what was removed."""
    return Endpoint.objects.filter(person=None, closed_at=None).order_by("name", "id")


def chats_of(person_id: uuid.UUID) -> QuerySet[Endpoint]:
    """One person's own, oldest first; without what was removed."""
    return Endpoint.objects.filter(person_id=person_id, closed_at=None).order_by("id")


def deliveries_to(endpoint: Endpoint) -> QuerySet[Delivery]:
    """What was and will be told there, newest first."""
    return Delivery.objects.filter(endpoint=endpoint).select_related("item").order_by("-id")


class Fate(enum.StrEnum):
    """What became of a message."""

    WAITING = "waiting"
    SENT = "sent"
    DROPPED = "dropped"
    FAILING = "failing"
    GIVEN_UP = "given_up"


@dataclass(frozen=True)
class Told:
    """A message to an endpoint and what became of it; `reason` in the reader's language, empty while all is well."""

    delivery: Delivery
    fate: Fate
    reason: str
    #: A test that somebody waits for: worth looking again soon.
    is_awaited: bool

    @property
    def can_be_sent_again(self) -> bool:
        return self.fate in (Fate.SENT, Fate.GIVEN_UP, Fate.DROPPED)


def told(delivery: Delivery, at: datetime.datetime) -> Told:
    is_test = delivery.occasion == Occasion.TEST
    fate = _fate_of(delivery, at)
    is_fresh = delivery.queued_at > at - AWAITED
    return Told(
        delivery=delivery,
        fate=fate,
        reason=reasons.text(delivery.error) if delivery.error else "",
        is_awaited=is_test and is_fresh and fate == Fate.WAITING,
    )


def _fate_of(delivery: Delivery, at: datetime.datetime) -> Fate:
    if delivery.sent_at is not None:
        return Fate.DROPPED if delivery.error else Fate.SENT
    is_being_sent = delivery.sending_at is not None and delivery.sending_at > at - SENDING_LASTS
    if is_being_sent or not delivery.attempts:
        return Fate.WAITING
    return Fate.GIVEN_UP if delivery.attempts >= ATTEMPTS else Fate.FAILING


def last_told(endpoints: Iterable[Endpoint], at: datetime.datetime) -> dict[uuid.UUID, Told]:
    """The newest message of each endpoint that was told anything. One query."""
    newest = (
        Delivery.objects.filter(endpoint__in=[each.pk for each in endpoints])
        .order_by("endpoint_id", "-id")
        .distinct("endpoint_id")
    )
    return {each.endpoint_id: told(each, at) for each in newest if each.endpoint_id is not None}

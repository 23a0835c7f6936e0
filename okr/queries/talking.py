"""What two people who meet may want to talk about: what blocks, where confidence fell, what waits for agreement."""

import datetime
import uuid
from dataclasses import dataclass

from django.urls import reverse

from okr.models import CheckIn, KeyResultEntry, ObjectiveVersion
from okr.queries import check_ins, sight, visibility
from performance.foundation import access

LONGEST = 200
MOST = 6


@dataclass(frozen=True)
class Point:
    """`kind`: blocker, confidence or agreement. `key` is the same for both of the two; `was` and `now` are told of
    confidence alone. `at`: when it came up."""

    key: str
    kind: str
    text: str
    address: str
    person_id: uuid.UUID
    at: datetime.datetime
    was: int | None = None
    now: int | None = None
    asks_reader: bool = False


def talking_points(
    actor: access.Actor, employee_id: uuid.UUID, manager_id: uuid.UUID, since: datetime.datetime
) -> list[Point]:
    """What came up since then in the employee's check-ins and goals, as far as this reader may read it, newest first.
    Three queries."""
    rows = check_ins.newest_entries(
        check_ins.readable_by(actor).filter(person_id=employee_id, at__gte=since)
    ).values("pk")
    blocked = CheckIn.objects.filter(pk__in=rows).exclude(blockers="").order_by("-at")[:MOST]
    points = [
        Point(
            f"blocker:{row.person_id}:{row.week_starts_on}:{row.period_id}",
            "blocker",
            _short(row.blockers),
            reverse("okr:conversation", args=[row.pk]),
            row.person_id,
            row.at,
            asks_reader=row.asks_id == actor.person_id,
        )
        for row in blocked
    ]
    return [*points, *_fallen(actor, employee_id, since), *_waiting(actor, employee_id, manager_id)]


def _fallen(actor: access.Actor, employee_id: uuid.UUID, since: datetime.datetime) -> list[Point]:
    """Key results of which their owner is less sure than the week before."""
    said = (
        KeyResultEntry.objects.filter(
            check_in__person_id=employee_id,
            confidence__isnull=False,
            at__gte=since - datetime.timedelta(weeks=3),
            key_result__objective__in=visibility.visible_to(actor).values("pk"),
            key_result__removed_at=None,
        )
        .order_by("key_result_id", "-check_in__week_starts_on", "-at")
        .select_related("key_result", "check_in")
    )
    by_week: dict[uuid.UUID, dict[datetime.date, KeyResultEntry]] = {}
    for entry in said:
        if entry.check_in is not None:
            by_week.setdefault(entry.key_result_id, {}).setdefault(entry.check_in.week_starts_on, entry)
    points = []
    for weeks in by_week.values():
        newest, *earlier = list(weeks.values())[:2]
        if earlier and newest.at >= since and (newest.confidence or 0) < (earlier[0].confidence or 0):
            points.append(
                Point(
                    f"confidence:{newest.key_result_id}:{next(iter(weeks))}",
                    "confidence",
                    _short(newest.key_result.title),
                    reverse("okr:objective", args=[newest.key_result.objective_id]),
                    employee_id,
                    newest.at,
                    was=earlier[0].confidence,
                    now=newest.confidence,
                )
            )
    return sorted(points, key=lambda point: point.at, reverse=True)[:MOST]


def _waiting(actor: access.Actor, employee_id: uuid.UUID, manager_id: uuid.UUID) -> list[Point]:
    """Proposals between the two that one of them has not agreed to yet."""
    waiting = ObjectiveVersion.objects.filter(
        pk__in=sight.proposals_read_by(actor).values("pk"),
        objective__owner_id=employee_id,
        objective__agreer_id=manager_id,
        objective__period__goals_locked_at=None,
    ).exclude(objective__period__state="closed")
    return [
        Point(
            f"agreement:{version.pk}",
            "agreement",
            _short(version.objective.title),
            reverse("okr:objective", args=[version.objective_id]),
            version.by_id,
            version.at,
        )
        for version in waiting.select_related("objective").order_by("-at")[:MOST]
    ]


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"

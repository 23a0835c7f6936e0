"""Reads: 1:1s, for the two of them alone. Neither the line above, nor HR, nor an auditor reads one."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Prefetch, Q, QuerySet
from django.utils.module_loading import import_string

from feedback.models import ActionItem, Meeting, OneOnOne, PointKind, PrivateNote, Topic
from performance.foundation import access, tenancy
from performance.people import queries as people
from performance.people.models import Person

FIRST_LOOK_BACK = datetime.timedelta(weeks=2)


def one_on_ones_of(actor: access.Actor) -> QuerySet[OneOnOne]:
    """Theirs, those that ended included."""
    mine = Q(employee=actor.person_id) | Q(manager=actor.person_id)
    return OneOnOne.objects.filter(mine).select_related("employee", "manager")


def meetings_of(actor: access.Actor) -> QuerySet[Meeting]:
    mine = Q(one_on_one__employee=actor.person_id) | Q(one_on_one__manager=actor.person_id)
    return Meeting.objects.filter(mine).select_related("one_on_one__employee", "one_on_one__manager")


def topics_of(actor: access.Actor) -> QuerySet[Topic]:
    return Topic.objects.filter(meeting__in=meetings_of(actor).values("pk")).select_related("meeting")


def action_items_of(actor: access.Actor) -> QuerySet[ActionItem]:
    theirs = one_on_ones_of(actor).values("pk")
    return ActionItem.objects.filter(one_on_one__in=theirs).select_related("owner", "one_on_one")


def other_of(one: OneOnOne, person_id: uuid.UUID) -> Person:
    return one.manager if one.employee_id == person_id else one.employee


@dataclass(frozen=True)
class Pair:
    """Somebody with whom a 1:1 is held, or could be. `meeting` is the one ahead."""

    other: Person
    is_report: bool
    one_on_one: OneOnOne | None
    meeting: Meeting | None
    open_actions: int


def pairs_of(actor: access.Actor, on: datetime.date) -> list[Pair]:
    """My manager, my reports, and whoever else I still meet with. Five queries, however large the team."""
    writers = people.people_who_write(on)
    manager = people.manager_of(actor.person_id, on)
    near = [(manager, False)] if manager and writers.filter(pk=manager.pk).exists() else []
    if not actor.only_reads:
        reports = people.reports_of(actor.person_id, on).filter(pk__in=writers.values("pk"))
        near += [(each, True) for each in reports.order_by("name_sort", "number")]
    standing = one_on_ones_of(actor).filter(ended_at=None)
    ahead = Prefetch("meetings", queryset=Meeting.objects.filter(held_at=None), to_attr="ahead")
    still_open = Count("actions", filter=Q(actions__done_at=None))
    rows: dict[tuple[uuid.UUID, bool], Any] = {
        (other_of(each, actor.person_id).pk, each.manager_id == actor.person_id): each
        for each in standing.annotate(open_actions=still_open).prefetch_related(ahead)
    }
    known = {(person.pk, is_report) for person, is_report in near}
    rest = [
        (other_of(one, actor.person_id), is_report)
        for (key, is_report), one in rows.items()
        if (key, is_report) not in known
    ]
    found = []
    for person, is_report in [*near, *rest]:
        one = rows.get((person.pk, is_report))
        meeting = one.ahead[0] if one and one.ahead else None
        found.append(Pair(person, is_report, one, meeting, one.open_actions if one else 0))
    return found


def next_meeting(actor: access.Actor) -> Meeting | None:
    """The nearest one ahead. What a 1:1 had planned when it ended is ahead of nobody."""
    ahead = meetings_of(actor).filter(held_at=None, one_on_one__ended_at=None)
    return ahead.order_by("starts_at", "id").first()


def latest_meeting(one_id: uuid.UUID) -> Meeting | None:
    """The one that is ahead, or was when they ended; without one the last that was held. When it is to start says
    nothing: one that was held early may have been planned for a later day than the next."""
    theirs = Meeting.objects.filter(one_on_one=one_id)
    return (
        theirs.select_related("one_on_one__employee", "one_on_one__manager")
        .order_by(F("held_at").desc(nulls_first=True), "-id")
        .first()
    )


def history_of(one: OneOnOne) -> QuerySet[Meeting]:
    """Those that were held, newest first."""
    return Meeting.objects.filter(one_on_one=one).exclude(held_at=None).order_by("-held_at", "-id")


def private_note_of(actor: access.Actor, meeting: Meeting) -> PrivateNote | None:
    """What this person wrote for themselves; the database shows nobody else's."""
    with tenancy.speaking_as(actor.person_id):
        return PrivateNote.objects.filter(meeting=meeting).first()


def points_of(actor: access.Actor, one: OneOnOne, since: datetime.datetime) -> list[Any]:
    """What came up since then, from the apps that the setting TALKING_POINTS names; 1:1s know none of them."""
    return [
        point
        for name in settings.TALKING_POINTS
        for point in import_string(name)(actor, one.employee_id, one.manager_id, since)
    ]


@dataclass(frozen=True)
class MeetingPage:
    """One meeting as one of the two sees it. `blockers` stand on the agenda by themselves, `suggested` are offered."""

    meeting: Meeting
    one_on_one: OneOnOne
    other: Person
    is_ahead: bool
    topics: Sequence[Topic]
    blockers: Sequence[Any]
    suggested: Sequence[Any]
    actions: Sequence[ActionItem]
    private_note: PrivateNote | None
    earlier: Sequence[Meeting]
    held: int

    @property
    def planned(self) -> int:
        return sum(topic.minutes or 0 for topic in self.topics)


def meeting_page(actor: access.Actor, meeting: Meeting) -> MeetingPage:
    """Whatever the length of its agenda and its past, the same number of queries."""
    one = meeting.one_on_one
    topics = list(Topic.objects.filter(meeting=meeting).select_related("by"))
    is_ahead = meeting.held_at is None and one.ended_at is None
    history = history_of(one)
    if meeting.held_at is not None:
        history = history.filter(held_at__lt=meeting.held_at)
    earlier = list(history[:1])
    points = []
    if is_ahead:
        since = earlier[0].held_at if earlier else one.begun_at - FIRST_LOOK_BACK
        taken = {topic.source for topic in topics}
        points = [each for each in points_of(actor, one, since or one.begun_at) if each.key not in taken]
    return MeetingPage(
        meeting=meeting,
        one_on_one=one,
        other=other_of(one, actor.person_id),
        is_ahead=is_ahead,
        topics=topics,
        blockers=[each for each in points if each.kind == PointKind.BLOCKER],
        suggested=[each for each in points if each.kind != PointKind.BLOCKER],
        actions=list(_actions_of(meeting)),
        private_note=private_note_of(actor, meeting),
        earlier=earlier,
        held=history_of(one).count(),
    )


def _actions_of(meeting: Meeting) -> QuerySet[ActionItem]:
    """Ahead: everything open, and what was done since the last one. Of a meeting that was held: what it brought, and
    what was done by it."""
    theirs = ActionItem.objects.filter(one_on_one=meeting.one_on_one_id).select_related("owner")
    told = Q(done_in=meeting) | (Q(done_at=None) if meeting.held_at is None else Q(raised_in=meeting))
    return theirs.filter(told)

"""Writes: the agenda of a 1:1 and its action items."""

import datetime
import uuid

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from feedback import queries, rules
from feedback.actions.meetings import meeting_ahead
from feedback.actions.refusal import MeetingRefused, require_words
from feedback.models import ActionItem, Meeting, PointKind, Topic
from performance.foundation import access, audit, once
from performance.inbox import actions as inbox
from performance.people import queries as people
from performance.people.models import Person

LONGEST = Topic._meta.get_field("text").max_length or 0
MOST_TOPICS = 40
AHEAD = datetime.timedelta(days=366)


@once.kept_once(Topic)
def add_topic(
    *,
    meeting: Meeting,
    text: str,
    by: access.Actor,
    at: datetime.datetime,
    minutes: int | None = None,
    key: uuid.UUID | None = None,
) -> Topic:
    """Puts a line on the agenda that both see at once."""
    said = require_words(text, LONGEST, "text")
    if minutes is not None and not 1 <= minutes <= 240:
        raise MeetingRefused(_("From 1 to 240 minutes."), field="minutes")
    with transaction.atomic():
        meeting = _with_room(meeting_ahead(meeting, by))
        return Topic.objects.create(
            meeting=meeting, text=said, minutes=minutes, by=by.person, added_at=at, once_key=key
        )


def take_point(
    *, meeting: Meeting, point: str, by: access.Actor, at: datetime.datetime, is_discussed: bool = False
) -> Topic:
    """What a check-in or a goal brought up becomes a line of the agenda, as it stands there. Twice is once."""
    with transaction.atomic():
        meeting = meeting_ahead(meeting, by)
        standing = Topic.objects.filter(meeting=meeting, source=point).exclude(source="").first()
        if standing is not None:
            return standing
        page = queries.meeting_page(by, meeting)
        found = next((each for each in [*page.blockers, *page.suggested] if each.key == point), None)
        if found is None:
            raise MeetingRefused(_("This does not stand to be discussed any more."), code="conflict")
        return Topic.objects.create(
            meeting=_with_room(meeting),
            text=found.text,
            by_id=found.person_id if found.kind == PointKind.BLOCKER else by.person_id,
            kind=found.kind,
            source=found.key,
            address=found.address,
            added_at=at,
            discussed_at=at if is_discussed else None,
        )


def mark_topic(*, topic: Topic, is_discussed: bool, by: access.Actor, at: datetime.datetime) -> Topic:
    """Discussed, or not yet after all."""
    with transaction.atomic():
        meeting_ahead(_meeting_of(topic), by)
        topic.discussed_at = (topic.discussed_at or at) if is_discussed else None
        topic.save(update_fields=["discussed_at"])
    return topic


def remove_topic(*, topic: Topic, by: access.Actor, at: datetime.datetime) -> None:
    """Whoever added a line takes it off again."""
    with transaction.atomic():
        meeting_ahead(_meeting_of(topic), by)
        if topic.by_id != by.person_id:
            raise MeetingRefused(_("Whoever added a topic takes it off."))
        Topic.objects.filter(pk=topic.pk).delete()


@once.kept_once(ActionItem)
def add_action_item(
    *,
    meeting: Meeting,
    what: str,
    owner: Person,
    by: access.Actor,
    at: datetime.datetime,
    due_on: datetime.date | None = None,
    key: uuid.UUID | None = None,
) -> ActionItem:
    """What one of the two does; it waits in their list of work until it is done."""
    said = require_words(what, LONGEST, "what")
    _require_day(due_on, by, at)
    with transaction.atomic():
        meeting = meeting_ahead(meeting, by)
        if owner.pk not in (meeting.one_on_one.employee_id, meeting.one_on_one.manager_id):
            raise MeetingRefused(_("Choose one of the two of you."), field="owner")
        item = ActionItem.objects.create(
            one_on_one=meeting.one_on_one,
            raised_in=meeting,
            what=said,
            owner=owner,
            by=by.person,
            due_on=due_on,
            added_at=at,
            once_key=key,
        )
        _ask(item, by=by, at=at)
        audit.record(
            by=by,
            action="feedback.add_action_item",
            subject=owner,
            at=at,
            changes={"item": item.pk, "due_on": due_on},
        )
    return item


def mark_action_item(
    *, item: ActionItem, is_done: bool, by: access.Actor, at: datetime.datetime
) -> ActionItem:
    """Done, or open again. Also where the two meet no more: what was promised can still be done."""
    with transaction.atomic():
        item = (
            ActionItem.objects.select_for_update(of=("self",), no_key=True)
            .select_related("one_on_one", "owner")
            .get(pk=item.pk)
        )
        if by.only_reads or not rules.is_one_of_the_two(by, item.one_on_one):
            raise MeetingRefused(_("A 1:1 belongs to the two who hold it."))
        if (item.done_at is not None) == is_done:
            return item
        if is_done:
            item.done_at, item.done_in = at, queries.latest_meeting(item.one_on_one_id)
            inbox.resolve_work(kind="feedback.action", subject_id=item.pk, by=by, at=at)
        else:
            item.done_at = item.done_in = None
            _ask(item, by=by, at=at)
        item.save(update_fields=["done_at", "done_in"])
        audit.record(
            by=by,
            action="feedback.change_action_item",
            subject=item.owner,
            at=at,
            changes={"item": item.pk, "done": is_done},
        )
    return item


def _ask(item: ActionItem, *, by: access.Actor, at: datetime.datetime) -> None:
    inbox.assign_work(
        to=item.owner,
        kind="feedback.action",
        subject_id=item.pk,
        title_en=item.what,
        title_zh=item.what,
        detail_en="Agreed in a 1:1",
        detail_zh="一对一中约定",
        url=reverse("feedback:one_on_one", args=[item.one_on_one_id]),
        due_on=item.due_on,
        by=by,
        at=at,
    )


def _meeting_of(topic: Topic) -> Meeting:
    return Meeting.objects.select_related("one_on_one").get(pk=topic.meeting_id)


def _with_room(meeting: Meeting) -> Meeting:
    if Topic.objects.filter(meeting=meeting).count() >= MOST_TOPICS:
        raise MeetingRefused(_("An agenda holds 40 topics at most."), code="too_many")
    return meeting


def _require_day(due_on: datetime.date | None, by: access.Actor, at: datetime.datetime) -> None:
    today = people.day_at(by.organisation, at)
    if due_on is not None and not today <= due_on <= today + AHEAD:
        raise MeetingRefused(_("Choose a day within a year, from today on."), field="due_on")

"""What stays undone: due days where nothing else gives one, and telling the next level up the line."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop

from performance.foundation import access, audit, i18n
from performance.foundation.components import formats
from performance.inbox import kinds, queries
from performance.inbox.actions.work import InboxRefused, Work, assign_many, close_told
from performance.inbox.models import OverdueRule, WorkItem
from performance.people import queries as people

BATCH = 1000
A_DAY = datetime.timedelta(days=1)
#: Days of leave are looked up so far behind the day from which workdays are counted.
AHEAD = datetime.timedelta(days=120)
NOBODY_AWAY: frozenset[datetime.date] = frozenset()

OVERDUE = gettext_noop("%(what)s is overdue with %(person)s")
SINCE = gettext_noop("due on %(day)s")


def set_overdue_rule(
    *, due_days: int, grace_days: int, levels: int, by: access.Actor, at: datetime.datetime
) -> OverdueRule:
    """From now on; what has gone up the line already stays there."""
    told = {"due_days": due_days, "grace_days": grace_days, "levels": levels}
    for name, (least, most) in queries.OVERDUE_WITHIN.items():
        if not least <= told[name] <= most:
            raise InboxRefused(
                gettext("Choose a number from %(least)s to %(most)s.") % {"least": least, "most": most},
                field=name,
            )
    with transaction.atomic():
        rule, is_new = OverdueRule.objects.select_for_update().get_or_create()
        changes = {
            name: [getattr(rule, name), value]
            for name, value in told.items()
            if is_new or getattr(rule, name) != value
        }
        if not changes:
            return rule
        for name, value in told.items():
            setattr(rule, name, value)
        rule.save()
        # The days are reckoned anew for whatever nobody has heard of yet.
        WorkItem.objects.filter(done_at=None, escalations=0).exclude(escalate_on=None).update(
            escalate_on=None
        )
        audit.record(by=by, action="inbox.set_overdue_rule", subject=by.organisation, changes=changes, at=at)
    return rule


def note_due_days(*, organisation: Any, at: datetime.datetime) -> int:
    """Gives a due day to what has none, and to what has one the day after its grace. Up to a batch of each, and again
    without effect; returns how many items it looked at. Six queries."""
    today = people.day_at(organisation, at)
    rule, calendar = queries.standing_overdue_rule(), people.work_days(organisation)
    with transaction.atomic():
        waiting = queries.going_up().select_for_update(skip_locked=True, of=("self",))
        undated = list(waiting.filter(due_on=None).order_by("pk")[:BATCH])
        away = _away(undated, today)
        for item in undated:
            days, assigned = (
                away.get(item.person_id, NOBODY_AWAY),
                people.day_at(organisation, item.assigned_at),
            )
            due = _after(assigned, rule.due_days, calendar, days)
            # Whatever is found long after it came is not overdue the moment it gets a day.
            item.due_on = due if due >= today else _after(today, rule.due_days, calendar, days)
        WorkItem.objects.bulk_update(undated, ["due_on"])
        late = list(
            waiting.filter(due_on__lt=today, escalate_on=None, escalations=0).order_by("due_on", "pk")[:BATCH]
            if rule.levels
            else ()
        )
        away = _away(late, today)
        for item in late:
            item.escalate_on = _end_of_grace(item, rule, calendar, away)
        WorkItem.objects.bulk_update(late, ["escalate_on"])
    return len(undated) + len(late)


def escalate_overdue(*, organisation: Any, at: datetime.datetime) -> int:
    """Tells the next level up the line of what is undone after its grace, up to a batch; whoever is away is passed
    over, and what waits for somebody who is away waits with them. Rows are locked, and each is moved on by whoever
    held it, so that a second run finds nothing. Returns how many items were looked at; fifteen queries and one for
    each level of the line."""
    today = people.day_at(organisation, at)
    rule, calendar = queries.standing_overdue_rule(), people.work_days(organisation)
    if not calendar.is_workday(today):
        return 0
    with transaction.atomic():
        due = queries.going_up().filter(escalate_on__lte=today).select_related("person")
        items = list(
            due.select_for_update(skip_locked=True, of=("self",)).order_by("escalate_on", "pk")[:BATCH]
        )
        if not items:
            return 0
        away = _away(items, today)
        lines = people.lines_above({item.person_id for item in items}, today)
        absent = people.not_there({each for line in lines.values() for each in line} | set(lines), today)
        told = []
        for item in items:
            day = _next_day(item, rule, calendar, away, absent, today)
            if day > today or item.escalations >= rule.levels:
                item.escalate_on = day if item.escalations < rule.levels else None
                continue
            line = lines[item.person_id]
            heard = line.index(item.escalated_to_id) + 1 if item.escalated_to_id in line else 0
            above = next((each for each in line[heard:] if each not in absent), None)
            if above is None:
                # Everybody above is away, or nobody leads them yet: it is tried again.
                is_tried_again = bool(line[heard:]) or not item.escalations
                item.escalate_on = _after(today, 1, calendar) if is_tried_again else None
                continue
            told.append((item, above))
            item.escalations, item.escalated_on, item.escalated_to_id = item.escalations + 1, today, above
            grace = _after(today, rule.grace_days + 1, calendar, away.get(item.person_id, NOBODY_AWAY))
            item.escalate_on = grace if item.escalations < rule.levels else None
        WorkItem.objects.bulk_update(items, ["escalations", "escalated_on", "escalated_to", "escalate_on"])
        _tell(told, at=at)
    return len(items)


def close_what_is_done(*, at: datetime.datetime) -> int:
    """Nobody up the line waits for what is done. One statement, three more where something is found."""
    return close_told(about=WorkItem.objects.exclude(done_at=None), by=None, at=at)


def _next_day(
    item: WorkItem, rule: OverdueRule, calendar: people.WorkDays, away: Any, absent: Any, today: datetime.date
) -> datetime.date:
    """When the next level is to hear of it, by what is known now: somebody may have been noted away since, or the due
    day may have moved."""
    if item.person_id in absent:
        return _after(today, 1, calendar, away.get(item.person_id, NOBODY_AWAY))
    if item.escalations:
        return item.escalate_on or today
    return _end_of_grace(item, rule, calendar, away)


def _end_of_grace(
    item: WorkItem, rule: OverdueRule, calendar: people.WorkDays, away: dict[uuid.UUID, set[datetime.date]]
) -> datetime.date:
    """The first workday after the grace."""
    return _after(
        item.due_on or item.assigned_at.date(),
        rule.grace_days + 1,
        calendar,
        away.get(item.person_id, NOBODY_AWAY),
    )


def _after(
    day: datetime.date,
    workdays: int,
    calendar: people.WorkDays,
    away: Collection[datetime.date] = NOBODY_AWAY,
) -> datetime.date:
    """So many workdays later, of those on which the person is there; days of long leave end in the calendar's own."""
    last, left = day + AHEAD, workdays
    while left and day < last:
        day += A_DAY
        left -= calendar.is_workday(day) and day not in away
    return day


def _away(items: Sequence[WorkItem], today: datetime.date) -> dict[uuid.UUID, set[datetime.date]]:
    if not items:
        return {}
    first = min((item.due_on or item.assigned_at.date() for item in items), default=today)
    return people.days_away({item.person_id for item in items}, min(first, today), today + AHEAD)


def _tell(told: Sequence[tuple[WorkItem, uuid.UUID]], *, at: datetime.datetime) -> None:
    """Kind and person only: whoever hears of it may not know what it is about."""
    works: dict[str, list[Work]] = defaultdict(list)
    for item, above in told:
        kind = kinds.kind_of(item.kind)
        if kind is None:
            continue
        titles, details = zip(*i18n.in_both(partial(_said, item, kind)), strict=True)
        works[f"{item.area}.overdue"].append(
            Work(
                above,
                item.pk,
                titles[0],
                titles[1],
                reverse("people:person", args=[item.person_id]),
                None,
                details[0],
                details[1],
                about_id=item.pk,
            )
        )
    for kind_key, found in works.items():
        assign_many(kind=kind_key, works=found, at=at)


def _said(item: WorkItem, kind: kinds.Kind) -> tuple[str, str]:
    """Title and detail."""
    title = gettext(OVERDUE) % {"what": gettext(kind.words), "person": formats.person_name(item.person)}
    return title, gettext(SINCE) % {"day": formats.day(item.due_on)}

"""Telling people that a reporting line changes."""

import datetime
import uuid
from collections import defaultdict
from functools import partial
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop

from performance.foundation import access, i18n
from performance.foundation.components import formats
from performance.inbox.actions.work import TOLD, Work, assign_many, assign_work, close_items, resolve_work
from performance.inbox.kinds import LINE
from performance.inbox.models import WorkItem
from performance.people import queries as people

YOURS = gettext_noop("From %(day)s on you report to %(manager)s")
NOBODYS = gettext_noop("From %(day)s on you report to nobody")
NO_LONGER = gettext_noop("From %(day)s on %(person)s does not report to you any more")
TO_YOU = gettext_noop("From %(day)s on %(person)s reports to you")


def tell_of_line(
    *,
    person: Any,
    before: Any,
    manager: Any,
    starts_on: datetime.date,
    by: access.Actor,
    at: datetime.datetime,
) -> None:
    """The person and the manager until then, at once; the new one where it holds by today: a plan is not theirs to
    know yet. Nobody is told what they did themselves. What was told before of the same person is replaced. What is
    overdue with the person, and with everybody below, is from then on told to the new line."""
    today = people.day_at(person.organisation, at)
    resolve_work(kind=LINE, subject_id=person.pk, by=by, at=at)
    told = [(person, YOURS if manager is not None else NOBODYS), (before, NO_LONGER)]
    if starts_on <= today:
        told.append((manager, TO_YOU))
        led = {person.pk, *people.ids_below(person.pk, today)}
        pass_overdue_on(organisation=person.organisation, at=at, about_ids=led)
    here = people.active_people(today)
    for reader, message in told:
        if reader is None or reader.pk == getattr(by, "person_id", None):
            continue
        if not here.filter(pk=reader.pk).exists():
            continue
        english, chinese = i18n.in_both(partial(_said, message, person, manager, starts_on))
        assign_work(
            to=reader,
            kind=LINE,
            subject_id=person.pk,
            title_en=english,
            title_zh=chinese,
            url=f"{reverse('people:person', args=[person.pk])}#card-changes",
            by=by,
            at=at,
        )


def pass_overdue_on(*, organisation: Any, at: datetime.datetime, about_ids: Any = None) -> int:
    """Who has no part in the line of whoever is late any more hears no more of it; in their place the nearest above who
    has not heard yet does, so that as many know as before. At once where a line changes (`about_ids` the people it
    leads), and swept, for a planned line takes effect by itself. Returns how many items were passed on; a few queries
    and one for each level of the line."""
    today = people.day_at(organisation, at)
    told = WorkItem.objects.filter(about__done_at=None, handed_by=None, done_at=None).exclude(about=None)
    if about_ids is not None:
        told = told.filter(about__person__in=about_ids)
    with transaction.atomic():
        found = list(told.select_related("about").order_by("assigned_at", "pk"))
        lines = people.lines_above({item.about.person_id for item in found if item.about}, today)
        heard: dict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
        outside = []
        for item in found:
            if item.about is None:
                continue
            if item.person_id in lines[item.about.person_id]:
                heard[item.about.pk].add(item.person_id)
            else:
                outside.append((item, item.about))
        if not outside:
            return 0
        absent = people.not_there({each for line in lines.values() for each in line}, today)
        works: dict[str, list[Work]] = defaultdict(list)
        moved = []
        for item, about in outside:
            waiting = [each for each in lines[about.person_id] if each not in heard[about.pk]]
            to = next((each for each in waiting if each not in absent), next(iter(waiting), None))
            if to is None:
                continue
            heard[about.pk].add(to)
            given = {key: getattr(item, key) for key in TOLD if key != "kind"}
            works[item.kind].append(Work(person_id=to, **given, about_id=about.pk))
            if about.escalated_to_id == item.person_id:
                moved.append(WorkItem(pk=about.pk, escalated_to_id=to))
        close_items(keys=[item.pk for item, _about in outside], by=None, at=at)
        for kind, given_on in works.items():
            assign_many(kind=kind, works=given_on, at=at)
        WorkItem.objects.bulk_update(moved, ["escalated_to"])
    return len(outside)


def _said(message: str, person: Any, manager: Any, starts_on: datetime.date) -> str:
    return gettext(message) % {
        "day": formats.day(starts_on),
        "person": formats.person_name(person),
        "manager": formats.person_name(manager) if manager is not None else "",
    }

"""Telling people that a reporting line changes."""

import datetime
from functools import partial
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext, gettext_noop

from performance.foundation import access, i18n
from performance.foundation.components import formats
from performance.inbox.actions.work import TOLD, assign_work, close_items, resolve_work
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
    overdue with the person is from then on told to the new line."""
    today = people.day_at(person.organisation, at)
    resolve_work(kind=LINE, subject_id=person.pk, by=by, at=at)
    told = [(person, YOURS if manager is not None else NOBODYS), (before, NO_LONGER)]
    if starts_on <= today:
        told.append((manager, TO_YOU))
        _pass_overdue_on(person, manager, today, at)
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


def _pass_overdue_on(person: Any, manager: Any, today: datetime.date, at: datetime.datetime) -> None:
    """Who has no part in the line any more hears no more of what stays undone below; the new manager does."""
    told = WorkItem.objects.filter(about__person=person, done_at=None)
    outside = list(told.exclude(person__in=people.line_above(person.pk, today)).select_related("assigned_by"))
    close_items(keys=[item.pk for item in outside], by=None, at=at)
    for item in outside if manager is not None else ():
        given = {key: getattr(item, key) for key in TOLD}
        assign_work(to=manager, **given, about=item.about, by=item.assigned_by, at=at)
        WorkItem.objects.filter(escalated_to=item.person_id, pk=item.about_id).update(escalated_to=manager)


def _said(message: str, person: Any, manager: Any, starts_on: datetime.date) -> str:
    return gettext(message) % {
        "day": formats.day(starts_on),
        "person": formats.person_name(person),
        "manager": formats.person_name(manager) if manager is not None else "",
    }

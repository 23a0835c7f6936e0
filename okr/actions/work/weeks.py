"""Asked around a week: answers, help, and the check-in itself."""

import datetime
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from okr.actions.work.wording import (
    ASKS,
    BLOCKER,
    CHECK_IN,
    HAS_MISSED,
    HELPER_HAS_LEFT,
    HELPER_LEFT,
    MISSED,
    NEEDS_REPLY,
    REPLY,
    YOUR_CHECK_IN,
    assign,
    in_both,
)
from okr.models import (
    CheckIn,
    CheckInDuty,
)
from performance.foundation import i18n
from performance.foundation.components import formats
from performance.inbox import actions as inbox
from performance.inbox import queries as waiting
from performance.people import queries as people


def _of_week(check_in: CheckIn) -> tuple[str, str]:
    """What blocks them; without a blocker, which week it is about."""
    return i18n.in_both(lambda: check_in.blockers or formats.week_number(check_in.week_starts_on))


def ask_for_answers(
    check_in: CheckIn,
    first_id: uuid.UUID,
    *,
    helper: Any,
    former_helper: Any,
    manager: Any,
    needs_reply: bool,
    by: Any,
    at: Any,
) -> None:
    """A blocker goes to whom it asks; the manager is asked to answer what is off track or blocked.

    Items hang on the week's first entry, so that a correction refreshes them.
    """
    if former_helper is not None and former_helper != helper:
        # Whoever it was handed on to is not asked any longer either.
        inbox.resolve_work(kind=BLOCKER, subject_id=first_id, by=by, at=at)
    for kind, person, message in (
        (BLOCKER, helper, ASKS),
        (REPLY, manager if needs_reply and manager != helper else None, NEEDS_REPLY),
    ):
        if person is None:
            inbox.resolve_work(kind=kind, subject_id=first_id, by=by, at=at)
            continue
        assign(
            message,
            about=check_in.person,
            to=person,
            kind=kind,
            subject_id=first_id,
            url=reverse("okr:conversation", args=[check_in.pk]),
            detail=_of_week(check_in),
            by=by,
            at=at,
        )


def help_handed_on(
    first: CheckIn, newest: CheckIn, *, former: Any, to: Any, by: Any, at: datetime.datetime
) -> bool:
    """The item goes from one to the other; False when it no longer waits for whom it is taken from."""
    if not inbox.resolve_work(kind=BLOCKER, subject_id=first.pk, by=by, at=at, to=former):
        return False
    assign(
        ASKS,
        about=newest.person,
        to=to,
        kind=BLOCKER,
        subject_id=first.pk,
        url=reverse("okr:conversation", args=[newest.pk]),
        detail=_of_week(newest),
        by=by,
        at=at,
    )
    return True


def reply_passed_on(first: CheckIn, newest: CheckIn, *, former: Any, to: Any, at: datetime.datetime) -> None:
    """A reply that was waited for from the former manager is waited for from the new one; from nobody where there is
    none, or where their help is asked for anyway."""
    if not inbox.resolve_work(kind=REPLY, subject_id=first.pk, by=None, at=at, to=former) or to is None:
        return
    if waiting.open_of_kind(BLOCKER).filter(subject_id=first.pk, person=to).exists():
        return
    assign(
        NEEDS_REPLY,
        about=newest.person,
        to=to,
        kind=REPLY,
        subject_id=first.pk,
        url=reverse("okr:conversation", args=[newest.pk]),
        detail=_of_week(newest),
        by=newest.person,
        at=at,
    )


def helper_left(first: CheckIn, newest: CheckIn, *, helper: Any, at: datetime.datetime) -> None:
    """Nobody has the call any more: whoever asked is told, and asks somebody else."""
    assign(
        HELPER_HAS_LEFT,
        about=helper,
        to=newest.person,
        kind=HELPER_LEFT,
        subject_id=first.pk,
        url=reverse("okr:conversation", args=[newest.pk]),
        detail=_of_week(newest),
        by=None,
        at=at,
    )


def answered(first_id: uuid.UUID, *, by: Any, at: datetime.datetime) -> None:
    for kind in (BLOCKER, REPLY):
        inbox.resolve_work(kind=kind, subject_id=first_id, by=by, at=at, to=by.person)


def ask_for_check_ins(duties: Sequence[CheckInDuty], *, at: datetime.datetime) -> None:
    """Due today: one item each, on the home page of whoever owes it."""
    titles = in_both(YOUR_CHECK_IN, None)
    works = []
    for duty in duties:
        due = people.local_time(duty.person.organisation, duty.due_at or at)
        details = _week_in_both(duty.week_starts_on)
        works.append(
            inbox.Work(
                duty.person_id, duty.pk, *titles, f"{reverse('okr:home')}#card-checkin", due.date(), *details
            )
        )
    inbox.assign_many(kind=CHECK_IN, works=works, at=at)


@dataclass(frozen=True)
class Missed:
    """Who is told of a missed check-in. The direct manager has the person on the page of their team; everybody
    further up is led to the person's own."""

    duty: CheckInDuty
    to: uuid.UUID
    is_direct: bool


def tell_of_missed(told: Sequence[Missed], *, at: datetime.datetime) -> None:
    """The grace is over: whoever is next up the line hears of it."""
    works = []
    for each in told:
        duty = each.duty
        titles, details = in_both(HAS_MISSED, duty.person), _week_in_both(duty.week_starts_on)
        url = reverse("okr:person_check_ins", args=[duty.person_id])
        if each.is_direct:
            url = f"{reverse('okr:my_team')}#card-missing"
        works.append(inbox.Work(each.to, duty.pk, *titles, url, None, *details))
    inbox.assign_many(kind=MISSED, works=works, at=at)


def missed_passed_on(
    passed: Sequence[tuple[CheckInDuty, uuid.UUID, uuid.UUID | None]], *, at: datetime.datetime
) -> None:
    """Each duty whose former reader has no part in the line any more, with the manager who hears of it instead."""
    for duty, former_id, _to in passed:
        inbox.resolve_work(kind=MISSED, subject_id=duty.pk, by=None, at=at, to=former_id)
    tell_of_missed([Missed(duty, to, is_direct=True) for duty, _former, to in passed if to], at=at)


def check_ins_settled(duty_ids: Collection[uuid.UUID], *, by: Any, at: datetime.datetime) -> None:
    """Done or excused: nobody waits any more."""
    for kind in (CHECK_IN, MISSED) if duty_ids else ():
        inbox.resolve_many(kind=kind, subject_ids=duty_ids, by=by, at=at)


def _week_in_both(monday: datetime.date) -> tuple[str, str]:
    return i18n.in_both(lambda: formats.week(monday))

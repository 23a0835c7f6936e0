"""Writes: periods are opened, moved on, and locked."""

import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from performance.foundation import audit
from performance.people.actions.refusal import PeopleRefused
from performance.people.models import Period, PeriodKind, PeriodState

# planning → active → closing → closed; one step back while nothing is closed.
STEPS = {
    PeriodState.PLANNING: {PeriodState.ACTIVE},
    PeriodState.ACTIVE: {PeriodState.CLOSING, PeriodState.PLANNING},
    PeriodState.CLOSING: {PeriodState.CLOSED, PeriodState.ACTIVE},
    PeriodState.CLOSED: set(),
}

# Steps back say why; nothing leads back from closed, because scores are frozen by then.
BACKWARDS = {(PeriodState.ACTIVE, PeriodState.PLANNING), (PeriodState.CLOSING, PeriodState.ACTIVE)}


def open_period(
    *,
    name_en: str,
    kind: str,
    starts_on: datetime.date,
    ends_on: datetime.date,
    by: Any,
    at: datetime.datetime,
    name_zh: str = "",
) -> Period:
    """Opens a period for planning. Periods of one kind do not overlap, custom ones excepted."""
    if ends_on < starts_on:
        raise PeopleRefused(_("The last day lies before the first one."), field="ends_on")
    clash = Period.objects.filter(kind=kind, starts_on__lte=ends_on, ends_on__gte=starts_on).first()
    if clash is not None and (kind != PeriodKind.CUSTOM or clash.starts_on == starts_on):
        raise PeopleRefused(_("%(period)s covers some of these days.") % {"period": clash}, field="starts_on")
    try:
        with transaction.atomic():
            period = Period.objects.create(
                name_en=name_en, name_zh=name_zh, kind=kind, starts_on=starts_on, ends_on=ends_on
            )
            audit.record(
                by=by,
                action="people.open_period",
                subject=period,
                at=at,
                changes={"from": starts_on, "until": ends_on},
            )
    except IntegrityError as error:
        raise PeopleRefused(_("Somebody has just opened this period."), code="conflict") from error
    return period


def move_period(*, period: Period, to: str, by: Any, at: datetime.datetime, why: str = "") -> Period:
    """One step in the life of a period. Closing locks goals, closed locks progress too and is final."""
    with transaction.atomic():
        period = Period.objects.select_for_update().get(pk=period.pk)
        if to not in STEPS[PeriodState(period.state)]:
            raise PeopleRefused(
                _("A period goes from planning to active, closing and closed."), code="conflict"
            )
        if (period.state, to) in BACKWARDS and not why.strip():
            raise PeopleRefused(_("Say why it is opened again."), field="why")
        was = period.state
        period.state = to
        if to in (PeriodState.CLOSING, PeriodState.CLOSED):
            period.goals_locked_at = period.goals_locked_at or at
        if to == PeriodState.CLOSED:
            period.progress_locked_at = period.progress_locked_at or at
            period.closed_at = at
        period.save()
        audit.record(
            by=by, action="people.move_period", subject=period, at=at, why=why, changes={"state": [was, to]}
        )
        _tell(period, at)
    return period


def lock_goals(*, period: Period, by: Any, at: datetime.datetime) -> Period:
    """From now on, the period's objectives change no more."""
    return _lock(period, "goals_locked_at", at, by=by, at=at)


def unlock_goals(*, period: Period, by: Any, at: datetime.datetime, why: str) -> Period:
    return _lock(period, "goals_locked_at", None, by=by, at=at, why=why)


def lock_progress(*, period: Period, by: Any, at: datetime.datetime) -> Period:
    """From now on, the period takes no more check-ins."""
    return _lock(period, "progress_locked_at", at, by=by, at=at)


def unlock_progress(*, period: Period, by: Any, at: datetime.datetime, why: str) -> Period:
    return _lock(period, "progress_locked_at", None, by=by, at=at, why=why)


def _lock(
    period: Period,
    lock: str,
    value: datetime.datetime | None,
    *,
    by: Any,
    at: datetime.datetime,
    why: str = "",
) -> Period:
    with transaction.atomic():
        period = Period.objects.select_for_update().get(pk=period.pk)
        if period.state == PeriodState.CLOSED:
            raise PeopleRefused(_("A closed period stays locked."), code="conflict")
        if (getattr(period, lock) is None) == (value is None):
            raise PeopleRefused(_("It is so already."), code="no_change")
        if value is None and not why.strip():
            raise PeopleRefused(_("Say why it is opened again."), field="why")
        setattr(period, lock, value)
        period.save(update_fields=[lock])
        action = f"people.{'lock' if value else 'unlock'}_{lock.removesuffix('_locked_at')}"
        audit.record(by=by, action=action, subject=period, at=at, why=why)
        _tell(period, at)
    return period


def _tell(period: Period, at: datetime.datetime) -> None:
    """Apps above this one let rest what waits for people and can no longer be done, or bring it back."""
    for follow in settings.PERIOD_FOLLOWERS:
        import_string(follow)(period=period, at=at)

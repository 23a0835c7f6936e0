"""Writes: who owes a check-in; asked on the day, told up the line when the grace is over, excused when away."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from okr import queries, rules
from okr.actions import work
from okr.actions.refusals import ObjectiveRefused
from okr.models import Cadence, CheckIn, CheckInDuty
from okr.models.rhythm import DutyState, Excuse
from performance.foundation import access, audit
from performance.people import queries as people

#: Nobody is asked before this hour of the day on which a check-in is due.
ASKED_FROM = datetime.time(9)
BATCH = 1000


def set_cadence(*, team: Any, choices: dict[str, Any], by: access.Actor, at: datetime.datetime) -> Cadence:
    """The rhythm of a team, or with `team` None of everybody else. Weeks that are asked for already keep theirs."""
    with transaction.atomic():
        standing = Cadence.objects.select_for_update().filter(team=team).first() or Cadence(team=team)
        changes = {
            name: [getattr(standing, name), value]
            for name, value in choices.items()
            if standing._state.adding or getattr(standing, name) != value
        }
        if not changes:
            return standing
        for name, value in choices.items():
            setattr(standing, name, value)
        standing.save()
        subject = team or by.organisation
        audit.record(by=by, action="okr.set_cadence", subject=subject, changes=changes, at=at)
    return standing


def drop_cadence(*, cadence: Cadence, by: access.Actor, at: datetime.datetime) -> None:
    """The team follows everybody's rhythm again."""
    with transaction.atomic():
        if Cadence.objects.filter(pk=cadence.pk).exclude(team=None).delete()[0]:
            audit.record(by=by, action="okr.drop_cadence", subject=cadence.team, at=at)


def open_duties(*, period: Any, monday: datetime.date, at: datetime.datetime) -> int:
    """Notes who owes a check-in for this week; set-based, and again without effect. Returns how many."""
    owners = list(queries.owners_to_ask(period, monday))
    if not owners:
        return 0
    ids = [owner.pk for owner in owners]
    rhythms = queries.rhythms_of(ids, period.organisation, monday)
    away = people.days_away(ids, monday, monday + datetime.timedelta(days=6))
    reported = dict(
        CheckIn.objects.filter(person_id__in=ids, week_starts_on=monday, number=1).values_list(
            "person_id", "at"
        )
    )
    duties = []
    for owner in owners:
        rhythm = rhythms[owner.pk]
        if not rhythm.asks_in(monday, period) and owner.pk not in reported:
            continue
        duty = _duty(owner, period, monday, rhythm, away.get(owner.pk, set()))
        if owner.pk in reported:
            duty.state, duty.excuse, duty.done_at = DutyState.DONE, "", reported[owner.pk]
            duty.due_at = duty.due_at or reported[owner.pk]
        duties.append(duty)
    return len(CheckInDuty.objects.bulk_create(duties, batch_size=BATCH, ignore_conflicts=True))


def _duty(
    owner: Any, period: Any, monday: datetime.date, rhythm: Any, away: set[datetime.date]
) -> CheckInDuty:
    duty = CheckInDuty(person=owner, period=period, week_starts_on=monday, due_at=rhythm.due_at(monday, away))
    inside = duty.due_at is not None and (
        period.starts_on <= duty.due_at.astimezone(rhythm.zone).date() <= period.ends_on
    )
    if inside:
        duty.escalate_at = rhythm.after(duty.due_at, rhythm.cadence.grace_days)
    else:
        duty.state, duty.due_at = DutyState.EXCUSED, None
        duty.excuse = Excuse.AWAY if away else Excuse.HOLIDAY
    return duty


def ask_for_check_ins(*, at: datetime.datetime) -> int:
    """Puts what is due today before those who owe it, once. Who has gone away meanwhile is excused."""
    with transaction.atomic():
        unasked = CheckInDuty.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            state=DutyState.OPEN, asked_at=None, due_at__lt=at + datetime.timedelta(days=1)
        )
        due = [
            duty
            for duty in unasked.select_related("person__organisation", "period")[:BATCH]
            if _asks_now(duty, at)
        ]
        due = _without_those_away(due, at)
        for duty in due:
            duty.asked_at = at
        CheckInDuty.objects.bulk_update(due, ["asked_at"])
        work.ask_for_check_ins(due, at=at)
    return len(due)


def _asks_now(duty: CheckInDuty, at: datetime.datetime) -> bool:
    local = people.local_time(duty.person.organisation, at)
    due = people.local_time(duty.person.organisation, duty.due_at)  # type: ignore[arg-type]
    return local >= due.replace(hour=min(ASKED_FROM.hour, due.hour), minute=0)


def _without_those_away(duties: Sequence[CheckInDuty], at: datetime.datetime) -> list[CheckInDuty]:
    """Moves the due day of whoever is away on it, or excuses the week; returns those who are there."""
    if not duties:
        return []
    mondays = [duty.week_starts_on for duty in duties]
    ids = [duty.person_id for duty in duties]
    away = people.days_away(ids, min(mondays), max(mondays) + datetime.timedelta(days=6))
    touched = [duty for duty in duties if duty.person_id in away]
    if not touched:
        return list(duties)
    organisation = touched[0].person.organisation
    rhythms = queries.rhythms_of([duty.person_id for duty in touched], organisation, max(mondays))
    excused = []
    for duty in touched:
        rhythm = rhythms[duty.person_id]
        if rhythm.due_at(duty.week_starts_on, away[duty.person_id]) is None:
            duty.state, duty.excuse, duty.escalate_at = DutyState.EXCUSED, Excuse.AWAY, None
            excused.append(duty)
    CheckInDuty.objects.bulk_update(excused, ["state", "excuse", "escalate_at"])
    work.check_ins_settled([duty.pk for duty in excused], by=None, at=at)
    gone = {duty.pk for duty in excused}
    return [duty for duty in duties if duty.pk not in gone]


def escalate_missed(*, at: datetime.datetime) -> int:
    """Tells the next level up the line of what is still missing after the grace. Returns how many were told of."""
    with transaction.atomic():
        overdue = CheckInDuty.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            state=DutyState.OPEN, escalate_at__lte=at
        )
        duties = list(overdue.select_related("person__organisation", "period")[:BATCH])
        duties = _without_those_away(duties, at)
        if not duties:
            return 0
        organisation = duties[0].person.organisation
        today = people.day_at(organisation, at)
        rhythms = queries.rhythms_of([duty.person_id for duty in duties], organisation, today)
        told = []
        for duty, above in _above(duties, today):
            rhythm, duty.escalate_at = rhythms[duty.person_id], None
            levels = rhythm.cadence.levels if rules.is_progress_open(duty.period) else 0
            if above is not None and duty.escalations < levels:
                duty.escalations += 1
                told.append((duty, above))
                if duty.escalations < levels:
                    duty.escalate_at = rhythm.after(at, rhythm.cadence.escalate_days)
        CheckInDuty.objects.bulk_update(duties, ["escalations", "escalate_at"])
        work.tell_of_missed(told, at=at)
    return len(told)


def _above(duties: Sequence[CheckInDuty], today: datetime.date) -> list[tuple[CheckInDuty, uuid.UUID | None]]:
    """Who hears of each next: one level further up than the last time; who is away today is passed over."""
    level: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    at_level = {duty.person_id: duty.person_id for duty in duties}
    for _height in range(1 + max(duty.escalations for duty in duties) + 1):
        managers = people.managers_of(set(at_level.values()), today)
        at_level = {key: managers[above] for key, above in at_level.items() if above in managers}
        for key, above in at_level.items():
            level[key].append(above)
    away = people.days_away({each for found in level.values() for each in found}, today, today)
    heard = []
    for duty in duties:
        line = level[duty.person_id][duty.escalations :]
        heard.append((duty, next((each for each in line if each not in away), None)))
    return heard


def excuse_week(*, duty: CheckInDuty, reason: str, by: access.Actor, at: datetime.datetime) -> CheckInDuty:
    """A manager lets somebody off for a week, and says why."""
    if not reason.strip():
        raise ObjectiveRefused(_("Say why, in a sentence."), code="reason", field="reason")
    with transaction.atomic():
        duty = CheckInDuty.objects.select_for_update().get(pk=duty.pk)
        if duty.state != DutyState.OPEN:
            raise ObjectiveRefused(_("Nothing is open for this week any more."), code="conflict")
        duty.state, duty.excuse, duty.reason = DutyState.EXCUSED, Excuse.MANAGER, reason.strip()[:300]
        duty.excused_by, duty.escalate_at = by.person, None
        duty.save(update_fields=["state", "excuse", "reason", "excused_by", "escalate_at"])
        work.check_ins_settled([duty.pk], by=by, at=at)
        audit.record(
            by=by,
            action="okr.excuse_week",
            subject=duty,
            why=duty.reason,
            changes={"week": duty.week_starts_on, "person": str(duty.person)},
            at=at,
        )
    return duty


def duty_done(*, person: Any, monday: datetime.date, by: access.Actor, at: datetime.datetime) -> None:
    """A check-in came: nothing is owed for the week any more."""
    open_ones = CheckInDuty.objects.filter(person=person, week_starts_on=monday).exclude(state=DutyState.DONE)
    for duty in open_ones.select_for_update():
        duty.due_at = duty.due_at or at
        duty.state, duty.excuse, duty.done_at, duty.escalate_at = DutyState.DONE, "", at, None
        duty.save(update_fields=["state", "excuse", "done_at", "escalate_at", "due_at"])
        work.check_ins_settled([duty.pk], by=by, at=at)

"""Writes: who owes a check-in; asked on the day, told up the line when the grace is over, excused when away."""

import datetime
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from okr import queries, rules
from okr.actions import proposals, work
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
        standing, is_new = Cadence.objects.select_for_update().get_or_create(team=team)
        changes = {
            name: [getattr(standing, name), value]
            for name, value in choices.items()
            if is_new or getattr(standing, name) != value
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


def restore_cadence(
    *,
    team: Any,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    by: access.Actor,
    at: datetime.datetime,
) -> None:
    """Undoes a change of the rhythm: `after` (None: there was none of its own) becomes `before` again. Refused where it
    was changed once more since."""
    with transaction.atomic():
        standing = Cadence.objects.select_for_update().filter(team=team).first()
        if rules.cadence_choices(standing) != after:
            raise ObjectiveRefused(_("This has been changed once more since."), code="conflict")
        if before is None:
            Cadence.objects.filter(team=team).delete()
        else:
            Cadence.objects.update_or_create(team=team, defaults=before)
        changes = {
            name: [(after or {}).get(name), (before or {}).get(name)]
            for name in (after or before or {})
            if (after or {}).get(name) != (before or {}).get(name)
        }
        subject = team or by.organisation
        audit.record(by=by, action="okr.restore_cadence", subject=subject, changes=changes, at=at)


def open_duties(
    *, period: Any, monday: datetime.date, at: datetime.datetime, besides: Sequence[Any] = ()
) -> int:
    """Notes who owes a check-in for this week by the plan of this period; whoever has goals in one of the periods
    `besides` is asked by that one's. Set-based, and again without effect. Returns how many."""
    owners = list(queries.owners_to_ask(period, monday, besides=besides))
    if not owners:
        return 0
    ids = [owner.pk for owner in owners]
    rhythms = queries.rhythms_of(ids, period.organisation, monday)
    away = people.days_away(ids, monday, monday + datetime.timedelta(days=6))
    reported = dict(
        CheckIn.objects.filter(person_id__in=ids, week_starts_on=monday, number=1)
        .order_by("-at")
        .values_list("person_id", "at")
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


def settle_duties(*, organisation: Any, at: datetime.datetime) -> None:
    """What needs no asking any more: weeks that were reported while their duty was being written, weeks on all of
    whose days until the due one somebody has meanwhile been noted away, and weeks of who has left."""
    with transaction.atomic():
        open_ones = CheckInDuty.objects.filter(state=DutyState.OPEN)
        reported = CheckIn.objects.filter(
            person_id=OuterRef("person_id"), week_starts_on=OuterRef("week_starts_on"), number=1
        )
        late = open_ones.filter(Exists(reported)).select_for_update(of=("self",))
        for duty in late.annotate(reported_at=Subquery(reported.order_by("at").values("at")[:1])):
            duty_done(person=duty.person, monday=duty.week_starts_on, by=None, at=duty.reported_at)
        here = people.active_people(people.day_at(organisation, at))
        gone = list(
            open_ones.exclude(person__left_on=None)
            .exclude(person_id__in=here.values("pk"))
            .select_for_update(of=("self",))
        )
        away = list(
            open_ones.exclude(pk__in=[duty.pk for duty in gone])
            .filter(person_id__in=people.standing_absences().values("person_id"))
            .select_for_update(of=("self",))
            .select_related("person__organisation")
        )
        excused = [(duty, Excuse.LEFT) for duty in gone] + [
            (duty, Excuse.AWAY) for duty in _without_a_day(away)
        ]
        for duty, why in excused:
            duty.state, duty.excuse, duty.escalate_at = DutyState.EXCUSED, why, None
        settled = [duty for duty, _why in excused]
        CheckInDuty.objects.bulk_update(settled, ["state", "excuse", "escalate_at"])
        work.check_ins_settled([duty.pk for duty in settled], by=None, at=at)


def end_duties(*, at: datetime.datetime) -> None:
    """Of closed periods nothing is owed any more: what was due stays missed, what was not due yet is excused."""
    with transaction.atomic():
        open_ones = CheckInDuty.objects.filter(state=DutyState.OPEN, period__state="closed")
        ended = list(open_ones.select_for_update(of=("self",)))
        for duty in ended:
            is_missed = duty.due_at is not None and duty.due_at <= at
            duty.state = DutyState.MISSED if is_missed else DutyState.EXCUSED
            duty.excuse, duty.escalate_at = "" if is_missed else Excuse.CLOSED, None
        CheckInDuty.objects.bulk_update(ended, ["state", "excuse", "escalate_at"])
        work.check_ins_settled([duty.pk for duty in ended], by=None, at=at)


def ask_for_check_ins(*, organisation: Any, at: datetime.datetime) -> int:
    """Puts what is due today before those who owe it, once, up to a batch of them; who is away today is asked when
    they are back. Returns how many were asked."""
    settle_duties(organisation=organisation, at=at)
    local = people.local_time(organisation, at)
    midnight = datetime.datetime.combine(local.date(), datetime.time(), local.tzinfo)
    # From the hour of asking on whatever is due by tonight; before it only what is due this minute already.
    until = midnight + datetime.timedelta(days=1) if local.time() >= ASKED_FROM else max(midnight, at)
    with transaction.atomic():
        unasked = _present(local.date()).filter(asked_at=None, due_at__lt=until)
        due = list(unasked.order_by("due_at", "pk")[:BATCH])
        for duty in due:
            duty.asked_at = at
        CheckInDuty.objects.bulk_update(due, ["asked_at"])
        work.ask_for_check_ins(due, at=at)
    return len(due)


def escalate_missed(*, organisation: Any, at: datetime.datetime) -> int:
    """Tells the next level up the line of what is still missing after the grace, up to a batch; who is away today is
    told of when they are back. Where everybody above is away, it is tried again on the next workday. Returns how
    many duties were looked at."""
    settle_duties(organisation=organisation, at=at)
    today = people.day_at(organisation, at)
    with transaction.atomic():
        duties = list(_present(today).filter(escalate_at__lte=at).order_by("escalate_at", "pk")[:BATCH])
        if not duties:
            return 0
        rhythms = queries.rhythms_of([duty.person_id for duty in duties], organisation, today)
        told = []
        lines = people.lines_above([duty.person_id for duty in duties], today)
        absent = people.not_there({each for line in lines.values() for each in line}, today)
        for duty in duties:
            rhythm, duty.escalate_at = rhythms[duty.person_id], None
            levels = rhythm.cadence.levels if rules.is_progress_open(duty.period) else 0
            line = lines[duty.person_id]
            waiting = line[duty.escalations :] if duty.escalations < levels else []
            above = next((each for each in waiting if each not in absent), None)
            if above is not None:
                duty.escalations += 1
                told.append(work.Missed(duty, above, is_direct=above == line[0]))
                if duty.escalations < levels:
                    duty.escalate_at = rhythm.after(at, rhythm.cadence.escalate_days)
            elif waiting:
                duty.escalate_at = rhythm.after(at, 1)
        CheckInDuty.objects.bulk_update(duties, ["escalations", "escalate_at"])
        work.tell_of_missed(told, at=at)
    return len(duties)


def _present(today: datetime.date) -> QuerySet[CheckInDuty]:
    """Open duties, locked, of people who are with the organisation and not away today."""
    away = people.standing_absences().filter(starts_on__lte=today, ends_on__gte=today)
    open_ones = CheckInDuty.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        state=DutyState.OPEN, person_id__in=people.active_people(today).values("pk")
    )
    return open_ones.exclude(person_id__in=away.values("person_id")).select_related(
        "person__organisation", "period"
    )


def _without_a_day(duties: Sequence[CheckInDuty]) -> list[CheckInDuty]:
    """Those whose person is away on every workday until the due one."""
    if not duties:
        return []
    mondays, ids = [duty.week_starts_on for duty in duties], [duty.person_id for duty in duties]
    away = people.days_away(ids, min(mondays), max(mondays) + datetime.timedelta(days=6))
    rhythms = queries.rhythms_of(ids, duties[0].person.organisation, max(mondays))
    return [
        duty
        for duty in duties
        if duty.person_id in away
        and rhythms[duty.person_id].due_at(duty.week_starts_on, away[duty.person_id]) is None
    ]


def excuse_week(*, duty: CheckInDuty, reason: str, by: access.Actor, at: datetime.datetime) -> CheckInDuty:
    """A manager lets somebody off for a week, and says why."""
    if not reason.strip():
        raise ObjectiveRefused(_("Say why, in a sentence."), code="reason", field="reason")
    with transaction.atomic():
        proposals.require_unclosed(people.hold_period(duty.period_id))
        duty = CheckInDuty.objects.select_for_update().get(pk=duty.pk)
        if duty.state != DutyState.OPEN:
            raise ObjectiveRefused(_("Nothing is open for this week any more."), code="conflict")
        duty.state, duty.excuse, duty.reason = DutyState.EXCUSED, Excuse.MANAGER, reason.strip()
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


def take_excuse_back(*, duty: CheckInDuty, by: access.Actor, at: datetime.datetime) -> CheckInDuty:
    """The week is owed again, while nothing else came of it: it is asked for anew where it had been asked for, and told
    up the line from the first level on."""
    with transaction.atomic():
        duty = (
            CheckInDuty.objects.select_for_update(of=("self",))
            .select_related("person", "period")
            .get(pk=duty.pk)
        )
        if duty.state != DutyState.EXCUSED or duty.excuse != Excuse.MANAGER:
            raise ObjectiveRefused(_("This week is not excused any more."), code="conflict")
        if not rules.is_progress_open(duty.period) or duty.due_at is None:
            raise ObjectiveRefused(_("This period takes no check-ins."), code="progress_locked")
        rhythm = queries.rhythms_of([duty.person_id], by.organisation, duty.week_starts_on)[duty.person_id]
        changes = {"week": duty.week_starts_on, "person": str(duty.person), "reason": [duty.reason, ""]}
        duty.state, duty.excuse, duty.reason, duty.excused_by = DutyState.OPEN, "", "", None
        duty.escalations = 0
        duty.escalate_at = max(rhythm.after(duty.due_at, rhythm.cadence.grace_days), at)
        duty.save(update_fields=["state", "excuse", "reason", "excused_by", "escalations", "escalate_at"])
        if duty.asked_at is not None:
            work.ask_for_check_ins([duty], at=at)
        audit.record(by=by, action="okr.take_excuse_back", subject=duty, changes=changes, at=at)
    return duty


def duty_done(*, person: Any, monday: datetime.date, by: access.Actor | None, at: datetime.datetime) -> None:
    """A check-in came: nothing is owed for the week any more."""
    open_ones = CheckInDuty.objects.filter(person=person, week_starts_on=monday).exclude(state=DutyState.DONE)
    for duty in open_ones.select_for_update():
        duty.due_at = duty.due_at or at
        duty.state, duty.excuse, duty.done_at, duty.escalate_at = DutyState.DONE, "", at, None
        duty.save(update_fields=["state", "excuse", "done_at", "escalate_at", "due_at"])
        work.check_ins_settled([duty.pk], by=by, at=at)

"""Submitting a week, correcting it, answering it."""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from okr import rules
from okr.actions import progress, rhythm, work
from okr.actions.refusals import CheckInRefused
from okr.models import CheckIn, CheckInDraft, CheckInReply, KeyResult, KeyResultEntry, Milestone
from okr.queries import check_ins, metrics, pace, policies, recounts, weeks
from okr.queries.check_ins import A_WEEK
from okr.queries.rhythm import A_DAY
from performance.foundation import access, audit, once
from performance.people import models as people_models
from performance.people import queries as people


@dataclass(frozen=True)
class Reading:
    """What is reported on one key result. Only the part that fits its kind is read; a key result bound to a
    metric takes its value from there. Nothing reported leaves the last value standing."""

    key_result_id: uuid.UUID
    value: Decimal | None = None
    done: bool | None = None
    milestones_done: frozenset[uuid.UUID] | None = None
    confidence: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Week:
    """The words of a check-in."""

    wins: str = ""
    plans: str = ""
    blockers: str = ""
    asks: Any = None


def save_check_in_draft(
    *, week_starts_on: datetime.date, fields: Mapping[str, str], by: access.Actor, at: datetime.datetime
) -> CheckInDraft:
    """Keeps the form as it is typed. No audit row: a draft is nobody's business but its author's.

    `fields["made_from"]` is the id of the entry that the form was made from, "" where there was none; without it
    nothing is compared. Refuses (conflict) what rests on an older entry than the one that stands, and (week) a week
    that no period takes check-ins of.
    """
    today = people.day_at(by.organisation, at)
    takes = weeks.periods_of_week(week_starts_on, today)
    if not takes:
        raise CheckInRefused(_("This week is not open for check-ins."), code="week", field="week")
    entry = check_ins.entry_of_week(by.person_id, week_starts_on, takes[0], today)
    if not check_ins.rests_on(entry, fields.get("made_from")):
        raise CheckInRefused(_("Not kept: this week was sent from another window."), code="conflict")
    draft, _is_new = CheckInDraft.objects.update_or_create(
        person=by.person, week_starts_on=week_starts_on, defaults={"fields": dict(fields), "saved_at": at}
    )
    return draft


def submit_check_in(
    *,
    period: Any,
    week_starts_on: datetime.date,
    readings: Sequence[Reading],
    by: access.Actor,
    at: datetime.datetime,
    wins: str = "",
    plans: str = "",
    blockers: str = "",
    asks: Any = None,
    made_from: str | None = None,
) -> CheckIn:
    """Reports on the week for oneself: one check-in, its readings, the progress that follows, one transaction.

    It takes key results of every period that the week is reported in, and is filed under `period`. The same again
    changes nothing; something else is a correction: a new entry that points to the first. A reading of an earlier
    week leaves the present value of what was reported on since. Bound key results fill themselves; one that is off
    track needs a note. `made_from` is the id of the entry that was read before, "" where there was none: refuses
    (conflict) when another stands by now. None compares nothing. Raises CheckInRefused with `field`
    "note-<key result id>", "value-<…>" or "asks".
    """
    words = Week(wins.strip(), plans.strip(), blockers.strip(), asks)
    with transaction.atomic():
        today = people.day_at(by.organisation, at)
        periods = _hold_periods(period, week_starts_on, today)
        period = periods[period.pk]
        # One check-in of a person at a time.
        people_models.Person.objects.select_for_update(no_key=True).get(pk=by.person_id)
        _require_open(period, week_starts_on, today, words, by)
        taking = [each for each in periods.values() if _takes(each, week_starts_on, today)]
        mine = check_ins.key_results_to_report(by.person_id, taking)
        locked = progress.lock(set(mine.values_list("objective_id", flat=True)))
        # What has come into force since then is reported next time.
        key_results = [each for each in mine if each.objective_id in locked]
        taken = _matched(readings, key_results)
        paces = pace.paces_of(key_results, min(today, week_starts_on + A_WEEK - A_DAY), by.organisation)
        entries = _take(key_results, taken, paces, at)
        former = check_ins.check_in_of(by.person_id, week_starts_on, period)
        if former is not None and _is_same(former, words, entries):
            return former
        if not check_ins.rests_on(former, made_from):
            raise CheckInRefused(
                _("This week was sent from another window meanwhile. What stands here has not been sent."),
                code="conflict",
            )
        check_in = _write(period, week_starts_on, former, words, entries, locked, by, at)
        later = check_ins.read_later([each.pk for each in key_results], week_starts_on)
        _keep_readings([each for each in key_results if each.pk not in later])
        progress.roll_up(locked, at=at)
        CheckInDraft.objects.filter(person=by.person, week_starts_on=week_starts_on).delete()
        if former is None:
            rhythm.duty_done(person=by.person, monday=week_starts_on, by=by, at=at)
        _ask_for_answers(check_in, former, paces, entries, by, at)
        audit.record(
            by=by,
            action="okr.correct_check_in" if former else "okr.submit_check_in",
            subject=check_in,
            changes={"week": week_starts_on, "key_results": len(entries)},
            at=at,
        )
    return check_in


@once.kept_once(CheckInReply)
def reply_to_check_in(
    *,
    check_in: CheckIn,
    by: access.Actor,
    at: datetime.datetime,
    text: str = "",
    key: uuid.UUID | None = None,
) -> CheckInReply:
    """Answers, or without text acknowledges. Done with it, the work item of who answers is closed."""
    with transaction.atomic():
        if not text.strip() and check_in.person_id == by.person_id:
            raise CheckInRefused(_("Write something first."), code="empty", field="text")
        reply = CheckInReply.objects.create(
            check_in=check_in, by=by.person, text=text.strip(), at=at, once_key=key
        )
        work.answered(_first_id(check_in), by=by, at=at)
        audit.record(by=by, action="okr.reply_to_check_in", subject=check_in, at=at)
    return reply


def acknowledge_check_ins(*, entries: Sequence[CheckIn], by: access.Actor, at: datetime.datetime) -> int:
    """Marks several as read at once."""
    with transaction.atomic():
        for check_in in entries:
            reply_to_check_in(check_in=check_in, by=by, at=at)
    return len(entries)


# --- Parts -----------------------------------------------------------------------------------------------


def _hold_periods(period: Any, week_starts_on: datetime.date, today: datetime.date) -> dict[uuid.UUID, Any]:
    """The period of the check-in and all others that the week is reported in, as they are now. Closing waits for a
    check-in that is on its way; one that comes later is refused. Held in the order of their ids."""
    wanted = {period.pk} | {each.pk for each in weeks.periods_of_week(week_starts_on, today)}
    return {key: people.hold_period(key) for key in sorted(wanted)}


def _takes(period: Any, week_starts_on: datetime.date, today: datetime.date) -> bool:
    return rules.is_progress_open(period) and rules.is_reportable_week(week_starts_on, today, period)


def _require_open(
    period: Any, week_starts_on: datetime.date, today: datetime.date, words: Week, by: access.Actor
) -> None:
    if not rules.is_progress_open(period):
        raise CheckInRefused(_("This period takes no check-ins."), code="progress_locked")
    if not rules.is_reportable_week(week_starts_on, today, period):
        raise CheckInRefused(_("This week is not open for check-ins."), code="week", field="week")
    if words.asks is not None and words.asks.pk == by.person_id:
        raise CheckInRefused(_("Ask somebody else for help."), code="asks", field="asks")
    if words.asks is not None and not people.active_people(today).filter(pk=words.asks.pk).exists():
        raise CheckInRefused(_("This person is not here."), code="asks", field="asks")
    if words.asks is not None and not people.people_who_write(today).filter(pk=words.asks.pk).exists():
        raise CheckInRefused(_("An auditor only reads. Ask somebody else."), code="asks", field="asks")
    if words.asks is not None and not words.blockers:
        raise CheckInRefused(_("Say what blocks you, so that they can help."), code="asks", field="blockers")


def _matched(readings: Sequence[Reading], key_results: list[KeyResult]) -> dict[uuid.UUID, Reading]:
    taken = {reading.key_result_id: reading for reading in readings}
    mine = {each.pk for each in key_results}
    if not mine.issuperset(taken):
        raise CheckInRefused(
            _("This key result is not yours to report on."), code="not_yours", field="readings"
        )
    for reading in readings:
        if reading.confidence is not None and reading.confidence not in range(1, 6):
            raise CheckInRefused(
                _("Confidence lies between 1 and 5."),
                code="confidence",
                field=f"confidence-{reading.key_result_id}",
            )
    return taken


def _take(
    key_results: list[KeyResult], taken: Mapping[uuid.UUID, Reading], paces: pace.Paces, at: datetime.datetime
) -> list[KeyResultEntry]:
    """Sets the rows to what was reported and measures them. Returns the entries to write."""
    values = metrics.metric_values(key_results)
    for key_result in key_results:
        _set(key_result, taken.get(key_result.pk), values.get(key_result.pk), at)
    counted_by = policies.policies_of(each.objective.period_id for each in key_results)
    for period_id, policy in counted_by.items():
        recounts.measure([each for each in key_results if each.objective.period_id == period_id], policy)
    entries = []
    for key_result in key_results:
        reading = taken.get(key_result.pk)
        note = reading.note.strip() if reading else ""
        if key_result.kind == "kpi" and not note and paces.status_of(key_result) == "bad":
            raise CheckInRefused(
                _("This metric is off track. Say why in a few words."),
                code="unexplained",
                field=f"note-{key_result.pk}",
            )
        if reading is not None or key_result.kind == "kpi":
            entries.append(_entry(key_result, note, at))
    return entries


def _set(key_result: KeyResult, reading: Reading | None, found: Any, at: datetime.datetime) -> None:
    if key_result.kind == "kpi":
        metrics.take(key_result, found)
    elif reading is not None:
        if key_result.kind == "milestones":
            _set_milestones(key_result, reading)
        elif key_result.kind == "yes_no":
            key_result.done = reading.done if reading.done is not None else key_result.done
        elif reading.value is not None:
            if abs(reading.value) >= rules.LARGEST_AMOUNT:
                raise CheckInRefused(
                    _("This number is too large."), code="value", field=f"value-{key_result.pk}"
                )
            key_result.current = reading.value
        key_result.filled_at = at
    if reading is not None and reading.confidence is not None:
        key_result.confidence = reading.confidence


def _set_milestones(key_result: KeyResult, reading: Reading) -> None:
    if reading.milestones_done is None:
        return
    steps = list(key_result.milestones.all())
    if not {each.pk for each in steps}.issuperset(reading.milestones_done):
        raise CheckInRefused(
            _("This milestone does not exist."), code="no_milestone", field=f"value-{key_result.pk}"
        )
    for step in steps:
        step.done = step.pk in reading.milestones_done


def _entry(key_result: KeyResult, note: str, at: datetime.datetime) -> KeyResultEntry:
    steps = [str(each.pk) for each in key_result.milestones.all() if each.done]
    reported = any(each.done is not None for each in key_result.milestones.all())
    return KeyResultEntry(
        key_result=key_result,
        value=key_result.current,
        done=key_result.done,
        milestones_done=steps if reported else None,
        confidence=key_result.confidence,
        note=note,
        progress_micro=key_result.progress_micro,
        provisional=key_result.provisional,
        value_as_of=key_result.filled_at if key_result.kind == "kpi" else None,
        at=at,
    )


def _is_same(former: CheckIn, words: Week, entries: list[KeyResultEntry]) -> bool:
    asks_id = words.asks.pk if words.asks is not None else None
    if (former.wins, former.plans, former.blockers, former.asks_id) != (
        words.wins,
        words.plans,
        words.blockers,
        asks_id,
    ):
        return False

    def said(rows: Any) -> dict[uuid.UUID, Any]:
        return {
            each.key_result_id: (
                each.value,
                each.done,
                sorted(each.milestones_done or []),
                each.confidence,
                each.note,
            )
            for each in rows
        }

    return said(former.entries.all()) == said(entries)


def _write(
    period: Any,
    week_starts_on: datetime.date,
    former: CheckIn | None,
    words: Week,
    entries: list[KeyResultEntry],
    locked: Mapping[uuid.UUID, Any],
    by: access.Actor,
    at: datetime.datetime,
) -> CheckIn:
    check_in = CheckIn.objects.create(
        person=by.person,
        period=period,
        week_starts_on=week_starts_on,
        number=former.number + 1 if former else 1,
        corrects=former,
        wins=words.wins,
        plans=words.plans,
        blockers=words.blockers,
        asks=words.asks,
        at=at,
    )
    for entry in entries:
        entry.check_in = check_in
        entry.version_number = locked[entry.key_result.objective_id].version_number or 0
    KeyResultEntry.objects.bulk_create(entries)
    return check_in


def _keep_readings(key_results: list[KeyResult]) -> None:
    KeyResult.objects.bulk_update(
        key_results, ["current", "done", "confidence", "progress_micro", "provisional", "filled_at"]
    )
    steps = [step for each in key_results for step in each.milestones.all()]
    Milestone.objects.bulk_update(steps, ["done"])


def _first_id(check_in: CheckIn) -> uuid.UUID:
    """The week's first entry: what work items hang on."""
    if check_in.number == 1:
        return check_in.pk
    return check_ins.entries_of(check_in).get(number=1).pk


def _ask_for_answers(
    check_in: CheckIn,
    former: CheckIn | None,
    paces: pace.Paces,
    entries: list[KeyResultEntry],
    by: access.Actor,
    at: datetime.datetime,
) -> None:
    on = people.day_at(by.organisation, at)
    is_asked_again = former is not None and former.asks_id == check_in.asks_id
    handed = check_ins.handed_on(check_in).last() if is_asked_again else None
    helper = handed.to if handed is not None else check_in.asks
    off_track = any(paces.status_of_entry(entry) == "bad" for entry in entries)
    work.ask_for_answers(
        check_in,
        _first_id(check_in),
        helper=helper,
        former_helper=former.asks if former is not None and not is_asked_again else None,
        manager=people.manager_of(by.person_id, on),
        needs_reply=bool(check_in.blockers) or off_track,
        by=by,
        at=at,
    )

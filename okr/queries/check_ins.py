"""The week: what a person reports on, what was said, who has reported."""

import datetime
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet

from okr import rules
from okr.models import (
    CheckIn,
    CheckInDraft,
    CheckInReply,
    HandedOn,
    KeyResult,
    KeyResultEntry,
    Milestone,
)
from okr.models.objectives import RUNNING_STATES
from okr.queries import rhythm, sight, visibility
from performance.foundation import access
from performance.inbox import queries as inbox
from performance.people import queries as people

A_WEEK = datetime.timedelta(days=7)


def key_results_to_report(person_id: uuid.UUID, periods: Iterable[Any]) -> QuerySet[KeyResult]:
    """Key results that this person owns, of objectives of these periods with a version in force, with their
    milestones; none of a closed period."""
    standing = Milestone.objects.filter(removed_at=None)
    return (
        KeyResult.objects.filter(
            owner_id=person_id,
            removed_at=None,
            objective__period__in=list(periods),
            objective__state__in=RUNNING_STATES,
        )
        .exclude(objective__period__state="closed")
        .select_related("objective__period")
        .prefetch_related(Prefetch("milestones", queryset=standing))
        .order_by("objective__created_at", "objective_id", "ordinal")
    )


def check_in_of(person_id: uuid.UUID, week_starts_on: datetime.date, period: Any = None) -> CheckIn | None:
    """The newest entry of the week, of those filed under a period where one is given."""
    entries = CheckIn.objects.filter(person_id=person_id, week_starts_on=week_starts_on)
    if period is not None:
        entries = entries.filter(period=period)
    return entries.order_by("-at", "-number").first()


def entry_of_week(
    person_id: uuid.UUID, week_starts_on: datetime.date, period: Any, today: datetime.date
) -> CheckIn | None:
    """The entry that the form of the week starts from: the newest of the period that it is filed under."""
    found = check_in_of(person_id, week_starts_on, period)
    if found is None and week_starts_on < rules.monday_of(today):
        # It may have been filed under a period that is closed by now.
        found = check_in_of(person_id, week_starts_on)
    return found


def rests_on(entry: CheckIn | None, made_from: str | None) -> bool:
    """Whether what was typed was made from the entry that stands. `made_from`: its id, "" for none, None where
    nothing is known."""
    return entry is None or made_from is None or made_from == str(entry.pk)


def draft_of(
    person_id: uuid.UUID, week_starts_on: datetime.date, entry: CheckIn | None = None
) -> CheckInDraft | None:
    """What was being typed, unless it rests on an older entry than the one that stands."""
    found = CheckInDraft.objects.filter(person_id=person_id, week_starts_on=week_starts_on).first()
    return found if found is not None and rests_on(entry, found.fields.get("made_from")) else None


def newest_entries(check_ins: QuerySet[CheckIn]) -> QuerySet[CheckIn]:
    """One row for each person, week and period: the last correction."""
    return check_ins.order_by("person_id", "-week_starts_on", "period_id", "-number").distinct(
        "person_id", "week_starts_on", "period_id"
    )


def readings_for(reader: access.Actor | None) -> QuerySet[KeyResultEntry]:
    """Readings of check-ins that this reader sees: all of their own and of the people below, of others those of
    objectives that they may see. All of them without a reader, and for auditors."""
    readings = KeyResultEntry.objects.all()
    if reader is None or reader.has_role("auditor"):
        return readings
    seen = visibility.visible_to(reader).values("pk")
    return readings.filter(_whole(reader) | Q(key_result__objective_id__in=seen))


def with_conversation(check_ins: QuerySet[CheckIn], reader: access.Actor | None = None) -> QuerySet[CheckIn]:
    """Loads who, whom they ask, the readings and the replies. Four queries for any number of rows.

    A `reader` who was only asked for help sees the readings of those objectives that they may see, and what is said
    between the person and the helpers; the words that are theirs to read are left by `as_read`. Without a reader the
    rows are the reader's own or their line's, and whole.
    """
    readings = readings_for(reader).select_related("key_result__objective__period")
    readings = readings.order_by("key_result__objective_id", "key_result__ordinal")
    return check_ins.select_related("person", "asks").prefetch_related(
        Prefetch("entries", queryset=readings),
        Prefetch("replies", queryset=replies_read_by(reader)),
    )


def previous_check_in(person_id: uuid.UUID, before: datetime.date) -> CheckIn | None:
    """The newest entry of the last week reported on before this one, with its conversation."""
    earlier = CheckIn.objects.filter(person_id=person_id, week_starts_on__lt=before)
    return with_conversation(earlier).order_by("-week_starts_on", "-at", "-number").first()


def entries_of(check_in: CheckIn) -> QuerySet[CheckIn]:
    """A check-in with all that it corrects and that corrects it."""
    return CheckIn.objects.filter(
        person_id=check_in.person_id, week_starts_on=check_in.week_starts_on, period_id=check_in.period_id
    )


def replies_to(check_in: CheckIn, reader: access.Actor | None = None) -> QuerySet[CheckInReply]:
    """Replies to any entry of the check-in, so that a correction loses none; for a `reader`, to those entries that
    they may read: whoever was asked for help at first does not follow what is said to a later one."""
    entries = entries_of(check_in)
    if reader is not None:
        entries = entries.filter(pk__in=readable_by(reader).values("pk"))
    return replies_read_by(reader).filter(check_in__in=entries.values("pk"))


def replies_read_by(reader: access.Actor | None) -> QuerySet[CheckInReply]:
    """Whoever was only asked for help reads what the person and the helpers say; what the line says is about
    everything that was reported."""
    replies = CheckInReply.objects.select_related("by")
    if reader is None or reader.has_role("auditor"):
        return replies
    of_the_week = {name: OuterRef(f"check_in__{name}") for name in ("person", "week_starts_on", "period")}
    asked = CheckIn.objects.filter(**of_the_week, asks=OuterRef("by"))
    handed = HandedOn.objects.filter(
        **{f"check_in__{name}": ref for name, ref in of_the_week.items()}, to=OuterRef("by")
    )
    helps = Q(by=F("check_in__person")) | Exists(asked) | Exists(handed)
    return replies.filter(_whole(reader) | helps)


def _whole(reader: access.Actor) -> Q:
    """Rows of check-ins that are the reader's own or their line's: they read them whole."""
    below = people.below(reader.person_id, people.today(reader.organisation))
    return Q(check_in__person_id=reader.person_id) | Q(check_in__person_id__in=below)


def as_read(rows: Iterable[CheckIn], reader: access.Actor) -> list[CheckIn]:
    """These check-ins, loaded with their conversation for the reader, with the words that the reader may read. Their
    own, those of the people below and an auditor's are whole. Whoever was only asked for help reads what blocks; the
    note on a key result stays with those who could see its objective when it was written. One query, where somebody
    only helps those of `sights_of` more."""
    shown = list(rows)
    if reader.has_role("auditor") or all(row.person_id == reader.person_id for row in shown):
        return shown
    below = people.ids_below(reader.person_id, people.today(reader.organisation))
    helping = [row for row in shown if row.person_id not in {reader.person_id, *below}]
    told = [entry for row in helping for entry in row.entries.all()]
    sights = sight.sights_of([entry.key_result.objective for entry in told], reader)
    for row in helping:
        row.wins = row.plans = ""
        for entry in row.entries.all():
            if not sights[entry.key_result.objective_id].reads_note(entry.at):
                entry.note = ""
    return shown


def read_later(key_result_ids: Iterable[uuid.UUID], after: datetime.date) -> set[uuid.UUID]:
    """Those of these key results that were reported on in a week after this one: their present value is younger."""
    later = KeyResultEntry.objects.filter(
        key_result_id__in=list(key_result_ids), check_in__week_starts_on__gt=after
    )
    return set(later.values_list("key_result_id", flat=True))


def last_readings(
    key_result_ids: Iterable[uuid.UUID], before: datetime.date
) -> dict[uuid.UUID, KeyResultEntry]:
    """The reading of each key result in the last week before this one."""
    entries = (
        KeyResultEntry.objects.filter(
            key_result_id__in=list(key_result_ids), check_in__week_starts_on__lt=before
        )
        .order_by("key_result_id", "-check_in__week_starts_on", "-at", "-id")
        .distinct("key_result_id")
    )
    return {entry.key_result_id: entry for entry in entries}


def weeks_of(period: Any, until: datetime.date) -> list[datetime.date]:
    """Mondays of the period's weeks that have begun, oldest first."""
    monday = rules.monday_of(period.starts_on)
    last = min(until, period.ends_on)
    weeks = []
    while monday <= last:
        weeks.append(monday)
        monday += A_WEEK
    return weeks


@dataclass(frozen=True)
class Streak:
    """Which weeks were reported on, oldest first, and how many in a row until now. Excused weeks do not count."""

    weeks: list[tuple[datetime.date, bool]]
    in_a_row: int
    is_open: bool

    @property
    def done(self) -> int:
        return sum(done for _week, done in self.weeks)


def streak_of(person_id: uuid.UUID, period: Any, today: datetime.date) -> Streak:
    reported = set(
        CheckIn.objects.filter(person_id=person_id, period=period, number=1).values_list(
            "week_starts_on", flat=True
        )
    )
    excused = rhythm.excused_weeks(person_id, period) - reported
    weeks = [(week, week in reported) for week in weeks_of(period, today) if week not in excused]
    is_open = bool(weeks) and not weeks[-1][1]
    in_a_row = 0
    for _week, done in reversed(weeks[:-1] if is_open else weeks):
        if not done:
            break
        in_a_row += 1
    return Streak(weeks, in_a_row, is_open)


def readable_by(actor: access.Actor) -> QuerySet[CheckIn]:
    """One's own, those of the people below, and those that ask one for help, or were handed on to one. Auditors read
    all."""
    if actor.has_role("auditor"):
        return CheckIn.objects.all()
    below = people.below(actor.person_id, people.today(actor.organisation))
    handed = HandedOn.objects.filter(
        to_id=actor.person_id,
        check_in__person=OuterRef("person"),
        check_in__week_starts_on=OuterRef("week_starts_on"),
        check_in__period=OuterRef("period"),
    )
    mine = Q(person_id=actor.person_id) | Q(asks_id=actor.person_id) | Exists(handed)
    return CheckIn.objects.filter(mine | Q(person_id__in=below))


def newest_entry(check_in: CheckIn) -> CheckIn:
    """The last correction of a check-in, or the check-in itself, with whose it is."""
    return entries_of(check_in).select_related("person").order_by("-number")[0]


def handed_on(check_in: CheckIn) -> QuerySet[HandedOn]:
    """To whom help with a check-in was handed on, in turn."""
    first = entries_of(check_in).filter(number=1).values("pk")
    return HandedOn.objects.filter(check_in__in=first).select_related("by", "to").order_by("at", "id")


def helpers_of(check_in: CheckIn) -> set[uuid.UUID]:
    """Everybody who is or was asked to help with it."""
    asked = {each.asks_id for each in entries_of(check_in).only("asks_id") if each.asks_id is not None}
    return asked | set(handed_on(check_in).values_list("to_id", flat=True))


def waits_for_help(check_in: CheckIn, person_id: uuid.UUID) -> bool:
    """Whether this person is the one whose help is waited for now."""
    first = entries_of(check_in).filter(number=1).values("pk")
    return inbox.open_of_kind(rules.BLOCKER).filter(subject_id__in=first, person_id=person_id).exists()


def open_asks(reports: Iterable[Any]) -> QuerySet[CheckIn]:
    """Check-ins of any week in which these people asked somebody for help that has not come yet, oldest first."""
    waiting = inbox.open_of_kind(rules.BLOCKER).values("subject_id")
    return CheckIn.objects.filter(pk__in=waiting, person__in=reports).order_by("at")


def waiting_before(reports: Iterable[Any], monday: datetime.date) -> QuerySet[CheckIn]:
    """The last entries of earlier weeks in which these people still wait for somebody to answer, oldest week first.
    One query."""
    of_the_week = {name: OuterRef(name) for name in ("person", "week_starts_on", "period")}
    asked = Q(pk__in=inbox.open_of_kind(rules.REPLY).values("subject_id"))
    asked |= Q(pk__in=inbox.open_of_kind(rules.BLOCKER).values("subject_id"))
    # As in the row of this week: whoever answers first is enough, and one's own words are no answer.
    of_the_reply = {f"check_in__{name}": ref for name, ref in of_the_week.items()}
    answers = CheckInReply.objects.filter(**of_the_reply).exclude(by=OuterRef("person"))
    later = CheckIn.objects.filter(**of_the_week, number__gt=OuterRef("number"))
    earlier = CheckIn.objects.filter(person__in=reports, week_starts_on__lt=monday)
    waits = Exists(CheckIn.objects.filter(asked, **of_the_week)) & ~Exists(later) & ~Exists(answers)
    return earlier.filter(waits).select_related("person").order_by("week_starts_on", "at", "id")

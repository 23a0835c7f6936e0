"""The week of a team: who reported what, and how many did, as far as a reader may know it."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from okr import rules
from okr.models import CheckIn, CheckInDuty, CheckInReply, KeyResultEntry
from okr.models.rhythm import DutyState
from okr.queries import rhythm
from okr.queries.check_ins import (
    A_WEEK,
    as_read,
    newest_entries,
    readable_by,
    readings_for,
    replies_read_by,
    with_conversation,
)
from okr.queries.pace import Paces, paces_of
from performance.foundation import access
from performance.people import models as people_models
from performance.people import queries as people

#: In a team of fewer a count names people.
FEWEST_COUNTED = 3


@dataclass
class TeamRow:
    """One person's week. `is_told`: the reader may read what was said, and not only the readings of goals that they
    see anyway."""

    person: Any
    check_in: CheckIn | None
    status: str = "none"
    confidence: int | None = None
    confidence_before: int | None = None
    entries: list[KeyResultEntry] = field(default_factory=list)
    replies: list[CheckInReply] = field(default_factory=list)
    worst: KeyResultEntry | None = None
    duty: CheckInDuty | None = None
    paces: Paces | None = None
    is_told: bool = True

    @property
    def notes(self) -> list[KeyResultEntry]:
        """What was said beside a value or a confidence, of the reading that is furthest behind first."""
        said = [entry for entry in self.entries if entry.note]
        return sorted(said, key=lambda entry: entry is not self.worst)

    @property
    def is_told_anything(self) -> bool:
        return self.check_in is not None and (self.is_told or bool(self.entries))

    @property
    def is_excused(self) -> bool:
        return self.check_in is None and self.duty is not None and self.duty.state == "excused"

    @property
    def is_missing(self) -> bool:
        """Owed and not there: who owes one has a duty. Nobody owes anything without goals, or where none is taken."""
        return self.check_in is None and self.duty is not None and not self.is_excused

    @property
    def asks_for_help(self) -> bool:
        return self.check_in is not None and bool(self.check_in.asks_id)

    @property
    def needs_reply(self) -> bool:
        """Blocked, asking or off track, and nobody but the person has answered."""
        if self.check_in is None or not self.is_told:
            return False
        if any(reply.by_id != self.person.pk for reply in self.replies):
            return False
        return bool(self.check_in.blockers or self.check_in.asks_id or self.status == "bad")


def team_week(
    reports: Iterable[Any],
    week_starts_on: datetime.date,
    *,
    today: datetime.date,
    organisation: Any,
    reader: access.Actor | None = None,
) -> list[TeamRow]:
    """The week of these people: who needs an answer first, then who reported, then who has not. Readings are measured
    against the plan as it was at the end of the week. Seven queries; ten for a `reader`, to whom nothing is told that
    is not theirs to read. Without one the rows are those of the reader's own reports, and whole."""
    people_by_id = {person.pk: person for person in reports}
    rows = {key: TeamRow(person, None) for key, person in people_by_id.items()}
    latest = newest_entries(CheckIn.objects.filter(person_id__in=people_by_id, week_starts_on=week_starts_on))
    # Of a week on the border of two periods the later check-in stands in the row.
    check_ins = list(
        with_conversation(CheckIn.objects.filter(pk__in=latest.values("pk")), reader).order_by("at", "number")
    )
    said = replies_read_by(reader).filter(
        check_in__person_id__in=people_by_id, check_in__week_starts_on=week_starts_on
    )
    told = {check_in.pk for check_in in check_ins}
    if reader is not None:
        check_ins = as_read(check_ins, reader)
        said = said.filter(check_in__in=readable_by(reader).values("pk"))
        told = set(readable_by(reader).filter(pk__in=told).values_list("pk", flat=True))
    replies = defaultdict(list)
    for reply in said.select_related("check_in"):
        replies[reply.check_in.person_id, reply.check_in.period_id].append(reply)
    before = _confidence_before(people_by_id, week_starts_on, reader)
    reported = [entry.key_result for check_in in check_ins for entry in check_in.entries.all()]
    paces = paces_of(reported, min(today, week_starts_on + 6 * rhythm.A_DAY), organisation)
    for check_in in check_ins:
        entries = list(check_in.entries.all())
        statuses = [paces.status_of_entry(entry) for entry in entries]
        is_told = check_in.pk in told
        if not is_told:
            check_in.wins = check_in.plans = check_in.blockers = ""
            check_in.asks = None
        rows[check_in.person_id] = TeamRow(
            person=people_by_id[check_in.person_id],
            check_in=check_in,
            status=next((each for each in ("bad", "warn", "good") if each in statuses), "none"),
            confidence=_lowest(entry.confidence for entry in entries),
            confidence_before=before.get(check_in.person_id),
            entries=entries,
            replies=replies[check_in.person_id, check_in.period_id] if is_told else [],
            worst=_worst(entries, paces),
            paces=paces,
            is_told=is_told,
        )
    for person_id, duty in rhythm.duties_of_week(people_by_id, week_starts_on).items():
        rows[person_id].duty = duty
    return sorted(rows.values(), key=_urgency)


def unread_by(actor: access.Actor, today: datetime.date) -> list[CheckIn]:
    """This week's check-ins of the actor's reports that ask nothing and that the actor has not answered yet: what
    can be marked as read at once. What needs a reply, or asks the actor for help, is answered one by one."""
    reports = people.reports_of(actor.person_id, today)
    rows = team_week(reports, rules.monday_of(today), today=today, organisation=actor.organisation)
    return [
        row.check_in
        for row in rows
        if row.check_in is not None
        and not row.needs_reply
        and row.check_in.asks_id != actor.person_id
        and all(reply.by_id != actor.person_id for reply in row.check_in.replies.all())
    ]


def _worst(entries: list[KeyResultEntry], paces: Paces) -> KeyResultEntry | None:
    """The reading that is furthest behind its plan, if one is behind."""
    behind = [entry for entry in entries if paces.status_of_entry(entry) in ("bad", "warn")]
    return min(behind, key=paces.distance_of, default=None)


def _urgency(row: TeamRow) -> tuple[Any, ...]:
    rank = {"bad": 0, "warn": 1, "good": 2, "none": 3}[row.status]
    return (not row.needs_reply, row.check_in is None, not row.asks_for_help, rank, row.person.name_sort)


def _lowest(answers: Iterable[int | None]) -> int | None:
    return min((each for each in answers if each is not None), default=None)


def _confidence_before(
    people_by_id: dict[uuid.UUID, people_models.Person],
    week_starts_on: datetime.date,
    reader: access.Actor | None,
) -> dict[uuid.UUID, int | None]:
    """person → lowest confidence of the last entry of the week before."""
    former = newest_entries(
        CheckIn.objects.filter(person_id__in=people_by_id, week_starts_on=week_starts_on - A_WEEK)
    )
    answers = (
        readings_for(reader)
        .filter(check_in__in=former.values("pk"))
        .values_list("check_in__person_id", "confidence")
    )
    by_person: dict[uuid.UUID, list[int | None]] = defaultdict(list)
    for person_id, confidence in answers:
        by_person[person_id].append(confidence)
    return {person_id: _lowest(values) for person_id, values in by_person.items()}


# --- Week by week ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WeekCount:
    """Of those who were in the team then: how many have reported on the week, and how many were asked to and not
    excused. Who has reported without being asked owed one as well. `is_told`: of very few people a count would say of
    each what is between them and those above them."""

    monday: datetime.date
    members: int
    reported: int
    asked: int
    owing: int
    is_told: bool

    @property
    def not_yet(self) -> int:
        """Who owes one that has not come."""
        return self.owing - self.reported

    @property
    def owes_none(self) -> int:
        return self.members - self.owing


def counts_by_week(
    team: people_models.Team, weeks: Iterable[datetime.date], today: datetime.date, reader: access.Actor
) -> list[WeekCount]:
    """For each of these weeks, whatever their number. Four queries."""
    days = {monday: min(today, monday + 6 * rhythm.A_DAY) for monday in weeks}
    if not days:
        return []
    joined = people_models.TeamMembership.objects.filter(
        Q(ends_on=None) | Q(ends_on__gt=min(days.values())), team=team, starts_on__lte=max(days.values())
    ).select_related("person")
    then = {
        monday: {each.person_id for each in joined if _belongs(each, day)} for monday, day in days.items()
    }
    reports: dict[datetime.date, set[uuid.UUID]] = defaultdict(set)
    everybody = set().union(*then.values())
    for monday, person_id in (
        CheckIn.objects.filter(person_id__in=everybody, week_starts_on__in=days, number=1)
        .values_list("week_starts_on", "person_id")
        .distinct()
    ):
        reports[monday].add(person_id)
    asked: dict[datetime.date, set[uuid.UUID]] = defaultdict(set)
    for monday, person_id in (
        CheckInDuty.objects.filter(person_id__in=everybody, week_starts_on__in=days)
        .exclude(state=DutyState.EXCUSED)
        .values_list("week_starts_on", "person_id")
    ):
        asked[monday].add(person_id)
    known = _known_to(reader, today)
    return [
        WeekCount(
            monday,
            members=len(members),
            reported=len(members & reports[monday]),
            asked=len(members & asked[monday]),
            owing=len(members & (asked[monday] | reports[monday])),
            is_told=len(members) >= FEWEST_COUNTED or known is None or members <= known,
        )
        for monday, members in then.items()
    ]


def _belongs(membership: people_models.TeamMembership, day: datetime.date) -> bool:
    """As `people.members_of` says it of a day."""
    person = membership.person
    return (
        membership.holds_on(day)
        and (person.left_on is None or person.left_on >= day)
        and (person.hired_on is None or person.hired_on <= day)
    )


def week_of_team(
    team: people_models.Team, monday: datetime.date, *, today: datetime.date, reader: access.Actor
) -> list[TeamRow]:
    """The rows of a team's week that this reader may know of. Whether somebody has reported is between them, their
    line, HR and auditors; others see the readings of goals that they may see anyway."""
    members = list(people.members_of(team.pk, min(today, monday + 6 * rhythm.A_DAY)))
    rows = team_week(members, monday, today=today, organisation=reader.organisation, reader=reader)
    known = _known_to(reader, today)
    return [row for row in rows if known is None or row.person.pk in known or row.is_told_anything]


def _known_to(reader: access.Actor, today: datetime.date) -> set[uuid.UUID] | None:
    """Of whom the reader knows whether they have reported: None for everybody."""
    if reader.has_role("hr", "auditor"):
        return None
    return {reader.person_id, *people.ids_below(reader.person_id, today)}

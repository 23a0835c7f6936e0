"""Reads: whose check-in is due when, and who owes one."""

import datetime
import uuid
import zoneinfo
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from okr import rules
from okr.models import Cadence, CheckInDuty, KeyResult
from okr.models.objectives import RUNNING_STATES
from okr.models.rhythm import DutyState
from performance.foundation import access
from performance.people import models as people_models
from performance.people import queries as people

NOBODY_AWAY: frozenset[datetime.date] = frozenset()
A_DAY = datetime.timedelta(days=1)
#: After so many days without a workday nobody waits any longer.
PATIENCE = 31


@dataclass(frozen=True)
class Rhythm:
    """When weeks are due under a cadence: the organisation's workdays, in its time zone."""

    cadence: Cadence
    work_days: people.WorkDays
    zone: zoneinfo.ZoneInfo

    def asks_in(self, monday: datetime.date, period: Any) -> bool:
        """Every n-th week of the period, counted from its first."""
        number = (monday - rules.monday_of(period.starts_on)).days // 7 + 1
        return number > 0 and number % self.cadence.every_weeks == 0

    def due_day(
        self, monday: datetime.date, away: Collection[datetime.date] = NOBODY_AWAY
    ) -> datetime.date | None:
        """The last day until the due weekday that is worked and on which the person is there. None: excused."""
        for number in range(self.cadence.due_weekday - 1, -1, -1):
            day = monday + number * A_DAY
            if day not in away and self.work_days.is_workday(day):
                return day
        return None

    def due_at(
        self, monday: datetime.date, away: Collection[datetime.date] = NOBODY_AWAY
    ) -> datetime.datetime | None:
        day = self.due_day(monday, away)
        return None if day is None else self._at(day)

    def after(self, moment: datetime.datetime, workdays: int) -> datetime.datetime:
        """The due hour so many workdays later."""
        day, left = moment.astimezone(self.zone).date(), workdays
        for _number in range(PATIENCE + workdays * 2):
            if not left:
                break
            day += A_DAY
            left -= self.work_days.is_workday(day)
        return self._at(day)

    def _at(self, day: datetime.date) -> datetime.datetime:
        return datetime.datetime.combine(day, datetime.time(self.cadence.due_hour), self.zone)


def cadences() -> QuerySet[Cadence]:
    return Cadence.objects.select_related("team").order_by("team__name_en")


def standing_cadence(team: Any = None) -> Cadence:
    """The team's own, else everybody's, else the default that nobody has changed yet."""
    own = own_cadence(team) if team else None
    return own or Cadence.objects.filter(team=None).first() or Cadence()


def own_cadence(team: Any = None) -> Cadence | None:
    """The team's own or, without a team, everybody's, where somebody chose one."""
    return Cadence.objects.filter(team=team).first()


def rhythms_of(
    person_ids: Iterable[uuid.UUID], organisation: Any, on: datetime.date
) -> dict[uuid.UUID, Rhythm]:
    """person → rhythm, by their primary team that day. Three queries."""
    known = {each.team_id: each for each in Cadence.objects.all()}
    standard = known.get(None) or Cadence()
    ids = list(person_ids)
    teams = people.teams_of(ids, on) if len(known) > (None in known) else {}
    work_days, zone = people.work_days(organisation), zoneinfo.ZoneInfo(organisation.time_zone)
    return {
        key: Rhythm(known.get(teams[key].pk, standard) if key in teams else standard, work_days, zone)
        for key in ids
    }


def owners_to_ask(
    period: Any, monday: datetime.date, *, besides: Sequence[Any] = ()
) -> QuerySet[people_models.Person]:
    """Who is here that week, writes, has key results to report in this period and in none of those `besides`, and no
    duty for this week yet."""
    running = KeyResult.objects.filter(removed_at=None, objective__state__in=RUNNING_STATES)
    owned = running.filter(objective__period=period)
    elsewhere = running.filter(objective__period__in=list(besides)) if besides else running.none()
    asked = CheckInDuty.objects.filter(week_starts_on=monday)
    return (
        people.people_who_write(monday + 6 * A_DAY)
        .filter(pk__in=owned.values("owner_id"))
        .exclude(pk__in=asked.values("person_id"))
        .exclude(pk__in=elsewhere.values("owner_id"))
    )


def duties_of_week(person_ids: Iterable[uuid.UUID], monday: datetime.date) -> dict[uuid.UUID, CheckInDuty]:
    found = CheckInDuty.objects.filter(person_id__in=list(person_ids), week_starts_on=monday)
    return {duty.person_id: duty for duty in found.select_related("excused_by")}


def owed_before(person_ids: Iterable[uuid.UUID], monday: datetime.date) -> QuerySet[CheckInDuty]:
    """Earlier weeks that these people still owe, the oldest first."""
    owed = CheckInDuty.objects.filter(person_id__in=list(person_ids), week_starts_on__lt=monday, state="open")
    return owed.select_related("person").order_by("week_starts_on")


def excused_weeks(person_id: uuid.UUID, period: Any) -> set[datetime.date]:
    excused = CheckInDuty.objects.filter(person_id=person_id, period=period, state="excused")
    return set(excused.values_list("week_starts_on", flat=True))


def due_at(person_id: uuid.UUID, monday: datetime.date, period: Any) -> datetime.datetime | None:
    """When this person's check-in of a week is due; None where nothing is asked of them. The period brings its
    organisation."""
    duty = CheckInDuty.objects.filter(person_id=person_id, week_starts_on=monday).first()
    if duty is not None:
        return None if duty.state == DutyState.EXCUSED else duty.due_at
    away = people.days_away([person_id], monday, monday + 6 * A_DAY).get(person_id, NOBODY_AWAY)
    rhythm = rhythms_of([person_id], period.organisation, monday)[person_id]
    return rhythm.due_at(monday, away) if rhythm.asks_in(monday, period) else None


def duties_visible_to(actor: access.Actor, on: datetime.date) -> QuerySet[CheckInDuty]:
    """One's own and those of everybody below; HR and auditors see all."""
    duties = CheckInDuty.objects.select_related("person")
    if actor.has_role("hr", "auditor"):
        return duties
    mine = duties.filter(person_id=actor.person_id)
    return mine | duties.filter(person_id__in=people.below(actor.person_id, on))

"""The week that is over, told to those it concerns: who reported, where goals stand, who waits for an answer."""

import datetime
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, Q, QuerySet

from okr.models import CheckInDuty, Objective, OkrPolicy, ProgressPoint
from okr.models.objectives import SCORED_STATES, OwnerKind
from okr.models.rhythm import DutyState
from okr.queries.objectives import ObjectiveRow, percent, rows_of, with_key_results
from okr.queries.pace import pace_of
from okr.queries.policies import policies_behind, policies_of
from performance.inbox import queries as inbox
from performance.people import models as people_models
from performance.people import queries as people

WEEK_LETTER = "goals.week"
#: People who are written to in one go.
A_BATCH = 200
#: Goals of reports that a letter names, the furthest behind first.
NAMED = 8


@dataclass(frozen=True)
class GoalThen:
    """A goal with its progress now and when the week began, in whole percent."""

    row: ObjectiveRow
    before: int | None

    @property
    def change(self) -> int | None:
        now = self.row.percent
        return None if now is None or self.before is None else now - self.before


@dataclass
class WeekDigest:
    """One reader's week. `state` is that of their own check-in, "" where none was asked. The figures of reports stand
    only for those who lead somebody; those of the team tell how many, never who."""

    person: people_models.Person
    monday: datetime.date
    state: str = ""
    goals: list[GoalThen] = field(default_factory=list)
    reports_asked: int = 0
    reports_done: int = 0
    missing: list[people_models.Person] = field(default_factory=list)
    behind: list[GoalThen] = field(default_factory=list)
    team: people_models.Team | None = None
    team_asked: int = 0
    team_done: int = 0
    open_answers: int = 0
    #: What counted the progress of the goals that it names.
    policies: list[OkrPolicy] = field(default_factory=list)


def week_digests(
    *, organisation: people_models.Organisation, monday: datetime.date, today: datetime.date
) -> list[WeekDigest]:
    """The week that began on `monday`, for up to a batch of those whom nobody has written to about it yet and who did
    not ask to be left alone. A constant number of queries.

    Reports are those of today: whoever leads somebody sees their goals, whoever did last week does not any more."""
    readers = _readers(monday, today)
    if not readers:
        return []
    sunday = monday + datetime.timedelta(days=6)
    ids = [reader.pk for reader in readers]
    reports = _reports_of(ids, today)
    teams = people.teams_of(ids, sunday)
    members = _members_of({team.pk for team in teams.values()}, sunday)
    concerned = {*ids, *(one for group in (*reports.values(), *members.values()) for one in group)}
    states = dict(
        CheckInDuty.objects.filter(person__in=concerned, week_starts_on=monday).values_list(
            "person_id", "state"
        )
    )
    goals = _goals(organisation, {*ids, *(one for group in reports.values() for one in group)}, monday, today)
    policies = policies_behind({goal.row.objective.period for group in goals.values() for goal in group})
    names = people_models.Person.objects.in_bulk(
        [key for group in reports.values() for key in group if states.get(key) in _LATE]
    )
    answers = _open_answers(ids)
    found = []
    for reader in readers:
        below, team = reports[reader.pk], teams.get(reader.pk)
        digest = WeekDigest(
            reader,
            monday,
            states.get(reader.pk, ""),
            goals[reader.pk],
            open_answers=answers[reader.pk],
            team=team,
        )
        digest.reports_asked, digest.reports_done = _counted(below, states)
        digest.missing = [names[key] for key in below if states.get(key) in _LATE and key in names]
        if team is not None:
            digest.team_asked, digest.team_done = _counted(members[team.pk], states)
        late = [goal for key in below for goal in goals[key] if goal.row.behind]
        digest.behind = sorted(late, key=lambda goal: -goal.row.behind)[:NAMED]
        named = {goal.row.objective.period_id for goal in (*digest.goals, *digest.behind)}
        digest.policies = [policy for policy in policies if policy.period_id in named]
        found.append(digest)
    return found


_LATE = (DutyState.OPEN, DutyState.MISSED)
_ASKED = (DutyState.OPEN, DutyState.MISSED, DutyState.DONE)


def _readers(monday: datetime.date, today: datetime.date) -> list[people_models.Person]:
    """Who was asked for a check-in that week, and who leads somebody now who was."""
    asked = CheckInDuty.objects.filter(week_starts_on=monday, state__in=_ASKED).values("person")
    lines = people_models.ReportingLine.objects.filter(people.holds_on(today), person__in=asked)
    told = inbox.letters_sent(WEEK_LETTER, monday.isoformat())
    readers = (
        people.active_people(today)
        .filter(Q(pk__in=asked) | Q(pk__in=lines.values("manager")))
        .exclude(email="")
        .exclude(Exists(told.filter(person=OuterRef("pk"))))
        .exclude(pk__in=inbox.without_week())
    )
    return list(readers.select_related("user").order_by("pk")[:A_BATCH])


def _reports_of(manager_ids: Iterable[uuid.UUID], on: datetime.date) -> dict[uuid.UUID, list[uuid.UUID]]:
    found: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    lines = people_models.ReportingLine.objects.filter(people.holds_on(on), manager__in=list(manager_ids))
    for manager_id, person_id in lines.order_by("person__name_sort").values_list("manager_id", "person_id"):
        found[manager_id].append(person_id)
    return found


def _members_of(team_ids: Collection[uuid.UUID], on: datetime.date) -> dict[uuid.UUID, list[uuid.UUID]]:
    found: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    memberships = people_models.TeamMembership.objects.filter(people.holds_on(on), team__in=team_ids)
    for team_id, person_id in memberships.values_list("team_id", "person_id"):
        found[team_id].append(person_id)
    return found


def _counted(person_ids: Iterable[uuid.UUID], states: dict[uuid.UUID, str]) -> tuple[int, int]:
    """(asked, done); who was excused was not asked."""
    counts = Counter(states.get(key) for key in person_ids)
    return sum(counts[state] for state in _ASKED), counts[DutyState.DONE]


def _open_answers(person_ids: Collection[uuid.UUID]) -> Counter[uuid.UUID]:
    waiting = inbox.open_of_kind("goals.reply") | inbox.open_of_kind("goals.blocker")
    return Counter(waiting.filter(person__in=person_ids).values_list("person_id", flat=True))


def _goals(
    organisation: people_models.Organisation,
    owner_ids: Collection[uuid.UUID],
    monday: datetime.date,
    today: datetime.date,
) -> dict[uuid.UUID, list[GoalThen]]:
    """Running goals of these people, with what they had reached when the week began."""
    owned = with_key_results(
        Objective.objects.filter(
            owner__in=owner_ids,
            owner_kind=OwnerKind.PERSON,
            state__in=SCORED_STATES,
            period__starts_on__lte=today,
            period__ends_on__gte=monday,
        ).exclude(period__state="closed")
    )
    shown = list(owned.order_by("created_at", "id"))
    periods = {each.period_id: each.period for each in shown}
    for period in periods.values():
        period.organisation = organisation
    paces = {key: pace_of(period, today) for key, period in periods.items()}
    before = dict(_points(shown).filter(at__date__lt=monday).values_list("objective_id", "progress_micro"))
    found: dict[uuid.UUID, list[GoalThen]] = defaultdict(list)
    for row in rows_of(shown, paces, policies_of(periods)):
        found[row.objective.owner_id].append(GoalThen(row, percent(before.get(row.objective.pk))))
    return found


def _points(objectives: Collection[Objective]) -> QuerySet[ProgressPoint]:
    """The newest point of each objective among those that a filter leaves."""
    points = ProgressPoint.objects.filter(objective__in=[each.pk for each in objectives])
    return points.order_by("objective_id", "-at", "-id").distinct("objective_id")

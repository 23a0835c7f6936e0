"""The retrospective of a team and a period: who takes part, and what was put down."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from okr import rules
from okr.models import AgreedAction, Objective, Retrospective, RetrospectiveNote
from okr.models.objectives import RUNNING_STATES
from okr.models.retrospectives import Column
from performance.foundation import access
from performance.people import models as people_models
from performance.people import queries as people


def retrospective_members(team: Any, period: Any, today: datetime.date) -> QuerySet[people_models.Person]:
    """Whoever belongs to the team today or belonged to it when the period ended, by name."""
    last = min(period.ends_on, today)
    memberships = people_models.TeamMembership.objects.filter(
        people.holds_on(today) | people.holds_on(last), team=team
    )
    return (
        people.active_people(today).filter(pk__in=memberships.values("person_id")).order_by("name_sort", "pk")
    )


@dataclass(frozen=True)
class Circle:
    """Whose retrospective it is: members, and the line above whoever leads the team."""

    members: tuple[Any, ...]
    line_above: frozenset[uuid.UUID]

    @property
    def member_ids(self) -> set[uuid.UUID]:
        return {each.pk for each in self.members}


def circle_of(team: Any, period: Any, today: datetime.date) -> Circle:
    """Two queries."""
    line = people.line_above(team.lead_id, today) if team.lead_id else []
    return Circle(tuple(retrospective_members(team, period, today)), frozenset(line))


def retrospectives_due(at: datetime.datetime) -> list[tuple[Any, Any]]:
    """(team, period) of teams with objectives in a closing period that have not looked back on it, and a leader who is
    here. Four queries."""
    closing = {
        each.pk: each for each in people.periods().filter(state="closing").select_related("organisation")
    }
    if not closing:
        return []
    standing = Objective.objects.filter(period__in=closing, state__in=RUNNING_STATES).exclude(team=None)
    pairs = set(standing.values_list("team_id", "period_id").distinct())
    done = Retrospective.objects.filter(period__in=closing).exclude(closed_at=None)
    pairs -= set(done.values_list("team_id", "period_id"))
    today = people.day_at(next(iter(closing.values())).organisation, at)
    here = people.active_people(today).values("pk")
    teams = people_models.Team.objects.filter(pk__in={key for key, _period in pairs}, lead__in=here)
    led = {each.pk: each for each in teams}
    return [(led[team], closing[period]) for team, period in sorted(pairs) if team in led]


def still_to_note(
    pairs: Collection[tuple[Any, Any]], at: datetime.datetime
) -> list[tuple[uuid.UUID, Any, Any]]:
    """(person's id, team, period): members who write and have put nothing down yet, beside whoever leads. Three queries;
    none without pairs."""
    if not pairs:
        return []
    today = people.day_at(next(iter(pairs))[1].organisation, at)
    notes = RetrospectiveNote.objects.filter(retrospective__period__in={period.pk for _team, period in pairs})
    said = set(notes.values_list("retrospective__team_id", "retrospective__period_id", "by_id"))
    memberships = people_models.TeamMembership.objects.filter(
        team__in={team.pk for team, _period in pairs}, person__in=people.people_who_write(today).values("pk")
    )
    of_team: dict[uuid.UUID, list[people_models.TeamMembership]] = defaultdict(list)
    for each in memberships:
        of_team[each.team_id].append(each)
    return [
        (person_id, team, period)
        for team, period in pairs
        for person_id in sorted(
            {each.person_id for each in of_team[team.pk] if _was_there(each, period, today)}
        )
        if person_id != team.lead_id and (team.pk, period.pk, person_id) not in said
    ]


def _was_there(membership: people_models.TeamMembership, period: Any, today: datetime.date) -> bool:
    """Today, or when the period ended."""
    return membership.holds_on(today) or membership.holds_on(min(period.ends_on, today))


def retrospective_of(team: Any, period: Any) -> Retrospective | None:
    """With its notes in the order they came, and what was agreed. Three queries."""
    notes = RetrospectiveNote.objects.select_related("by").order_by("at", "id")
    agreed = AgreedAction.objects.select_related("owner").order_by("due_on", "id")
    return (
        Retrospective.objects.filter(team=team, period=period)
        .select_related("closed_by")
        .prefetch_related(Prefetch("notes", queryset=notes), Prefetch("agreed", queryset=agreed))
        .first()
    )


@dataclass(frozen=True)
class LookedBack:
    """An ended period of a team, with what it said of it; nothing yet where there is no `retrospective`."""

    period: people_models.Period
    retrospective: Retrospective | None

    @property
    def notes(self) -> list[tuple[Column, int]]:
        """How many there are in each column."""
        return [(column, len(notes)) for column, notes in columns_of(self.retrospective)]

    @property
    def note_count(self) -> int:
        return sum(count for _column, count in self.notes)

    @property
    def agreed(self) -> list[AgreedAction]:
        return list(self.retrospective.agreed.all()) if self.retrospective is not None else []


def endings_read_by(
    actor: access.Actor,
    team: Any,
    periods: Collection[Any],
    line_above: Collection[uuid.UUID],
    today: datetime.date,
) -> list[Any]:
    """Those of these periods that have ended and whose retrospective this person may read: of members those that they
    were there for. One query."""
    mine = list(people_models.TeamMembership.objects.filter(team=team, person_id=actor.person_id))

    def was_there(period: Any) -> bool:
        return any(_was_there(each, period, today) for each in mine)

    return [
        period
        for period in periods
        if rules.is_retrospective_time(period)
        and rules.can_read_retrospective(
            actor, team, {actor.person_id} if was_there(period) else (), line_above
        )
    ]


def retrospectives_read_by(actor: access.Actor) -> QuerySet[Retrospective]:
    """Those of ended periods that have begun and that this person may read, with team and period. Two queries before
    it; none for HR."""
    ended = Retrospective.objects.filter(period__state__in=rules.ENDED).select_related("team", "period")
    if actor.has_role("hr"):
        return ended
    today = people.today(actor.organisation)
    mine = list(people_models.TeamMembership.objects.filter(person_id=actor.person_id))
    periods = list(people.periods().filter(state__in=rules.ENDED)) if mine else []
    was_there = Q()
    for each in mine:
        then = [period.pk for period in periods if _was_there(each, period, today)]
        was_there |= Q(team_id=each.team_id, period__in=then)
    leads = Q(team__lead_id=actor.person_id) | Q(team__lead_id__in=people.below(actor.person_id, today))
    return ended.filter(was_there | leads if mine else leads)


def looked_back(team: Any, periods: Collection[Any]) -> list[LookedBack]:
    """Of these periods those that the team had goals in or said something about, in the same order. Four queries."""
    notes = RetrospectiveNote.objects.order_by("at", "id")
    agreed = AgreedAction.objects.select_related("owner").order_by("due_on", "id")
    found = Retrospective.objects.filter(team=team, period__in=list(periods)).select_related("closed_by")
    said = {
        each.period_id: each
        for each in found.prefetch_related(
            Prefetch("notes", queryset=notes), Prefetch("agreed", queryset=agreed)
        )
    }
    had = set(
        Objective.objects.filter(team=team, period__in=list(periods), version_number__isnull=False)
        .values_list("period_id", flat=True)
        .distinct()
    )
    return [
        LookedBack(period, said.get(period.pk)) for period in periods if period.pk in said or period.pk in had
    ]


def columns_of(retrospective: Retrospective | None) -> list[tuple[Column, list[RetrospectiveNote]]]:
    """The three columns, each with its notes."""
    notes = list(retrospective.notes.all()) if retrospective is not None else []
    return [(column, [note for note in notes if note.column == column]) for column in Column]


def last_ending(periods: list[Any], asked: str) -> Any:
    """The period asked for, else the newest that is closing or closed; None where there is none."""
    ending = [each for each in periods if each.state in ("closing", "closed")]
    chosen = next((each for each in periods if str(each.pk) == asked), None)
    return chosen or next(iter(ending), None)


def retrospective_notes() -> QuerySet[RetrospectiveNote]:
    """Every note with its team and period; whoever asks has to look whether they may read it."""
    return RetrospectiveNote.objects.select_related("retrospective__team", "retrospective__period")


def all_agreed() -> QuerySet[AgreedAction]:
    """Every agreed action; the same."""
    return AgreedAction.objects.select_related("retrospective__team", "retrospective__period", "owner")

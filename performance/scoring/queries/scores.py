"""Scores: who may see whose, the current ones, the closed ones before."""

import datetime
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from performance.foundation import access
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import evidence, rules
from performance.scoring.models import CurrentScore, RunKind, RunState, Score, ScoreRun

PERIODS_SHOWN = 4


@dataclass(frozen=True)
class TeamRow:
    """One person of a list of scores; `score` is None while there is none."""

    person: people.Person
    score: Score | None

    @property
    def is_provisional(self) -> bool:
        return self.score is not None and not self.score.is_frozen


def people_with_visible_scores(actor: access.Actor, on: datetime.date) -> QuerySet[people.Person]:
    """Oneself and everybody below; HR and auditors see all."""
    everybody = people.Person.objects.all()
    if rules.sees_all_scores(actor):
        return everybody
    return everybody.filter(pk__in=[actor.person_id, *people_queries.ids_below(actor.person_id, on)])


def scores_visible_to(actor: access.Actor, on: datetime.date) -> QuerySet[Score]:
    scores = Score.objects.select_related("person", "period", "version", "version__policy")
    if rules.sees_all_scores(actor):
        return scores
    return scores.filter(person_id__in=[actor.person_id, *people_queries.ids_below(actor.person_id, on)])


def current_score(person_id: uuid.UUID, period: people.Period) -> Score | None:
    """The score in force, with its version and policy."""
    current = (
        CurrentScore.objects.filter(person_id=person_id, period=period)
        .select_related("score__version__policy", "score__run", "score__period", "score__basis")
        .first()
    )
    return current.score if current else None


def current_scores(period: people.Period, person_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Score]:
    found = CurrentScore.objects.filter(period=period, person_id__in=list(person_ids)).select_related(
        "score__basis"
    )
    return {current.person_id: current.score for current in found}


def bare_scores() -> QuerySet[Score]:
    """Scores without the bulk of what they keep: for lists of many."""
    arrays = [name for name, kind in evidence.COLUMNS.items() if kind.endswith("[]")]
    return Score.objects.defer("basis__content", "refs", *arrays)


def team_rows(persons: Sequence[people.Person], period: people.Period | None) -> list[TeamRow]:
    """One query for all scores, however many people."""
    if period is None:
        return [TeamRow(person, None) for person in persons]
    scores = current_scores(period, [person.pk for person in persons])
    return [TeamRow(person, scores.get(person.pk)) for person in persons]


def last_closed_values(
    person_ids: Sequence[uuid.UUID], period: people.Period
) -> dict[uuid.UUID, dict[str, int]]:
    """Each person's component scores of the last frozen period before this one: what may be carried forward."""
    frozen = (
        CurrentScore.objects.filter(
            person_id__in=person_ids, is_frozen=True, period__ends_on__lt=period.starts_on
        )
        .order_by("person_id", "-period__ends_on")
        .distinct("person_id")
        .select_related("score__basis")
    )
    return {
        current.person_id: {
            line["key"]: line["value_micro"]
            for line in evidence.explanation_of(current.score)["components"]
            if line["treatment"] == "measured"
        }
        for current in frozen
    }


def periods_begun(today: datetime.date) -> list[people.Period]:
    """The periods to switch between: the latest ones that have begun, oldest first."""
    begun = people.Period.objects.filter(starts_on__lte=today).order_by("-starts_on")
    return list(begun[:PERIODS_SHOWN])[::-1]


def periods_of(person_id: uuid.UUID, today: datetime.date) -> list[people.Period]:
    """The latest periods in which somebody was scored, and the current one, oldest first."""
    scored = CurrentScore.objects.filter(person_id=person_id).values("period_id")
    current = people_queries.current_period(today)
    found = list(people.Period.objects.filter(pk__in=scored).order_by("-starts_on")[:PERIODS_SHOWN])
    if current and current not in found:
        found.insert(0, current)
    return sorted(found, key=lambda period: period.starts_on)


def runs() -> QuerySet[ScoreRun]:
    """Runs over everybody, newest first: asked for, freezing, or checking by night; small incremental ones are left
    out."""
    return ScoreRun.objects.exclude(kind="incremental").select_related("period", "started_by").order_by("-id")


def freeze_has_begun(period: people.Period) -> bool:
    """Whether the scores of a period are frozen, are being frozen, or were until the freeze stopped half way."""
    freezes = ScoreRun.objects.filter(period=period, kind=RunKind.FREEZE)
    return (
        freezes.filter(
            Q(state__in=[RunState.WAITING, RunState.RUNNING]) | Q(started_at__isnull=False)
        ).exists()
        or CurrentScore.objects.filter(period=period, is_frozen=True).exists()
    )

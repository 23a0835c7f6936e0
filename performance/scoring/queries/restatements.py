"""Restatements as their readers may see them: what changed, whom it moves and by how much, and what became of it."""

import datetime
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Func, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from performance.engine import fixed
from performance.foundation import access, i18n
from performance.kpis import queries as kpis
from performance.kpis.models import MetricValue
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import evidence, rules
from performance.scoring.models import (
    CauseKind,
    CurrentScore,
    PolicyVersion,
    RestatedScore,
    Restatement,
    RestatementCause,
    RestatementDecision,
    RestatementState,
    RunKind,
    Score,
    ScoreRun,
    Side,
)
from performance.scoring.queries import bands, suppressing
from performance.scoring.queries.scores import people_with_visible_scores

CAUSES_SHOWN = 50
RUNS_SHOWN = 5


@dataclass(frozen=True)
class ToldCause:
    """A cause as this reader may see it. `is_open`: whether they may see the figures."""

    cause: RestatementCause
    component: str
    is_open: bool

    @property
    def before(self) -> str | Decimal | None:
        return self._of("before")

    @property
    def after(self) -> str | Decimal | None:
        return self._of("after")

    @property
    def is_said(self) -> bool:
        """In words, where the source says them; else as numbers."""
        return bool(self.cause.before_en or self.cause.after_en)

    def _of(self, side: str) -> str | Decimal | None:
        if self.is_said:
            return i18n.local(self.cause, side)
        micro = getattr(self.cause, f"{side}_micro")
        return None if micro is None else Decimal(micro) / fixed.ONE


@dataclass(frozen=True)
class RestatedRow:
    """One person's score before and after, with the bands that its policy has."""

    row: RestatedScore
    before_band: str
    after_band: str

    @property
    def steps(self) -> int:
        """How many bands up (down: negative)."""
        return self.row.after_band - self.row.before_band if self.row.change_micro is not None else 0


@dataclass(frozen=True)
class RestatementShown:
    """One proposal for one reader. `is_told`: whether its figures name nobody by being few; `unlisted`: how many of its
    people are not among `scores`, as their scores are not the reader's to see."""

    restatement: Restatement
    is_told: bool
    causes: tuple[ToldCause, ...]
    more_causes: int
    units: tuple[suppressing.Cell, ...]
    withheld: int
    scores: QuerySet[RestatedScore]
    unlisted: int
    decisions: Mapping[str, RestatementDecision]

    @property
    def average(self) -> Decimal | None:
        counted = self.restatement.compared
        return Decimal(self.restatement.change_micro) / fixed.ONE / counted if counted else None

    @property
    def largest(self) -> Decimal:
        """The end of the axis of averages."""
        return max((abs(cell.average) for cell in self.units), default=Decimal(0)) or Decimal(1)


@dataclass(frozen=True)
class Mark:
    """What a scorecard says of a restatement of its score."""

    restatement: Restatement
    before_micro: int | None
    after_micro: int | None
    kept_id: uuid.UUID
    reasons: tuple[str, ...]

    @property
    def state(self) -> str:
        return self.restatement.state


def restatements() -> QuerySet[Restatement]:
    return Restatement.objects.select_related("period", "proposed_by", "run")


def frozen_periods() -> QuerySet[people.Period]:
    """Periods with frozen scores, the latest first."""
    frozen = CurrentScore.objects.filter(is_frozen=True)
    return people.Period.objects.filter(pk__in=frozen.values("period_id")).order_by("-ends_on", "pk")


def comparisons() -> list[ScoreRun]:
    """The latest comparisons of frozen scores."""
    found = ScoreRun.objects.filter(kind=RunKind.RESTATE).select_related("period", "started_by")
    return list(found.order_by("-id")[:RUNS_SHOWN])


def deciders_of(restatement: Restatement, side: str) -> QuerySet[people.Person]:
    """Owners of a side who may decide: they have not proposed it, and their own score is not among it."""
    scored = RestatedScore.objects.filter(restatement=restatement)
    decided = RestatementDecision.objects.filter(restatement=restatement)
    holders = people_queries.people_with_role(rules.ROLE_OF_SIDE[Side(side)])
    if restatement.proposed_by_id is not None:
        holders = holders.exclude(pk=restatement.proposed_by_id)
    return holders.exclude(Q(pk__in=scored.values("person_id")) | Q(pk__in=decided.values("person_id")))


def is_among(restatement: Restatement, person_id: uuid.UUID) -> bool:
    """Whether somebody's own score is one of those to be restated."""
    return RestatedScore.objects.filter(restatement=restatement, person_id=person_id).exists()


def restatement_shown(restatement: Restatement, actor: access.Actor, on: datetime.date) -> RestatementShown:
    """A bounded number of queries, however many people."""
    rows = RestatedScore.objects.filter(restatement=restatement)
    sees_all = rules.sees_all_scores(actor)
    mine = rows if sees_all else rows.filter(person__in=people_with_visible_scores(actor, on).values("pk"))
    seen = restatement.total if sees_all else mine.count()
    unseen = restatement.total - seen
    is_told = unseen == 0 or suppressing.is_told(restatement.total, unseen)
    units, withheld = _by_unit(rows, None if sees_all else mine) if is_told else ((), 0)
    causes, more = _causes(restatement, mine, actor)
    given = RestatementDecision.objects.filter(restatement=restatement).select_related("person")
    return RestatementShown(
        restatement=restatement,
        is_told=is_told,
        causes=causes,
        more_causes=more,
        units=units,
        withheld=withheld,
        scores=mine.select_related("person", "unit", "kept__version")
        .defer("line", "causes")
        .order_by(Func(F("change_micro"), function="ABS").desc(nulls_last=True), "person_id"),
        unlisted=unseen,
        decisions={decision.side: decision for decision in given},
    )


def rows_with_bands(rows: list[RestatedScore]) -> list[RestatedRow]:
    """No query: the versions come with the rows."""
    found = []
    for row in rows:
        kept = (row.kept.version.plan or {}).get("bands", ())
        names = [bands.standing(micro, kept) for micro in (row.before_micro, row.after_micro)]
        found.append(RestatedRow(row, *(standing.name if standing else "" for standing in names)))
    return found


def marks_of(score: Score) -> list[Mark]:
    """What was found of the frozen score of this person and period, the latest first: adopted, not adopted, or waiting. A
    score that none of it touched costs one query."""
    rows = (
        RestatedScore.objects.filter(person_id=score.person_id, restatement__period_id=score.period_id)
        .exclude(restatement__state=RestatementState.OVERTAKEN)
        .select_related("restatement")
        .defer("line", "causes")
        .order_by("-restatement_id")
    )
    found = list(rows)
    said: dict[uuid.UUID, list[RestatementDecision]] = {}
    if found:
        decisions = RestatementDecision.objects.filter(restatement__in=[row.restatement_id for row in found])
        for decision in decisions:
            said.setdefault(decision.restatement_id, []).append(decision)
    return [
        Mark(
            restatement=row.restatement,
            before_micro=row.before_micro,
            after_micro=row.after_micro,
            kept_id=row.kept_id,
            reasons=_reasons(row.restatement, said.get(row.restatement_id, [])),
        )
        for row in found
    ]


def _reasons(restatement: Restatement, decisions: list[RestatementDecision]) -> tuple[str, ...]:
    """Of those who decided as it came out, each once."""
    if restatement.is_proposed:
        return ()
    adopted = restatement.state != RestatementState.REJECTED
    return tuple(dict.fromkeys(decision.reason for decision in decisions if decision.adopts == adopted))


def _causes(
    restatement: Restatement, mine: QuerySet[RestatedScore], actor: access.Actor
) -> tuple[tuple[ToldCause, ...], int]:
    """Those that people share, and those of single people whose scores the reader sees."""
    found = RestatementCause.objects.filter(restatement=restatement)
    visible = found.filter(Q(person=None) | Q(person__in=mine.values("person_id")))
    shown = list(visible.select_related("person", "by").order_by("-people", "id")[: CAUSES_SHOWN + 1])
    more = visible.count() - CAUSES_SHOWN if len(shown) > CAUSES_SHOWN else 0
    shown = shown[:CAUSES_SHOWN]
    opened = _opened(restatement, shown, actor)
    names = _names(restatement)
    return tuple(
        ToldCause(
            cause,
            names.get(cause.component_key, cause.component_key),
            is_open=opened is None or cause.kind != CauseKind.METRIC or cause.url in opened,
        )
        for cause in shown
    ), more


def _opened(restatement: Restatement, shown: list[RestatementCause], actor: access.Actor) -> set[str] | None:
    """The addresses of those values that the reader may see; None where they see every score with all it is made of."""
    if rules.sees_all_scores(actor):
        return None
    values = values_weighed(metrics_weighed(restatement), restatement.period)
    return {value_url(value, restatement.period) for value in kpis.sight_of(actor).seen(values)}


def values_weighed(keys: Iterable[str], period: people.Period) -> QuerySet[MetricValue]:
    """What these metrics say now of the days of a period."""
    return MetricValue.objects.filter(
        metric__key__in=set(keys),
        period_start=period.starts_on,
        period_end=period.ends_on,
        superseded_at=None,
    )


def value_url(value: MetricValue, period: people.Period) -> str:
    """The address by which a score of the period refers to the value."""
    days = {"since": f"{period.starts_on}", "until": f"{period.ends_on}"}
    return kpis.value_url(value.metric_id, value.slice, **days)


def _components(restatement: Restatement) -> list[dict[str, str]]:
    versions = PolicyVersion.objects.filter(pk__in=restatement.run.versions or [])
    return [
        component
        for plan in versions.order_by("pk").values_list("plan", flat=True)
        for component in (plan or {}).get("components", ())
    ]


def _names(restatement: Restatement) -> dict[str, str]:
    return {item["key"]: i18n.local_in(item, "name") for item in _components(restatement)}


def metrics_weighed(restatement: Restatement) -> set[str]:
    """The metrics that the scores of the period weigh."""
    return {
        component["source_ref"]
        for component in _components(restatement)
        if component["source_kind"] == evidence.METRIC
    }


def _by_unit(
    rows: QuerySet[RestatedScore], mine: QuerySet[RestatedScore] | None
) -> tuple[tuple[suppressing.Cell, ...], int]:
    unseen = Q(pk__in=[]) if mine is None else ~Q(pk__in=mine.values("pk"))
    groups: Iterable[Mapping[str, Any]] = (
        rows.filter(change_micro__isnull=False)
        .values("unit_id", "unit__name_en", "unit__name_zh")
        .annotate(number=Count("pk"), change=Sum("change_micro"), unseen=Count("pk", filter=unseen))
        .order_by("-number", "unit_id")
    )
    cells = [
        suppressing.Cell(
            i18n.local_in(group, "unit__name") or _("Without a unit"),
            group["number"],
            int(group["change"]),
            group["unseen"],
        )
        for group in groups
    ]
    if mine is None:
        # Whoever sees each score is told of each group.
        return tuple(cells), 0
    shown, withheld = suppressing.told(cells)
    return tuple(shown), withheld

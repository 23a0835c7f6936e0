"""Cycles: who may see them, whom they take in, and whether they are ready to be signed off."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, DateField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Greatest, Least

from performance.appraisals import rules
from performance.appraisals.models import Band, Cycle, CycleEntry
from performance.appraisals.queries import entries as entry_queries
from performance.appraisals.queries import results, sections
from performance.appraisals.queries import reviews as review_queries
from performance.foundation import access
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring.models import ScoreRun

WHOLE = 1_000_000


def cycles_visible_to(actor: access.Actor, on: datetime.date) -> QuerySet[Cycle]:
    """HR and auditors: all; everybody else: those that hold an entry they may see. Newest first."""
    cycles = Cycle.objects.select_related("period", "unit", "team", "signed_off_by", "published_by")
    if rules.sees_all_entries(actor):
        return cycles.order_by("-id")
    seen = entry_queries.entries_visible_to(actor, on).filter(cycle=OuterRef("pk"))
    return cycles.filter(Exists(seen)).order_by("-id")


def with_counts(cycles: QuerySet[Cycle]) -> QuerySet[Cycle]:
    """`people`: entries that are not left out; `read`: results opened by their person."""
    return cycles.annotate(
        people=Count("entries", filter=~Q(entries__state="left_out")),
        read=Count("entries", filter=Q(entries__seen_at__isnull=False)),
    )


def population(
    period: people.Period,
    *,
    unit: people.BusinessUnit | None,
    team: people.Team | None,
    on: datetime.date,
    least_days: int = 0,
) -> QuerySet[Any]:
    """Everybody employed on a day of the period, or those of a unit or team (with what is below it) on `on`. Whoever
    was here for fewer than `least_days` days of the period is out.

    Annotated with `unit_on`, `manager_on` and `team_on`: unit, manager and primary team of that day. By employee number.
    """
    employed = people.Person.objects.filter(
        Q(left_on=None) | Q(left_on__gte=period.starts_on), Q(hired_on=None) | Q(hired_on__lte=period.ends_on)
    )
    if least_days:
        first = Greatest(Coalesce("hired_on", _day(period.starts_on)), _day(period.starts_on))
        last = Least(Coalesce("left_on", _day(period.ends_on)), _day(period.ends_on))
        employed = employed.alias(first=first, last=last).filter(
            last__gte=F("first") + datetime.timedelta(days=least_days - 1)
        )
    employed = employed.annotate(unit_on=people_queries.unit_then(on))
    if unit is not None:
        employed = employed.filter(unit_on__in=sections.below(people.BusinessUnit, unit.pk))
    if team is not None:
        members = people.TeamMembership.objects.filter(
            people_queries.holds_on(on), team_id__in=sections.below(people.Team, team.pk)
        )
        employed = employed.filter(pk__in=members.values("person_id"))
    lines = people.ReportingLine.objects.filter(people_queries.holds_on(on), person=OuterRef("pk"))
    teams = people.TeamMembership.objects.filter(
        people_queries.holds_on(on), person=OuterRef("pk"), is_primary=True
    )
    return employed.annotate(
        manager_on=Subquery(lines.values("manager_id")[:1]), team_on=Subquery(teams.values("team_id")[:1])
    ).order_by("number", "pk")


def _day(day: datetime.date) -> Value:
    return Value(day, output_field=DateField())


def newcomers(cycle: Cycle) -> QuerySet[Any]:
    """People of the cycle's population who are not in it yet."""
    everybody = population(
        cycle.period, unit=cycle.unit, team=cycle.team, on=cycle.people_on, least_days=cycle.least_days
    )
    present = CycleEntry.objects.filter(cycle=cycle, person=OuterRef("pk"))
    return everybody.filter(~Exists(present))


@dataclass(frozen=True)
class Readiness:
    """What stands between a cycle and its sign-off. Counts are people."""

    people: int
    left_out: int
    scored: int
    frozen: int
    complete: int
    exceptions: int
    read: int
    newcomers: int
    period_is_closing: bool
    run: ScoreRun | None
    #: Managers' reviews that nobody has sent yet; None where the cycle has no reviews.
    unreviewed: int | None = None

    @property
    def unscored(self) -> int:
        return self.people - self.scored

    @property
    def provisional(self) -> int:
        return self.scored - self.frozen

    @property
    def partial(self) -> int:
        return self.scored - self.complete

    @property
    def can_sign_off(self) -> bool:
        """Every number that would be signed is closed. People without a score are signed off without one."""
        return self.can_freeze and self.scored > 0 and self.provisional == 0 and not self.unreviewed

    @property
    def steps(self) -> int:
        return 5 if self.unreviewed is None else 6

    @property
    def can_freeze(self) -> bool:
        return self.period_is_closing and self.run is None

    @property
    def passed(self) -> int:
        return sum(
            [
                self.period_is_closing,
                self.scored > 0 and self.provisional == 0,
                self.unscored == 0,
                self.partial == 0,
                self.newcomers == 0,
                self.unreviewed == 0,
            ]
        )

    def percent(self, count: int) -> int:
        return count * 100 // self.people if self.people else 0

    @property
    def scored_percent(self) -> int:
        return self.percent(self.scored)

    @property
    def frozen_percent(self) -> int:
        return self.percent(self.frozen)

    @property
    def read_percent(self) -> int:
        return self.percent(self.read)


def readiness(cycle: Cycle, bands: Sequence[Band]) -> Readiness:
    """Four queries at most, whatever the number of people."""
    inside = ~Q(state="left_out")
    counted = entry_queries.entries_of(cycle, bands).aggregate(
        people=Count("pk", filter=inside),
        left_out=Count("pk", filter=Q(state="left_out")),
        scored=Count("pk", filter=inside & Q(score_micro__isnull=False)),
        frozen=Count("pk", filter=inside & Q(score_micro__isnull=False, score_state="frozen")),
        complete=Count("pk", filter=inside & Q(score_micro__isnull=False, coverage_ppm=WHOLE)),
        exceptions=Count("pk", filter=Q(is_exception=True)),
        read=Count("pk", filter=Q(seen_at__isnull=False)),
    )
    runs = ScoreRun.objects.filter(period=cycle.period_id, state__in=["waiting", "running"])
    return Readiness(
        **counted,
        newcomers=newcomers(cycle).count() if cycle.is_open else 0,
        period_is_closing=cycle.period.state in ("closing", "closed"),
        run=runs.exclude(kind="incremental").first(),
        unreviewed=review_queries.missing_managers_reviews(cycle) if cycle.has_reviews else None,
    )


@dataclass(frozen=True)
class Share:
    """How many people have a rating as their result; `percent` of those with one. `band` None: no score."""

    band: Band | None
    people: int
    percent: int


def distribution(entries: QuerySet[Any], bands: Sequence[Band]) -> list[Share]:
    """Of results, as things are: the best first, people without any last. One query."""
    inside = results.with_results(entries, suggested="rating").exclude(state="left_out").order_by()
    counted = dict(inside.values_list("result_rating").annotate(people=Count("pk")))
    rated = sum(counted.get(band.rating, 0) for band in bands)
    shares = [
        Share(band, people := counted.get(band.rating, 0), round(100 * people / rated) if rated else 0)
        for band in bands
    ]
    return [*shares, Share(None, counted.get(None, 0), 0)]

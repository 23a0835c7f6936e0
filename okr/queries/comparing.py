"""Two periods side by side."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Avg, Case, Count, F, Q, QuerySet, When
from django.db.models.functions import Floor

from okr.models import Objective
from okr.models.objectives import SCORED_STATES, OwnerKind
from okr.queries.objectives import percent
from performance.people import models as people_models

#: Progress from so many micro percent on counts as reached, as good, as partly there.
REACHED, GOOD, PARTLY = 100_000_000, 70_000_000, 30_000_000


def period_before(periods: Sequence[Any], now: Any) -> Any:
    """The one of the same kind that ended last before this one began; any kind where there is none."""
    if now is None:
        return None
    earlier = [each for each in periods if each.ends_on < now.starts_on]
    same = [each for each in earlier if each.kind == now.kind]
    return max(same or earlier, key=lambda each: each.ends_on, default=None)


@dataclass(frozen=True)
class Totals:
    """The visible goals that are or were in force in a period. `parts` counts them by how far they came, best
    first; those without a score come last. Together they are `goals`."""

    period: Any
    goals: int
    owners: int
    mean_micro: int | None
    parts: tuple[tuple[str, int], ...]

    @property
    def percent(self) -> int | None:
        return percent(self.mean_micro)

    @property
    def shown_parts(self) -> list[tuple[str, int]]:
        return [(name, count) for name, count in self.parts if count]


def totals_of(visible: QuerySet[Objective], periods: Sequence[Any]) -> list[Totals]:
    """In the order of `periods`; one query."""
    figures: dict[Any, dict[str, Any]] = {
        row["period_id"]: dict(row)
        for row in visible.filter(period__in=periods, state__in=SCORED_STATES)
        .order_by()
        .values("period_id")
        .annotate(
            goals=Count("pk"),
            owners=Count("owner_id", distinct=True),
            mean=Avg("progress_micro"),
            reached=Count("pk", filter=Q(progress_micro__gte=REACHED)),
            good=Count("pk", filter=Q(progress_micro__gte=GOOD, progress_micro__lt=REACHED)),
            partly=Count("pk", filter=Q(progress_micro__gte=PARTLY, progress_micro__lt=GOOD)),
            little=Count("pk", filter=Q(progress_micro__lt=PARTLY)),
            unscored=Count("pk", filter=Q(progress_micro=None)),
        )
    }
    return [_totals(period, figures.get(period.pk, {})) for period in periods]


def _totals(period: Any, row: dict[str, Any]) -> Totals:
    names = ("reached", "good", "partly", "little", "unscored")
    return Totals(
        period,
        row.get("goals", 0),
        row.get("owners", 0),
        _micro(row.get("mean")),
        tuple((name, row.get(name, 0)) for name in names),
    )


def _micro(mean: Any) -> int | None:
    return None if mean is None else int(mean)


def owners_compared(visible: QuerySet[Objective], *, before: Any, now: Any) -> QuerySet[Any, Any]:
    """A row for the organisation, each team and each person with goals in force in one of the periods: how many, and
    their mean progress. The wider owner first, then who fell most."""
    return (
        visible.filter(period__in=[before, now], state__in=SCORED_STATES)
        .annotate(
            person=Case(When(owner_kind=OwnerKind.PERSON, then=F("owner_id"))),
            of_team=Case(When(owner_kind=OwnerKind.TEAM, then=F("team_id"))),
        )
        .order_by()
        .values("owner_kind", "person", "of_team")
        .annotate(
            goals_before=Count("pk", filter=Q(period=before)),
            goals_now=Count("pk", filter=Q(period=now)),
            mean_before=Avg("progress_micro", filter=Q(period=before)),
            mean_now=Avg("progress_micro", filter=Q(period=now)),
        )
        .annotate(moved=_whole("mean_now") - _whole("mean_before"), exactly=F("mean_now") - F("mean_before"))
        .order_by(
            *(_breadth(), F("moved").asc(nulls_last=True), F("exactly").asc(nulls_last=True)),
            *("person", "of_team"),
        )
    )


def _whole(name: str) -> Floor:
    """A mean as the page shows it: rows stand in the order of the changes that one reads."""
    return Floor((F(name) + 500_000) / 1_000_000)


def _breadth() -> Case:
    return Case(
        When(owner_kind=OwnerKind.ORGANISATION, then=0), When(owner_kind=OwnerKind.TEAM, then=1), default=2
    )


@dataclass(frozen=True)
class ComparisonRow:
    """An owner in both periods; `owner` is a team, a person, or None for the organisation. Whole percent."""

    kind: str
    owner: Any
    goals_before: int
    goals_now: int
    before: int | None
    now: int | None

    @property
    def change(self) -> int | None:
        """In points, of what is shown."""
        return None if self.before is None or self.now is None else self.now - self.before


def comparison_rows(figures: Any) -> list[ComparisonRow]:
    """The rows of a page with their owners; two queries."""
    shown = list(figures)
    people = _named(people_models.Person, [row["person"] for row in shown])
    teams = _named(people_models.Team, [row["of_team"] for row in shown])
    return [
        ComparisonRow(
            row["owner_kind"],
            people.get(row["person"]) or teams.get(row["of_team"]),
            row["goals_before"],
            row["goals_now"],
            percent(_micro(row["mean_before"])),
            percent(_micro(row["mean_now"])),
        )
        for row in shown
    ]


def _named(model: Any, keys: Sequence[uuid.UUID | None]) -> dict[Any, Any]:
    return dict(model.objects.in_bulk([key for key in keys if key is not None]))

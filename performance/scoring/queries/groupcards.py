"""The scorecard of a team, a unit or the whole organisation, as much of it as is its reader's to know."""

import datetime
import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet

from performance.foundation import access, i18n
from performance.people import models as people
from performance.scoring import rules
from performance.scoring.models import CurrentScore, PolicyVersion
from performance.scoring.queries import groupchanges, groupmeans, groupsums, scopes, spreads
from performance.scoring.queries.groupmeans import Held

PERIODS_WEIGHED = 4


@dataclass(frozen=True)
class Below:
    """A unit just below, with the mean of all that is below it; None where that is not told."""

    unit: people.BusinessUnit
    number: int
    mean_micro: int | None


@dataclass(frozen=True)
class WeightsThen:
    """The mean weights of a period as they were planned, in percent by component key."""

    period: people.Period
    weights: Mapping[str, Decimal]


@dataclass(frozen=True)
class GroupWeights:
    """The weights of some periods, oldest first; `names` and `colors` by component key."""

    periods: tuple[WeightsThen, ...]
    names: Mapping[str, str]
    colors: Mapping[str, int]

    @property
    def rows(self) -> list[tuple[int, str, list[Decimal]]]:
        """Component by component: colour, name, and the weight in each period."""
        return [
            (self.colors[key], name, [then.weights.get(key, Decimal(0)) for then in self.periods])
            for key, name in self.names.items()
        ]

    @property
    def chart(self) -> dict[str, Any]:
        """Stepped over the days of the periods."""
        last = self.periods[-1].period
        starts = [then.period.starts_on.isoformat() for then in self.periods]
        return {
            "x": [*starts, last.ends_on.isoformat()],
            "today": "",
            "events": [],
            "series": [
                {"name": name, "series": color, "values": [*map(float, weights), float(weights[-1])]}
                for color, name, weights in self.rows
            ],
        }


@dataclass(frozen=True)
class GroupCard:
    """`number`: people with a score, of `members`. `mean` is None where there is no score, or where it is not told."""

    scope: scopes.Scope
    period: people.Period
    members: int
    number: int
    is_told: bool
    sees_each: bool
    mean: groupmeans.Mean | None = None
    steps: tuple[groupmeans.Step, ...] = ()
    coverage_ppm: int = 0
    incomplete: int = 0
    provisional: int = 0
    computed_at: datetime.datetime | None = None
    change: groupchanges.GroupChange | None = None
    weights: GroupWeights | None = None
    below: tuple[Below, ...] = ()

    @property
    def axis(self) -> int:
        ends = [line.start_micro + line.contribution_micro for line in self.mean.lines] if self.mean else []
        return 100 if max(ends, default=0) <= 100_000_000 else 120

    @property
    def marks(self) -> list[tuple[int, int]]:
        """The axis: (place in percent, points)."""
        return [(20 * step, self.axis * step // 5) for step in range(6)]

    @property
    def most(self) -> int:
        """The longest bar of the distribution."""
        return max((step.number for step in self.steps), default=0)

    @property
    def has_file(self) -> bool:
        return self.mean is not None

    @property
    def unscored(self) -> int:
        return max(self.members - self.number, 0)

    @property
    def are_bands(self) -> bool:
        return any(step.name for step in self.steps)

    @property
    def withholds(self) -> bool:
        """Whether a unit below is not told."""
        return any(row.mean_micro is None for row in self.below)

    @property
    def told_together(self) -> bool:
        """Whether some components are not told by themselves."""
        return bool(self.mean) and any(line.key == groupmeans.OTHERS for line in self.mean.lines)  # type: ignore[union-attr]


def group_card(
    scope: scopes.Scope,
    period: people.Period,
    actor: access.Actor,
    on: datetime.date,
) -> GroupCard:
    """So many queries for any number of people, and four more for each further two thousand whose change is split."""
    parents = scopes.unit_parents() if scope.manager is None else {}
    # Whoever sees a manager's scorecard sees everybody below them.
    sees_each = scope.manager is not None or rules.sees_all_scores(actor)
    told = None if sees_each else scopes.told_nodes(actor, period, on, parents)
    all_scores = scopes.scores_of(scope, on)
    rows = groupmeans.held(all_scores.filter(period=period))
    members = scopes.members(scope, period, on).count()
    base = GroupCard(
        scope=scope,
        period=period,
        members=members,
        number=len(rows),
        is_told=told is None or scope.node in told,
        sees_each=sees_each,
        below=tuple(_below(scope, rows, parents, told)),
    )
    if not rows or not base.is_told:
        return base
    before_period = groupchanges.period_before(all_scores, period)
    before_all = groupmeans.held(all_scores.filter(period=before_period)) if before_period else []
    before = [row for row in before_all if row.is_frozen]
    versions = groupmeans.versions_behind([period, *([before_period] if before_period else [])], rows)
    components = groupmeans.named_components(versions.values())
    shown = None if told is None else _told_components(period, actor, on, told, parents)
    mean = groupmeans.mean_of(rows, components, told=shown)
    change = None
    if before and before_period:
        if sees_each:
            change = groupchanges.change_split(before, rows, mean.mean_micro, before_period, components)
        # The card of that period has the mean of all; beside it, that of the frozen ones would tell of the others.
        elif len(before) == len(before_all) and scope.node in scopes.told_nodes(
            actor, before_period, on, parents
        ):
            change = groupchanges.means_compared(before, mean.mean_micro, before_period)
    if told is None:
        steps = tuple(groupmeans.steps(rows, versions))
    else:
        spread = spreads.told_spread(period, actor, on, told, parents)
        steps = tuple(groupmeans.steps_in(spread.bands, rows)) if scope.node in spread.nodes else ()
    return GroupCard(
        **{name: getattr(base, name) for name in BASE},
        mean=mean,
        steps=steps,
        coverage_ppm=groupmeans.nearest(sum(row.coverage_ppm for row in rows), len(rows)),
        incomplete=sum(row.coverage_ppm < 1_000_000 for row in rows),
        provisional=sum(not row.is_frozen for row in rows),
        computed_at=max(row.computed_at for row in rows),
        change=change,
        weights=_weights(all_scores, period),
    )


BASE = ("scope", "period", "members", "number", "is_told", "sees_each", "below")


def _told_components(
    period: people.Period,
    actor: access.Actor,
    on: datetime.date,
    told: Collection[scopes.UnitId],
    parents: Mapping[uuid.UUID, scopes.UnitId],
) -> frozenset[str]:
    """Which components this reader is told of by themselves, in every group alike: what is told here and together
    elsewhere could be reckoned there. Two queries."""
    patterns: dict[scopes.UnitId, Counter[frozenset[str]]] = {}
    for unit_id, of_unit in groupsums.patterns_unseen(period, actor, on).items():
        node = scopes.nearest_told(unit_id, told, parents)
        if node in told:
            patterns.setdefault(node, Counter()).update(of_unit)
    return groupmeans.told_components(patterns)


def _below(
    scope: scopes.Scope,
    rows: Sequence[Held],
    parents: Mapping[uuid.UUID, scopes.UnitId],
    told: Collection[scopes.UnitId] | None,
) -> list[Below]:
    """The units just below, those with scores. One query, none for a team."""
    if scope.manager is not None:
        return []
    children = [unit for unit, parent in parents.items() if parent == scope.node]
    if not children:
        return []
    units = people.BusinessUnit.objects.in_bulk(children)
    child_of = {each: unit for unit in children for each in scopes.beneath(unit, parents)}
    sums, numbers = Counter[uuid.UUID](), Counter[uuid.UUID]()
    for row in rows:
        unit = child_of.get(row.unit_id) if row.unit_id else None
        if unit is not None:
            sums[unit] += row.score_micro
            numbers[unit] += 1
    found = [
        Below(
            units[unit],
            number,
            groupmeans.nearest(sums[unit], number) if told is None or unit in told else None,
        )
        for unit, number in numbers.items()
    ]
    return sorted(found, key=lambda row: (i18n.local(row.unit, "name"), row.unit.code))


def _weights(scores: QuerySet[CurrentScore], period: people.Period) -> GroupWeights | None:
    """The mean weights as planned, by how many people each version scores; of the last periods up to this one. They tell
    of policies, not of people. None while there is one period. Three queries."""
    counted = (
        scores.filter(period__starts_on__lte=period.starts_on, score__score_micro__isnull=False)
        .values_list("period_id", "score__version_id")
        .annotate(number=Count("pk"))
        .order_by()
    )
    by_period: dict[uuid.UUID, dict[uuid.UUID, int]] = {}
    for period_id, version_id, number in counted:
        by_period.setdefault(period_id, {})[version_id] = number
    periods = people.Period.objects.filter(pk__in=by_period).order_by("-starts_on", "pk")[:PERIODS_WEIGHED]
    shown = sorted(periods, key=lambda each: each.starts_on)
    if len(shown) < 2:
        return None
    wanted = {version_id for each in shown for version_id in by_period[each.pk]}
    versions = PolicyVersion.objects.in_bulk(wanted)
    ordered = sorted(
        versions.values(), key=lambda version: (version.effective_on or datetime.date.min, version.number)
    )
    components = groupmeans.named_components(ordered)
    return GroupWeights(
        periods=tuple(WeightsThen(each, _planned(by_period[each.pk], versions)) for each in shown),
        names={key: groupmeans.named(told, key) for key, told in components.items()},
        colors={key: int(told["color"]) for key, told in components.items()},
    )


def _planned(
    numbers: Mapping[uuid.UUID, int], versions: Mapping[uuid.UUID, PolicyVersion]
) -> dict[str, Decimal]:
    sums = Counter[str]()
    for version_id, number in numbers.items():
        for item in versions[version_id].planned:
            sums[item["key"]] += item["effective_ppm"] * number
    keys, total = sorted(sums), sum(numbers.values())
    whole = groupmeans.nearest(sum(sums.values()), total * groupmeans.HUNDREDTH_OF_PERCENT)
    shared = groupmeans.shared_mean(
        [sums[key] for key in keys], total, whole, groupmeans.HUNDREDTH_OF_PERCENT, keys
    )
    return {key: Decimal(each) / 100 for key, each in zip(keys, shared, strict=True)}

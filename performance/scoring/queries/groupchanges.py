"""What moved the mean of a group since the last closed period: performance, weights, and who is in the group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet

from performance.engine import attribution
from performance.foundation.components import formats
from performance.people import models as people
from performance.scoring.models import CurrentScore
from performance.scoring.queries import groupsums
from performance.scoring.queries.groupmeans import (
    TENTH,
    Held,
    Told,
    named,
    nearest,
    shared_mean,
)
from performance.scoring.queries.lines import MICRO

AT_A_TIME = 2000


@dataclass(frozen=True)
class MovedLine:
    """What one component did to the mean of those who have a score in both periods. Each column sums to its total."""

    key: str
    name: str
    color: int
    performance: Decimal
    weights: Decimal
    performance_micro: int
    weight_micro: int

    @property
    def points(self) -> Decimal:
        return self.performance + self.weights


@dataclass(frozen=True)
class GroupChange:
    """From the mean of the period before to this one's. `both`: people with a score in each. Over all people, and as
    written, performance + weights + from_people = points; `_micro` are exact in the same way.

    Without `both` the reader is told the two means alone: who came and who went is not theirs to reckon.
    """

    period: people.Period
    before_number: int
    before_micro: int
    now_micro: int
    both: int = 0
    performance_micro: int = 0
    weight_micro: int = 0
    performance: Decimal = Decimal(0)
    weights: Decimal = Decimal(0)
    from_people: Decimal = Decimal(0)
    lines: tuple[MovedLine, ...] = ()

    @property
    def points(self) -> Decimal:
        return _written(self.now_micro) - _written(self.before_micro)

    @property
    def change_micro(self) -> int:
        return self.now_micro - self.before_micro

    @property
    def people_micro(self) -> int:
        return self.change_micro - self.performance_micro - self.weight_micro


def period_before(scores: QuerySet[CurrentScore], period: people.Period) -> people.Period | None:
    """The last period before this one of which the group has frozen scores. One query."""
    found = (
        scores.filter(is_frozen=True, period__ends_on__lt=period.starts_on)
        .select_related("period")
        .order_by("-period__ends_on", "-period_id")
        .first()
    )
    return found.period if found else None


def means_compared(before: Sequence[Held], now_micro: int, period: people.Period) -> GroupChange:
    """The two means, for whoever may not see each person."""
    total = sum(row.score_micro for row in before)
    return GroupChange(
        period=period,
        before_number=len(before),
        before_micro=nearest(total, len(before)),
        now_micro=now_micro,
    )


def change_split(
    before: Sequence[Held],
    now: Sequence[Held],
    now_micro: int,
    period: people.Period,
    components: Mapping[str, Told],
) -> GroupChange:
    """The change of the mean, taken apart. Four queries for each two thousand people with a score in both periods.

    Each person's change is split by the engine, to the micro; the mean change of those in both periods is performance
    and weights, and what is left of the change of the mean comes from who is in the group.
    """
    compared = means_compared(before, now_micro, period)
    then = {row.person_id: row for row in before}
    both = [(then[row.person_id], row) for row in now if row.person_id in then]
    if not both:
        return compared
    performance, weights = _summed(both)
    order = {key: place for place, key in enumerate(components)}
    number, keys = len(both), sorted(performance, key=lambda key: (order.get(key, len(order)), key))
    performance_micro = nearest(sum(performance.values()), number)
    weight_micro = nearest(sum(weights.values()), number)
    effects = {
        "performance": performance_micro,
        "weights": weight_micro,
        "people": compared.change_micro - performance_micro - weight_micro,
    }
    written = shared_mean(list(effects.values()), 1, int(compared.points * 10), TENTH, list(effects))
    by_work = shared_mean([performance[key] for key in keys], number, written[0], TENTH, keys)
    by_weight = shared_mean([weights[key] for key in keys], number, written[1], TENTH, keys)
    exact_work = shared_mean([performance[key] for key in keys], number, performance_micro, 1, keys)
    exact_weight = shared_mean([weights[key] for key in keys], number, weight_micro, 1, keys)
    return GroupChange(
        period=period,
        before_number=compared.before_number,
        before_micro=compared.before_micro,
        now_micro=now_micro,
        both=number,
        performance_micro=performance_micro,
        weight_micro=weight_micro,
        performance=Decimal(written[0]) / 10,
        weights=Decimal(written[1]) / 10,
        from_people=Decimal(written[2]) / 10,
        lines=tuple(
            MovedLine(
                key=key,
                name=named(components.get(key, {}), key),
                color=components.get(key, {}).get("color", 8),
                performance=Decimal(by_work[place]) / 10,
                weights=Decimal(by_weight[place]) / 10,
                performance_micro=exact_work[place],
                weight_micro=exact_weight[place],
            )
            for place, key in enumerate(keys)
        ),
    )


def _summed(both: Sequence[tuple[Held, Held]]) -> tuple[dict[str, int], dict[str, int]]:
    """component → the sum of its performance and of its weight effects over these people."""
    performance: dict[str, int] = {}
    weights: dict[str, int] = {}
    for place in range(0, len(both), AT_A_TIME):
        chunk = both[place : place + AT_A_TIME]
        columns = [
            groupsums.columns_of(
                [pair[side].score_id for pair in chunk], [pair[side].score_micro for pair in chunk]
            )
            for side in (0, 1)
        ]
        split = attribution.attribute_columns(*columns)
        for at, key in enumerate(split.keys):
            performance[key] = performance.get(key, 0) + int(split.performance_micro[:, at].sum())
            weights[key] = weights.get(key, 0) + int(split.weight_micro[:, at].sum())
    return performance, weights


def _written(micro: int) -> Decimal:
    return formats.rounded(Decimal(micro) / MICRO, 1)

"""What a scenario is asked for, and what it tells."""

import datetime
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from performance.engine import drivers
from performance.kpis.models import Metric, MetricVersion
from performance.kpis.queries import comparing, months, trees
from performance.kpis.semantics import Slice

#: How many other metrics that follow are named.
MOST_OTHERS = 12
PERCENT, AMOUNT, VALUE = "percent", "amount", "value"
MOVES: dict[str, Callable[[Decimal], drivers.Move]] = {
    PERCENT: drivers.by_percent,
    AMOUNT: drivers.by_amount,
    VALUE: drivers.to_value,
}


@dataclass(frozen=True)
class Ground:
    """What every scenario of a metric starts from: definitions in force, and the values kept for exactly these days."""

    metric: Metric
    since: datetime.date
    until: datetime.date
    within: Slice
    tree: trees.Tree
    metrics: Mapping[uuid.UUID, Metric]
    kept: Mapping[uuid.UUID, Decimal | None]

    @property
    def grain(self) -> str:
        return months.grain_of(self.since, self.until)


@dataclass(frozen=True)
class Moves:
    """What is moved. `given`: metric key → (way, number). `volume`: the key of what all money that is summed from data
    grows with."""

    given: Mapping[str, tuple[str, Decimal]] = field(default_factory=dict)
    volume: str = ""


@dataclass(frozen=True)
class Line:
    """One metric of the tree, or one that follows. `before` None: it has no value."""

    metric: Metric
    version: MetricVersion
    depth: int
    before: Decimal | None
    after: Decimal | None
    way: str = PERCENT
    number: Decimal | None = None
    rides: bool = False
    #: What it is computed from moves too, but it is moved itself.
    is_held: bool = False
    refusal: str = ""

    @property
    def is_moved(self) -> bool:
        return self.number is not None

    @property
    def change(self) -> Decimal | None:
        if self.before is None or self.after is None:
            return None
        return self.after - self.before

    @property
    def percent(self) -> Decimal | None:
        """By how many per cent it changed."""
        return comparing.relative(self.after, self.before)


@dataclass(frozen=True)
class Brought:
    """A driver and what its own move brought to the result, in the unit of the result. `rides`: it grows with the
    volume too, which is the volume's to bring; before and after are at the same volume."""

    metric: Metric
    before: Decimal
    after: Decimal
    amount: Decimal
    rides: bool = False


@dataclass(frozen=True)
class Cash:
    """Days × what passes in a day: the cash that a change of days sets free. `balance` ÷ `flow` × `period`."""

    metric: Metric
    balance: Metric
    flow: Metric
    days: Decimal
    daily: Decimal
    released: Decimal


@dataclass(frozen=True)
class WhatIf:
    """The tree (the result first), who brought what, and what else follows. `refusal`: why the result has no value."""

    ground: Ground
    moves: Moves
    tree: Sequence[Line]
    others: Sequence[Line]
    brought: Sequence[Brought]
    cash: Sequence[Cash]
    volumes: Sequence[Metric]
    riders: frozenset[str]
    prices: Mapping[str, str]
    versions: Mapping[str, str]
    base: Mapping[str, str | None]
    said: Sequence[str] = ()
    refusal: str = ""

    @property
    def metric(self) -> Metric:
        return self.ground.metric

    @property
    def result(self) -> Line:
        return self.tree[0]

    @property
    def named_others(self) -> Sequence[Line]:
        """As many of what else follows as are named, by name."""
        return self.others[:MOST_OTHERS]

    @property
    def released(self) -> Decimal:
        return sum((line.released for line in self.cash), Decimal(0))

"""What a plan of targets is asked for, and what it would set."""

import datetime
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from performance.foundation import audit, refusals
from performance.kpis.models import Metric
from performance.kpis.semantics import Slice, slice_key


class PlanRefused(refusals.Refused):
    """Why targets cannot be planned this way."""


@dataclass(frozen=True)
class SpreadAsked:
    """A target of so many months from `first`; `percents` are the own ones, of each month. For what does not add up
    over time `total` is the target of each month, or that of the last."""

    kind: str
    first: datetime.date
    months: int
    total: Decimal
    way: str
    slice: Slice = field(default_factory=dict)
    percents: Sequence[Decimal] = ()


@dataclass(frozen=True)
class CascadeAsked:
    """The targets that `slice` has in these months, over its parts by the dimension `cut`."""

    kind: str
    first: datetime.date
    months: int
    cut: str
    way: str
    slice: Slice = field(default_factory=dict)


@dataclass(frozen=True)
class PlannedRow:
    """The target of one month and slice as it would be, and as it is."""

    month: datetime.date
    slice: dict[str, str]
    label: str
    share: Fraction | None
    before: Decimal | None
    after: Decimal

    @property
    def change(self) -> Decimal | None:
        return None if self.before is None else self.after - self.before

    @property
    def percent(self) -> Decimal | None:
        return None if self.share is None else Decimal(self.share.numerator * 100) / self.share.denominator


@dataclass(frozen=True)
class PlannedPart:
    """One part of a cascade over all of its months."""

    label: str
    percent: Decimal | None
    before: Decimal | None
    after: Decimal

    @property
    def change(self) -> Decimal | None:
        return None if self.before is None else self.after - self.before


@dataclass(frozen=True)
class Plan:
    """What would be set. `total` is what the rows sum to, None where they do not add up; `said` what it rests on."""

    metric: Metric
    what: str
    way: str
    kind: str
    slice: dict[str, str]
    cut: str
    rows: Sequence[PlannedRow]
    total: Decimal | None
    said: Sequence[str]
    adds_up_over_time: bool

    @property
    def digest(self) -> str:
        """Changes with whatever the plan would set or replace: what is applied is what was seen."""
        told = [
            [f"{row.month}", slice_key(row.slice), audit.plain(row.before), audit.plain(row.after)]
            for row in self.rows
        ]
        given = [str(self.metric.pk), self.what, self.way, self.kind, self.cut, told]
        return hashlib.sha256(json.dumps(given).encode()).hexdigest()

    @property
    def number_changed(self) -> int:
        return sum(row.before != row.after for row in self.rows)

    @property
    def parts(self) -> list[PlannedPart]:
        """The rows of a cascade by part: summed over the months, or those of the last month for balances."""
        by_part: dict[str, list[PlannedRow]] = {}
        for row in self.rows:
            by_part.setdefault(slice_key(row.slice), []).append(row)
        found = []
        for rows in by_part.values():
            counted = rows if self.adds_up_over_time else rows[-1:]
            known = [row.before for row in counted if row.before is not None]
            before = sum(known, Decimal(0)) if len(known) == len(counted) else None
            after = sum((row.after for row in counted), Decimal(0))
            found.append(PlannedPart(rows[0].label, rows[0].percent, before, after))
        return found


class Said:
    """The sentence in the language of whoever reads it."""

    def __init__(self, message: Any, params: dict[str, Any]) -> None:
        self.message, self.params = message, params

    def __str__(self) -> str:
        return str(self.message) % self.params

"""What if: the numbers that a metric is computed from are moved, and it and all that rests on them follow.

Nothing is kept here. The tree is the definition in force; what is shown as the base is computed from the kept values of
its data, so that without a move the scenario is the base.
"""

import datetime
import uuid
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_lazy

from performance.foundation.components import formats
from performance.kpis.models import Grain, Metric
from performance.kpis.queries import months, trees
from performance.kpis.queries.definitions import versions_in_force
from performance.kpis.queries.sights import EVERYTHING, Sight
from performance.kpis.queries.values import values
from performance.kpis.queries.whatif.reckoning import Reckoner
from performance.kpis.queries.whatif.shapes import (
    AMOUNT,
    MOVES,
    PERCENT,
    VALUE,
    Brought,
    Cash,
    Ground,
    Line,
    Moves,
    WhatIf,
)
from performance.kpis.semantics import Slice, slice_key

__all__ = [
    "AMOUNT",
    "MOVES",
    "NO_DEFINITION",
    "PERCENT",
    "VALUE",
    "Brought",
    "Cash",
    "Ground",
    "Line",
    "Moves",
    "Span",
    "WhatIf",
    "ground_of",
    "spans_of",
    "what_if",
]

NO_DEFINITION = gettext_lazy("Only a certified metric with a definition in force can be tried out.")
#: How many of each are offered.
OFFERED = {Grain.MONTH: 13, Grain.QUARTER: 6, Grain.PERIOD: 6}


def ground_of(
    metric: Metric,
    *,
    since: datetime.date,
    until: datetime.date,
    within: Slice,
    sight: Sight = EVERYTHING,
) -> Ground:
    """Three queries, however deep the tree and however many metrics there are."""
    versions = versions_in_force(until)
    metrics = Metric.objects.in_bulk(list(versions))
    keys = {each.key: each.pk for each in metrics.values()}
    tree = trees.Tree(versions, keys, within)
    found = sight.seen(values(months.grain_of(since, until))).filter(
        period_start=since, period_end=until, slice_key=slice_key(within)
    )
    kept: dict[uuid.UUID, Decimal | None] = {}
    shared = tree.shared_out
    for metric_id, value, inputs in found.values_list("metric_id", "value", "inputs"):
        kept[metric_id] = value
        for key in shared.get(metric_id, ()):
            if inputs.get(key) is not None:
                kept.setdefault(keys[key], Decimal(inputs[key]))
    return Ground(
        metric=metric,
        since=since,
        until=until,
        within=dict(within),
        tree=tree,
        metrics=metrics,
        kept=kept,
    )


def what_if(ground: Ground, moves: Moves) -> WhatIf:
    """No queries. A move of what is not in the tree moves nothing."""
    return Reckoner(ground, moves).told()


@dataclass(frozen=True)
class Span:
    """Days that the metric has a value of. `key` stands in addresses."""

    grain: str
    since: datetime.date
    until: datetime.date

    @property
    def key(self) -> str:
        return f"{self.since}_{self.until}"

    @property
    def label(self) -> str:
        return span_label(self.since, self.until)


def span_label(since: datetime.date, until: datetime.date) -> str:
    """May 2026, Q2 2026, or the days."""
    grain = months.grain_of(since, until)
    if grain == Grain.MONTH:
        return months.name(since)
    return formats.quarter(since) if grain == Grain.QUARTER else formats.day_range(since, until)


def spans_of(metric: Metric) -> list[Span]:
    """The newest months first, then quarters and periods. Three queries."""
    found = []
    for grain, number in OFFERED.items():
        days = values(grain).filter(metric=metric, dimensions="").order_by("-period_start", "-period_end")
        found += [Span(grain, *each) for each in days.values_list("period_start", "period_end")[:number]]
    return found

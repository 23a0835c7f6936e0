"""Saved scenarios: who sees which, what they say today, and two or three side by side."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from performance.foundation import access
from performance.foundation.components import formats
from performance.kpis.models import Metric, Scenario, ScenarioState, Side
from performance.kpis.queries import months, whatif
from performance.kpis.queries.definitions import visible_metrics
from performance.kpis.queries.labels import labels_for
from performance.kpis.queries.sights import EVERYTHING, Sight, sight_of
from performance.people import queries as people
from performance.people.models import Person

#: How many stand side by side.
MOST_COMPARED = 3
ROLES = {Side.BUSINESS: "business_owner", Side.FINANCE: "finance_owner"}


def visible_scenarios(actor: access.Actor) -> QuerySet[Scenario]:
    """One's own, and of metrics that the actor sees those that are shared; auditors see all. Newest first."""
    found = Scenario.objects.filter(metric__in=visible_metrics(actor)).select_related(
        "metric__business_owner", "metric__finance_owner", "created_by", "closed_by"
    )
    if not actor.only_reads:
        kept_back = Q(state=ScenarioState.PRIVATE) | Q(state=ScenarioState.WITHDRAWN, proposed_at=None)
        found = found.exclude(kept_back & ~Q(created_by=actor.person_id))
    found = sight_of(actor).seen_of(found, "since", also=Q(created_by=actor.person_id))
    return found.order_by("-created_at", "-id")


@dataclass(frozen=True)
class ScenarioRow:
    """A scenario in a list: its result as it was reckoned."""

    scenario: Scenario
    place: str
    span: str
    before: Decimal | None
    after: Decimal | None

    @property
    def change(self) -> Decimal | None:
        return None if self.before is None or self.after is None else self.after - self.before


def scenario_rows(scenarios: Sequence[Scenario]) -> list[ScenarioRow]:
    """Two queries for all labels."""
    labels = labels_for(one.slice for one in scenarios)
    rows = []
    for one in scenarios:
        result = one.results[0]
        rows.append(
            ScenarioRow(
                one,
                labels.of(one.slice),
                whatif.span_label(one.since, one.until),
                _decimal(result["before"]),
                _decimal(result["after"]),
            )
        )
    return rows


def told_today(scenario: Scenario, sight: Sight = EVERYTHING) -> whatif.WhatIf | None:
    """The scenario over the definitions and values of today; None where its metric has none any more. Three queries."""
    ground = whatif.ground_of(
        scenario.metric, since=scenario.since, until=scenario.until, within=scenario.slice, sight=sight
    )
    if scenario.metric_id not in ground.tree.versions:
        return None
    return whatif.what_if(ground, moves_of(scenario))


def moves_of(scenario: Scenario) -> whatif.Moves:
    moved = {key: (way, Decimal(number)) for key, (way, number) in scenario.moves.items()}
    return whatif.Moves(moved, scenario.volume)


@dataclass(frozen=True)
class Staleness:
    """What is no longer as it was when the scenario was reckoned: keys of metrics."""

    restated: Sequence[str] = ()
    redefined: Sequence[str] = ()
    is_gone: bool = False

    def __bool__(self) -> bool:
        return bool(self.restated or self.redefined or self.is_gone)


def staleness_of(scenario: Scenario, today: whatif.WhatIf | None) -> Staleness:
    if today is None:
        return Staleness(is_gone=True)
    redefined = _different(scenario.versions, today.versions)
    return Staleness(_different(scenario.base, today.base), redefined)


def stale_names(stale: Staleness, today: whatif.WhatIf) -> str:
    """The metrics that are not as they were, in the reader's language."""
    keys = {*stale.restated, *stale.redefined}
    return formats.listed(one.name for one in today.ground.metrics.values() if one.key in keys)


def _different(before: dict[str, Any], now: Any) -> list[str]:
    return sorted(key for key in {*before, *now} if before.get(key) != now.get(key))


@dataclass(frozen=True)
class ResultRow:
    """One metric in what a scenario gave."""

    metric: Metric
    before: Decimal | None
    after: Decimal | None
    move: tuple[str, Decimal] | None

    @property
    def change(self) -> Decimal | None:
        return None if self.before is None or self.after is None else self.after - self.before


def results_of(scenario: Scenario) -> list[ResultRow]:
    """As it was reckoned. One query."""
    metrics = {
        one.key: one for one in Metric.objects.filter(key__in=[row["key"] for row in scenario.results])
    }
    moves = moves_of(scenario).given
    return [
        ResultRow(metrics[row["key"]], _decimal(row["before"]), _decimal(row["after"]), moves.get(row["key"]))
        for row in scenario.results
        if row["key"] in metrics
    ]


@dataclass(frozen=True)
class ComparedRow:
    """One metric in each of the scenarios; None where it is not among a scenario's results."""

    metric: Metric
    base: Decimal | None
    cells: Sequence[ResultRow | None]


def compared(scenarios: Sequence[Scenario]) -> list[ComparedRow]:
    """Results side by side: first the results, then whatever moved in any of them. One query for each scenario."""
    columns = [{row.metric.key: row for row in results_of(one)} for one in scenarios]
    keys = dict.fromkeys(key for column in columns for key in column)
    first = dict.fromkeys(one.metric.key for one in scenarios)
    rows = []
    for key in [*first, *(key for key in keys if key not in first)]:
        cells = [column.get(key) for column in columns]
        known = next(cell for cell in cells if cell is not None)
        rows.append(ComparedRow(known.metric, known.before, cells))
    return rows


def what_if_url(scenario: Scenario, fields: dict[str, str]) -> str:
    """Where it can be tried further. `fields`: its moves as parameters."""
    span = whatif.Span("", scenario.since, scenario.until)
    given = {"span": span.key, "slice": scenario.slice_key, **fields}
    return f"{reverse('kpis:what_if', args=[scenario.metric_id])}?{urlencode(given)}"


def deciders(scenario: Scenario) -> dict[str, list[Person]]:
    """side → who may approve for it: the metric's owner, or whoever has the role where the owner is the author. Nobody
    where the owner has the role no more."""
    metric = scenario.metric
    owners = {Side.BUSINESS: metric.business_owner, Side.FINANCE: metric.finance_owner}
    found: dict[str, list[Person]] = {}
    for side, owner in owners.items():
        if owner.pk == scenario.created_by_id:
            others = people.people_with_role(ROLES[side]).exclude(pk=scenario.created_by_id)
            found[side] = list(others.order_by("name_sort"))
        else:
            found[side] = list(people.people_with_role(ROLES[side]).filter(pk=owner.pk))
    return found


def target_months(scenario: Scenario) -> list[datetime.date]:
    """The months that its targets would be set for: as many as it was reckoned over."""
    if scenario.target_from is None:
        return []
    return [
        months.months_before(scenario.target_from, -number) for number in range(number_of_months(scenario))
    ]


def number_of_months(scenario: Scenario) -> int:
    """Of its days; 0 where they are no whole months."""
    if not months.is_whole_months(scenario.since, scenario.until):
        return 0
    return months.calendar().count(scenario.since, scenario.until)


def by_ids(actor: access.Actor, ids: Sequence[uuid.UUID]) -> list[Scenario]:
    """Those that the actor sees, in the order asked, at most as many as are compared."""
    found = {one.pk: one for one in visible_scenarios(actor).filter(pk__in=ids[:MOST_COMPARED])}
    return [found[each] for each in dict.fromkeys(ids) if each in found]


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)

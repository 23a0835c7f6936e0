"""What the metrics say that key results are bound to."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from okr.models import KeyResult
from okr.models.objectives import RUNNING_STATES
from okr.queries import visibility
from performance.foundation import access
from performance.kpis import queries as kpis

#: Named in a list; the rest is a number.
SHOWN = 5


def metric_values(key_results: Iterable[KeyResult]) -> dict[uuid.UUID, Any]:
    """key result id → kpis.PeriodValue of its metric and slice in its own period, for those bound to one. Objectives
    and periods must be loaded. Four queries for each period."""
    by_period: dict[uuid.UUID, list[KeyResult]] = defaultdict(list)
    for each in key_results:
        if each.kind == "kpi":
            by_period[each.objective.period_id].append(each)
    found: dict[uuid.UUID, Any] = {}
    for bound in by_period.values():
        asked = [(each.metric_key, each.slice) for each in bound]
        values = kpis.period_values(asked, bound[0].objective.period)
        found |= {each.pk: values[(each.metric_key, kpis.slice_key(each.slice))] for each in bound}
    return found


def bound_key_results() -> QuerySet[KeyResult]:
    """Key results of what runs that a metric still fills."""
    return KeyResult.objects.filter(
        kind="kpi",
        removed_at=None,
        objective__period__progress_locked_at=None,
        objective__state__in=RUNNING_STATES,
    )


def moved_objectives(bound: QuerySet[KeyResult]) -> list[uuid.UUID]:
    """Of which objectives a metric says something else than these key results. Locks nothing; three queries a
    period."""
    rows = list(bound.select_related("objective__period__organisation"))
    values = metric_values(rows)
    return sorted({each.objective_id for each in rows if take(each, values.get(each.pk))})


def bindings(key_results: Iterable[KeyResult]) -> dict[uuid.UUID, tuple[Any, str]]:
    """key result id → its metric, and the part of the business in words, for those bound to one."""
    bound = [each for each in key_results if each.kind == "kpi"]
    if not bound:
        return {}
    by_key = {
        each.key: each for each in kpis.certified_metrics().filter(key__in={b.metric_key for b in bound})
    }
    labels = kpis.labels_for([each.slice for each in bound])
    return {each.pk: (by_key.get(each.metric_key), labels.of(each.slice)) for each in bound}


def metric_uses(actor: access.Actor, keys: Collection[str], since: datetime.date) -> list[kpis.Uses]:
    """Key results of what runs that one of these metrics fills; those of objectives that the reader may not see are only
    counted. Two queries."""
    bound = bound_key_results().filter(metric_key__in=keys)
    visible = bound.filter(objective__in=visibility.visible_to(actor)).select_related("objective")
    shown = tuple(
        kpis.Use(f"{each.objective.title}: {each.title}", reverse("okr:objective", args=[each.objective_id]))
        for each in visible.order_by("objective__title", "title", "pk")[:SHOWN]
    )
    return [kpis.Uses("key_results", bound.count(), shown)]


def take(key_result: KeyResult, found: Any) -> bool:
    """Sets the row to the metric's value. Returns whether that moved it; a missing value leaves it as it was."""
    if found is None or found.value is None:
        return False
    provisional = found.state != "closed"
    moved = (key_result.current, key_result.provisional) != (found.value, provisional)
    key_result.current = found.value
    key_result.provisional = provisional
    key_result.filled_at = found.as_of if moved or key_result.filled_at is None else key_result.filled_at
    return moved

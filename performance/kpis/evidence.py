"""Metric values as evidence for scores: the raw value of each person's slice over the period."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.http import urlencode

from performance.foundation import evidence, i18n
from performance.kpis import queries, semantics
from performance.kpis.models import Metric, RateKind, ValueState
from performance.people.models import Person

OWN_UNIT = "own_unit"


def metric_values(
    *,
    person_ids: Sequence[UUID],
    period: Any,
    as_of: datetime.datetime,
    components: Sequence[evidence.ComponentRequest],
) -> list[evidence.Evidence]:
    """One Evidence for each person and component, in that order. `source_ref` is the metric's key; the slice is
    given or, with "own_unit", that of the person's business unit (somebody without one has no value).

    Values are those known at `as_of`. A bounded number of queries, however many people: each metric and slice is
    read once.
    """
    own = _unit_slices(person_ids) if any(component.slice == OWN_UNIT for component in components) else {}
    distinct = {semantics.slice_key(slice): slice for slice in own.values()}
    wanted = {
        (component.source_ref, semantics.slice_key(slice)): slice
        for component in components
        for slice in (distinct.values() if isinstance(component.slice, str) else [component.slice])
    }
    found = queries.period_values(
        [(key, slice) for (key, _text), slice in wanted.items()], period, as_of=as_of
    )
    rates = queries.rates_behind(
        [(key, slice) for (key, _text), slice in wanted.items()], period, as_of=as_of
    )
    trails = _trails(wanted, found, rates, period)
    gathered = []
    for person_id in person_ids:
        for component in components:
            slice = own.get(person_id) if isinstance(component.slice, str) else component.slice
            place = (component.source_ref, semantics.slice_key(slice)) if slice is not None else None
            value = found[place] if place else None
            gathered.append(_evidence(person_id, component.key, value, trails[place] if place else ()))
    return gathered


def _unit_slices(person_ids: Sequence[UUID]) -> dict[UUID, Mapping[str, str]]:
    people = Person.objects.filter(pk__in=person_ids, unit__isnull=False).values_list("pk", "unit__slice")
    return {person_id: {key: str(value) for key, value in slice.items()} for person_id, slice in people}


def _evidence(
    person_id: UUID, component_key: str, value: queries.PeriodValue | None, trail: tuple[evidence.Ref, ...]
) -> evidence.Evidence:
    if value is None or value.value is None:
        coverage = value.coverage_ppm if value else 0
        return evidence.Evidence(person_id, component_key, None, coverage, provisional=True, refs=trail)
    micro = (value.value * evidence.MICRO).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
    return evidence.Evidence(
        person_id=person_id,
        component_key=component_key,
        value_micro=int(micro),
        coverage_ppm=value.coverage_ppm,
        provisional=value.state != ValueState.CLOSED,
        refs=trail,
    )


def _trails(
    wanted: Mapping[tuple[str, str], Mapping[str, str]],
    found: Mapping[tuple[str, str], queries.PeriodValue],
    rates: Mapping[tuple[str, str], Sequence[tuple[str, int]]],
    period: Any,
) -> dict[tuple[str, str], tuple[evidence.Ref, ...]]:
    """Two steps down from each value: the metric's page at this slice, and the rows behind it, both opened at the days
    that the value is of; and the rates of exchange that it was converted by."""
    metrics = {metric.key: metric for metric in Metric.objects.filter(key__in={key for key, _text in wanted})}

    def cuts() -> dict[tuple[str, str], str]:
        labels = queries.labels_for(wanted.values())
        return {place: labels.of(slice) for place, slice in wanted.items()}

    cuts_en, cuts_zh = i18n.in_both(cuts)
    trails: dict[tuple[str, str], tuple[evidence.Ref, ...]] = {}
    for place, slice in wanted.items():
        metric, value = metrics.get(place[0]), found[place]
        if metric is None:
            trails[place] = ()
            continue
        version = str(value.version_number or "")
        name_zh = metric.name_zh or metric.name_en
        trails[place] = (
            evidence.Ref(
                f"{metric.name_en}, {cuts_en[place]}, {period.name_en}",
                f"{name_zh}，{cuts_zh[place]}，{period.name_zh or period.name_en}",
                _value_url(metric, slice, period),
                version,
            ),
            evidence.Ref("Source rows", "源数据", _rows_url(metric, slice, period), version),
            *(_rates_ref(kind, number) for kind, number in rates.get(place, ())),
        )
    return trails


def _rates_ref(kind: str, number: int) -> evidence.Ref:
    said_en, said_zh = i18n.in_both(lambda: str(RateKind(kind).label))
    return evidence.Ref(f"Exchange rates: {said_en}", f"汇率：{said_zh}", reverse("kpis:rates"), str(number))


def _value_url(metric: Metric, slice: Mapping[str, str], period: Any) -> str:
    """The metric's page, opened at the whole period."""
    return queries.value_url(
        metric.pk, slice, since=period.starts_on.isoformat(), until=period.ends_on.isoformat()
    )


def _rows_url(metric: Metric, slice: Mapping[str, str], period: Any) -> str:
    days = {"since": period.starts_on.isoformat(), "until": period.ends_on.isoformat()}
    return f"{reverse('kpis:rows', args=[metric.pk])}?{urlencode({**days, **dict(sorted(slice.items()))})}"

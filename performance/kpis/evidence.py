"""Metric values as evidence for scores: the raw value of each person's slice over the period."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import F
from django.urls import reverse
from django.utils.http import urlencode

from performance.engine import fixed
from performance.foundation import evidence, i18n, sets
from performance.kpis import queries, semantics
from performance.kpis.models import Metric, RateKind, ValueState
from performance.people import queries as people
from performance.people.models import BusinessUnit, Person

OWN_UNIT = "own_unit"


def metric_values(
    *,
    person_ids: Sequence[UUID],
    period: Any,
    as_of: datetime.datetime,
    components: Sequence[evidence.ComponentRequest],
) -> list[evidence.EvidenceColumn]:
    """One column for each component. `source_ref` is the metric's key; the slice is given or, with "own_unit", that of
    the business unit that the person was in on the first day asked about (somebody without one has no value).

    Values are those known at `as_of`. A bounded number of queries, however many people: each metric and slice is
    read once.
    """
    needs_units = any(component.slice == OWN_UNIT for component in components)
    on = next((component.on for component in components if component.on), None)
    own, slices = _unit_slices(person_ids, on) if needs_units else ([], [])
    wanted = {
        (component.source_ref, semantics.slice_key(slice)): slice
        for component in components
        for slice in (slices if isinstance(component.slice, str) else [component.slice])
    }
    found = queries.period_values(
        [(key, slice) for (key, _text), slice in wanted.items()], period, as_of=as_of
    )
    rates = queries.rates_behind(
        [(key, slice) for (key, _text), slice in wanted.items()], period, as_of=as_of
    )
    trails = _trails(wanted, found, rates, period)
    columns = []
    for component in components:
        if isinstance(component.slice, str):
            of_people, cuts = np.array(own, dtype=np.int64), slices
        else:
            of_people, cuts = np.zeros(len(person_ids), dtype=np.int64), [component.slice]
        named = [(component.source_ref, semantics.slice_key(slice)) for slice in cuts]
        columns.append(
            _column(
                component.key,
                [found[place] for place in named],
                [trails[place] for place in named],
                of_people,
            )
        )
    return columns


def _unit_slices(
    person_ids: Sequence[UUID], on: datetime.date | None
) -> tuple[list[int], list[Mapping[str, str]]]:
    """For each person the place of their unit's slice, one behind the last for whoever has no unit; and the slices."""
    persons = Person.objects.filter(pk__in=sets.among(person_ids))
    then = people.unit_then(on) if on else F("unit_id")
    units = dict(persons.annotate(unit_on=then).exclude(unit_on=None).values_list("pk", "unit_on"))
    found = BusinessUnit.objects.filter(pk__in=set(units.values())).values_list("pk", "slice")
    slices: dict[str, Mapping[str, str]] = {}
    order: dict[str, int] = {}
    places: dict[UUID, int] = {}
    for unit_id, given in found.order_by("pk"):
        slice = {key: str(value) for key, value in given.items()}
        text = semantics.slice_key(slice)
        slices[text] = slice
        places[unit_id] = order.setdefault(text, len(order))
    nowhere = len(slices)
    own = [places[units[person_id]] if person_id in units else nowhere for person_id in person_ids]
    return own, list(slices.values())


def _column(
    key: str,
    values: Sequence[queries.PeriodValue],
    trails: Sequence[evidence.Trail],
    of_people: fixed.Ints,
) -> evidence.EvidenceColumn:
    """The values of each slice handed to its people; behind the last stands nothing, for whoever has no slice."""
    micros, present = fixed.optional_column([*(_micro(value) for value in values), None])
    covered = fixed.column([*(value.coverage_ppm for value in values), 0])
    is_open = np.array([*(value.state != ValueState.CLOSED for value in values), True], dtype=np.bool_)
    return evidence.EvidenceColumn(
        component_key=key,
        values_micro=micros[of_people],
        present=present[of_people],
        coverage_ppm=covered[of_people],
        provisional=(is_open | ~present)[of_people],
        trail=of_people,
        trails=[*trails, ()],
        is_shared=True,
    )


def _micro(value: queries.PeriodValue) -> int | None:
    if value.value is None:
        return None
    return int((value.value * evidence.MICRO).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


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
    return f"{_rows_page(metric.pk)}?{urlencode({**days, **dict(sorted(slice.items()))})}"


@lru_cache(maxsize=4096)
def _rows_page(metric_id: UUID) -> str:
    return reverse("kpis:rows", args=[metric_id])

"""A market rule, and the monthly values it reads."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils import timezone

from performance.kpis import queries as kpis
from performance.kpis.models import Metric, MetricValue
from performance.kpis.queries import months
from performance.scoring import evidence
from performance.scoring.models import PolicyVersion

MICRO = 1_000_000
Revise = Callable[..., PolicyVersion]


def soft_demand(**fields: Any) -> evidence.RuleDraft:
    """Below 95 for two months, fully from 90 on."""
    given: dict[str, Any] = {
        "key": "soft-demand",
        "name_en": "Soft demand",
        "name_zh": "需求走弱",
        "metric_key": "demand",
        "starts_micro": 95 * MICRO,
        "full_micro": 90 * MICRO,
        "months": 2,
        "until_months": 2,
        "effects": {"turnover": 1_100_000, "okr": 900_000},
    }
    return evidence.RuleDraft(**given | fields)


def months_gone(today: datetime.date, number: int) -> list[datetime.date]:
    """So many whole months before this one, oldest first."""
    return months.run(months.months_before(today, 1), number)


def value_of(
    metric: Metric,
    month: datetime.date,
    value: str | None,
    state: str = "closed",
    slice: Mapping[str, str] | None = None,
) -> None:
    at, slice = timezone.now(), dict(slice or {})
    key = kpis.slice_key(slice)
    kept = MetricValue.objects.filter(metric=metric, period_start=month, slice_key=key, superseded_at=None)
    kept.update(superseded_at=at)
    if value is not None:
        MetricValue.objects.create(
            metric=metric,
            version=metric.versions.get(),
            grain="month",
            period_start=month,
            period_end=months.last_of(month),
            slice=slice,
            slice_key=key,
            value=Decimal(value),
            coverage_ppm=MICRO,
            state=state,
            as_of=at,
        )


def measure(
    metric: Metric,
    today: datetime.date,
    values: Sequence[str | None],
    slice: Mapping[str, str] | None = None,
) -> None:
    """The last whole months of a metric, the oldest first."""
    for month, value in zip(months_gone(today, len(values)), values, strict=True):
        value_of(metric, month, value, slice=slice)

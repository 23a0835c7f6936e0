"""Datasets and how fresh they are."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet

from performance.sources.models import ColumnRole, Dataset, DatasetColumn


def datasets() -> QuerySet[Dataset]:
    """Open datasets of open connections, by name."""
    return (
        Dataset.objects.select_related("connection")
        .filter(closed_at=None, connection__closed_at=None)
        .order_by("name_en")
    )


def datasets_for_metrics() -> QuerySet[Dataset]:
    """Datasets with rows to count: loaded at least once."""
    return datasets().filter(loaded_at__isnull=False)


def dataset_columns(dataset: Dataset) -> list[DatasetColumn]:
    """The columns that are loaded, in their order."""
    return list(dataset.columns.exclude(role=ColumnRole.IGNORED).order_by("number"))


def key_taken(key: str) -> bool:
    return Dataset.objects.filter(key=key, closed_at=None).exists()


def freshness(dataset: Dataset, at: datetime) -> int | None:
    """How much of the time until the next load has passed: 0 fresh, 100 due, above 100 late. None: never loaded,
    or loaded by hand only."""
    if dataset.loaded_at is None or not dataset.refresh_hours:
        return None
    age = at - dataset.loaded_at
    return max(int(age / timedelta(hours=dataset.refresh_hours) * 100), 0)

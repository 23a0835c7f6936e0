"""Datasets and how fresh they are."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Prefetch, QuerySet

from performance.people import queries as people
from performance.people.models import ApiToken
from performance.sources.connectors import proposing
from performance.sources.models import (
    ColumnRole,
    Connection,
    Dataset,
    DatasetColumn,
    JobState,
    Join,
    Load,
    Mode,
)


def datasets() -> QuerySet[Dataset]:
    """Open datasets of open connections, by name."""
    return (
        Dataset.objects.select_related("connection")
        .filter(closed_at=None, connection__closed_at=None)
        .order_by("name_en")
    )


def datasets_for_metrics() -> QuerySet[Dataset]:
    """Datasets with rows to count: loaded, or found at their source, at least once."""
    return datasets().filter(loaded_at__isnull=False)


def copied_datasets() -> QuerySet[Dataset]:
    """Datasets whose rows are here to be read one by one."""
    return datasets_for_metrics().exclude(mode=Mode.LIVE)


def dataset_columns(dataset: Dataset) -> list[DatasetColumn]:
    """The columns that are loaded, in their order."""
    return list(dataset.columns.exclude(role=ColumnRole.IGNORED).order_by("number"))


def model_gaps(columns: Iterable[Mapping[str, Any]]) -> list[str]:
    """What a model says nothing of: "date", "key", "measure". Each may be right, and each takes something away.
    `columns`: their type, role and is_key."""
    used = [column for column in columns if column.get("role") != ColumnRole.IGNORED]
    there = {
        "date": any(column.get("type") in proposing.TIMES for column in used),
        "key": any(column.get("is_key") or column.get("role") == ColumnRole.KEY for column in used),
        "measure": any(column.get("role") == ColumnRole.MEASURE for column in used),
    }
    return [name for name, is_there in there.items() if not is_there]


def dataset_gaps(dataset: Dataset) -> list[str]:
    """The same of a dataset, whose columns are read or fetched ahead."""
    return model_gaps(
        {"type": column.type, "role": column.role, "is_key": column.is_key}
        for column in dataset.columns.all()
    )


def gaps_to_mend(dataset: Dataset) -> list[str]:
    """Of these the ones that are worth a word: a list that others take columns from needs no date and no measure. One
    query more."""
    found = dataset_gaps(dataset)
    is_list = bool(found) and Join.objects.filter(other=dataset).exists()
    return [gap for gap in found if gap == "key"] if is_list else found


def keys_taken() -> set[str]:
    return set(Dataset.objects.filter(closed_at=None).values_list("key", flat=True))


def push_scope(dataset_id: uuid.UUID) -> str:
    """What a token says that opens this dataset, to send rows to, and nothing else."""
    return f"push:{dataset_id}"


def push_tokens(dataset: Dataset) -> QuerySet[ApiToken]:
    """Tokens that open this dataset, the living ones first."""
    return people.tokens_bound_to(push_scope(dataset.pk), dataset.organisation_id)


def freshness(dataset: Dataset, at: datetime) -> int | None:
    """How much of the time until the next load has passed: 0 fresh, 100 due, above 100 late. None: never loaded,
    or loaded by hand only."""
    if dataset.loaded_at is None or not dataset.refresh_hours:
        return None
    age = at - dataset.loaded_at
    return max(int(age / timedelta(hours=dataset.refresh_hours) * 100), 0)


@dataclass(frozen=True)
class DatasetCard:
    """A line of a list of datasets. `state`: never, loading, failed, changed, due or fresh."""

    dataset: Dataset
    time_column: DatasetColumn | None
    latest: Load | None
    freshness: int | None
    state: str

    @property
    def hours_old(self) -> int | None:
        if self.freshness is None:
            return None
        return self.freshness * self.dataset.refresh_hours // 100


def dataset_cards(*, at: datetime, connection: Connection | None = None) -> list[DatasetCard]:
    """Open datasets with their latest load. Three queries, however many datasets there are."""
    found = datasets().prefetch_related(
        Prefetch("columns", DatasetColumn.objects.filter(role=ColumnRole.TIME).order_by("number"))
    )
    if connection is not None:
        found = found.filter(connection=connection)
    latest = {
        load.dataset_id: load
        for load in Load.objects.filter(dataset__in=[dataset.pk for dataset in found])
        .order_by("dataset_id", "-asked_at", "-id")
        .distinct("dataset_id")
    }
    return [_card(dataset, latest.get(dataset.pk), at) for dataset in found]


def _card(dataset: Dataset, latest: Load | None, at: datetime) -> DatasetCard:
    share = freshness(dataset, at)
    return DatasetCard(
        dataset=dataset,
        time_column=next(iter(dataset.columns.all()), None),
        latest=latest,
        freshness=share,
        state=_state(dataset, latest, share),
    )


def _state(dataset: Dataset, latest: Load | None, share: int | None) -> str:
    if latest is not None and latest.is_open:
        return "loading"
    if latest is not None and latest.state == JobState.FAILED:
        return "failed"
    if dataset.loaded_at is None:
        return "never"
    if latest is not None and latest.drift:
        return "changed"
    return "due" if share is not None and share >= 100 else "fresh"

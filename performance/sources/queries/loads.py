"""Loads: the run log, what waits for a worker, and the rows that were kept aside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from performance.foundation import i18n
from performance.sources.models import (
    ColumnType,
    Connection,
    Dataset,
    DatasetColumn,
    JobState,
    Load,
    Probe,
    RejectedRow,
)
from performance.sources.models.jobs import OPEN

#: A worker that has not said a word for this long is taken to be dead. It speaks at least every 20 seconds.
SILENCE = timedelta(seconds=90)


def loads(*, dataset: Dataset | None = None, connection: Connection | None = None) -> QuerySet[Load]:
    """Newest first."""
    found = Load.objects.select_related("dataset", "dataset__connection", "asked_by", "file")
    if dataset is not None:
        found = found.filter(dataset=dataset)
    if connection is not None:
        found = found.filter(dataset__connection=connection)
    return found.order_by("-asked_at", "-id")


def open_load(dataset: Dataset) -> Load | None:
    return Load.objects.filter(dataset=dataset, state__in=OPEN).first()


def last_load(dataset: Dataset) -> Load | None:
    """The last load that ended well."""
    return loads(dataset=dataset).filter(state=JobState.DONE).first()


def is_claimable(at: datetime) -> Q:
    """The condition under which a worker may take a job: waiting and due, or left by a worker that died."""
    return Q(state=JobState.WAITING, due_at__lte=at) | Q(
        state=JobState.RUNNING, heartbeat_at__lt=at - SILENCE
    )


def claimable_loads(at: datetime) -> QuerySet[Load]:
    return Load.objects.filter(is_claimable(at)).order_by("due_at")


def claimable_probes(at: datetime) -> QuerySet[Probe]:
    return Probe.objects.filter(is_claimable(at)).order_by("due_at")


def due_datasets(at: datetime) -> QuerySet[Dataset]:
    """Datasets whose next load is due and not under way."""
    return Dataset.objects.filter(
        closed_at=None, next_load_at__lte=at, connection__closed_at=None, connection__is_paused=False
    ).exclude(loads__state__in=OPEN)


def rejected_rows(load: Load) -> QuerySet[RejectedRow]:
    return RejectedRow.objects.filter(load=load).order_by("number", "id")


@dataclass(frozen=True)
class ReasonCount:
    """Rejected rows of one reason and column, with one of them as an example."""

    reason: str
    column_key: str
    column_name: str
    count: int
    example: RejectedRow


def rejected_by_reason(load: Load) -> list[ReasonCount]:
    """The most frequent first, each with its first row. Three queries, however many reasons."""
    names = _column_names(load)
    rejected = RejectedRow.objects.filter(load=load)
    groups = list(
        rejected.values_list("reason", "column_key")
        .annotate(count=Count("id"))
        .order_by("-count", "reason", "column_key")
    )
    examples = {
        (row.reason, row.column_key): row
        for row in rejected.order_by("reason", "column_key", "number", "id").distinct("reason", "column_key")
    }
    return [
        ReasonCount(
            reason, column_key, names.get(column_key, column_key), count, examples[reason, column_key]
        )
        for reason, column_key, count in groups
        # A load that begins anew meanwhile throws its rejected rows away.
        if (reason, column_key) in examples
    ]


@dataclass(frozen=True)
class DriftChange:
    """A column that is not as it was modelled, in words. `before` and `after`: types, "" for none."""

    column: str
    what: str
    before: str
    after: str


def told_drift(load: Load | None) -> list[DriftChange]:
    """What a load says of the columns, as its readers know it."""
    words = {"gone": _("is gone"), "new": _("is new"), "type": _("is of another type")}
    types = dict(ColumnType.choices)
    return [
        DriftChange(
            change["column"],
            words[change["change"]],
            str(types.get(change["before"], change["before"])),
            str(types.get(change["after"], change["after"])),
        )
        for change in (load.drift if load is not None else [])
    ]


def undated_rows(load: Load | None) -> list[tuple[str, int]]:
    """The time columns that rows of the dataset lack, with how many lack them. One query at most."""
    if load is None or not load.undated:
        return []
    names = _column_names(load)
    return [(str(names.get(key, key)), number) for key, number in sorted(load.undated.items())]


@dataclass(frozen=True)
class NamedRow:
    """A rejected row as its readers know it: `cells` are (column, value) in the order of the columns."""

    row: RejectedRow
    column_name: str
    cells: tuple[tuple[str, Any], ...]


def named_rejected(load: Load, rows: Iterable[RejectedRow]) -> list[NamedRow]:
    """One query. A column that has gone since keeps its key."""
    names = _column_names(load)
    named = []
    for row in rows:
        keys = [key for key in names if key in row.row] + [key for key in row.row if key not in names]
        cells = tuple((str(names.get(key, key)), row.row[key]) for key in keys)
        named.append(NamedRow(row, names.get(row.column_key, row.column_key), cells))
    return named


def _column_names(load: Load) -> dict[str, str]:
    columns = DatasetColumn.objects.filter(dataset=load.dataset_id).order_by("number")
    return {column.key: i18n.local(column, "name") for column in columns}

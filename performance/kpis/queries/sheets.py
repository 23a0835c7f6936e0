"""The rows that base metrics read."""

import uuid
from collections.abc import Iterable
from typing import Any

from performance.kpis import semantics
from performance.sources import queries as sources
from performance.sources.models import ColumnRole, Dataset, DatasetColumn


def sheet_of(dataset: Dataset) -> semantics.Sheet:
    """One query."""
    return _sheet(dataset, sources.dataset_columns(dataset))


def sheets_of(datasets: Iterable[Dataset]) -> dict[uuid.UUID, semantics.Sheet]:
    """dataset id → its rows; one query for all of them."""
    by_id = {dataset.pk: dataset for dataset in datasets}
    columns: dict[uuid.UUID, list[DatasetColumn]] = {key: [] for key in by_id}
    found = DatasetColumn.objects.filter(dataset__in=by_id).exclude(role=ColumnRole.IGNORED)
    for column in found.order_by("number"):
        columns[column.dataset_id].append(column)
    return {key: _sheet(dataset, columns[key]) for key, dataset in by_id.items()}


def _sheet(dataset: Dataset, columns: Iterable[Any]) -> semantics.Sheet:
    return semantics.Sheet(
        relation=sources.row_relation(dataset),
        is_live=dataset.is_live,
        columns={
            column.key: semantics.Column(
                key=column.key,
                sql=sources.row_column(column).replace("%", "%%"),
                type=column.type,
                name_en=column.name_en,
                name_zh=column.name_zh,
                role=column.role,
            )
            for column in columns
        },
    )

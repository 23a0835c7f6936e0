"""The rows that base metrics read."""

import uuid
from collections.abc import Iterable

from performance.kpis import packs, semantics
from performance.sources import queries as sources
from performance.sources.models import Dataset


def sheet_of(dataset: Dataset) -> semantics.Sheet:
    """Two queries, one more where it takes columns from other datasets."""
    return sheets_of([dataset])[dataset.pk]


def sheets_of(datasets: Iterable[Dataset]) -> dict[uuid.UUID, semantics.Sheet]:
    """dataset id → its rows; as many queries as for one."""
    by_id = {dataset.pk: dataset for dataset in datasets}
    return {key: _sheet(by_id[key], reading) for key, reading in sources.readings(by_id.values()).items()}


def proposed_tables(pack: packs.Pack) -> dict[str, packs.Chosen]:
    """table of the pack → the dataset of ours that fits it best, if one does, with its columns. As many queries whatever
    there is."""
    datasets = list(sources.datasets_for_metrics())
    sheets = sheets_of(datasets)
    return packs.proposed_tables(pack, [(dataset, sheets[dataset.pk]) for dataset in datasets])


def _sheet(dataset: Dataset, reading: sources.Reading) -> semantics.Sheet:
    return semantics.Sheet(
        relation=reading.relation,
        is_live=dataset.is_live,
        columns={
            column.key: semantics.Column(
                key=column.key,
                sql=sources.row_column(column.key).replace("%", "%%"),
                type=column.type,
                name_en=column.name_en,
                name_zh=column.name_zh,
                role=column.role,
                currency=column.currency,
            )
            for column in reading.columns
        },
    )

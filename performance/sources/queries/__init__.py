"""Reads: connections with their datasets, loads, and the rows themselves."""

from performance.sources.queries.connections import (
    ConnectionCard,
    connection_cards,
    connections,
    files,
    last_probe,
    newest_file,
    probes,
)
from performance.sources.queries.datasets import (
    DatasetCard,
    dataset_cards,
    dataset_columns,
    datasets,
    datasets_for_metrics,
    freshness,
    key_taken,
)
from performance.sources.queries.loads import (
    ReasonCount,
    claimable_loads,
    claimable_probes,
    due_datasets,
    last_load,
    loads,
    open_load,
    rejected_by_reason,
    rejected_rows,
)
from performance.sources.queries.rows import SourceRows, row_column, row_relation, source_rows, stage_relation

__all__ = [
    "ConnectionCard",
    "DatasetCard",
    "ReasonCount",
    "SourceRows",
    "claimable_loads",
    "claimable_probes",
    "connection_cards",
    "connections",
    "dataset_cards",
    "dataset_columns",
    "datasets",
    "datasets_for_metrics",
    "due_datasets",
    "files",
    "freshness",
    "key_taken",
    "last_load",
    "last_probe",
    "loads",
    "newest_file",
    "open_load",
    "probes",
    "rejected_by_reason",
    "rejected_rows",
    "row_column",
    "row_relation",
    "source_rows",
    "stage_relation",
]

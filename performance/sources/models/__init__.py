"""Connections, what was asked of them, the datasets they fill, and every load."""

from performance.sources.models.connections import (
    Connection,
    ConnectionState,
    Kind,
    Probe,
    ProbeKind,
    SourceFile,
    SourceFilePart,
    Tls,
)
from performance.sources.models.datasets import (
    ColumnRole,
    ColumnType,
    Dataset,
    DatasetColumn,
    DateOrder,
    Mode,
)
from performance.sources.models.loads import JobState, Load, RejectedRow

__all__ = [
    "ColumnRole",
    "ColumnType",
    "Connection",
    "ConnectionState",
    "Dataset",
    "DatasetColumn",
    "DateOrder",
    "JobState",
    "Kind",
    "Load",
    "Mode",
    "Probe",
    "ProbeKind",
    "RejectedRow",
    "SourceFile",
    "SourceFilePart",
    "Tls",
]

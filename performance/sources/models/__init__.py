"""Connections, what was asked of them, the datasets they fill, and every load."""

from performance.sources.models.connections import (
    Auth,
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
from performance.sources.models.endpoints import Endpoint, Paging, SinceFormat
from performance.sources.models.joins import Join
from performance.sources.models.loads import JobState, Load, RejectedRow
from performance.sources.models.rights import RowGrant, RowRule

__all__ = [
    "Auth",
    "ColumnRole",
    "ColumnType",
    "Connection",
    "ConnectionState",
    "Dataset",
    "DatasetColumn",
    "DateOrder",
    "Endpoint",
    "JobState",
    "Join",
    "Kind",
    "Load",
    "Mode",
    "Paging",
    "Probe",
    "ProbeKind",
    "RejectedRow",
    "RowGrant",
    "RowRule",
    "SinceFormat",
    "SourceFile",
    "SourceFilePart",
    "Tls",
]

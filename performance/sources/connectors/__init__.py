"""One room per kind of source. The registry is here; the promises are in protocol.py.

with connectors.opened("mysql", values, allow=allow) as source:
    for batch in source.read(connectors.Table("shop", "orders"), ["id", "placed_on"]): ...
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from performance.sources.connectors import signing_in
from performance.sources.connectors.files import FileConnector
from performance.sources.connectors.protocol import (
    Batch,
    CheckResult,
    ColumnInfo,
    Connector,
    ConnectorRefused,
    Cursor,
    Limits,
    LineConnector,
    Lines,
    Query,
    Row,
    Settings,
    Source,
    Table,
    TableInfo,
)
from performance.sources.connectors.rest import Endpoint, RestConnector
from performance.sources.connectors.sql import SqlConnector
from performance.sources.connectors.statements import reading_statement

__all__ = [
    "DEFAULT_PORTS",
    "Batch",
    "CheckResult",
    "ColumnInfo",
    "Connector",
    "ConnectorRefused",
    "Cursor",
    "Endpoint",
    "FileConnector",
    "Limits",
    "LineConnector",
    "Lines",
    "Query",
    "Row",
    "Source",
    "SqlConnector",
    "Table",
    "TableInfo",
    "opened",
    "reading_statement",
]

#: Kinds that are asked in SQL.
DEFAULT_PORTS = {"postgresql": 5432, "mysql": 3306}


@contextmanager
def opened(
    kind: str, values: Mapping[str, Any], *, allow: Sequence[str] = (), limits: Limits | None = None
) -> Iterator[Connector]:
    """A connector for one piece of work, closed afterwards.

    `values`: host, port, database, user, password, tls for databases; path, name for a file; base, endpoints and what
    signing_in.Credentials takes for REST.
    """
    connector = _built(kind, values, allow=allow, limits=limits)
    try:
        yield connector
    finally:
        connector.close()


def _built(kind: str, values: Mapping[str, Any], *, allow: Sequence[str], limits: Limits | None) -> Connector:
    if kind == "file":
        return FileConnector(Path(values["path"]), name=str(values["name"]), limits=limits)
    if kind == "rest":
        credentials = signing_in.Credentials(
            **{field.name: str(values[field.name]) for field in fields(signing_in.Credentials)}
        )
        return RestConnector(
            str(values["base"]), credentials, values["endpoints"], allow=allow, limits=limits
        )
    if kind not in DEFAULT_PORTS:
        raise ConnectorRefused("kind_unknown")
    settings = Settings(
        host=str(values["host"]),
        port=int(values.get("port") or DEFAULT_PORTS[kind]),
        database=str(values["database"]),
        user=str(values["user"]),
        password=str(values.get("password", "")),
        tls=str(values.get("tls", "prefer")),
    )
    return SqlConnector(kind, settings, allow=allow, limits=limits)

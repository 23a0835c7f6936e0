"""A connector for a saved connection: credentials unsealed, egress judged, uploaded files laid on disk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from performance.foundation import sealing, tenancy
from performance.sources import connectors, queries
from performance.sources.models import Auth, Connection, SourceFile, SourceFilePart


@dataclass(frozen=True)
class Address:
    """Everything needed to reach a source, read in one transaction and used outside of any."""

    kind: str
    values: dict[str, Any] = field(repr=False)
    file_id: Any = None


def address_of(connection: Connection, file: SourceFile | None = None) -> Address:
    """Raises ConnectorRefused: unreadable_secret, file_missing."""
    if connection.is_push:
        raise connectors.ConnectorRefused("push_only")
    if connection.is_file:
        file = file or queries.newest_file(connection)
        if file is None:
            raise connectors.ConnectorRefused("file_missing")
        return Address(kind=connection.kind, values={"name": file.name}, file_id=file.pk)
    if connection.is_rest and connection.auth == Auth.NONE:
        return Address(kind=connection.kind, values=_rest_values(connection, ""))
    try:
        opened = sealing.unseal(
            connection.sealed, owner=str(connection.pk), keys=settings.FIELD_ENCRYPTION_KEYS
        )
    except sealing.Unreadable as unreadable:
        raise connectors.ConnectorRefused(unreadable.code) from unreadable
    if connection.is_rest:
        return Address(kind=connection.kind, values=_rest_values(connection, opened["password"]))
    values = {
        "host": connection.host,
        "port": connection.port,
        "database": connection.database,
        "user": connection.user_name,
        "password": opened["password"],
        "tls": connection.tls,
    }
    return Address(kind=connection.kind, values=values)


def _rest_values(connection: Connection, secret: str) -> dict[str, Any]:
    return {
        "base": connection.base_address,
        "auth": connection.auth,
        "user": connection.user_name,
        "secret": secret,
        "header_name": connection.header_name,
        "token_address": connection.token_address,
        "scope": connection.scope,
        "endpoints": [connectors.Endpoint(**one.plan()) for one in queries.endpoints(connection)],
    }


@contextmanager
def reached(address: Address, *, limits: connectors.Limits | None = None) -> Iterator[connectors.Connector]:
    """The connector, outside any transaction of ours."""
    allow = settings.ACCORD_EGRESS_ALLOW
    if address.file_id is None:
        with connectors.opened(address.kind, address.values, allow=allow, limits=limits) as connector:
            yield connector
        return
    with tempfile.TemporaryDirectory(prefix="accord-source-") as folder:
        path = Path(folder) / "source"
        _lay_down(address.file_id, path)
        values = {**address.values, "path": path}
        with connectors.opened(address.kind, values, limits=limits) as connector:
            yield connector


def _lay_down(file_id: Any, path: Path) -> None:
    """Part by part: memory holds one megabyte, whatever the size of the file."""
    with tenancy.acting_for(tenancy.current_organisation_id()), path.open("wb") as target:
        parts = SourceFilePart.objects.filter(file_id=file_id).order_by("number")
        for data in parts.values_list("data", flat=True).iterator(chunk_size=1):
            target.write(data)

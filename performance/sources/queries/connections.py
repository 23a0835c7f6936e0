"""Connections as their pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Q, QuerySet, Sum

from performance.sources.models import Connection, Endpoint, Load, Probe, SourceFile


def connections() -> QuerySet[Connection]:
    """Open connections, by name."""
    return Connection.objects.filter(closed_at=None).order_by("name_en")


@dataclass(frozen=True)
class ConnectionCard:
    """A line of the list of sources."""

    connection: Connection
    datasets: int
    rows: int
    loaded_at: Any
    last_load: Load | None


def connection_cards() -> list[ConnectionCard]:
    """Every open connection with what its datasets hold. Two queries, however many connections there are."""
    living = Q(datasets__closed_at=None)
    found = connections().annotate(
        dataset_count=Count("datasets", filter=living),
        rows_in_it=Sum("datasets__row_count", filter=living),
        newest_load_at=Max("datasets__loaded_at", filter=living),
    )
    last_loads = {
        load.dataset.connection_id: load
        for load in Load.objects.select_related("dataset")
        .filter(dataset__closed_at=None)
        .order_by("dataset__connection_id", "-asked_at")
        .distinct("dataset__connection_id")
    }
    return [
        ConnectionCard(
            connection=connection,
            datasets=connection.dataset_count,
            rows=connection.rows_in_it or 0,
            loaded_at=connection.newest_load_at,
            last_load=last_loads.get(connection.pk),
        )
        for connection in found
    ]


def files(connection: Connection) -> QuerySet[SourceFile]:
    return SourceFile.objects.filter(connection=connection).order_by("-uploaded_at", "-id")


def endpoints(connection: Connection) -> QuerySet[Endpoint]:
    """What a REST source is asked for, by name."""
    return Endpoint.objects.filter(connection=connection).order_by("name")


def newest_file(connection: Connection) -> SourceFile | None:
    return files(connection).first()


def probes() -> QuerySet[Probe]:
    return Probe.objects.select_related("connection", "asked_by")


def last_probe(connection: Connection, kind: str) -> Probe | None:
    """The newest question of this kind, answered or not."""
    return probes().filter(connection=connection, kind=kind).order_by("-asked_at", "-id").first()

"""What differs between the SQL databases we read: dialling, read-only sessions, types and error words."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy

from performance.foundation.egress import Pinned
from performance.sources.connectors.copying import Asked
from performance.sources.connectors.dialects.mysql import MySQL
from performance.sources.connectors.dialects.postgresql import PostgreSQL
from performance.sources.connectors.lengths import Length
from performance.sources.connectors.lines import Cell
from performance.sources.connectors.protocol import Batch, ConnectorRefused, Limits, Lines, Row, Settings


class Dialect(Protocol):
    url: str
    quote: str
    #: What its driver raises.
    errors: type[Exception]
    #: Behind a subquery: computed once, and not merged into what stands around it.
    fence: str

    def dial(self, pinned: Pinned, settings: Settings, limits: Limits) -> Any: ...
    def make_read_only(self, connection: sqlalchemy.Connection, seconds: int) -> None: ...
    def server_name(self, connection: sqlalchemy.Connection) -> str: ...
    def is_encrypted(self, connection: sqlalchemy.Connection) -> bool: ...
    def can_write(self, connection: sqlalchemy.Connection) -> bool | None: ...
    def row_estimates(self, connection: sqlalchemy.Connection) -> dict[tuple[str, str], int]: ...
    def schemas(self, inspector: sqlalchemy.Inspector, database: str) -> Sequence[str]: ...
    def described_type(self, entry: Any) -> str: ...
    def native(self, entry: Any) -> str:
        """One of live.NATIVES: finer than a column type, for SQL that is compiled to run there."""

    def bound_timestamp(self, moment: datetime) -> datetime: ...
    def instants(self, description: Sequence[Any]) -> tuple[int, ...]:
        """Places of columns that are points in time although the driver hands them out without a zone."""

    def lengths(self, description: Sequence[Any]) -> list[Length]:
        """How long the values of each column may be."""

    def fetched(
        self,
        connection: sqlalchemy.Connection,
        sql: str,
        parameters: Sequence[Any],
        *,
        batch_size: int,
        at_once: int,
    ) -> Generator[list[Row], None, None]:
        """The rows of a statement as they come, never more than `at_once` of them in memory; a piece ends after
        every `batch_size` rows."""

    def copied(
        self,
        connection: sqlalchemy.Connection,
        asked: Asked,
        cells: Sequence[Cell],
        *,
        most_bytes: int,
        batch_size: int,
        seconds: int,
    ) -> Generator[Batch | Lines, None, None] | None:
        """The rows as they are copied out (copying), at most `batch_size` at once; `seconds`: for all of it. None where that
        cannot be told of their texts."""

    def abandon(self, connection: sqlalchemy.Connection) -> None:
        """Give up a result that is still streaming, without reading what is left of it."""

    def refusal(self, original: BaseException | None) -> ConnectorRefused: ...


BY_KIND: dict[str, Dialect] = {"postgresql": PostgreSQL(), "mysql": MySQL()}

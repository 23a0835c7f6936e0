"""SQL databases through SQLAlchemy: PostgreSQL (psycopg) and MySQL or MariaDB (PyMySQL).

Three locks keep a source unharmed: the statement is one judged SELECT, the session is read-only with a
timeout, and rows and bytes are counted while they stream; values that are too long stay at the source. The driver dials the
address that egress judged; the name is only used for TLS.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import sqlalchemy
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from performance.foundation import egress
from performance.sources.connectors import dialects, lengths, statements, tables
from performance.sources.connectors.copying import Asked
from performance.sources.connectors.lines import Cell
from performance.sources.connectors.protocol import (
    Batch,
    CheckResult,
    ColumnInfo,
    ConnectorRefused,
    Cursor,
    Limits,
    Lines,
    Query,
    Row,
    Settings,
    Source,
    Table,
    TableInfo,
    Value,
)

MAX_TABLES = 500


class SqlConnector:
    """One source database. `allow`: the installation's egress exceptions, see egress.pin."""

    def __init__(
        self, kind: str, settings: Settings, *, allow: Sequence[str] = (), limits: Limits | None = None
    ) -> None:
        self.kind = kind
        self.settings = settings
        self.limits = limits or Limits()
        self._allow = tuple(allow)
        self._dialect: dialects.Dialect = dialects.BY_KIND[kind]
        self._engine: sqlalchemy.Engine | None = None

    @property
    def has_types(self) -> bool:
        return True

    def close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def check(self) -> CheckResult:
        started = time.monotonic()
        with self._connection() as connection:
            server = self._dialect.server_name(connection)
            milliseconds = int((time.monotonic() - started) * 1000)
            return CheckResult(
                server=server,
                milliseconds=milliseconds,
                encrypted=self._dialect.is_encrypted(connection),
                can_write=self._dialect.can_write(connection),
                tables=len(self._table_names(connection)),
            )

    def discover(self) -> list[TableInfo]:
        with self._connection() as connection:
            inspector = sqlalchemy.inspect(connection)
            found = []
            estimates = self._dialect.row_estimates(connection)
            for schema, name in self._table_names(connection)[:MAX_TABLES]:
                columns = tables.columns_of(inspector, schema, name)
                found.append(TableInfo(schema, name, columns, estimates.get((schema, name))))
            return found

    def describe(self, source: Source) -> tuple[ColumnInfo, ...]:
        if isinstance(source, Table):
            return self._described_table(source)
        with self._connection() as connection:
            empty = f"SELECT * FROM {self._relation(source)} WHERE 1 = 0"  # noqa: S608 - quoted or judged parts
            result = connection.exec_driver_sql(empty)
            return tuple(
                ColumnInfo(name=entry[0], type=self._dialect.described_type(entry))
                for entry in _description(result)
            )

    def natives(self, source: Source, columns: Sequence[str]) -> dict[str, str]:
        """What the driver calls the type of each column, in the words of live.NATIVES."""
        with self._connection() as connection:
            found = self._described_columns(connection, source, columns)
            return {name: self._dialect.native(entry) for name, entry in zip(columns, found, strict=True)}

    def read(
        self, source: Source, columns: Sequence[str], cursor: Cursor | None = None, batch_size: int = 5000
    ) -> Generator[Batch, None, None]:
        with self._connection() as connection:
            asked = self._asked(connection, source, columns, cursor)
            pieces = self._fetched(connection, asked, asked.sql, asked.parameters, batch_size)
            yield from self._read_rows(connection, asked, pieces, batch_size)

    def read_keys(
        self,
        source: Source,
        columns: Sequence[str],
        key_columns: Sequence[str],
        pages: Iterable[Sequence[Sequence[Value]]],
    ) -> Generator[Batch, None, None]:
        """The rows with one of these keys, wherever a cursor stands. Each page of keys is asked for when the one before it
        is answered; all of them are one reading, over one connection and within its limits. Keys are handed over as
        texts, which each server reads as the type of its column."""
        waiting = iter(pages)
        if (first := next(waiting, None)) is None:
            return
        with self._connection() as connection:
            asked = self._asked(connection, source, columns)
            pieces = self._sought(connection, asked, key_columns, chain([first], waiting))
            yield from self._read_rows(connection, asked, pieces, len(first))

    def read_lines(
        self,
        source: Source,
        columns: Sequence[str],
        cells: Sequence[Cell],
        cursor: Cursor | None = None,
        batch_size: int = 5000,
    ) -> Generator[Batch | Lines, None, None]:
        with self._connection() as connection:
            asked = self._asked(connection, source, columns, cursor)
            copied = self._dialect.copied(
                connection,
                asked,
                cells,
                most_bytes=self.limits.max_value_bytes,
                batch_size=batch_size,
                seconds=self.limits.read_seconds,
            )
            if copied is None:
                pieces = self._fetched(connection, asked, asked.sql, asked.parameters, batch_size)
                yield from self._read_rows(connection, asked, pieces, batch_size)
            else:
                yield from self._counted(copied)

    # -- inside ------------------------------------------------------------------------------------------

    def _asked(
        self,
        connection: sqlalchemy.Connection,
        source: Source,
        columns: Sequence[str],
        cursor: Cursor | None = None,
    ) -> Asked:
        sql, parameters = self._select(source, columns, cursor)
        description = self._described_columns(connection, source, columns)
        found = self._dialect.lengths(description)
        is_guarded = any(length.is_over(self.limits.max_value_bytes) for length in found)
        names = [self._quoted(name) for name in columns]
        return Asked(sql, parameters, names, description, is_guarded, found)

    def _guarded(self, asked: Asked, sql: str) -> str:
        if not asked.is_guarded:
            return sql
        most = self.limits.max_value_bytes
        return lengths.guarded(sql, asked.names, asked.lengths, most, fence=self._dialect.fence)

    def _fetched(
        self,
        connection: sqlalchemy.Connection,
        asked: Asked,
        sql: str,
        values: Sequence[Any],
        batch_size: int,
    ) -> Generator[list[Row], None, None]:
        return self._dialect.fetched(
            connection,
            self._guarded(asked, sql),
            values,
            batch_size=batch_size,
            at_once=lengths.rows_at_once(asked.lengths, self.limits.max_value_bytes, batch_size),
        )

    def _sought(
        self,
        connection: sqlalchemy.Connection,
        asked: Asked,
        key_columns: Sequence[str],
        pages: Iterable[Sequence[Sequence[Value]]],
    ) -> Generator[list[Row], None, None]:
        for keys in pages:
            sql, parameters = self._among(asked.sql, key_columns, keys)
            yield from self._fetched(connection, asked, sql, parameters, len(keys))

    def _read_rows(
        self,
        connection: sqlalchemy.Connection,
        asked: Asked,
        pieces: Generator[list[Row], None, None],
        batch_size: int,
    ) -> Generator[Batch, None, None]:
        finished = False
        try:
            whole = (
                ([lengths.unmarked(row) for row in piece] for piece in pieces) if asked.is_guarded else pieces
            )
            yield from self._batches(whole, self._dialect.instants(asked.description), batch_size)
            finished = True
        finally:
            if not finished:
                # The reader stopped early: the rest must neither be fetched nor waited for.
                self._dialect.abandon(connection)
            pieces.close()

    def _counted(self, pieces: Generator[Batch | Lines, None, None]) -> Generator[Batch | Lines, None, None]:
        seen_rows = seen_bytes = 0
        with closing(pieces):
            for piece in pieces:
                seen_rows += len(piece)
                seen_bytes += len(piece.text) if isinstance(piece, Lines) else lengths.size_of(piece.rows)
                self._judge_amount(seen_rows, seen_bytes)
                yield piece

    def _described_columns(
        self, connection: sqlalchemy.Connection, source: Source, columns: Sequence[str]
    ) -> Sequence[Any]:
        sql, parameters = self._select(source, columns, None)
        return _description(connection.exec_driver_sql(f"{sql} WHERE 1 = 0", parameters))

    def _batches(
        self, pieces: Iterable[list[Row]], instants: tuple[int, ...], batch_size: int
    ) -> Iterator[Batch]:
        """Pieces put together to batches of the asked size, or smaller ones where rows are heavy."""
        rows: list[Row] = []
        seen_rows = seen_bytes = held = given = 0
        for piece in pieces:
            rows += [_with_zone(tuple(row), instants) for row in piece]
            size = lengths.size_of(piece)
            seen_rows, seen_bytes, held = seen_rows + len(piece), seen_bytes + size, held + size
            self._judge_amount(seen_rows, seen_bytes)
            if len(rows) >= batch_size or held >= lengths.BATCH_BYTES:
                yield Batch(rows=rows, first_row=given + 1)
                given, held, rows = given + len(rows), 0, []
        if rows:
            yield Batch(rows=rows, first_row=given + 1)

    def _judge_amount(self, rows: int, size: int) -> None:
        if rows > self.limits.max_rows:
            raise ConnectorRefused("too_many_rows", rows=self.limits.max_rows)
        if size > self.limits.max_bytes:
            raise ConnectorRefused("too_many_bytes")

    def _select(
        self, source: Source, columns: Sequence[str], cursor: Cursor | None
    ) -> tuple[str, tuple[Any, ...]]:
        names = ", ".join(self._quoted(name) for name in columns)
        sql = f"SELECT {names} FROM {self._relation(source)}"  # noqa: S608 - quoted or judged parts
        if cursor is None:
            return sql, ()
        start = cursor.start
        if isinstance(start, datetime):
            start = self._dialect.bound_timestamp(start)
        return f"{sql} WHERE {self._quoted(cursor.column)} >= %s", (start,)

    def _among(
        self, sql: str, key_columns: Sequence[str], keys: Sequence[Sequence[Value]]
    ) -> tuple[str, tuple[str, ...]]:
        names = ", ".join(self._quoted(name) for name in key_columns)
        gaps = ", ".join(["(" + ", ".join(["%s"] * len(key_columns)) + ")"] * len(keys))
        return f"{sql} WHERE ({names}) IN ({gaps})", tuple(self._told(value) for key in keys for value in key)

    def _told(self, value: Value) -> str:
        if isinstance(value, datetime):
            return self._dialect.bound_timestamp(value).isoformat(sep=" ")
        return str(int(value) if isinstance(value, bool) else value)

    def _relation(self, source: Source) -> str:
        if isinstance(source, Query):
            text = statements.reading_statement(source.text, dialect=self.kind)
            return f"({_escaped(text)}) AS {self._quoted('accord_query')}"
        if source.schema:
            return f"{self._quoted(source.schema)}.{self._quoted(source.name)}"
        return self._quoted(source.name)

    def _quoted(self, name: str) -> str:
        if not name or "\x00" in name or len(name) > 128:
            raise ConnectorRefused("bad_name")
        mark = self._dialect.quote
        return _escaped(f"{mark}{name.replace(mark, mark * 2)}{mark}")

    def _table_names(self, connection: sqlalchemy.Connection) -> list[tuple[str, str]]:
        inspector = sqlalchemy.inspect(connection)
        names = []
        for schema in self._dialect.schemas(inspector, self.settings.database):
            names += [(schema, name) for name in inspector.get_table_names(schema=schema)]
            names += [(schema, name) for name in inspector.get_view_names(schema=schema)]
        return sorted(names)

    def _described_table(self, source: Table) -> tuple[ColumnInfo, ...]:
        with self._connection() as connection:
            inspector = sqlalchemy.inspect(connection)
            schema = source.schema or None
            if not (inspector.has_table(source.name, schema=schema)):
                raise ConnectorRefused("table_missing")
            return tables.columns_of(inspector, schema, source.name)

    @contextmanager
    def _connection(self) -> Iterator[sqlalchemy.Connection]:
        """A read-only session in one snapshot; every driver error leaves as plain words."""
        try:
            with self._opened().connect() as connection:
                self._dialect.make_read_only(connection, self.limits.statement_seconds)
                yield connection
        except DBAPIError as error:
            raise self._dialect.refusal(error.orig) from error
        except self._dialect.errors as error:
            raise self._dialect.refusal(error) from error
        except SQLAlchemyError as error:
            raise ConnectorRefused("source_failed") from error

    def _opened(self) -> sqlalchemy.Engine:
        if self._engine is None:
            self._engine = sqlalchemy.create_engine(
                self._dialect.url, creator=self._dialler(), poolclass=sqlalchemy.NullPool
            )
        return self._engine

    def _dialler(self) -> Callable[[], Any]:
        def dial() -> Any:
            # Judged on every connection: an engine may outlive a change of the name's addresses.
            try:
                pinned = egress.pin(self.settings.host, self.settings.port, allow=self._allow)
            except egress.EgressRefused as refused:
                raise ConnectorRefused(refused.code, retryable=refused.retryable) from refused
            return self._dialect.dial(pinned, self.settings, self.limits)

        return dial


def _escaped(sql: str) -> str:
    # Both drivers read % as the start of a parameter.
    return sql.replace("%", "%%")


def _description(result: sqlalchemy.CursorResult[Any]) -> Sequence[Any]:
    return result.cursor.description if result.cursor is not None else ()


def _with_zone(row: Row, instants: tuple[int, ...]) -> Row:
    if not instants:
        return row
    values = list(row)
    for place in instants:
        if isinstance(values[place], datetime):
            values[place] = values[place].replace(tzinfo=UTC)
    return tuple(values)

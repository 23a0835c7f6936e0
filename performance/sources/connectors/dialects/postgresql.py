"""PostgreSQL, and what speaks its protocol."""

from __future__ import annotations

import io
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any, ClassVar

import psycopg
import sqlalchemy
from psycopg.abc import PQGen
from psycopg.generators import fetch_many
from psycopg.pq.abc import PGconn
from psycopg.types.string import TextLoader
from psycopg.waiting import WAIT_R

from performance.foundation.egress import Pinned
from performance.sources.connectors import copying, live
from performance.sources.connectors.columns import TYPES
from performance.sources.connectors.copying import Asked
from performance.sources.connectors.dialects import spelling
from performance.sources.connectors.lengths import BATCH_BYTES, SHOWN, Length
from performance.sources.connectors.lines import Cell
from performance.sources.connectors.protocol import Batch, ConnectorRefused, Limits, Lines, Row, Settings

TYPES_OF_TEXT = frozenset(TYPES)
#: From here on a float is written with as many digits as tell it from all others.
EXACT_FLOATS = 120_000


class PostgreSQL:
    url = "postgresql+psycopg://"
    quote = '"'
    errors: type[Exception] = psycopg.Error
    fence = " OFFSET 0"
    sslmodes = {"prefer": "prefer", "require": "require", "verify": "verify-full"}
    #: Type oids of the server's catalogue.
    types = {
        16: "boolean",
        20: "integer",
        21: "integer",
        23: "integer",
        700: "decimal",
        701: "decimal",
        1700: "decimal",
        1082: "date",
        1114: "timestamp",
        1184: "timestamp",
    }
    #: Which of our types read the text of such a column as they read its value.
    spelt: ClassVar[dict[int, frozenset[str]]] = {
        16: frozenset({"boolean"}),
        **dict.fromkeys((20, 21, 23), frozenset({"integer", "decimal", "text"})),
        **dict.fromkeys((700, 701), frozenset({"decimal"})),
        1700: frozenset({"integer", "decimal"}),
        1082: frozenset({"date"}),
        **dict.fromkeys((1114, 1184), frozenset({"timestamp"})),
        **dict.fromkeys((25, 1042, 1043), TYPES_OF_TEXT),
        **dict.fromkeys((114, 2950, 3802), frozenset({"text"})),
    }
    #: Bytes of what is always short: numbers, moments, networks, names and ids. A numeric may have 147,456 digits.
    short = dict.fromkeys(
        (16, 18, 20, 21, 23, 26, 700, 701, 790, 1082, 1083, 1114, 1184, 1186, 1266, 2950), 64
    )
    short |= dict.fromkeys((19, 650, 774, 829, 869), 128) | {1700: 150_000}
    #: Of what has a length: text, varchar and char, bytea.
    long = {
        25: Length(None, "octet_length({})", f"left({{}}, {SHOWN})"),
        1043: Length(None, "octet_length({})", f"left({{}}, {SHOWN})"),
        1042: Length(None, "octet_length({})"),
        17: Length(None, "octet_length({})", f"substring({{}} from 1 for {SHOWN})"),
    }
    anything = Length(None, "octet_length({}::text)")

    def dial(self, pinned: Pinned, settings: Settings, limits: Limits) -> Any:
        connection = psycopg.connect(
            host=pinned.host,
            hostaddr=pinned.address,
            port=pinned.port,
            dbname=settings.database,
            user=settings.user,
            # An empty password must not fall back to the password file of our own host.
            password=settings.password or "-",
            passfile="/dev/null",
            sslmode=self.sslmodes[settings.tls],
            sslrootcert="system" if settings.tls == "verify" else "",
            sslcert="",
            sslkey="",
            connect_timeout=limits.connect_seconds,
            application_name="accord",
            client_encoding="utf8",
            keepalives=1,
            keepalives_idle=30,
            tcp_user_timeout=60_000,
        )
        connection.prepare_threshold = None
        # A document stays the text it is; taken apart it would hold many times its size.
        for name in ("json", "jsonb"):
            connection.adapters.register_loader(name, TextLoader)
        return connection

    def make_read_only(self, connection: sqlalchemy.Connection, seconds: int) -> None:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{int(seconds)}s'")
        connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
        # As the judge of queries reads texts: a server that took backslashes for escapes would see other ones.
        connection.exec_driver_sql("SET LOCAL standard_conforming_strings = on")

    def server_name(self, connection: sqlalchemy.Connection) -> str:
        version = connection.exec_driver_sql("SHOW server_version").scalar_one()
        return f"PostgreSQL {str(version).split(' ')[0]}"

    def is_encrypted(self, connection: sqlalchemy.Connection) -> bool:
        driver: Any = connection.connection.driver_connection
        return bool(driver.pgconn.ssl_in_use)

    def can_write(self, connection: sqlalchemy.Connection) -> bool | None:
        found = connection.exec_driver_sql(
            "SELECT rolsuper OR EXISTS (SELECT 1 FROM pg_catalog.pg_class c"
            " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
            " AND pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE'))"
            " FROM pg_catalog.pg_roles WHERE rolname = current_user"
        ).scalar_one_or_none()
        return None if found is None else bool(found)

    def row_estimates(self, connection: sqlalchemy.Connection) -> dict[tuple[str, str], int]:
        rows = connection.exec_driver_sql(
            "SELECT n.nspname, c.relname, c.reltuples::bigint FROM pg_catalog.pg_class c"
            " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'm')"
            " AND c.reltuples >= 0"
        )
        return {(row[0], row[1]): row[2] for row in rows}

    def schemas(self, inspector: sqlalchemy.Inspector, database: str) -> Sequence[str]:
        return [
            name
            for name in inspector.get_schema_names()
            if name != "information_schema" and not name.startswith("pg_")
        ]

    def described_type(self, entry: Any) -> str:
        return self.types.get(entry[1], "text")

    def native(self, entry: Any) -> str:
        return live.POSTGRESQL.get(entry[1], "text")

    def bound_timestamp(self, moment: datetime) -> datetime:
        return moment

    def instants(self, description: Sequence[Any]) -> tuple[int, ...]:
        return ()

    def lengths(self, description: Sequence[Any]) -> list[Length]:
        return [self._length(entry) for entry in description]

    def _length(self, entry: Any) -> Length:
        kind = entry.type_code
        if kind in self.short:
            return Length(self.short[kind])
        if kind in (1042, 1043) and entry.display_size:
            return replace(self.long[kind], most=4 * entry.display_size)
        return self.long.get(kind, self.anything)

    def fetched(
        self,
        connection: sqlalchemy.Connection,
        sql: str,
        parameters: Sequence[Any],
        *,
        batch_size: int,
        at_once: int,
    ) -> Generator[list[Row], None, None]:
        # A cursor, so that the timeout counts for each fetch; and each fetch as a stream, so that its rows wait in
        # the network and not in our memory.
        connection.exec_driver_sql(f"DECLARE accord_rows NO SCROLL CURSOR FOR {sql}", tuple(parameters))
        driver: Any = connection.connection.driver_connection
        size = at_once if psycopg.capabilities.has_stream_chunked() else 1
        count = batch_size
        with driver.cursor() as cursor:
            while count == batch_size:
                count = 0
                with closing(cursor.stream(f"FETCH {int(batch_size)} FROM accord_rows", size=size)) as rows:
                    while piece := list(islice(rows, at_once)):
                        count += len(piece)
                        yield piece
            # So that the next statement on this connection can declare it again.
            cursor.execute("CLOSE accord_rows")

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
        driver: Any = connection.connection.driver_connection
        if driver.info.server_version < EXACT_FLOATS or not driver.info.parameter_status(
            "DateStyle"
        ).startswith("ISO"):
            return None
        kinds = [entry.type_code for entry in asked.description]
        for kind, cell in zip(kinds, cells, strict=True):
            if cell.type not in self.spelt.get(kind, ()) or (
                kind == spelling.WALL_CLOCK and not cell.is_steady
            ):
                return None
        oddities = [spelling.oddity(*each) for each in zip(kinds, cells, asked.names, strict=True)]
        told = copying.told(asked, cells, oddities, most_bytes, fence=self.fence)
        # One statement from beginning to end, so that its time is that of the whole reading.
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{int(seconds)}s'")
        whole = psycopg.ClientCursor(driver).mogrify(told, asked.parameters)
        return self._copied(driver, whole, len(cells), batch_size)

    def _copied(
        self, driver: Any, sql: str, width: int, batch_size: int
    ) -> Generator[Batch | Lines, None, None]:
        with driver.cursor() as cursor, cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)"):
            first, is_over = 1, False
            while not is_over:
                count, lines, is_over = driver.wait(_numbered(driver.pgconn, first, batch_size))
                if count:
                    yield copying.taken(lines, count, first, width)
                first += count

    def abandon(self, connection: sqlalchemy.Connection) -> None:
        """Closing the stream cancels the fetch, and the connection's end the cursor."""

    def refusal(self, original: BaseException | None) -> ConnectorRefused:
        state = getattr(original, "sqlstate", None) or ""
        if state == "57014":
            return ConnectorRefused("timed_out", retryable=True)
        if state.startswith("28"):
            return ConnectorRefused("access_refused")
        if state == "3D000":
            return ConnectorRefused("database_missing")
        if state in ("42P01", "42703", "3F000"):
            return ConnectorRefused("table_missing")
        if state == "42501":
            return ConnectorRefused("right_missing")
        if state == "25006":
            return ConnectorRefused("query_writes")
        if isinstance(original, psycopg.OperationalError):
            return self._from_words(original)
        return ConnectorRefused("source_failed")

    def _from_words(self, original: psycopg.OperationalError) -> ConnectorRefused:
        # libpq gives no state while connecting; its English words are the only hint there is.
        words = str(original).lower()
        if "password" in words or "authentication" in words or ("role" in words and "not exist" in words):
            return ConnectorRefused("access_refused")
        if "database" in words and "not exist" in words:
            return ConnectorRefused("database_missing")
        if "ssl" in words or "certificate" in words:
            return ConnectorRefused("tls_refused")
        if isinstance(original, psycopg.errors.ConnectionTimeout) or "timeout" in words:
            return ConnectorRefused("timed_out", retryable=True)
        return ConnectorRefused("unreachable", retryable=True)


def _numbered(server: PGconn, first: int, most: int) -> PQGen[tuple[int, bytes, bool]]:
    """The next lines of a COPY, each behind its number: `most` of them or fewer where they are long; and whether that is
    all.

    A line is a message of its own, and psycopg comes back with each. This takes what has arrived in one go, and keeps no
    object for each, which the collector of garbage would look at again and again: half the time of reading.
    """
    held, size, number, end = io.BytesIO(), 0, first, first + most
    take, write = server.get_copy_data, held.write
    while number < end and size < BATCH_BYTES:
        length, line = take(1)
        if length > 0:
            write(b"%d" % number)
            write(line)
            number += 1
            size += length
        elif length == 0:
            while not (yield WAIT_R):
                continue
            server.consume_input()
        else:
            (result,) = yield from fetch_many(server)
            if result.status != psycopg.pq.ExecStatus.COMMAND_OK:
                raise psycopg.errors.error_from_result(result)
            return number - first, held.getvalue(), True
    return number - first, held.getvalue(), False

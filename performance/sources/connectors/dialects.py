"""What differs between the SQL databases we read: dialling, read-only sessions, types and error words."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Protocol

import psycopg
import pymysql
import pymysql.cursors
import sqlalchemy
from psycopg.types.string import TextLoader
from pymysql.constants import FIELD_TYPE

from performance.foundation.egress import Pinned
from performance.sources.connectors import live
from performance.sources.connectors.lengths import Length
from performance.sources.connectors.protocol import ConnectorRefused, Limits, Row, Settings

#: Letters of a value that is too long, to recognise it by.
SHOWN = 200


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

    def abandon(self, connection: sqlalchemy.Connection) -> None:
        """Give up a result that is still streaming, without reading what is left of it."""

    def refusal(self, original: BaseException | None) -> ConnectorRefused: ...


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


class MySQL:
    url = "mysql+pymysql://"
    quote = "`"
    errors: type[Exception] = pymysql.err.Error
    # None: a fence would make the server write the whole result down before the first row.
    fence = ""
    system_schemas = frozenset({"information_schema", "mysql", "performance_schema", "sys"})
    types = {
        FIELD_TYPE.TINY: "integer",
        FIELD_TYPE.SHORT: "integer",
        FIELD_TYPE.LONG: "integer",
        FIELD_TYPE.LONGLONG: "integer",
        FIELD_TYPE.INT24: "integer",
        FIELD_TYPE.YEAR: "integer",
        FIELD_TYPE.FLOAT: "decimal",
        FIELD_TYPE.DOUBLE: "decimal",
        FIELD_TYPE.DECIMAL: "decimal",
        FIELD_TYPE.NEWDECIMAL: "decimal",
        FIELD_TYPE.DATE: "date",
        FIELD_TYPE.NEWDATE: "date",
        FIELD_TYPE.DATETIME: "timestamp",
        FIELD_TYPE.TIMESTAMP: "timestamp",
    }
    texts = frozenset(
        {
            FIELD_TYPE.VARCHAR,
            FIELD_TYPE.VAR_STRING,
            FIELD_TYPE.STRING,
            FIELD_TYPE.TINY_BLOB,
            FIELD_TYPE.BLOB,
            FIELD_TYPE.MEDIUM_BLOB,
            FIELD_TYPE.LONG_BLOB,
        }
    )
    others = frozenset({FIELD_TYPE.JSON, FIELD_TYPE.GEOMETRY})

    def dial(self, pinned: Pinned, settings: Settings, limits: Limits) -> Any:
        connection = pymysql.connect(
            host=pinned.host,
            port=pinned.port,
            user=settings.user,
            password=settings.password,
            database=settings.database,
            charset="utf8mb4",
            connect_timeout=limits.connect_seconds,
            read_timeout=limits.statement_seconds + 30,
            write_timeout=60,
            local_infile=False,
            # Without a context the driver encrypts when the server can; with one it insists.
            ssl=None if settings.tls == "prefer" else self._tls(settings.tls),
            defer_connect=True,
        )
        try:
            raw = socket.create_connection((pinned.address, pinned.port), timeout=limits.connect_seconds)
        except OSError as error:
            raise pymysql.err.OperationalError(2003, "unreachable") from error
        raw.settimeout(None)
        connection.connect(raw)
        return connection

    def _tls(self, mode: str) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if mode != "verify":
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def make_read_only(self, connection: sqlalchemy.Connection, seconds: int) -> None:
        if "mariadb" in self._version(connection).lower():
            connection.exec_driver_sql(f"SET SESSION max_statement_time = {int(seconds)}")
        else:
            connection.exec_driver_sql(f"SET SESSION max_execution_time = {int(seconds) * 1000}")
        # The session zone decides how TIMESTAMP columns arrive; UTC makes them the instants they are.
        connection.exec_driver_sql("SET SESSION time_zone = '+00:00'")
        connection.exec_driver_sql("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")

    def _version(self, connection: sqlalchemy.Connection) -> str:
        return str(connection.exec_driver_sql("SELECT VERSION()").scalar_one())

    def server_name(self, connection: sqlalchemy.Connection) -> str:
        version = self._version(connection)
        return f"{'MariaDB' if 'mariadb' in version.lower() else 'MySQL'} {version.split('-')[0]}"

    def is_encrypted(self, connection: sqlalchemy.Connection) -> bool:
        row = connection.exec_driver_sql("SHOW STATUS LIKE 'Ssl_cipher'").one_or_none()
        return bool(row and row[1])

    def can_write(self, connection: sqlalchemy.Connection) -> bool | None:
        grants = " ".join(str(row[0]).upper() for row in connection.exec_driver_sql("SHOW GRANTS"))
        return any(word in grants for word in ("ALL PRIVILEGES", "INSERT", "UPDATE", "DELETE", "CREATE"))

    def row_estimates(self, connection: sqlalchemy.Connection) -> dict[tuple[str, str], int]:
        rows = connection.exec_driver_sql(
            "SELECT table_schema, table_name, table_rows FROM information_schema.tables"
            " WHERE table_rows IS NOT NULL AND table_schema = DATABASE()"
        )
        return {(row[0], row[1]): int(row[2]) for row in rows}

    def schemas(self, inspector: sqlalchemy.Inspector, database: str) -> Sequence[str]:
        return [database] if database not in self.system_schemas else []

    def described_type(self, entry: Any) -> str:
        return self.types.get(entry[1], "text")

    def native(self, entry: Any) -> str:
        return live.MYSQL.get(entry[1], "other")

    def bound_timestamp(self, moment: datetime) -> datetime:
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment

    def instants(self, description: Sequence[Any]) -> tuple[int, ...]:
        return tuple(place for place, entry in enumerate(description) if entry[1] == FIELD_TYPE.TIMESTAMP)

    def lengths(self, description: Sequence[Any]) -> list[Length]:
        return [self._length(kind, most) for _name, kind, _shown, most, *_rest in description]

    def _length(self, kind: int, most: int) -> Length:
        if kind in self.texts:
            return Length(most, "OCTET_LENGTH({})", f"LEFT({{}}, {SHOWN})")
        if kind in self.others:
            return Length(most, "OCTET_LENGTH({})")
        return Length(100)

    def fetched(
        self,
        connection: sqlalchemy.Connection,
        sql: str,
        parameters: Sequence[Any],
        *,
        batch_size: int,
        at_once: int,
    ) -> Generator[list[Row], None, None]:
        driver: Any = connection.connection.driver_connection
        with closing(driver.cursor(pymysql.cursors.SSCursor)) as cursor:
            cursor.execute(sql, tuple(parameters))
            count = 0
            while piece := cursor.fetchmany(min(at_once, batch_size - count % batch_size)):
                count += len(piece)
                yield list(piece)

    def abandon(self, connection: sqlalchemy.Connection) -> None:
        # PyMySQL's unbuffered cursor reads to the end when it is closed; hanging up is the only way out.
        driver: Any = connection.connection.driver_connection
        if driver._result is not None:
            driver._result.unbuffered_active = False
            driver._result = None
        driver._force_close()
        connection.invalidate()

    def refusal(self, original: BaseException | None) -> ConnectorRefused:
        number = original.args[0] if original is not None and original.args else 0
        if number in (1044, 1045, 1698):
            return ConnectorRefused("access_refused")
        if number == 1049:
            return ConnectorRefused("database_missing")
        if number in (1146, 1054):
            return ConnectorRefused("table_missing")
        if number in (1142, 1143):
            return ConnectorRefused("right_missing")
        if number == 1792:
            return ConnectorRefused("query_writes")
        if number in (1969, 3024, 1317):
            return ConnectorRefused("timed_out", retryable=True)
        if number == 2026:
            return ConnectorRefused("tls_refused")
        if number in (2002, 2003, 2006, 2013, 1040):
            return ConnectorRefused("unreachable", retryable=True)
        return ConnectorRefused("source_failed")


BY_KIND: dict[str, Dialect] = {"postgresql": PostgreSQL(), "mysql": MySQL()}

"""MySQL and MariaDB."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Generator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pymysql
import pymysql.cursors
import sqlalchemy
from pymysql.constants import FIELD_TYPE

from performance.foundation.egress import Pinned
from performance.sources.connectors import live
from performance.sources.connectors.lengths import SHOWN, Length
from performance.sources.connectors.protocol import ConnectorRefused, Limits, Row, Settings


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

    def copied(self, *arguments: Any, **options: Any) -> None:
        """It has no COPY."""

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

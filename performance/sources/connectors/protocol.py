"""What every connector is: check, discover, describe, read. Plain Python, no models, no settings.

A connector is built for one piece of work and closed after it. It never writes to the source, it never holds
more than one batch in memory, and whatever goes wrong leaves it as a `ConnectorRefused` whose words may be
shown to the person who asked: driver messages can carry host names and passwords, so they do not travel.
"""

from __future__ import annotations

import csv
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from performance.foundation import refusals
from performance.sources.connectors import reasons
from performance.sources.connectors.lines import Cell

#: What a batch may hold before coercion: whatever a driver or a file reader hands out.
Value = Any
Row = tuple[Value, ...]


class ConnectorRefused(refusals.Refused):
    """The source, or our own caps, said no. A load keeps code and params, so that the words can be said again
    in the language of whoever reads the run log."""

    def __init__(self, code: str, *, retryable: bool = False, **params: Any) -> None:
        super().__init__(reasons.text(code, params), code=code)
        self.params = params
        #: True when trying again later may help (a timeout, an unreachable host), False when it cannot.
        self.retryable = retryable


@dataclass(frozen=True)
class Limits:
    """Caps of one piece of work. The defaults suit a load; a preview passes smaller ones."""

    connect_seconds: int = 10
    statement_seconds: int = 600
    #: Of one reading that takes many requests, and how many of them.
    read_seconds: int = 3600
    max_pages: int = 20_000
    max_rows: int = 20_000_000
    max_bytes: int = 8 * 1024**3
    #: Of one value; a longer one is not fetched, its row is rejected. The longest text that a column takes
    #: (columns.MAX_TEXT) fits, whatever its letters.
    max_value_bytes: int = 256 * 1024


@dataclass(frozen=True)
class Settings:
    """Where and as whom a database is asked. `tls`: "prefer", "require" (encrypted) or "verify" (encrypted, name
    checked)."""

    host: str
    port: int
    database: str
    user: str
    password: str = field(default="", repr=False)
    tls: str = "prefer"


@dataclass(frozen=True)
class ColumnInfo:
    """A column as the source calls it; `type` is one of columns.TYPES, guessed where the source has none."""

    name: str
    type: str
    nullable: bool = True
    native_type: str = ""
    in_primary_key: bool = False


@dataclass(frozen=True)
class TableInfo:
    """A table, view or sheet that can become a dataset. `rows`: the source's own estimate, if it has one."""

    schema: str
    name: str
    columns: tuple[ColumnInfo, ...]
    rows: int | None = None

    @property
    def label(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name

    @property
    def primary_key(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.in_primary_key)


@dataclass(frozen=True)
class CheckResult:
    """A connection that worked. `can_write` is what the source itself says of the account used."""

    server: str
    milliseconds: int
    encrypted: bool
    can_write: bool | None
    tables: int


@dataclass(frozen=True)
class Table:
    schema: str
    name: str


@dataclass(frozen=True)
class Query:
    text: str


Source = Table | Query


@dataclass(frozen=True)
class Cursor:
    """Read only rows whose `column` is at or after `start` (inclusive: ties must not be lost)."""

    column: str
    start: datetime | date | Decimal | int


@dataclass(frozen=True)
class Batch:
    """Some rows in the order of the asked columns. `first_row` counts from 1 within this read."""

    rows: list[Row]
    first_row: int

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Lines:
    """Some rows as plain lines of CSV (lines.Plain), each behind its number, that a database may read as they are.
    `places`: which of the asked columns each cell belongs to."""

    text: str
    count: int
    delimiter: str
    places: tuple[int, ...]

    def __len__(self) -> int:
        return self.count

    def cells(self, place: int) -> list[str]:
        """Those of one asked column, without quotes around them."""
        at = self.places.index(place) + 1
        lines = self.text.split("\n")[:-1]
        if '"' in self.text:
            return [row[at] for row in csv.reader(lines, delimiter=self.delimiter)]
        return [line.split(self.delimiter, at + 1)[at] for line in lines]


class Connector(Protocol):
    kind: str

    @property
    def has_types(self) -> bool:
        """True where the source declares the types of its columns; else they are guessed from a sample."""

    def check(self) -> CheckResult:
        """Connect, ask the version, count the tables. Raises ConnectorRefused."""

    def discover(self) -> list[TableInfo]:
        """Tables, views or sheets with their columns. Raises ConnectorRefused."""

    def describe(self, source: Source) -> tuple[ColumnInfo, ...]:
        """The columns that `read` would give now; a load compares them with what it was promised."""

    def read(
        self, source: Source, columns: Sequence[str], cursor: Cursor | None = None, batch_size: int = 5000
    ) -> Generator[Batch, None, None]:
        """Batches of tuples in the order of `columns`, in bounded memory. Raises ConnectorRefused."""

    def close(self) -> None: ...


class LineConnector(Connector, Protocol):
    """A connector whose rows can come as lines."""

    def read_lines(
        self,
        source: Source,
        columns: Sequence[str],
        cells: Sequence[Cell],
        cursor: Cursor | None = None,
        batch_size: int = 5000,
    ) -> Generator[Batch | Lines, None, None]:
        """What `read` gives, as lines where that says the same. `cells`: what each of the columns wants."""

"""Uploaded files as sources: CSV (any encoding and delimiter that can be told for certain), workbooks, Parquet.

What a file is, its first bytes say, whatever its name. A CSV streams in constant memory. Workbooks and Parquet are
inspected and read in a process apart, which hands their rows over (foundation.workbooks). In a CSV or a sheet the first
row that is not empty names the columns; Parquet brings names and types.
"""

from __future__ import annotations

import codecs
import csv
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import IO, Any

from performance.foundation import workbooks
from performance.sources.connectors import guessing
from performance.sources.connectors.lines import Cell, Plain, Reader
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
    Source,
    TableInfo,
)

TEXTS = (".csv", ".tsv", ".txt")
SUFFIXES = (*TEXTS, ".xlsx", ".xls", ".ods", ".parquet")
#: What files begin with: packed workbooks (XLSX, ODS), old binary ones (XLS), Parquet.
PACKED, COMPOUND, PARQUET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"PAR1"
#: One table each, whatever the file is called: next month's may have another name.
OF_ONE_TABLE = (*TEXTS, ".parquet")
MAX_COLUMNS = 500
SAMPLE_ROWS = 2000
CHUNK = 1 << 20
LONGEST_CELL = 1 << 17
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class Layout:
    """How a text file is to be read."""

    encoding: str
    delimiter: str


class FileConnector:
    """One uploaded file on a local path; its tables are its sheets, or the file itself."""

    kind = "file"

    def __init__(self, path: Path, *, name: str, limits: Limits | None = None) -> None:
        self.path = path
        self.name = name
        self.limits = limits or Limits()
        suffix = Path(name).suffix.lower()
        # The file stays as it is while we are built on it: one look inside is enough.
        self._is_inspected = False
        if suffix not in SUFFIXES:
            raise ConnectorRefused("file_kind")
        self._form = _form(path)
        if self._form == "text" and suffix not in TEXTS and path.stat().st_size:
            # A web page or a list that is only called a workbook.
            raise ConnectorRefused("file_unreadable")

    @property
    def has_types(self) -> bool:
        return self._form == "parquet"

    def close(self) -> None:
        """Nothing stays open between calls."""

    def check(self) -> CheckResult:
        started = time.monotonic()
        tables = self._table_names()
        if self._form == "text":
            server = f"CSV, {self._layout.encoding}"
        else:
            server = {"packed": "XLSX, ODS", "compound": "XLS", "parquet": "Parquet"}[self._form]
        if self._form == "parquet":
            self._parquet_columns()
        milliseconds = int((time.monotonic() - started) * 1000)
        return CheckResult(server, milliseconds, encrypted=True, can_write=False, tables=len(tables))

    def discover(self) -> list[TableInfo]:
        if self._form == "parquet":
            return [TableInfo(schema="", name=Path(self.name).stem, columns=self._parquet_columns())]
        found = []
        for name in self._table_names():
            rows = self._rows(name)
            header = next(rows, None)
            if header is None:
                continue
            sample = list(islice(rows, SAMPLE_ROWS))
            guesses = [guessing.guess(values) for values in _turned(sample, len(header))]
            infos = tuple(
                ColumnInfo(name=title, type=guess.type, native_type=guess.date_order)
                for title, guess in zip(header, guesses, strict=True)
            )
            found.append(TableInfo(schema="", name=name, columns=infos))
        if not found:
            raise ConnectorRefused("file_empty")
        return found

    def describe(self, source: Source) -> tuple[ColumnInfo, ...]:
        for table in self.discover():
            # A file without sheets is its only table, whatever it is called this time.
            if self._form in ("text", "parquet") or table.name == _sheet_name(source):
                return table.columns
        raise ConnectorRefused("sheet_missing", sheet=_sheet_name(source))

    def read(
        self, source: Source, columns: Sequence[str], cursor: Cursor | None = None, batch_size: int = 5000
    ) -> Generator[Batch, None, None]:
        for batch in self.read_lines(source, columns, (), cursor, batch_size):
            if isinstance(batch, Batch):
                yield batch

    def read_lines(
        self,
        source: Source,
        columns: Sequence[str],
        cells: Sequence[Cell],
        cursor: Cursor | None = None,
        batch_size: int = 5000,
    ) -> Generator[Batch | Lines, None, None]:
        if cursor is not None:
            raise ConnectorRefused("no_cursor")
        seen = 0
        for batch in self._batches(_sheet_name(source), columns, cells, batch_size):
            seen += len(batch)
            if seen > self.limits.max_rows:
                raise ConnectorRefused("too_many_rows", rows=self.limits.max_rows)
            yield batch

    # -- inside ------------------------------------------------------------------------------------------

    def _batches(
        self, name: str, columns: Sequence[str], cells: Sequence[Cell], size: int
    ) -> Iterator[Batch | Lines]:
        """The rows, with the asked columns in their order, at most so many at once."""
        if self._form == "text":
            yield from self._text_batches(columns, cells, size)
            return
        rows = self._packed_rows(name, columns)
        seen = 0
        while chunk := list(islice(rows, size)):
            yield Batch(chunk, seen + 1)
            seen += len(chunk)

    def _text_batches(
        self, columns: Sequence[str], cells: Sequence[Cell], size: int
    ) -> Iterator[Batch | Lines]:
        with self._reader() as reader:
            header = next((row for row in map(_trimmed, reader) if any(row)), None)
            titles = () if header is None else _titles(header)
            places = _places(titles, columns)
            order = tuple(places.index(place) for place in sorted(places))
            wanted = dict(zip(places, cells, strict=False))
            plain = Plain(
                [wanted.get(place) for place in range(len(titles))],
                delimiter=reader.delimiter,
            )
            seen = 0
            while raw := reader.raw(size):
                numbered = plain.numbered(raw, seen + 1) if cells else None
                if numbered is not None:
                    batch: Batch | Lines = Lines(*numbered, reader.delimiter, order)
                else:
                    batch = Batch(_cells(reader.parsed(raw), places), seen + 1)
                if batch:
                    yield batch
                seen += len(batch)

    def _packed_rows(self, name: str, columns: Sequence[str]) -> Iterator[Row]:
        if self._form == "parquet":
            places = _places(tuple(info.name for info in self._parquet_columns()), columns)
            with self._opened() as packed:
                yield from map(tuple, workbooks.parquet_rows(packed, places))
            return
        rows = self._rows(name)
        places = _places(next(rows, ()), columns)
        for row in rows:
            yield tuple(row[place] if place < len(row) else None for place in places)

    def _parquet_columns(self) -> tuple[ColumnInfo, ...]:
        with self._opened() as packed:
            found = workbooks.parquet_columns(packed)
        if len({name for name, _type in found}) != len(found):
            raise ConnectorRefused("column_twice")
        return tuple(ColumnInfo(name=name, type=type_) for name, type_ in found)

    def _table_names(self) -> list[str]:
        if self._form in ("text", "parquet"):
            return [Path(self.name).stem]
        with self._opened() as packed:
            names = workbooks.sheet_names(packed, is_inspected=self._is_inspected)
        self._is_inspected = True
        return names

    @contextmanager
    def _opened(self, sheet: str = "") -> Iterator[IO[bytes]]:
        try:
            with self.path.open("rb") as packed:
                yield packed
        except workbooks.WorkbookRefused as refused:
            if refused.reason == "no_sheet":
                raise ConnectorRefused("sheet_missing", sheet=sheet) from refused
            is_large = refused.reason == "too_large"
            raise ConnectorRefused("file_too_large" if is_large else "file_unreadable") from refused

    def _rows(self, name: str) -> Iterator[tuple[Any, ...]]:
        """The header with unique titles first, then every row that is not empty."""
        raw = self._text_rows() if self._form == "text" else self._workbook_rows(name)
        header: tuple[str, ...] | None = None
        for row in raw:
            if all(value is None or (isinstance(value, str) and not value.strip()) for value in row):
                continue
            if header is None:
                header = _titles(row)
                yield header
            else:
                yield row

    def _workbook_rows(self, name: str) -> Iterator[Row]:
        with self._opened(name) as packed:
            for row in workbooks.rows(packed, name, is_inspected=self._is_inspected):
                yield tuple(_cell(value) for value in row)

    @cached_property
    def _layout(self) -> Layout:
        return layout_of(self.path)

    def _text_rows(self) -> Iterator[Row]:
        with self._reader() as reader:
            yield from (tuple(_trimmed(row)) for row in reader)

    @contextmanager
    def _reader(self) -> Iterator[Reader]:
        layout = self._layout
        with self.path.open(encoding=layout.encoding, newline="") as stream:
            csv.field_size_limit(LONGEST_CELL)
            reader = Reader(stream, layout.delimiter)
            try:
                yield reader
            except csv.Error as error:
                raise ConnectorRefused("line_unreadable", line=reader.line_number) from error


def _places(header: tuple[str, ...], columns: Sequence[str]) -> list[int]:
    """Where the asked columns stand. Raises ConnectorRefused: file_empty, column_missing."""
    if not header:
        raise ConnectorRefused("file_empty")
    missing = [column for column in columns if column not in header]
    if missing:
        raise ConnectorRefused("column_missing", column=missing[0])
    return [header.index(column) for column in columns]


def _cells(chunk: Sequence[list[str]], places: Sequence[int]) -> list[Row]:
    """The cells at these places of every row that is not blank. Column by column, at several times the speed of row by
    row."""
    filled = [row for row in chunk if (text := "".join(row)) and not text.isspace()]
    width = max(places, default=-1) + 1
    if not filled or not width:
        return [()] * len(filled)
    if min(map(len, filled)) < width:
        filled = [row + [""] * (width - len(row)) for row in filled]
    turned = list(zip(*filled, strict=False))
    return list(zip(*(_trimmed(turned[place]) for place in places), strict=True))


def _trimmed(values: Sequence[str]) -> list[str | None]:
    """None where there is nothing."""
    trimmed = list(map(str.strip, values))
    return [value or None for value in trimmed] if "" in trimmed else [*trimmed]


def _form(path: Path) -> str:
    """What the content is: "packed", "compound", "parquet" or "text"."""
    with path.open("rb") as data:
        start = data.read(4)
    return {PACKED: "packed", COMPOUND: "compound", PARQUET: "parquet"}.get(start, "text")


def layout_of(path: Path) -> Layout:
    """Encoding by mark, else UTF-8, else GB18030 (a superset of GBK), if all of the file is valid."""
    encoding = _encoding(path)
    with path.open(encoding=encoding, newline="") as lines:
        head = [line for line in islice(lines, 20) if line.strip()]
    return Layout(encoding=encoding, delimiter=_delimiter(head))


def _encoding(path: Path) -> str:
    with path.open("rb") as data:
        start = data.read(4)
    marked = [encoding for mark, encoding in BOMS if start.startswith(mark)]
    for encoding in marked or ("utf-8", "gb18030"):
        with path.open("rb") as data:
            if _decodes(data, encoding):
                return encoding
    raise ConnectorRefused("file_encoding")


def _decodes(data: IO[bytes], encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        while chunk := data.read(CHUNK):
            if "\x00" in decoder.decode(chunk):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(head: list[str]) -> str:
    """The delimiter that cuts the first lines into the same number of cells, and into most cells."""
    best, most = ",", 1
    for delimiter in DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(head[:10], delimiter=delimiter)]
        except csv.Error:
            # A cell too long to be read: whoever reads the rows says in which line.
            continue
        if widths and min(widths) == max(widths) and widths[0] > most:
            best, most = delimiter, widths[0]
    if most == 1 and head:
        best = max(DELIMITERS, key=head[0].count)
    return best


def _titles(row: Sequence[Any]) -> tuple[str, ...]:
    if len(row) > MAX_COLUMNS:
        raise ConnectorRefused("too_many_columns")
    titles: list[str] = []
    for number, value in enumerate(row, start=1):
        title = " ".join(str(value).split())[:100] if value is not None else ""
        title = title or f"column {number}"
        unique, repeat = title, 2
        while unique in titles:
            unique, repeat = f"{title} ({repeat})", repeat + 1
        titles.append(unique)
    return tuple(titles)


def _cell(value: Any) -> Any:
    """A cell as people see it: a workbook stores every number as a double of which it shows 15 digits."""
    if isinstance(value, float):
        number = Decimal(format(value, ".15g"))
        return int(number) if number == number.to_integral_value() and abs(number) < 10**15 else number
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, datetime) and (value.hour, value.minute, value.second, value.microsecond) == (
        0,
        0,
        0,
        0,
    ):
        return value.date()
    if isinstance(value, bool | int | date | datetime) or value is None:
        return value
    return str(value)


def _turned(rows: list[Row], width: int) -> list[list[Any]]:
    return [[row[place] if place < len(row) else None for row in rows] for place in range(width)]


def _sheet_name(source: Source) -> str:
    if isinstance(source, Query):
        raise ConnectorRefused("no_query")
    return source.name

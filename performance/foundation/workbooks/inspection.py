"""Looks into a packed workbook (XLSX, ODS) before a reader opens it. Plain Python.

A reader lays a sheet out as one rectangle. A file of a few kilobytes with a cell in the far corner would ask for
terabytes, and a packed file may hold a thousand times its size. So what lies inside is counted first, in bounded
memory, by a real XML parser: it sees the same cells as the reader, whatever their attributes hold.
"""

from __future__ import annotations

import functools
import re
import zipfile
from collections.abc import Mapping
from typing import IO
from xml.parsers import expat

MAX_UNPACKED = 512 * 1024**2
#: Of a sheet: in the rectangle from A1 to the furthest row and column, and counted one by one.
MAX_CELLS = 20_000_000
MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384
#: Cells that hold something and are not written but stand for repetitions: they cost nothing to send.
MAX_REPEATED = 1_000_000
#: Bytes of one tag.
LONGEST_TAG = 1 << 20
CHUNK = 1 << 16

SHEET = re.compile(r"(?i)/?xl/.*\.xml\Z")
TABLES = re.compile(r"(?i)/?content\.xml\Z")
#: What a cell of XLSX holds: a value, a formula or a text in place.
HOLDING = frozenset({"v", "f", "is"})
PLACE = re.compile(r"([A-Za-z]{1,3})([1-9][0-9]{0,8})\Z")
COUNT = re.compile(r"[1-9][0-9]{0,8}\Z")


class WorkbookRefused(ValueError):
    """`reason`: "unreadable", "too_large" or "no_sheet"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def inspect(file: IO[bytes]) -> None:
    """Raises WorkbookRefused for a packed workbook that is damaged or would not fit into memory.

    Unpacks everything once: sizes in the directory of an archive are only claims, the checksum tells.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
                raise WorkbookRefused("too_large")
            for entry in entries:
                with archive.open(entry) as part:
                    _inspect_part(entry.filename.replace("\\", "/"), part)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise WorkbookRefused("unreadable") from error


def _inspect_part(name: str, part: IO[bytes]) -> None:
    if SHEET.match(name):
        _parse(part, _Sheet())
    elif TABLES.match(name):
        _parse(part, _Tables())
    else:
        while part.read(CHUNK):
            pass


def _parse(part: IO[bytes], seen: _Sheet | _Tables) -> None:
    parser = expat.ParserCreate()
    # Workbooks declare no document type. Without one there are no entities that could grow or reach outside.
    parser.StartDoctypeDeclHandler = _refuse_document_type
    seen.listen(parser)
    fed = 0
    try:
        while chunk := part.read(CHUNK):
            parser.Parse(chunk, False)
            fed += len(chunk)
            if fed - parser.CurrentByteIndex > LONGEST_TAG:
                raise WorkbookRefused("unreadable")
            seen.judge()
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise WorkbookRefused("unreadable") from error
    seen.judge()


def _refuse_document_type(*declared: object) -> None:
    raise WorkbookRefused("unreadable")


class _Sheet:
    """A sheet of XLSX: the furthest cells that hold something; a format alone takes no place. A cell without a
    place stands beside the one before it."""

    def __init__(self) -> None:
        self._row = self._column = self._height = self._width = self._cells = 0

    def listen(self, parser: expat.XMLParserType) -> None:
        parser.StartElementHandler = self._start

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        # Once for every element of up to a hundred million: no more work than needed.
        if name == "c":
            self._place(attributes.get("r"))
        elif name in HOLDING:
            self._cells += 1
            if self._row > self._height:
                self._height = self._row
            if self._column > self._width:
                self._width = self._column
        elif name == "row":
            place = attributes.get("r")
            self._row, self._column = (_count(place) if place else self._row + 1), 0
        elif ":" in name:
            self._start(_local(name), attributes)

    def judge(self) -> None:
        _judge(self._height, self._width, self._cells)

    def _place(self, name: str | None) -> None:
        if name is None:
            self._column += 1
            return
        found = PLACE.match(name)
        if found is None:
            raise WorkbookRefused("unreadable")
        self._row, self._column = int(found[2]), _number(found[1])


class _Tables:
    """The tables of ODS, likewise. Rows and cells stand for as many as they are repeated, and the two multiply."""

    def __init__(self) -> None:
        self._row = self._height = self._width = self._cells = 0
        self._column = self._filled_to = 0
        self._rows_repeated = self._columns_repeated = 1
        self._repeated = self._held = self._written = 0
        self._holds = False

    def listen(self, parser: expat.XMLParserType) -> None:
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = _local(name)
        if name in ("table-cell", "covered-table-cell"):
            self._start_cell(attributes)
        elif name == "table-row":
            self._start_row(attributes)
        elif name == "table":
            self._start_table()
        else:
            # A text or another thing inside the cell, if one is open.
            self._holds = True

    def _end(self, name: str) -> None:
        name = _local(name)
        if name in ("table-cell", "covered-table-cell"):
            self._column += self._columns_repeated
            if self._holds:
                self._filled_to = self._column
                self._held, self._written = self._held + self._columns_repeated, self._written + 1
        elif name == "table-row":
            self._row += self._rows_repeated
            if self._filled_to:
                self._height, self._width = self._row, max(self._width, self._filled_to)
                self._cells += self._filled_to * self._rows_repeated
                self._repeated += self._held * self._rows_repeated - self._written
                self.judge()

    def judge(self) -> None:
        _judge(self._height, self._width, self._cells)
        if self._repeated > MAX_REPEATED:
            raise WorkbookRefused("too_large")

    def _start_table(self) -> None:
        self._row = self._height = self._width = self._cells = 0

    def _start_row(self, attributes: Mapping[str, str]) -> None:
        self._rows_repeated = _repeated(attributes, "number-rows-repeated")
        self._column = self._filled_to = self._held = self._written = 0

    def _start_cell(self, attributes: Mapping[str, str]) -> None:
        self._columns_repeated = _repeated(attributes, "number-columns-repeated")
        self._holds = any(_local(name) == "value-type" for name in attributes)


def _judge(height: int, width: int, cells: int) -> None:
    if height > MAX_ROWS or width > MAX_COLUMNS or max(height * width, cells) > MAX_CELLS:
        raise WorkbookRefused("too_large")


def _repeated(attributes: Mapping[str, str], wanted: str) -> int:
    return next((_count(value) for name, value in attributes.items() if _local(name) == wanted), 1)


def _count(written: str) -> int:
    if not COUNT.match(written):
        raise WorkbookRefused("unreadable")
    return int(written)


@functools.cache
def _number(letters: str) -> int:
    """A → 1, AA → 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def _local(name: str) -> str:
    """Without the prefix of its namespace."""
    return name.rpartition(":")[2] if ":" in name else name

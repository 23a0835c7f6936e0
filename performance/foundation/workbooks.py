"""Looks into an uploaded workbook before a reader opens it. Plain Python.

A reader lays a sheet out as one rectangle from its first to its last cell. A file of a few kilobytes with a cell in
the far corner would ask for terabytes and end the whole process, and a packed file may hold a thousand times its
size. So what lies inside is counted first, in bounded memory.
"""

import re
import zipfile
from collections.abc import Iterator
from typing import IO

MAX_UNPACKED = 512 * 1024**2
MAX_CELLS = 20_000_000
CHUNK = 1 << 20
# No cell is longer; what goes on longer without ending one is no sheet.
LONGEST_PART = 16 * CHUNK

SHEET = re.compile(r"(?i)^/?xl/.*\.xml$")
# A row, or a cell that holds something: an empty one with a format alone takes no place.
ROW_OR_CELL = re.compile(rb"<(?:\w+:)?(?:(row)\b([^>]*)>|c\b([^>]*)(?<!/)>(?!\s*</))")
PLACE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,3})([0-9]{1,9})["']""")
REPEATED = re.compile(
    rb"""<table:table-(?:row|cell)\b[^>]*number-(?:rows|columns)-repeated\s*=\s*["']([0-9]+)["'][^>]*[^/]>"""
)
MOST_REPEATED = 1000


class WorkbookRefused(ValueError):
    """`reason`: "unreadable" or "too_large"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def inspect(file: IO[bytes]) -> None:
    """Raises WorkbookRefused for a packed workbook (XLSX, ODS) that is damaged or would not fit into memory.

    Unpacks everything once: sizes in the directory of an archive are only claims, the checksum tells.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
                raise WorkbookRefused("too_large")
            for entry in entries:
                with archive.open(entry) as part:
                    _inspect_part(entry.filename, part)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise WorkbookRefused("unreadable") from error


def _inspect_part(name: str, part: IO[bytes]) -> None:
    if SHEET.match(name):
        _inspect_sheet(part)
    elif name == "content.xml":
        # Rows and cells with content that stand for many others.
        for piece in _pieces(part, b"</table:table-cell>"):
            if any(int(found[1]) > MOST_REPEATED for found in REPEATED.finditer(piece)):
                raise WorkbookRefused("too_large")
    else:
        while part.read(CHUNK):
            pass


def _inspect_sheet(part: IO[bytes]) -> None:
    """The rectangle around all cells. A cell without a place stands beside the one before it."""
    row = column = 0
    rows: list[int] = []
    columns: list[int] = []
    for piece in _pieces(part, b"c>"):
        for found in ROW_OR_CELL.finditer(piece):
            place = PLACE.search(found[2] or found[3] or b"")
            if found[1]:
                row, column = (int(place[2]) if place else row + 1), 0
                continue
            column += 1
            if place and place[1]:
                row, column = int(place[2]), _number(place[1])
            rows, columns = _around(rows, row), _around(columns, column)
        if rows and (rows[1] - rows[0] + 1) * (columns[1] - columns[0] + 1) > MAX_CELLS:
            raise WorkbookRefused("too_large")


def _around(bounds: list[int], place: int) -> list[int]:
    return [min(bounds[0], place), max(bounds[1], place)] if bounds else [place, place]


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _pieces(part: IO[bytes], end: bytes) -> Iterator[bytes]:
    """The part in pieces that end where a cell does."""
    kept = b""
    while chunk := part.read(CHUNK):
        kept += chunk
        cut = kept.rfind(end) + len(end)
        if cut >= len(end):
            yield kept[:cut]
            kept = kept[cut:]
        elif len(kept) > LONGEST_PART:
            raise WorkbookRefused("too_large")
    yield kept

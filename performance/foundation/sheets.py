"""Uploaded tables: bytes → rows of text. CSV in UTF-8, UTF-16 or GBK with any usual separator; XLSX, XLS and ODS."""

import csv
import datetime
import io
import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from performance.foundation import refusals, workbooks

MEGABYTE = 1024 * 1024
MAX_BYTES = 20 * MEGABYTE
MAX_ROWS = 100_000
MAX_COLUMNS = 100
#: Of all cells of a workbook, which can be many times its packed size.
MAX_WORKBOOK_BYTES = 128 * 1024 * 1024
WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
CELL = re.compile(r"[A-Z]{1,3}\d{1,7}\Z")
SEPARATORS = (",", ";", "\t", "|")
#: How files begin that are no tables, whatever they are called.
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\x00", b"MM\x00*", b"<svg")
PAPERS = (b"%PDF", b"{\\rtf")
ARCHIVES = (b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf", b"BZh", b"\xfd7zXZ")
#: Characters that no text has.
CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
UNSEEN = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060"))


class SheetRefused(refusals.Refused):
    """A file that is no table, or one that is too large."""


@dataclass(frozen=True)
class Sheet:
    """The header and the rows below it. `rows`: (row number as the spreadsheet shows it, cells as long as headers)."""

    headers: list[str]
    rows: list[tuple[int, list[str]]]
    encoding: str = ""

    def cells(self) -> set[str]:
        """The names of the cells below the header, such as B2."""
        return {f"{letter(place)}{number}" for number, row in self.rows for place in range(len(row))}


def read_sheet(
    content: bytes,
    file_name: str,
    *,
    most_bytes: int = MAX_BYTES,
    most_rows: int = MAX_ROWS,
    tidy: Callable[[str], str] | None = None,
) -> Sheet:
    """Reads the first sheet. Refuses what is no table, what is empty, and what is too large.

    Cells are one clean line each; where text is to stay as it was written, `tidy` makes them instead.
    """
    if len(content) > most_bytes:
        raise SheetRefused(too_many_bytes(most_bytes), field="file", code="too_large")
    _refuse_no_table(content)
    tidy = tidy or clean
    if is_workbook(content, file_name):
        return _table(_workbook_rows(content), "", tidy, most_rows)
    text, encoding = _decoded(content)
    return _table(_csv_rows(text), encoding, tidy, most_rows)


def is_workbook(content: bytes, file_name: str) -> bool:
    return file_name.lower().endswith(WORKBOOKS) or content[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


def too_many_bytes(most_bytes: int) -> str:
    return _("The file is larger than %(size)s MB.") % {"size": most_bytes // MEGABYTE}


def place_of(cell: str) -> tuple[int, int, str]:
    """ "C7" → what cells are sorted by, row by row."""
    letters = cell.rstrip("0123456789")
    return int(cell[len(letters) :] or 0), len(letters), letters


def to_mend_next(wrong: Iterable[str], mended: Iterable[str]) -> str:
    """Of the wrong cells the one to go on with: the first of these where it is wrong still, else the next one down, else
    the first of all. "" where none is left."""
    left, begun = (sorted(filter(None, map(str.upper, each)), key=place_of) for each in (wrong, mended))
    still = [cell for cell in left if cell in begun]
    below = [cell for cell in left if begun and place_of(cell) > place_of(begun[0])]
    return next(iter((*still, *below, *left)), "")


def letter(index: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def clean(value: str) -> str:
    """One line of text without padding, invisible characters and full-width digits or letters."""
    plain = unicodedata.normalize("NFKC", value.translate(UNSEEN)) if not value.isascii() else value
    return " ".join(plain.split())


#: How text files are written, as tried one after the other, by the name that people know.
ENCODINGS = {"utf-8-sig": "UTF-8", "gb18030": "GB18030", "cp1252": "Windows-1252", "utf-16": "UTF-16"}


def _decoded(content: bytes) -> tuple[str, str]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates = ["utf-16"]
    else:
        candidates = [each for each in ENCODINGS if each != "utf-16"]
    for encoding in candidates:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not CONTROLS.search(text):
            return text, ENCODINGS[encoding]
    raise SheetRefused(
        _("This is not a text file. Save it as CSV (UTF-8) or XLSX."), field="file", code="unreadable"
    )


def _refuse_no_table(content: bytes) -> None:
    """By what is in the file: a picture that is called people.csv is a picture."""
    is_webp = content[:4] == b"RIFF" and content[8:12] == b"WEBP"
    # A column may be called BM…; of a bitmap the two letters are followed by numbers.
    is_bitmap = content[:2] == b"BM" and b"\x00" in content[2:14]
    message = ""
    if is_webp or is_bitmap or content.startswith(PICTURES):
        message = _("This file is a picture, not a table. Choose the table itself: CSV (UTF-8) or XLSX.")
    elif content.startswith(PAPERS):
        message = _("This file is a document, not a table. Save the table itself as CSV (UTF-8) or XLSX.")
    elif content.startswith(ARCHIVES):
        message = _("This file is a packed archive. Unpack it and choose the table in it.")
    if message:
        raise SheetRefused(message, field="file", code="unreadable")


def _csv_rows(text: str) -> Iterable[list[str]]:
    lines = text.splitlines()
    first = next((line for line in lines if line.strip()), "")
    if first.lower().startswith("sep=") and len(first) == 5:
        separator = first[4]
        text = text[text.index(first) + len(first) :].lstrip("\r\n")
    else:
        separator = max(SEPARATORS, key=first.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    except csv.Error as error:
        raise SheetRefused(
            _("The file is broken: %(reason)s.") % {"reason": error}, field="file", code="unreadable"
        ) from error


def _workbook_rows(content: bytes) -> Iterable[list[str]]:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        try:
            # The letters of columns are told to people: empty ones on the left count.
            for row in workbooks.rows(file, 0, from_first_column=True, most_bytes=MAX_WORKBOOK_BYTES):
                yield [_as_text(value) for value in row]
        except workbooks.WorkbookRefused as refused:
            raise _refused(refused) from refused


def _refused(refused: workbooks.WorkbookRefused) -> SheetRefused:
    if refused.reason == "too_large":
        message = _("This workbook is too large. Save the sheet as CSV.")
        return SheetRefused(message, field="file", code="too_large")
    return SheetRefused(
        _("This workbook cannot be read. Save it again as XLSX or CSV."), field="file", code="unreadable"
    )


def _as_text(value: Any) -> str:
    """A cell as somebody would type it: whole numbers without a point, dates as 2026-06-30."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value)


def _table(rows: Iterable[list[str]], encoding: str, tidy: Callable[[str], str], most_rows: int) -> Sheet:
    headers: list[str] = []
    body: list[tuple[int, list[str]]] = []
    for number, row in enumerate(rows, start=1):
        cells = [(tidy if headers else clean)(cell) for cell in row[:MAX_COLUMNS]]
        if not any(cells):
            continue
        if not headers:
            headers = cells
            while headers and not headers[-1]:
                headers.pop()
            continue
        body.append((number, (cells + [""] * len(headers))[: len(headers)]))
        if len(body) > most_rows:
            raise SheetRefused(
                _("The file has more than %(count)s rows.") % {"count": f"{most_rows:,}"},
                field="file",
                code="too_large",
            )
    if not body:
        raise SheetRefused(
            _("The file needs a row of column names and at least one row below it."),
            field="file",
            code="empty",
        )
    return Sheet(headers, body, encoding)

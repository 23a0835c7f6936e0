"""Bytes → rows of text. CSV in UTF-8, UTF-16 or GBK with any usual separator; XLSX, XLS and ODS."""

import csv
import datetime
import io
import re
import tempfile
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from performance.foundation import workbooks
from performance.people.actions.refusal import PeopleRefused

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 100_000
MAX_COLUMNS = 100
#: Of all cells of a workbook, which can be many times its packed size.
MAX_WORKBOOK_BYTES = 128 * 1024 * 1024
WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
CELL = re.compile(r"[A-Z]{1,3}\d{1,7}\Z")
SEPARATORS = (",", ";", "\t", "|")
UNSEEN = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060"))


@dataclass(frozen=True)
class Sheet:
    """The header and the rows below it. `rows`: (row number as the spreadsheet shows it, cells as long as headers)."""

    headers: list[str]
    rows: list[tuple[int, list[str]]]
    encoding: str = ""


def read_sheet(content: bytes, file_name: str) -> Sheet:
    """Reads the first sheet. Refuses what is no table, what is empty, and what is too large."""
    if len(content) > MAX_BYTES:
        raise PeopleRefused(_("The file is larger than 20 MB."), field="file", code="too_large")
    if file_name.lower().endswith(WORKBOOKS) or content[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        return _table(_workbook_rows(content), "")
    text, encoding = _decoded(content)
    return _table(_csv_rows(text), encoding)


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


def _decoded(content: bytes) -> tuple[str, str]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates = ["utf-16"]
    else:
        candidates = ["utf-8-sig", "gb18030", "cp1252"]
    for encoding in candidates:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text, encoding
    raise PeopleRefused(
        _("This is not a text file. Save it as CSV (UTF-8) or XLSX."), field="file", code="unreadable"
    )


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
        raise PeopleRefused(
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


def _refused(refused: workbooks.WorkbookRefused) -> PeopleRefused:
    if refused.reason == "too_large":
        message = _("This workbook is too large. Save the sheet as CSV.")
        return PeopleRefused(message, field="file", code="too_large")
    return PeopleRefused(
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


def _table(rows: Iterable[list[str]], encoding: str) -> Sheet:
    headers: list[str] = []
    body: list[tuple[int, list[str]]] = []
    for number, row in enumerate(rows, start=1):
        cells = [clean(cell) for cell in row[:MAX_COLUMNS]]
        if not any(cells):
            continue
        if not headers:
            headers = cells
            while headers and not headers[-1]:
                headers.pop()
            continue
        body.append((number, (cells + [""] * len(headers))[: len(headers)]))
        if len(body) > MAX_ROWS:
            raise PeopleRefused(_("The file has more than 100,000 rows."), field="file", code="too_large")
    if not body:
        raise PeopleRefused(
            _("The file needs a row of column names and at least one row below it."),
            field="file",
            code="empty",
        )
    return Sheet(headers, body, encoding)

"""What goes into a cell of a spreadsheet, and the workbooks that we write."""

import datetime
import unicodedata
from collections.abc import Collection, Iterable
from typing import IO, Any

import xlsxwriter
from django.utils.translation import gettext as _

# What spreadsheets take for the beginning of a formula; the wide forms count in East Asian ones.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: What no name of a sheet may hold, and what none may be.
REFUSED_IN_NAMES, RESERVED_NAMES = frozenset("[]:*?/\\"), ("History",)
#: The most characters that a spreadsheet takes in a cell, and in the name of a sheet.
LONGEST_CELL, LONGEST_NAME = 32_767, 31
#: Letters across of what a workbook says about itself: the names, and what is said.
ABOUT_WIDTHS = (34, 60)


def looks_like_formula(text: str) -> bool:
    """Whether a spreadsheet may take it for a formula: also behind spaces and marks that are nothing to see, which some
    of them drop."""
    if text.startswith(FORMULA_STARTS):
        return True
    first = text[:1]
    if not first or (first.isprintable() and not first.isspace()):
        return False
    seen = (sign for sign in text if sign.isprintable() and not sign.isspace())
    return next(seen, "").startswith(FORMULA_STARTS)


def neutral(text: str) -> str:
    """Text that no spreadsheet computes: an apostrophe before what looks like a formula."""
    return f"'{text}" if looks_like_formula(text) else text


def sheet_name(text: str, instead: str, taken: Collection[str] = ()) -> str:
    """What a sheet may be called: text without what a spreadsheet refuses there or computes, no longer than it takes
    and none of the names that are `taken`, whatever their case. Without anything left it is called `instead`."""
    kept = "".join(" " if sign in REFUSED_IN_NAMES or not sign.isprintable() else sign for sign in text)
    name = " ".join(kept.split()).lstrip("".join(FORMULA_STARTS) + "' ")[:LONGEST_NAME].strip("' ")
    name = name or instead[:LONGEST_NAME]
    others = {each.casefold() for each in (*taken, *RESERVED_NAMES)}
    number, free = 2, name
    while free.casefold() in others:
        end = f" {number}"
        number, free = number + 1, name[: LONGEST_NAME - len(end)].rstrip("' ") + end
    return free


def narrowed(sign: str) -> str:
    """A sign in its usual width: what a Chinese keyboard gives. No more is taken for another one, as the compatibility
    forms of Unicode would have it: 10² is not 102."""
    is_wide = unicodedata.decomposition(sign).startswith(("<wide>", "<narrow>", "<small>"))
    return unicodedata.normalize("NFKC", sign) if is_wide else sign


def fitting(text: str) -> str:
    """The same, as long as a cell takes it."""
    return neutral(text)[:LONGEST_CELL]


def new_workbook(file: IO[bytes] | str, **options: Any) -> Any:
    """An XLSX workbook to write in which text stays text: no formula, no link, no number is made of it. `options` are
    xlsxwriter's own."""
    kept = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    return xlsxwriter.Workbook(file, kept | options)


def write_about(book: Any, name: str, notes: Iterable[tuple[str, Any]], zone: datetime.tzinfo) -> None:
    """The sheet that says what a workbook is: (label, value) in rows. Moments are shown in `zone`, which is named below
    the last of them; what is empty is left out, its label stays."""
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    text = book.add_format({"text_wrap": True, "valign": "top"})
    number = book.add_format({"num_format": "0", "align": "left"})
    day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm", "align": "left"})
    sheet = book.add_worksheet(name[:LONGEST_NAME])
    for place, width in enumerate(ABOUT_WIDTHS):
        sheet.set_column(place, place, width)
    for row, (label, value) in enumerate(_with_zone(notes, zone)):
        sheet.write_string(row, 0, fitting(label), head)
        if isinstance(value, datetime.datetime):
            local = value.astimezone(zone).replace(tzinfo=None, microsecond=0)
            sheet.write_datetime(row, 1, local, moment)
        elif isinstance(value, datetime.date):
            sheet.write_datetime(row, 1, value, day)
        elif isinstance(value, int):
            sheet.write_number(row, 1, value, number)
        elif value:
            sheet.write_string(row, 1, fitting(str(value)), text)


def _with_zone(notes: Iterable[tuple[str, Any]], zone: datetime.tzinfo) -> list[tuple[str, Any]]:
    """A cell with a moment cannot say where its clock hangs. Where summer time lies between two of them, the name of the
    zone says it for each."""
    rows = list(notes)
    moments = [row for row, (_label, value) in enumerate(rows) if isinstance(value, datetime.datetime)]
    if moments:
        offsets = {rows[row][1].astimezone(zone).strftime("%z") for row in moments}
        told = "".join(f" (UTC{each[:3]}:{each[3:5]})" for each in offsets) if len(offsets) == 1 else ""
        rows.insert(moments[-1] + 1, (_("Time zone"), f"{zone}{told}"))
    return rows

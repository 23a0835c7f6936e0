"""What goes into a cell of a spreadsheet, and the workbooks that we write."""

from typing import IO, Any

import xlsxwriter

# What spreadsheets take for the beginning of a formula; the wide forms count in East Asian ones.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: The most characters that a spreadsheet takes in a cell, and in the name of a sheet.
LONGEST_CELL, LONGEST_NAME = 32_767, 31


def neutral(text: str) -> str:
    """Text that no spreadsheet computes: an apostrophe before what looks like a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def fitting(text: str) -> str:
    """The same, as long as a cell takes it."""
    return neutral(text)[:LONGEST_CELL]


def new_workbook(file: IO[bytes] | str, **options: Any) -> Any:
    """An XLSX workbook to write in which text stays text: no formula, no link, no number is made of it. `options` are
    xlsxwriter's own."""
    kept = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    return xlsxwriter.Workbook(file, kept | options)

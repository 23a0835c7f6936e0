"""Reading an exported file back."""

import csv
import io
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils import escape

from performance.appraisals.actions import files
from performance.appraisals.models import Export


def path(export: Export) -> Path:
    export.refresh_from_db()
    return files.path_of(export)


def sheet_rows(export: Export, sheet: str = "Results") -> list[list[Any]]:
    """Control characters stand as _x000D_ in the file; spreadsheets read them back, openpyxl leaves that to us."""
    book = openpyxl.load_workbook(path(export))
    return [
        [escape.unescape(cell.value) if isinstance(cell.value, str) else cell.value for cell in row]
        for row in book[sheet].iter_rows()
    ]


def csv_rows(export: Export) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path(export).read_bytes().decode("utf-8-sig"), newline="")))

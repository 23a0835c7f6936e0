"""The board as a workbook."""

import datetime
import tempfile
from collections.abc import Sequence
from decimal import Decimal
from typing import IO, Any

from django.utils import timezone

from performance.foundation import access, audit, cells
from performance.kpis.queries import board_tables, months
from performance.kpis.queries.boards import Board

# Beyond it a file lies on disk rather than in memory.
IN_MEMORY = 4 * 1024**2
WIDTH, WIDEST = 14, 60
#: As many places as people look at; the cell has them all.
FIGURE = "#,##0.00######"


def export_board(*, board: Board, by: access.Actor, at: datetime.datetime) -> IO[bytes]:
    """XLSX, ready to be read from its beginning: typed cells under frozen heads. Moments are in the time zone that is
    active. What was exported is on record."""
    file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
    book = cells.new_workbook(file)
    book.set_properties({"title": board.chosen.metric.name, "company": "Accord"})
    looks = {
        "head": book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}),
        "text": book.add_format({"text_wrap": True, "valign": "top"}),
        "figure": book.add_format({"num_format": FIGURE, "valign": "top"}),
        "number": book.add_format({"num_format": "0", "valign": "top"}),
        "day": book.add_format({"num_format": "yyyy-mm-dd", "align": "left", "valign": "top"}),
        "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm", "align": "left", "valign": "top"}),
    }
    tables = board_tables.tables_of(board)
    for table in tables:
        _write(book.add_worksheet(table.name[: cells.LONGEST_NAME]), table, looks)
    book.close()
    audit.record(
        by=by,
        action="kpis.export_board",
        subject=by.organisation,
        at=at,
        changes={
            "rows": sum(len(table.rows) for table in tables),
            "format": "xlsx",
            "filters": {
                "month": months.key(board.month),
                "metric": board.chosen.metric.key,
                "by": board.cut,
                "vs": board.basis,
                **board.within,
            },
        },
    )
    file.seek(0)
    return file


def _write(sheet: Any, table: board_tables.Table, looks: dict[str, Any]) -> None:
    for place, head in enumerate(table.heads):
        sheet.write_string(0, place, cells.neutral(head), looks["head"])
        sheet.set_column(place, place, _width(table.rows, place))
    for number, row in enumerate(table.rows, 1):
        for place, value in enumerate(row):
            _cell(sheet, number, place, value, looks)
    sheet.freeze_panes(1, 1)
    if table.rows:
        sheet.autofilter(0, 0, len(table.rows), len(table.heads) - 1)


def _width(rows: Sequence[Sequence[board_tables.Cell]], place: int) -> int:
    longest = max((len(row[place]) for row in rows if isinstance(row[place], str)), default=0)  # type: ignore[arg-type]
    return min(max(WIDTH, longest + 2), WIDEST)


def _cell(sheet: Any, row: int, place: int, value: board_tables.Cell, looks: dict[str, Any]) -> None:
    if value is None:
        return
    if isinstance(value, Decimal):
        sheet.write_number(row, place, float(value), looks["figure"])
    elif isinstance(value, int):
        sheet.write_number(row, place, value, looks["number"])
    elif isinstance(value, datetime.datetime):
        here = value.astimezone(timezone.get_current_timezone()).replace(tzinfo=None)
        sheet.write_datetime(row, place, here, looks["moment"])
    elif isinstance(value, datetime.date):
        sheet.write_datetime(row, place, value, looks["day"])
    else:
        sheet.write_string(row, place, cells.fitting(value), looks["text"])

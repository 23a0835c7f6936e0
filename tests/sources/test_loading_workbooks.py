"""Workbooks that are uploaded, loaded and replaced."""

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from performance.people.models import Organisation
from performance.sources import actions, queries
from tests.sources import stage
from tests.sources.stage import AT, Clock

LATER = AT + datetime.timedelta(minutes=10)


@pytest.fixture
def budgets(tmp_path: Path) -> Path:
    return written_budgets(
        tmp_path, [("010", datetime.date(2026, 5, 1), 1000.1), ("020", datetime.date(2026, 5, 1), 2000)]
    )


def written_budgets(folder: Path, lines: list[tuple[Any, ...]]) -> Path:
    path = folder / "budgets.xlsx"
    book = xlsxwriter.Workbook(path)
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet("Budgets")
    sheet.write_row(0, 0, ["Store", "Month", "Budget"])
    for number, (store, month, amount) in enumerate(lines, start=1):
        sheet.write(number, 0, store)
        if isinstance(month, datetime.date):
            sheet.write_datetime(number, 1, month, day)
        else:
            sheet.write(number, 1, month)
        sheet.write(number, 2, amount)
    book.close()
    return path


def by_store_and_month(proposal: Any) -> dict[str, Any]:
    return {"is_key": proposal.key in ("store", "month")} | (
        {"type": "decimal"} if proposal.key == "budget" else {}
    )


def test_a_workbook_of_budgets_is_uploaded_loaded_and_replaced(acting: Organisation, budgets: Path) -> None:
    connection = stage.uploaded(budgets)
    dataset = stage.modelled(connection, {"table": "Budgets"}, "budgets", change=by_store_and_month)
    done = stage.load(dataset)
    assert done.state == "done", done.problem
    assert stage.rows(dataset, "store", "month", "budget") == [
        ("010", datetime.date(2026, 5, 1), Decimal("1000.1")),
        ("020", datetime.date(2026, 5, 1), Decimal(2000)),
    ]
    may = datetime.date(2026, 5, 1)
    again = written_budgets(
        budgets.parent,
        [("010", may, 1500), ("030", may, 1), ("030", may, 2), ("", may, 3), ("040", "soon", 4)],
    )
    stage.uploaded(again, connection=connection)
    done = stage.load(dataset, Clock(LATER))
    assert stage.counts(done) == {
        "read": 5,
        "rejected": 3,
        "inserted": 1,
        "updated": 1,
        "deleted": 1,
        "unchanged": 0,
    }
    assert stage.rows(dataset, "store", "budget") == [("010", Decimal(1500)), ("030", Decimal(1))]
    kept = {(row.number, row.reason, row.column_key, row.value) for row in queries.rejected_rows(done)}
    assert kept == {
        (3, "key_twice", "store", "030, 2026-05-01"),
        (4, "key_missing", "store", ""),
        (5, "not_date", "month", "soon"),
    }
    assert actions.clear_rejected_rows(at=LATER + datetime.timedelta(days=29)) == 0
    assert {(group.reason, group.count) for group in queries.rejected_by_reason(done)} == {
        ("key_twice", 1),
        ("key_missing", 1),
        ("not_date", 1),
    }
    assert actions.clear_rejected_rows(at=LATER + datetime.timedelta(days=31)) == 3

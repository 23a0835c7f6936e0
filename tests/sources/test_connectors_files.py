"""Uploaded files: encodings, delimiters, sheets, messy headers, and caps."""

import csv
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from performance.foundation.workbooks import inspection
from performance.sources import connectors
from tests.sources.real_data import shared

HEADER = ["门店", "日期", "金额"]
ROWS = [["春熙路店", "2026-05-13", "1,234.50"], ["天府店", "2026-05-14", "-7"]]


def written(path: Path, text: str, encoding: str) -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def sheet(rows: list[list[str]], delimiter: str = ",") -> str:
    return "\r\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows) + "\r\n"


def read(path: Path, names: list[str], table: str = "", **options: Any) -> list[tuple[Any, ...]]:
    with connectors.opened("file", {"path": path, "name": path.name}) as source:
        name = table or source.discover()[0].name
        return [
            row for batch in source.read(connectors.Table("", name), names, **options) for row in batch.rows
        ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_csv_is_read_in_any_usual_encoding_and_delimiter(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    path = written(tmp_path / "budget.csv", sheet([HEADER, *ROWS], delimiter), encoding)
    assert read(path, HEADER) == [tuple(row) for row in ROWS]


def test_a_csv_is_discovered_with_guessed_types(tmp_path: Path) -> None:
    path = written(tmp_path / "budget.csv", sheet([HEADER, *ROWS]), "utf-8")
    with connectors.opened("file", {"path": path, "name": path.name}) as source:
        (table,) = source.discover()
        assert source.check().tables == 1
    assert table.name == "budget"
    assert [(column.name, column.type) for column in table.columns] == [
        ("门店", "text"),
        ("日期", "date"),
        ("金额", "decimal"),
    ]


def test_messy_files_keep_their_rows(tmp_path: Path) -> None:
    text = "\r\n\r\n store , store ,,amount\r\n 010 ,a,,5\r\n,,,\r\n020,b\r\n"
    path = written(tmp_path / "messy.csv", text, "utf-8-sig")
    assert read(path, ["store", "store (2)", "column 3", "amount"]) == [
        ("010", "a", None, "5"),
        ("020", "b", None, None),
    ]


def test_letters_that_cannot_be_told_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "noise.csv"
    path.write_bytes(b"a,b\n\xff\xff\xff,\x80\n")
    with pytest.raises(connectors.ConnectorRefused) as refused:
        read(path, ["a"])
    assert refused.value.code == "file_encoding"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xef\xbb\xbfname,amount\r\n\xff\xfe,1\r\n", "file_encoding"),
        (b"\xef\xbb\xbfname,amount\r\n" + b"a,1\r\n" * 5000 + b"\xff,1\r\n", "file_encoding"),
        (b"\xff\xfen\x00a\x00,\x00b\x00\n\x001", "file_encoding"),
        (b"\xff\xfe\x00\x00" + "name,amount\na,1\n".encode("utf-32-le"), "file_encoding"),
        (b'name,amount\n"' + b"x" * 140_000 + b'",1\n', "line_unreadable"),
    ],
)
def test_a_file_that_breaks_its_own_promise_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    """A mark before other letters, a cell without an end: said in words, at the upload and in a load."""
    path = tmp_path / "budget.csv"
    path.write_bytes(content)
    with pytest.raises(connectors.ConnectorRefused) as refused:
        read(path, ["name"])
    assert refused.value.code == code
    with connectors.opened("file", {"path": path, "name": path.name}) as source:
        if code == "file_encoding":
            with pytest.raises(connectors.ConnectorRefused):
                source.check()
        else:
            assert source.check().tables == 1


@pytest.mark.parametrize("content", [b"", b"\n\n", b" , \n"])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "empty.csv"
    path.write_bytes(content)
    with pytest.raises(connectors.ConnectorRefused) as refused:
        read(path, ["a"])
    assert refused.value.code == "file_empty"


def test_other_kinds_of_files_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "macro.xlsm", "", "utf-8")
    with pytest.raises(connectors.ConnectorRefused) as refused:
        read(path, ["a"])
    assert refused.value.code == "file_kind"


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    path = tmp_path / "budgets.xlsx"
    book = xlsxwriter.Workbook(path)
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    cells = book.add_worksheet("2026")
    cells.write_row(1, 0, ["store", "month", "budget", "open"])
    cells.write_row(2, 0, ["010", None, 0.1 + 0.2, True])
    cells.write_datetime(2, 1, date(2026, 5, 1), day)
    cells.write_row(4, 0, ["020", None, 1250000, False])
    cells.write_datetime(4, 1, date(2026, 6, 1), day)
    book.add_worksheet("空")
    book.close()
    return path


def test_a_workbook_gives_its_sheets_and_what_people_see_in_cells(workbook: Path) -> None:
    with connectors.opened("file", {"path": workbook, "name": workbook.name}) as source:
        tables = source.discover()
    assert [table.name for table in tables] == ["2026"]
    assert [column.type for column in tables[0].columns] == ["text", "date", "decimal", "boolean"]
    assert read(workbook, ["store", "month", "budget", "open"], "2026") == [
        ("010", date(2026, 5, 1), Decimal("0.3"), True),
        ("020", date(2026, 6, 1), 1250000, False),
    ]


def test_a_sheet_or_column_that_went_away_is_said(workbook: Path) -> None:
    for names, table, code in ((["store"], "2025", "sheet_missing"), (["shop"], "2026", "column_missing")):
        with pytest.raises(connectors.ConnectorRefused) as refused:
            read(workbook, names, table)
        assert refused.value.code == code


def test_a_damaged_workbook_and_a_zip_bomb_are_refused(tmp_path: Path) -> None:
    damaged = written(tmp_path / "damaged.xlsx", "not a zip", "utf-8")
    bomb = tmp_path / "bomb.xlsx"
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/big.xml", "w") as entry,
    ):
        for _ in range(inspection.MAX_UNPACKED // (1 << 20) + 1):
            entry.write(b"\0" * (1 << 20))
    for path, code in ((damaged, "file_unreadable"), (bomb, "file_too_large")):
        with pytest.raises(connectors.ConnectorRefused) as refused:
            read(path, ["a"])
        assert refused.value.code == code


def test_rows_are_capped(tmp_path: Path) -> None:
    path = written(tmp_path / "long.csv", "a\n" + "1\n" * 50, "utf-8")
    limits = connectors.Limits(max_rows=10)
    with (
        connectors.opened("file", {"path": path, "name": path.name}, limits=limits) as source,
        pytest.raises(connectors.ConnectorRefused) as refused,
    ):
        list(source.read(connectors.Table("", "long"), ["a"], batch_size=4))
    assert refused.value.code == "too_many_rows"


def test_contoso_reads_like_the_standard_library(tmp_path: Path) -> None:
    path = shared("contoso", "sales.csv")
    with path.open(encoding="utf-8", newline="") as lines:
        expected = [(row["order_key"], row["net_price"], row["order_date"]) for row in csv.DictReader(lines)]
    assert read(path, ["order_key", "net_price", "order_date"], batch_size=1000) == expected
    with connectors.opened("file", {"path": path, "name": path.name}) as source:
        types = {column.name: column.type for column in source.discover()[0].columns}
    assert types["order_key"] == "integer"
    assert types["net_price"] == "decimal"
    assert types["order_date"] == "date"

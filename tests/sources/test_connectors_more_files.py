"""XLS, ODS and Parquet: told by their content, read in the process apart, capped like the others."""

import io
import resource
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import arro3.io
import pytest
from arro3.core import Array, DataType, Table

from performance.foundation.workbooks import apart
from performance.sources import connectors
from tests.sources import old_workbook
from tests.sources.real_data import shared


def opened(path: Path, **options: Any) -> Any:
    return connectors.opened("file", {"path": path, "name": path.name}, **options)


def read(path: Path, names: list[str], table: str = "", **options: Any) -> list[tuple[Any, ...]]:
    with opened(path, **options) as source:
        name = table or source.discover()[0].name
        return [row for batch in source.read(connectors.Table("", name), names) for row in batch.rows]


def code_of(path: Path, names: list[str], **options: Any) -> str:
    with pytest.raises(connectors.ConnectorRefused) as refused:
        read(path, names, **options)
    return str(refused.value.code)


def kept(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def ods() -> bytes:
    def cell(kind: str, value: str, shown: str) -> str:
        name = {"float": "value", "date": "date-value"}.get(kind, "string-value")
        return (
            f'<table:table-cell office:value-type="{kind}" office:{name}="{value}">'
            f"<text:p>{shown}</text:p></table:table-cell>"
        )

    rows = [
        [("string", name, name) for name in ("store", "month", "budget")],
        [("string", "010", "010"), ("date", "2026-05-01", "1 May"), ("float", "0.3", "0.3")],
    ]
    lines = "".join(
        f"<table:table-row>{''.join(cell(*parts) for parts in row)}</table:table-row>" for row in rows
    )
    spaces = (
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", '<m:manifest xmlns:m="m"/>')
        archive.writestr(
            "content.xml",
            f"<office:document-content {spaces}><office:body><office:spreadsheet>"
            f'<table:table table:name="2026">{lines}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return packed.getvalue()


def test_an_old_workbook_gives_its_sheet(tmp_path: Path) -> None:
    path = kept(tmp_path / "budget.xls", old_workbook.content())
    assert read(path, ["门店", "month", "budget"], "2019") == [
        ("010", date(2019, 5, 1), Decimal("0.3")),
        ("020", date(2019, 6, 1), 1250000),
    ]
    with opened(path) as source:
        assert source.check().server == "XLS"
        assert [column.type for column in source.discover()[0].columns] == ["text", "date", "decimal"]


def test_an_open_document_gives_its_sheet(tmp_path: Path) -> None:
    path = kept(tmp_path / "budget.ods", ods())
    assert read(path, ["store", "month", "budget"], "2026") == [("010", date(2026, 5, 1), Decimal("0.3"))]


def test_the_content_says_what_a_file_is_and_not_its_name(tmp_path: Path) -> None:
    path = kept(tmp_path / "export.csv", old_workbook.content())
    assert read(path, ["门店"], "2019") == [("010",), ("020",)]
    for name in ("page.xls", "page.ods", "page.parquet"):
        page = kept(tmp_path / name, b"<table><tr><td>store</td></tr></table>")
        assert code_of(page, ["store"]) == "file_unreadable"


def integers(values: list[int | None]) -> Any:
    return Array(values, type=DataType.int64())


@pytest.fixture
def table(tmp_path: Path) -> Path:
    moment = int(datetime(2026, 5, 1, 8, 30, tzinfo=UTC).timestamp()) * 1_000_000_000
    days = (date(2026, 5, 1) - date(1970, 1, 1)).days
    columns = {
        "门店": Array(["春熙路店", None], type=DataType.string()),
        "day": Array([days, None], type=DataType.int32()).cast(DataType.date32()),
        "wall": integers([moment, None]).cast(DataType.timestamp("ns")),
        "instant": integers([moment, None]).cast(DataType.timestamp("ns", tz="Asia/Shanghai")),
        "amount": Array(["1234567890123456.78", None], type=DataType.string()).cast(
            DataType.decimal128(20, 2)
        ),
        "share": Array([0.1, None], type=DataType.float32()),
        "open": Array([True, None], type=DataType.bool()),
        "big": integers([2**62, None]),
        "late": integers([2**61, None]).cast(DataType.timestamp("ms")),
    }
    path = tmp_path / "sales.parquet"
    arro3.io.write_parquet(Table.from_pydict(columns), str(path), compression="zstd(1)")
    return path


def test_parquet_gives_its_types_and_exact_values(table: Path) -> None:
    with opened(table) as source:
        (info,) = source.discover()
        assert source.has_types
        assert source.check().server == "Parquet"
    assert [(column.name, column.type) for column in info.columns] == [
        ("门店", "text"),
        ("day", "date"),
        ("wall", "timestamp"),
        ("instant", "timestamp"),
        ("amount", "decimal"),
        ("share", "decimal"),
        ("open", "boolean"),
        ("big", "integer"),
        ("late", "timestamp"),
    ]
    first, second = read(table, [column.name for column in info.columns])
    assert first[:2] == ("春熙路店", date(2026, 5, 1))
    assert first[2] == datetime(2026, 5, 1, 8, 30)  # noqa: DTZ001 - a wall clock
    assert first[3] == datetime(2026, 5, 1, 8, 30, tzinfo=UTC)
    assert first[4:8] == (Decimal("1234567890123456.78"), 0.1, True, 2**62)
    assert isinstance(first[8], str), "a time that no calendar knows is no empty cell"
    assert second == (None,) * 9
    assert read(table, ["big", "门店"], "another name of the same file")[0] == (2**62, "春熙路店")


def test_a_column_that_went_away_is_said(table: Path) -> None:
    assert code_of(table, ["shop"]) == "column_missing"


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" + b"\0" * 40 + b"PAR1"])
def test_a_damaged_parquet_is_refused(tmp_path: Path, content: bytes) -> None:
    assert code_of(kept(tmp_path / "broken.parquet", content), ["a"]) == "file_unreadable"


def test_a_cut_parquet_is_refused(tmp_path: Path, table: Path) -> None:
    whole = table.read_bytes()
    assert code_of(kept(tmp_path / "cut.parquet", whole[: len(whole) // 2]), ["a"]) == "file_unreadable"


def test_rows_of_a_parquet_are_capped(tmp_path: Path) -> None:
    path = tmp_path / "long.parquet"
    arro3.io.write_parquet(Table.from_pydict({"a": integers(list(range(50)))}), str(path))
    assert code_of(path, ["a"], limits=connectors.Limits(max_rows=10)) == "too_many_rows"


def test_a_parquet_that_unpacks_beyond_all_bounds_kills_only_the_process_apart(tmp_path: Path) -> None:
    """Three thousand times sixteen megabytes of the same letter: a few kilobytes on disk."""
    word = Array(["a" * (1 << 24)], type=DataType.string())
    path = tmp_path / "bomb.parquet"
    batch = Table.from_pydict({"a": word}).to_batches()[0]
    arro3.io.write_parquet(
        Table.from_batches([batch] * 300, schema=batch.schema), str(path), compression="zstd(3)"
    )
    assert path.stat().st_size < 1 << 20
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert code_of(path, ["a"]) == "file_too_large"
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < apart.MEMORY // 1024 // 4, f"{grown} KB in this process"


@pytest.fixture
def orders() -> Path:
    return shared("jaffle_shop", "orders.parquet")


def test_a_real_parquet_is_read_whole_and_in_flat_memory(orders: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    count = total = 0
    with opened(orders) as source:
        for batch in source.read(connectors.Table("", "orders"), ["order_id", "order_total"]):
            count += len(batch.rows)
            total += sum(row[1] for row in batch.rows)
    expected = sum(
        scalar.as_py()
        for batch in arro3.io.read_parquet(str(orders))
        for scalar in batch.column("order_total")
    )
    assert (count, total) == (663_029, expected)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000

"""Workbooks are looked into before a reader lays them out, and read in a process that may die of them."""

import datetime
import io
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import openpyxl
import pytest
import xlsxwriter

from performance.foundation import workbooks
from performance.foundation.workbooks import inspection

VALUE = '<table:table-cell office:value-type="float" office:value="1"><text:p>1</text:p></table:table-cell>'


def sheet(*cells: tuple[int, int, object]) -> io.BytesIO:
    book = openpyxl.Workbook()
    for row, column, value in cells:
        book.active.cell(row, column, value)
    packed = io.BytesIO()
    book.save(packed)
    return packed


def packed_xlsx(rows: str) -> io.BytesIO:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", f"<worksheet><sheetData>{rows}</sheetData></worksheet>")
    return packed


def test_an_ordinary_workbook_passes() -> None:
    inspection.inspect(
        sheet(*((row, column, row * column) for row in range(1, 60) for column in range(1, 9)))
    )


@pytest.mark.parametrize(
    "hostile",
    [
        sheet((1, 1, "Number"), (1_048_576, 16_384, "far away")),
        packed_xlsx('<row><c><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        packed_xlsx('<row><c><v>1</v></c></row><row r="900000000"><c><v>1</v></c></row>'),
        packed_xlsx('<row r="1048576"><c bar=">" r="XFD1048576"><v>1</v></c></row>'),
        packed_xlsx(
            "<row r='1'><c r='A1'><v>1</v></c></row><row r='9'><c b='/>' r='XFD1048576'><f>1</f></c></row>"
        ),
        packed_xlsx('<row><c><v>1</v></c></row><x:row><x:c r="XFD1048576"  ><x:v>1</x:v></x:c></x:row>'),
        packed_xlsx('<row r="1048577"><c><v>1</v></c></row>'),
        packed_xlsx('<row><c r="XFE1"><v>1</v></c></row>'),
    ],
)
def test_a_cell_in_the_far_corner_is_refused(hostile: io.BytesIO) -> None:
    with pytest.raises(workbooks.WorkbookRefused, match="too_large"):
        inspection.inspect(hostile)


def test_cells_are_placed_by_their_name() -> None:
    packed = packed_xlsx('<row r="1"><c r="A1"><v>1</v></c><c r="XFD1" t="s"><v>1</v></c></row>' * 2)
    inspection.inspect(packed)
    wide = "".join(f'<row r="{row}"><c r="A{row}"><v>1</v></c></row>' for row in (1, 2000))
    with pytest.raises(workbooks.WorkbookRefused, match="too_large"):
        inspection.inspect(packed_xlsx(wide + '<row r="3"><c r="XFD3"><v>1</v></c></row>'))


def test_a_format_alone_in_the_far_corner_takes_no_place() -> None:
    inspection.inspect(
        packed_xlsx('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576" s="1"/></row>')
    )


def test_a_packed_file_that_holds_far_more_than_it_weighs_is_refused() -> None:
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/sharedStrings.xml", "w", force_zip64=True) as part,
    ):
        for _each in range(513):
            part.write(b" " * 1024**2)
    with pytest.raises(workbooks.WorkbookRefused, match="too_large"):
        inspection.inspect(packed)


def test_what_is_no_archive_is_unreadable() -> None:
    with pytest.raises(workbooks.WorkbookRefused, match="unreadable"):
        inspection.inspect(io.BytesIO(b"PK\x03\x04 nothing"))


def packed_ods(rows: str) -> io.BytesIO:
    packed = io.BytesIO()
    names = 'xmlns:office="o" xmlns:table="t" xmlns:text="x"'
    body = f'<office:body><office:spreadsheet><table:table table:name="S">{rows}</table:table>'
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", '<m:manifest xmlns:m="m"/>')
        archive.writestr(
            "content.xml",
            f"<office:document-content {names}>{body}</office:spreadsheet></office:body></office:document-content>",
        )
    return packed


def repeated(value: str, columns: int) -> str:
    return value.replace("<table:table-cell", f'<table:table-cell table:number-columns-repeated="{columns}"')


@pytest.mark.parametrize(
    "rows",
    [
        f"<table:table-row>{repeated(VALUE, 16_385)}</table:table-row>",
        f'<table:table-row table:number-rows-repeated="1000">{repeated(VALUE, 1000)}</table:table-row>' * 20,
        '<table:table-row table:number-rows-repeated="1048576"/>'
        + f"<table:table-row>{VALUE}</table:table-row>",
        f"<table:table-row>{VALUE}</table:table-row>"
        '<table:table-row table:number-rows-repeated="2000"><table:table-cell/></table:table-row>'
        f'<table:table-row><table:table-cell table:number-columns-repeated="16000"/>{VALUE}</table:table-row>',
    ],
)
def test_repeated_rows_and_cells_are_multiplied(rows: str) -> None:
    with pytest.raises(workbooks.WorkbookRefused, match="too_large"):
        inspection.inspect(packed_ods(rows))


def test_repeated_empty_rows_and_cells_at_the_end_take_no_place() -> None:
    rows = (
        f'<table:table-row>{VALUE}<table:table-cell table:number-columns-repeated="16383"/></table:table-row>'
        '<table:table-row table:number-rows-repeated="1048575"><table:table-cell'
        ' table:number-columns-repeated="16384"/></table:table-row>'
    )
    with on_disk(packed_ods(rows)) as file:
        assert list(workbooks.rows(file, 0)) == [[1.0]]


@pytest.mark.parametrize(
    "sheet",
    [
        '<!DOCTYPE worksheet [<!ENTITY a "aaaa">]><worksheet><sheetData/></worksheet>',
        '<!DOCTYPE worksheet SYSTEM "file:///etc/passwd"><worksheet/>',
        "<worksheet>&unknown;</worksheet>",
        "<worksheet><sheetData>",
        '<worksheet><row r="1"><c r="A1" r="B1"/></row></worksheet>',
        '<worksheet><row r="1"><c r="A1:B2"><v>1</v></c></row></worksheet>',
        '<worksheet><row r="-1"><c><v>1</v></c></row></worksheet>',
        f"<worksheet a='{'x' * 2_000_000}'/>",
    ],
)
def test_what_is_no_plain_xml_of_a_sheet_is_unreadable(sheet: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
    with pytest.raises(workbooks.WorkbookRefused, match="unreadable"):
        inspection.inspect(packed)


@contextmanager
def on_disk(content: io.BytesIO) -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as file:
        file.write(content.getvalue())
        yield file


def test_every_kind_of_cell_arrives_as_it_is() -> None:
    kinds = {"day": "yyyy-mm-dd", "moment": "yyyy-mm-dd hh:mm", "clock": "hh:mm:ss", "span": "[h]:mm:ss"}
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed, {"in_memory": True}) as book:
        cells = book.add_worksheet("2026")
        formats = {kind: book.add_format({"num_format": code}) for kind, code in kinds.items()}
        cells.write_row(1, 1, ["春熙路店 \n😀", 1.5, 12, True])
        cells.write(2, 1, datetime.date(2026, 5, 1), formats["day"])
        cells.write(2, 2, datetime.datetime(2026, 5, 1, 8, 30), formats["moment"])  # noqa: DTZ001 - as in a sheet
        cells.write(2, 3, datetime.time(8, 30), formats["clock"])
        cells.write(2, 4, 1.25, formats["span"])
        book.add_worksheet("empty")
    values = [
        ["春熙路店 \n😀", 1.5, 12.0, True],
        [
            datetime.date(2026, 5, 1),
            datetime.datetime(2026, 5, 1, 8, 30),  # noqa: DTZ001
            datetime.time(8, 30),
            datetime.timedelta(days=1, hours=6),
        ],
    ]
    with on_disk(packed) as file:
        assert workbooks.sheet_names(file) == ["2026", "empty"]
        assert list(workbooks.rows(file, "2026", is_inspected=True))[1:] == values
        padded = list(workbooks.rows(file, 0, from_first_column=True))
        assert padded[0] == [""] * 5
        assert padded[1:] == [["", *row] for row in values]
        assert list(workbooks.rows(file, 1)) == []
        for missing in ("2025", 2, -1):
            with pytest.raises(workbooks.WorkbookRefused, match="no_sheet"):
                list(workbooks.rows(file, missing))


def of_one_word(word: str, cells: int) -> io.BytesIO:
    """A whole workbook in which every cell points to the same text."""
    rows = '<row><c t="s"><v>0</v></c></row>' * cells
    parts = {
        "xl/sharedStrings.xml": f"<sst><si><t>{word}</t></si></sst>",
        "xl/worksheets/sheet1.xml": f"<worksheet><sheetData>{rows}</sheetData></worksheet>",
    }
    return changed(sheet((1, 1, 1)), parts)


def out_of_sight() -> io.BytesIO:
    """A workbook whose sheet is a part that no inspection takes for one, with a cell in the far corner."""
    book = sheet((1, 1, 1))
    with zipfile.ZipFile(book) as archive:
        relations = archive.read("xl/_rels/workbook.xml.rels").decode()
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    return changed(
        book,
        {
            "xl/_rels/workbook.xml.rels": relations.replace("worksheets/sheet1.xml", "media/picture.png"),
            "xl/media/picture.png": f"<worksheet><sheetData>{rows}</sheetData></worksheet>",
        },
    )


def changed(book: io.BytesIO, parts: dict[str, str]) -> io.BytesIO:
    packed = io.BytesIO()
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in dict.fromkeys([*old.namelist(), *parts]):
            new.writestr(name, parts[name] if name in parts else old.read(name))
    return packed


@pytest.mark.parametrize(
    "hostile",
    [
        # Small cells that all hold the same long text, which the reader copies for each: 32 GB.
        of_one_word("x" * 32_767, 1_000_000),
        out_of_sight(),
    ],
)
def test_what_slips_through_kills_only_the_process_apart(hostile: io.BytesIO) -> None:
    with on_disk(hostile) as file, pytest.raises(workbooks.WorkbookRefused, match="too_large"):
        list(workbooks.rows(file, 0))


def test_rows_may_take_only_so_much_on_their_way() -> None:
    with on_disk(of_one_word("x" * 1000, 5000)) as file:
        assert len(list(workbooks.rows(file, 0))) == 5000
        with pytest.raises(workbooks.WorkbookRefused, match="too_large"):
            list(workbooks.rows(file, 0, most_bytes=1_000_000))


def test_who_wants_only_the_first_rows_does_not_wait_for_the_rest() -> None:
    with on_disk(of_one_word("x" * 1000, 100_000)) as file:
        found = workbooks.rows(file, 0)
        assert next(found) == ["x" * 1000]
        started = time.monotonic()
        found.close()
        assert time.monotonic() - started < 1


def test_the_process_apart_knows_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECRET_KEY", "hunter2")
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\nenv > {tmp_path}/seen\n")
    program.chmod(0o700)
    monkeypatch.setattr("sys.executable", str(program))
    with on_disk(sheet((1, 1, 1))) as file, pytest.raises(workbooks.WorkbookRefused, match="unreadable"):
        workbooks.sheet_names(file)
    assert "PATH=" in (tmp_path / "seen").read_text()
    assert "hunter2" not in (tmp_path / "seen").read_text()


def test_a_process_that_takes_too_long_is_a_refusal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nulimit -t 1\nwhile :; do :; done\n")
    program.chmod(0o700)
    monkeypatch.setattr("sys.executable", str(program))
    with on_disk(sheet((1, 1, 1))) as file, pytest.raises(workbooks.WorkbookRefused, match="too_large"):
        workbooks.sheet_names(file)

"""Workbooks are looked into before a reader lays them out."""

import io
import zipfile

import openpyxl
import pytest

from performance.foundation import workbooks


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
    workbooks.inspect(sheet(*((row, column, row * column) for row in range(1, 60) for column in range(1, 9))))


@pytest.mark.parametrize(
    "hostile",
    [
        sheet((1, 1, "Number"), (1_048_576, 16_384, "far away")),
        packed_xlsx('<row><c><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        packed_xlsx('<row><c><v>1</v></c></row><row r="900000000"><c><v>1</v></c></row>'),
    ],
)
def test_a_cell_in_the_far_corner_is_refused(hostile: io.BytesIO) -> None:
    with pytest.raises(workbooks.WorkbookRefused, match="too_large"):
        workbooks.inspect(hostile)


def test_cells_are_placed_by_their_name() -> None:
    packed = packed_xlsx('<row r="1"><c r="A1"><v>1</v></c><c r="XFD1" t="s"><v>1</v></c></row>' * 2)
    workbooks.inspect(packed)
    wide = "".join(f'<row r="{row}"><c r="A{row}"><v>1</v></c></row>' for row in (1, 2000))
    with pytest.raises(workbooks.WorkbookRefused, match="too_large"):
        workbooks.inspect(packed_xlsx(wide + '<row r="3"><c r="XFD3"><v>1</v></c></row>'))


def test_a_format_alone_in_the_far_corner_takes_no_place() -> None:
    workbooks.inspect(
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
        workbooks.inspect(packed)


def test_what_is_no_archive_is_unreadable() -> None:
    with pytest.raises(workbooks.WorkbookRefused, match="unreadable"):
        workbooks.inspect(io.BytesIO(b"PK\x03\x04 nothing"))


def test_repeated_cells_with_content_are_refused() -> None:
    packed = io.BytesIO()
    cell = (
        '<table:table-cell office:value-type="float" table:number-columns-repeated="16384" office:value="1">'
    )
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(
            "content.xml", f"<table:table-row>{cell}<text:p>1</text:p></table:table-cell></table:table-row>"
        )
    with pytest.raises(workbooks.WorkbookRefused, match="too_large"):
        workbooks.inspect(packed)

"""What we write into workbooks says what it is."""

import datetime
import io
import zoneinfo

import openpyxl
import pytest

from performance.foundation import cells


def test_the_zone_of_moments_has_an_offset_where_it_is_the_same_for_all() -> None:
    def zone_of(*days: datetime.date) -> str:
        file = io.BytesIO()
        noon = datetime.time(12, tzinfo=datetime.UTC)
        notes = [(f"On {day}", datetime.datetime.combine(day, noon)) for day in days]
        with cells.new_workbook(file) as book:
            cells.write_about(book, "About", [("What", "a file"), *notes], zoneinfo.ZoneInfo("Europe/Berlin"))
        rows = list(openpyxl.load_workbook(file).active.values)
        return str(dict(rows)["Time zone"])

    winter, summer = datetime.date(2026, 1, 5), datetime.date(2026, 7, 6)
    assert (zone_of(winter), zone_of(summer)) == ("Europe/Berlin (UTC+01:00)", "Europe/Berlin (UTC+02:00)")
    assert zone_of(winter, summer) == "Europe/Berlin"


@pytest.mark.parametrize(
    "text",
    [
        "=1",
        "+1",
        "-1",
        "@A1",
        "\t1",
        "\r1",
        "＝1",
        "＋1",
        "－1",
        "＠A1",
        " =1",
        "\u3000＝1",
        "\ufeff=1",
        "\x00=1",
        "\u200b @A1",
    ],
)
def test_what_looks_like_a_formula_begins_with_an_apostrophe(text: str) -> None:
    assert cells.neutral(text) == "'" + text


@pytest.mark.parametrize("text", ["", " ", "a=b", "  a", "'=1", "1-2", "张 伟", "\u200b"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert cells.neutral(text) == text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Payroll", "Payroll"),
        ("=cmd|' /C calc'!A0", "cmd|' C calc'!A0"),
        (" ＝1", "1"),
        ("a[b]:c*d?e/f\\g", "a b c d e f g"),
        ("'quoted'", "quoted"),
        ("行\n二\t三", "行 二 三"),
        ("x" * 40, "x" * 31),
        ("\x00\x07", "Sheet"),
        ("+-@", "Sheet"),
        ("definitions", "definitions 2"),
        ("history", "history 2"),
        ("x" * 29 + " '", "x" * 29),
    ],
)
def test_the_name_of_a_sheet_is_one_that_a_spreadsheet_takes(text: str, name: str) -> None:
    found = cells.sheet_name(text, "Sheet", ["Definitions", "About"])
    assert found == name
    file = io.BytesIO()
    with cells.new_workbook(file) as book:
        book.add_worksheet(found)
    assert openpyxl.load_workbook(file).sheetnames == [name]

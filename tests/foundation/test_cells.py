"""What we write into workbooks says what it is."""

import datetime
import io
import zoneinfo

import openpyxl

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

"""HR's cycle and its files."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import openpyxl
from django.urls import reverse

from performance.appraisals.models import Export
from performance.foundation.models import AuditRow
from performance.people import models as people
from performance.scoring import queries as scoring
from tests.e2e.browsing import Browser
from tests.e2e.company import EMPLOYEE, Company


def hr_exports(company: Company) -> None:
    hr = company.window("HR")
    page = hr.open(reverse("appraisals:open"))
    with company.acting():
        unit = people.BusinessUnit.objects.get(name_en="Sales unit")
        period = people.Period.objects.get()
    page = page.submit(
        "open/$|^$",
        {
            "period": period.pk,
            "name_en": "Autumn review",
            "name_zh": "秋季考核",
            "whom": "unit",
            "unit": unit.pk,
        },
    )
    cycle = page.url
    for kind in ("xlsx", "csv"):
        hr.open(cycle).submit("/export/", {}, button=f"format={kind}")
    company.office.wait(lambda: _finished_exports(company) == 2, "both files are written")
    with company.acting():
        files = {export.format: export for export in Export.objects.all()}
        scored = scoring.current_scores(
            period, people.Person.objects.filter(unit=unit).values_list("pk", flat=True)
        )
        mine = scored[company.person(EMPLOYEE).pk]
    _workbook_holds(hr, files["xlsx"], len(scored), mine)
    _text_holds(hr, files["csv"], len(scored))
    with company.acting():
        actions = list(
            AuditRow.objects.filter(action__startswith="appraisals.").values_list("action", flat=True)
        )
        assert sum("export" in action for action in actions) >= 4, actions


def _finished_exports(company: Company) -> int:
    with company.acting():
        return Export.objects.filter(state="done").count()


def _workbook_holds(hr: Browser, export: Any, people_count: int, mine: Any) -> None:
    kind, body = hr.download(reverse("appraisals:download", args=[export.pk]))
    assert "spreadsheetml" in kind
    book = openpyxl.load_workbook(io.BytesIO(body), read_only=True)
    rows = [
        row for row in book.worksheets[0].iter_rows(values_only=True) if any(cell is not None for cell in row)
    ]
    numbers = [row for row in rows if any(isinstance(cell, str) and cell.startswith("AW0") for cell in row)]
    assert len(numbers) == people_count
    my_row = next(row for row in numbers if EMPLOYEE in row)
    shown = [cell for cell in my_row if isinstance(cell, int | float)]
    assert any(
        abs(Decimal(str(cell)) - Decimal(mine.score_micro) / 10**6) < Decimal("0.01") for cell in shown
    ), my_row
    assert len(book.sheetnames) > 1, "definitions stand on a sheet of their own"


def _text_holds(hr: Browser, export: Any, people_count: int) -> None:
    kind, body = hr.download(reverse("appraisals:download", args=[export.pk]))
    assert kind.startswith("text/csv")
    assert body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
    assert sum(any(cell.startswith("AW0") for cell in row[:3]) for row in rows) == people_count

"""Two databases are connected and a workbook is uploaded; a worker looks, loads and types."""

from __future__ import annotations

import datetime
import io
from decimal import Decimal
from typing import Any

import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from performance.sources import models as sources
from tests.e2e.browsing import Page
from tests.e2e.company import FREIGHT, SALES, TODAY, Company
from tests.sources.real_data import Place


def connect_two_databases_and_upload_budgets(company: Company, contoso: Place, northwind: Place) -> None:
    tills = _connect(company, contoso, "Contoso tills", "康拓索收银")
    _model(
        company,
        tills,
        SALES,
        {"name_en": "Sales lines", "name_zh": "销售明细", "key": "sales"},
        {
            "order_key": ("key", True),
            "line_number": ("key", True),
            "sold_on": ("time", False),
            "country": ("dimension", False),
            "store": ("dimension", False),
            "customer": ("dimension", False),
            "quantity": ("measure", False),
            "net_price": ("measure", False),
            "unit_cost": ("measure", False),
        },
        rows=7794,
    )
    freight = _connect(company, northwind, "Northwind freight", "北风运费")
    _model(
        company,
        freight,
        FREIGHT,
        {"name_en": "Freight", "name_zh": "运费", "key": "freight_lines"},
        {
            "order_id": ("key", True),
            "shipped_on": ("time", False),
            "country": ("dimension", False),
            "freight": ("measure", False),
        },
        rows=830,
    )
    _upload_budgets(company)


def _connect(company: Company, place: Place, name_en: str, name_zh: str) -> sources.Connection:
    kind = place.kind
    window = company.window("HR")
    window.open(reverse("sources:connect", args=[kind])).submit(
        f"{kind}/$|^$",
        {
            "name_en": name_en,
            "name_zh": name_zh,
            "host": place.values["host"],
            "port": place.values["port"],
            "database": place.values["database"],
            "user_name": place.values["user"],
            "password": place.values["password"],
        },
    )
    with company.acting():
        made = sources.Connection.objects.get(name_en=name_en)
    assert place.values["database"] in window.open(reverse("sources:connection", args=[made.pk])).text
    company.wait_for_jobs()
    with company.acting():
        made.refresh_from_db()
        assert made.state == "connected", made.problem
    return made


def _model(
    company: Company,
    connection: sources.Connection,
    query: str,
    names: dict[str, str],
    columns: dict[str, tuple[str, bool]],
    *,
    rows: int,
) -> sources.Dataset:
    """From an own query to a loaded dataset."""
    window = company.window("HR")
    page = window.open(reverse("sources:connection", args=[connection.pk]))
    waiting = page.submit_where("/look/", lambda form: "query" in form.fields, {"query": query})
    company.wait_for_jobs()
    page = window.open(waiting.url)
    values: dict[str, Any] = dict(names) | {"refresh_hours": 24}
    if "refresh_hours" not in page.form("^$").fields:
        del values["refresh_hours"]
    for place, (_name, (role, is_key)) in _places(page, columns).items():
        values[f"columns-{place}-role"] = role
        values[f"columns-{place}-is_key"] = is_key
    made = page.submit("^$", values)
    company.wait_for_jobs()
    with company.acting():
        dataset = sources.Dataset.objects.get(key=names["key"])
        load = sources.Load.objects.filter(dataset=dataset).latest("asked_at")
        assert (load.state, load.rows_read, load.rows_rejected) == ("done", rows, 0), load.problem
    assert made.browser.open(made.url).status == 200
    return dataset


def _places(page: Page, columns: dict[str, Any]) -> dict[int, tuple[str, Any]]:
    fields = page.form("^$").fields
    found = {}
    for place in range(len(columns)):
        name = fields[f"columns-{place}-source_name"].values[0]
        found[place] = (name, columns[name])
    return found


BUDGETED = ("Germany", "France", "Canada")


def budget(country: str) -> Decimal:
    return Decimal(1000 * (BUDGETED.index(country) + 1)) + Decimal("0.55")


def _upload_budgets(company: Company) -> None:
    window = company.window("HR")
    file = SimpleUploadedFile("budgets.xlsx", _workbook())
    page = window.open(reverse("sources:connect", args=["file"]))
    page = page.submit("file/$|^$", {"name_en": "Budgets", "name_zh": "预算", "file": file})
    company.wait_for_jobs()
    page = window.open(page.url)
    waiting = page.submit_where("/look/", lambda form: form.fields["table"].values == ["Budget"], {})
    company.wait_for_jobs()
    page = window.open(waiting.url)
    columns = {"Month": ("time", True), "Country": ("dimension", True), "Budget": ("measure", False)}
    values: dict[str, Any] = {"name_en": "Budgets", "name_zh": "预算", "key": "budgets"}
    for place, (_name, (role, is_key)) in _places(page, columns).items():
        values |= {f"columns-{place}-role": role, f"columns-{place}-is_key": is_key}
        if role == "measure":
            values[f"columns-{place}-type"] = "decimal"
    page.submit("^$", values)
    company.wait_for_jobs()
    with company.acting():
        load = sources.Load.objects.filter(dataset__key="budgets").latest("asked_at")
        assert (load.state, load.rows_read, load.rows_rejected) == ("done", 3, 0), load.problem


def _workbook() -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet("Budget")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_row(0, 0, ["Month", "Country", "Budget"])
    for line, country in enumerate(BUDGETED, 1):
        sheet.write_datetime(line, 0, datetime.datetime(TODAY.year, TODAY.month, 1), day)  # noqa: DTZ001
        sheet.write(line, 1, country)
        sheet.write_number(line, 2, float(budget(country)))
    book.close()
    return file.getvalue()

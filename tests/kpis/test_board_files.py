"""The board as a workbook: typed cells, nothing that computes, and what the figures mean."""

import datetime
import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from performance.foundation.models import AuditRow
from performance.kpis import actions
from performance.kpis.models import Metric
from tests import ready
from tests.conftest import Cast
from tests.kpis import tables
from tests.kpis.conftest import SALES
from tests.kpis.tables import AT, base, certify, formula

Visit = Callable[..., Client]


@pytest.fixture
@ready.made
def metrics(here: Cast, actor: Any, sales: Any) -> dict[str, Metric]:
    tables.add_rows(
        sales,
        SALES,
        [
            (60, "2026-01-09", "Hangzhou", "=HYPERLINK(0)", 4, 1, "2.50"),
            (61, "2026-02-09", "Hangzhou", "=HYPERLINK(0)", 4, 1, "3.50"),
        ],
    )
    certify(here, actor, "revenue", base(sales, "sum", "quantity * price"), name_en="Revenue")
    certify(here, actor, "customers", base(sales, "distinct", "customer", unit="count:customer"))
    certify(here, actor, "per_customer", formula("revenue / customers", "money:CNY/count:customer"))
    actions.refresh_values(at=AT)
    return {metric.key: metric for metric in Metric.objects.all()}


def book_of(client: Client, address: str, **asked: str) -> Any:
    answer = client.get(reverse(address), asked)
    assert answer.status_code == 200
    return openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[arg-type]


def rows_of(book: Any, sheet: str) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in book[sheet].iter_rows()]


def asked(metric: Metric, **more: str) -> dict[str, str]:
    return {"month": "2026-02", "metric": str(metric.pk), "by": "store", "vs": "month"} | more


def test_the_file_has_the_boards_figures_as_numbers(
    metrics: dict[str, Metric], here: Cast, client_for: Visit
) -> None:
    book = book_of(client_for(here.employee), "kpis:export_board", **asked(metrics["revenue"]))
    assert book.sheetnames == [
        "Indicators",
        "Ranking",
        "By month",
        "Like for like",
        "Definitions",
        "About this file",
    ]
    found = {row[1]: row for row in rows_of(book, "Indicators")[1:]}
    assert (found["revenue"][3], found["revenue"][6], found["revenue"][8]) == (13.6, 37.55, -23.95)
    assert [row[:3] for row in rows_of(book, "Ranking")[1:]] == [
        [1, "Binjiang", 10.1],
        [2, "'=HYPERLINK(0)", 3.5],
    ]
    assert rows_of(book, "By month")[1][-1] == 10.1
    everything, alike, left_out = rows_of(book, "Like for like")[1:]
    assert (everything[1:3], alike[1:3]) == ([37.55, 13.6], [32.5, 13.6])
    assert left_out[0] == "Nanshan"


def test_definitions_come_with_version_state_and_moment(
    metrics: dict[str, Metric], here: Cast, client_for: Visit
) -> None:
    book = book_of(client_for(here.employee), "kpis:export_board", **asked(metrics["revenue"]))
    heads, *rows = rows_of(book, "Definitions")
    told = {row[1]: dict(zip(heads, row, strict=True)) for row in rows}
    assert told["per_customer"]["Counted"] == "revenue / customers"
    assert told["revenue"]["Version"] == 1
    assert told["revenue"]["State of the value"] == "Provisional"
    assert told["revenue"]["As of"].isoformat() == "2026-05-14T14:00:00", "on the organisation's clocks"


def test_no_cell_computes(metrics: dict[str, Metric], here: Cast, client_for: Visit) -> None:
    book = book_of(client_for(here.employee), "kpis:export_board", **asked(metrics["revenue"]))
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


def test_everybody_exports_the_same_over_page_and_api_and_it_is_on_record(
    metrics: dict[str, Metric], here: Cast, client_for: Visit
) -> None:
    given = asked(metrics["revenue"])
    for person in here.members():
        page = rows_of(book_of(client_for(person), "kpis:export_board", **given), "Indicators")
        over_api = dict(given, month="2026-02-01")
        assert (
            rows_of(book_of(client_for(person), "api_export_metric_board", **over_api), "Indicators") == page
        )
    last = AuditRow.objects.filter(action="kpis.export_board").latest("at")
    assert (last.changes["format"], last.changes["filters"]["vs"]) == ("xlsx", "month")
    stranger = client_for(here.stranger)
    assert stranger.get(reverse("kpis:export_board"), given).status_code == 404
    assert stranger.get(reverse("api_export_metric_board")).status_code == 404


def test_more_stores_ask_no_more_questions(
    metrics: dict[str, Metric], here: Cast, sales: Any, client_for: Visit
) -> None:
    client = client_for(here.employee)

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            book_of(client, "kpis:export_board", **asked(metrics["per_customer"]))
        return len(captured)

    count()
    few = count()
    rows = [(70 + n, "2026-02-09", "Hangzhou", f"Store {n}", 40 + n, 1, "2.00") for n in range(15)]
    tables.add_rows(sales, SALES, rows)
    actions.refresh_values(at=AT + datetime.timedelta(days=1))
    assert count() == few

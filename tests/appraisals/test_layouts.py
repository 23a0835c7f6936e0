"""Layouts: the columns, order and headings that a receiving system expects, and the file for payroll."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from performance.appraisals import actions, queries, tasks
from performance.appraisals.models import Cycle, Export, ExportLayout
from performance.foundation import access, tenancy
from performance.foundation.models import AuditRow
from performance.people import models as people
from tests.appraisals.reading import csv_rows, path, sheet_rows
from tests.conftest import EVERYBODY, Cast

pytestmark = pytest.mark.django_db
Actor = Callable[[people.Person], access.Actor]
SignIn = Callable[[people.Person], Client]
COLUMNS = [("score", "Points"), ("number", "=Staff no."), ("name", "")]


@pytest.fixture
def layout(cast: Cast, cycle: Cycle, actor: Actor) -> ExportLayout:
    with tenancy.acting_for(cast.organisation):
        return actions.save_layout(
            name="=Bonus [2026]", columns=COLUMNS, by=actor(cast.hr), at=timezone.now()
        )


def written(export: Export) -> Export:
    tasks.write_export.run(str(export.pk))
    return export


def test_a_file_has_the_columns_of_its_layout_in_order_under_its_headings(
    cast: Cast, cycle: Cycle, layout: ExportLayout, ask: Callable[..., Export]
) -> None:
    with tenancy.acting_for(cast.organisation):
        chosen = queries.chosen(layout)
        table = csv_rows(written(ask(cycle, format="csv", layout=chosen)))
        book = written(ask(cycle, layout=chosen))
        sheet = openpyxl.load_workbook(path(book)).sheetnames[0]
        assert (
            table[0] == sheet_rows(book, sheet)[0] == ["Points", "'=Staff no.", "Name in the file’s language"]
        )
        assert sheet == "Bonus 2026"
        assert {row[1]: row[2] for row in table}["P003"] == cast.employee.name_en


def test_an_export_keeps_its_columns_when_the_layout_changes(
    cast: Cast, cycle: Cycle, layout: ExportLayout, ask: Callable[..., Export], actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        export = ask(cycle, format="csv", layout=queries.chosen(layout))
        hr = actor(cast.hr)
        actions.save_layout(layout=layout, name="Other", columns=[("number", "")], by=hr, at=timezone.now())
        actions.remove_layout(layout=layout, by=hr, at=timezone.now())
        assert csv_rows(written(export))[0][0] == "Points"
        rows = AuditRow.objects.filter(action__endswith="_export_layout").order_by("at", "id")
        assert [row.action.split(".")[1] for row in rows] == [
            "save_export_layout",
            "save_export_layout",
            "remove_export_layout",
        ]
        assert {row.person_id for row in rows} == {cast.hr.pk}
        assert rows[1].changes["before"]["name"] == "=Bonus [2026]"
        assert AuditRow.objects.get(action="appraisals.request_export").changes["layout"] == "=Bonus [2026]"


@pytest.mark.parametrize(
    ("name", "columns", "field"),
    [
        (" ", COLUMNS, "name"),
        ("=bonus [2026]", COLUMNS, "name"),
        ("Empty", [], "columns"),
        ("Twice", [("number", ""), ("number", "b")], "columns"),
        ("Unknown", [("password", "")], "columns"),
        ("Same", [("number", "A"), ("name", " a ")], "columns"),
        ("Usual", [("number", "Score"), ("score", "")], "columns"),
        ("Long", [("number", "x" * 81)], "columns"),
    ],
)
def test_a_layout_that_nobody_could_read_is_refused(
    cast: Cast, layout: ExportLayout, actor: Actor, name: str, columns: list[tuple[str, str]], field: str
) -> None:
    with tenancy.acting_for(cast.organisation), pytest.raises(actions.LayoutRefused) as refused:
        actions.save_layout(name=name, columns=columns, by=actor(cast.hr), at=timezone.now())
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("code_page", "with_bom", "begins"),
    [
        ("utf-8", False, b"employee_number,name,period,rating\r\n"),
        ("utf-8", True, b"\xef\xbb\xbfemployee_number,"),
        ("gb18030", True, b"employee_number,"),
        ("utf-16-le", False, b"\xff\xfee\x00m\x00"),
    ],
)
def test_payroll_gets_number_name_period_and_rating_in_its_code_page(
    cast: Cast, cycle: Cycle, ask: Callable[..., Export], code_page: str, with_bom: bool, begins: bytes
) -> None:
    with tenancy.acting_for(cast.organisation):
        export = written(
            ask(cycle, format="csv", layout=queries.payroll(), code_page=code_page, with_bom=with_bom)
        )
        content = path(export).read_bytes()
        assert content.startswith(begins)
        text = content.decode("utf-16" if code_page == "utf-16-le" else code_page).removeprefix("\ufeff")
        rows = {row[0]: row for row in csv.reader(io.StringIO(text, newline=""))}
        entries = {entry.number: entry for entry in queries.entries_of(cycle, queries.bands_of(cycle))}
        assert set(rows) == {"employee_number", *entries}
        for number, entry in entries.items():
            rating = "" if entry.rating is None else str(entry.rating)
            assert rows[number] == [number, entry.person.name_en, cycle.period.name_en, rating]


def statuses(
    cast: Cast, client_for: SignIn, address: str, method: str = "get", **given: Any
) -> dict[str, int]:
    return {
        name: getattr(client_for(getattr(cast, name)), method)(address, **given).status_code
        for name in EVERYBODY
    }


def expect(default: int, **exceptions: int) -> dict[str, int]:
    return dict.fromkeys(EVERYBODY, default) | exceptions


def test_layouts_are_hr_s_and_auditors_read_them(
    cast: Cast, layout: ExportLayout, client_for: SignIn
) -> None:
    page = reverse("appraisals:layouts")
    assert statuses(cast, client_for, page) == expect(403, hr=200, auditor=200, stranger=200)
    assert "Bonus" not in client_for(cast.stranger).get(page).content.decode()
    for name in ("layout", "remove_layout"):
        address = reverse(f"appraisals:{name}", args=[layout.pk])
        found = statuses(cast, client_for, address, "post" if name == "remove_layout" else "get")
        assert found == expect(403, hr=302 if name == "remove_layout" else 200, stranger=404)
    assert statuses(cast, client_for, reverse("appraisals:new_layout")) == expect(403, hr=200, stranger=200)


def test_the_api_of_layouts_meets_the_cast(cast: Cast, layout: ExportLayout, client_for: SignIn) -> None:
    everyone, one = reverse("api_export_layouts"), reverse("api_export_layout", args=[layout.pk])
    assert statuses(cast, client_for, everyone) == expect(403, hr=200, auditor=200, stranger=200)
    assert client_for(cast.stranger).get(everyone).json()["results"] == []
    assert statuses(cast, client_for, one) == expect(404, hr=200, auditor=200)
    body = {
        "data": json.dumps({"name": "New", "columns": [{"key": "number"}]}),
        "content_type": "application/json",
    }
    assert statuses(cast, client_for, one, "put", **body) == expect(404, hr=200, auditor=403)
    assert statuses(cast, client_for, one, "delete") == expect(404, hr=204, auditor=403)
    made = statuses(cast, client_for, everyone, "post", **body)
    assert made == expect(403, hr=201, stranger=201)


def test_a_layout_is_written_on_its_page_and_exported_with(
    cast: Cast, cycle: Cycle, client_for: SignIn
) -> None:
    client = client_for(cast.hr)
    given = {
        "name": "Payslips",
        "use_score": "on",
        "place_score": "2",
        "use_number": "on",
        "place_number": "1",
        "heading_number": "No.",
    }
    assert client.post(reverse("appraisals:new_layout"), given).status_code == 302
    again = client.post(reverse("appraisals:new_layout"), given)
    assert (again.status_code, set(again.context["form"].errors)) == (422, {"name"})
    with tenancy.acting_for(cast.organisation):
        saved = ExportLayout.objects.get()
        assert (saved.keys, saved.headings) == (["number", "score"], {"number": "No."})
    page = reverse("appraisals:export", args=[cycle.pk])
    assert "No." in client.get(page, {"layout": saved.pk}).content.decode()
    assert client.post(page, {"format": "csv", "layout": saved.pk}).status_code == 302
    with tenancy.acting_for(cast.organisation):
        export = Export.objects.get()
        assert (export.columns, export.layout) == (["number", "score"], "Payslips")
    for wrong in (cast.hr.pk, "junk"):
        assert client.get(page, {"layout": wrong}).status_code == 404
    nothing = client.post(page, {"format": "csv"})
    assert (nothing.status_code, set(nothing.context["form"].errors)) == (422, {"columns"})


def test_an_export_with_a_layout_by_api(
    cast: Cast, cycle: Cycle, layout: ExportLayout, client_for: SignIn
) -> None:
    address = reverse("api_cycle_exports", args=[cycle.pk])

    def asked(wanted: str) -> Any:
        body = {"format": "csv", "layout": wanted, "code_page": "gb18030"}
        return client_for(cast.hr).post(address, json.dumps(body), content_type="application/json")

    made = asked(str(layout.pk)).json()
    assert (made["columns"], made["code_page"]) == (["score", "number", "name"], "gb18030")
    assert asked("payroll").json()["headings"]["number"] == "employee_number"
    assert asked("nonsense").status_code == 404


def test_the_list_asks_the_same_number_of_queries_at_any_size(
    cast: Cast, layout: ExportLayout, client_for: SignIn, actor: Actor
) -> None:
    client = client_for(cast.hr)
    addresses = [reverse("appraisals:layouts"), reverse("api_export_layouts")]

    def counts() -> list[int]:
        found = []
        for address in addresses:
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address).status_code == 200
            found.append(len(captured))
        return found

    counts()
    small = counts()
    with tenancy.acting_for(cast.organisation):
        for number in range(20):
            actions.save_layout(
                name=f"Layout {number}", columns=COLUMNS, by=actor(cast.hr), at=timezone.now()
            )
    assert counts() == small

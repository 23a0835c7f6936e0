"""Checkpoints on the pages, over the API and in files."""

import csv
import datetime
import io
from decimal import Decimal

import openpyxl
import pytest
from django.urls import reverse

from okr import actions, queries, rules
from okr.actions.importing import cells
from okr.models import KeyResult, Objective
from performance.people import models as people
from tests.okr.checkpoints.courses import points
from tests.okr.conftest import content

JSON = {"content_type": "application/json"}


# --- Pages -------------------------------------------------------------------------------------------------


def form(quarter, cast, **fields):
    return {
        "owner": f"person:{cast.employee.pk}", "period": str(quarter.pk), "title": "Sold in December",
        "description": "", "type": "committed", "visibility": "public", "weight": "1", "kr-count": "1",
        "kr-0-kind": "increase", "kr-0-title": "Orders", "kr-0-start": "0", "kr-0-target": "100",
        "kr-0-weight": "100",
    } | fields  # fmt: skip


def test_rows_of_checkpoints_come_and_go_without_javascript(on, quarter, cast, client_for):
    client = client_for(cast.employee)
    page = client.post(reverse("okr:propose"), form(quarter, cast, add_point="0"))
    assert page.content.count(b'type="date"') == 1
    assert b"autofocus" in page.content
    typed = {"kr-0-point-0-on": str(on(30)), "kr-0-point-0-value": "10"}
    page = client.post(reverse("okr:propose"), form(quarter, cast, add_point="0", **typed))
    assert page.content.count(b'type="date"') == 2
    assert str(on(30)).encode() in page.content
    typed |= {"kr-0-point-1-on": "", "kr-0-point-1-value": ""}
    page = client.post(reverse("okr:propose"), form(quarter, cast, drop_point="0.0", **typed))
    assert page.content.count(b'type="date"') == 1
    assert str(on(30)).encode() not in page.content
    assert not Objective.objects.exists()


def test_checkpoints_are_saved_in_the_order_of_their_days_and_empty_rows_are_none(
    on, quarter, cast, client_for
):
    typed = {
        "kr-0-point-0-on": str(on(60)), "kr-0-point-0-value": "1,0.5",
        "kr-0-point-1-on": "", "kr-0-point-1-value": "",
        "kr-0-point-2-on": str(on(30)), "kr-0-point-2-value": "10",
    }  # fmt: skip
    answer = client_for(cast.employee).post(reverse("okr:propose"), form(quarter, cast, propose="1", **typed))
    assert answer.status_code == 302
    row = KeyResult.objects.get()
    assert row.checkpoints == [
        {"on": str(on(30)), "value": "10"},
        {"on": str(on(60)), "value": "10.5"},
    ]
    one = Objective.objects.get()
    page = client_for(cast.employee).get(reverse("okr:change", args=[one.pk])).content.decode()
    assert f'value="{on(30)}"' in page
    assert 'value="10.5"' in page


@pytest.mark.parametrize(
    ("day", "value", "words"),
    [
        (30, "", "Say which value"),
        (None, "3", "Say by which day"),
        (30, "60万", "Write the number in figures alone"),
        (0, "3", "outside the period"),
    ],
)
def test_a_checkpoint_that_says_half_or_nonsense_is_shown_again(
    on, quarter, cast, client_for, day, value, words
):
    typed = {"kr-0-point-0-on": "" if day is None else str(on(day)), "kr-0-point-0-value": value}
    page = client_for(cast.employee).post(reverse("okr:propose"), form(quarter, cast, propose="1", **typed))
    assert page.status_code == 422
    assert words in page.content.decode()


def test_beside_the_figure_stands_where_it_comes_from(seasonal, propose, agree, cast, client_for):
    one, other = seasonal(), agree(propose(content("Linear")))
    client = client_for(cast.employee)
    page = client.get(reverse("okr:objective", args=[one.pk])).content.decode()
    assert "10% expected by its checkpoints" in page
    page = client.get(reverse("okr:objective", args=[other.pk])).content.decode()
    assert "40% expected, linear by workday" in page
    week = client.get(reverse("okr:home")).content.decode()
    assert "10% expected by your checkpoints" in week
    assert "40% expected, linear by workday" in week
    listed = client.get(reverse("okr:objectives")).content.decode()
    assert "10% expected by the plans of its parts" in listed


def test_a_reading_behind_is_called_the_worst_by_its_distance_to_its_plan(
    seasonal, propose, agree, check_in, on, now, cast
):
    late, steady = seasonal(), agree(propose(content("Steady")))
    readings = [
        actions.Reading(late.key_results.get().pk, value=Decimal(0)),
        actions.Reading(steady.key_results.get().pk, value=Decimal("0.5")),
    ]
    check_in(*readings)
    (row,) = queries.team_week(
        [cast.employee], rules.monday_of(now.date()), today=now.date(), organisation=cast.organisation
    )
    assert row.worst.key_result.objective == steady


# --- Other ways in and out ---------------------------------------------------------------------------------


def test_the_api_takes_and_gives_checkpoints_and_keeps_those_it_is_not_told_of(on, quarter, cast, client_for):
    row = {"kind": "increase", "title": "Orders", "weight": "100", "start": "0", "target": "100"}
    body = {"period": str(quarter.pk), "title": "Season", "draft": True}
    told = [{"on": str(on(60)), "value": "20.5"}, {"on": str(on(30)), "value": "10"}]
    client = client_for(cast.employee)
    made = client.post(
        reverse("api_objectives"), body | {"key_results": [row | {"checkpoints": told}]}, **JSON
    )
    assert made.status_code == 201, made.content
    (given,) = made.json()["key_results"]
    assert [(each["on"], Decimal(each["value"])) for each in given["checkpoints"]] == [
        (str(on(30)), Decimal(10)),
        (str(on(60)), Decimal("20.5")),
    ]
    address = reverse("api_change_objective", args=[made.json()["id"]])
    same = row | {"id": given["id"], "title": "Orders shipped"}
    again = client.post(address, {"title": "Season", "draft": True, "key_results": [same]}, **JSON).json()
    assert again["key_results"][0]["checkpoints"] == given["checkpoints"]
    none = client.post(
        address, {"title": "Season", "draft": True, "key_results": [same | {"checkpoints": []}]}, **JSON
    ).json()
    assert none["key_results"][0]["checkpoints"] == []
    wrong = [{"on": str(on(101)), "value": "1"}]
    refused = client.post(
        address, {"title": "Season", "draft": True, "key_results": [same | {"checkpoints": wrong}]}, **JSON
    )
    assert refused.status_code in (400, 409, 422)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_holds_checkpoints_exactly_and_brings_them_back(seasonal, on, quarter, actor, cast, now, kind):
    one = seasonal()
    who = actor(cast.hr)
    with actions.export_objectives(
        objectives=queries.visible_to(who), form=kind, filters={}, by=who, at=now
    ) as file:
        written = file.read()
    rows = (
        list(csv.reader(io.StringIO(written.decode())))
        if kind == "csv"
        else [[cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(written)).active]
    )
    place = rows[0].index("Checkpoints")
    assert rows[1][place] == f"{on(40)}: 1\n{on(80)}: 2"

    def upload(content):
        return actions.upload_goals(
            file_name=f"goals.{kind}", content=content, period=quarter, by=who, at=now
        ).report

    assert upload(written)["counts"]["same"] == 1
    if kind == "csv":
        rows[1][place] = f"{on(40)}: 1.25; {on(80):%Y年%m月%d日}：2"
        changed = io.StringIO()
        csv.writer(changed).writerows(rows)
        report = upload(changed.getvalue().encode())
        assert [field["label"] for field in report["changed"][0]["fields"]] == ["KR1 checkpoints"]
        assert one.key_results.get().checkpoints[0]["value"] == "1"


def test_what_is_no_checkpoint_in_a_file_is_told():
    for text in ("40", "2026-13-01: 4", "2026-01-31: many", "31/01/2026: 4"):
        with pytest.raises(cells.CellError):
            cells.checkpoints(text)
    assert cells.checkpoints("2026/1/31：1,000\n\n2026-01-05 = 40%") == points(
        (datetime.date(2026, 1, 5), 40), (datetime.date(2026, 1, 31), 1000)
    )


def test_neither_copies_nor_what_is_carried_over_take_checkpoints_along(
    seasonal, on, quarter, actor, cast, now, client_for
):
    one = seasonal()
    later = people.Period.objects.create(
        name_en="Later", starts_on=on(101), ends_on=on(180), state="planning"
    )
    client = client_for(cast.employee)
    copied = client.post(
        reverse("okr:duplicate", args=[quarter.pk]),
        {"period": str(later.pk), "objectives": [str(one.pk)], "start": "same"},
        follow=True,
    ).content.decode()
    assert "Checkpoints stayed behind" in copied
    copy = Objective.objects.get(period=later)
    assert copy.key_results.get().checkpoints == []
    (carried,) = actions.carry_over(objectives=[one], to=later, by=actor(cast.employee), at=now)
    assert carried.key_results.get().checkpoints == []

"""Objectives as files: what the reader may see, in cells that no spreadsheet computes."""

import csv
import io

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from okr import actions
from okr.views import reading
from performance.foundation.models import AuditRow
from tests import ready
from tests.okr.conftest import content, key_result


@pytest.fixture
@ready.made
def named(propose, agree):
    return agree(propose(content("=2+5", key_result("increase", "Stores served"))))


def rows_of(response):
    return list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))


def test_csv_has_a_row_for_each_key_result_and_neutral_text(named, check_in, cast, client_for):
    check_in(actions.Reading(named.key_results.get().pk, value=5))
    head, row = rows_of(client_for(cast.employee).get(reverse("okr:export", args=["csv"])))
    told = dict(zip(head, row, strict=True))
    assert (told["Objective"], told["Key result"]) == ("'=2+5", "Stores served")
    assert (told["Start"], told["Target"], told["Last value"], told["Progress %"]) == ("0", "10", "5", "50")


def test_the_byte_order_mark_is_there_on_request_only(named, cast, client_for):
    client, address = client_for(cast.employee), reverse("api_export_goals", args=["csv"])
    plain = b"".join(client.get(address).streaming_content)
    marked = b"".join(client.get(address, {"bom": "1"}).streaming_content)
    assert (plain[:3], marked[3:]) == (b"Per", plain)
    assert marked.startswith(b"\xef\xbb\xbf")


def test_xlsx_has_typed_cells_under_a_frozen_header(named, cast, client_for):
    response = client_for(cast.employee).get(reverse("okr:export", args=["xlsx"]))
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    head, row = list(sheet.values)
    told = dict(zip(head, row, strict=True))
    assert sheet.freeze_panes == "A2"
    assert (told["Objective"], told["Target"], told["Weight %"], told["Last value"]) == (
        "'=2+5",
        10,
        100,
        None,
    )


def test_a_file_says_which_version_of_the_policy_counts_and_a_workbook_in_its_words(
    named, cast, client_for, quarter, actor, now
):
    client = client_for(cast.employee)
    address = reverse("okr:export", args=["csv"])
    head, row = rows_of(client.get(address))
    assert dict(zip(head, row, strict=True))["Policy version"] == "0"
    actions.set_policy(
        period=quarter,
        choices={"cap_percent": 150, "over": "cap"},
        reason="Bolder.",
        by=actor(cast.hr),
        at=now,
    )
    head, row = rows_of(client.get(address))
    assert dict(zip(head, row, strict=True))["Policy version"] == "1"
    response = client.get(reverse("okr:export", args=["xlsx"]))
    book = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    assert book.sheetnames == ["Objectives", "About"]
    told = dict(book["About"].values)
    words = told[str(quarter)]
    assert words.startswith("Counted by policy version 1: ")
    assert "each key result up to 150%." in words
    assert told["Exported by"] == cast.employee.name_en


def test_a_workbook_says_who_asked_for_it_when_with_which_filter_and_what_each_column_holds(
    named, cast, client_for, quarter
):
    def about(person, **asked):
        response = client_for(person).get(reverse("okr:export", args=["xlsx"]), asked)
        book = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content)))
        return book.worksheets[0], list(book.worksheets[1].values)

    sheet, rows = about(cast.employee, owner=str(cast.employee.pk), state="waiting", q="=2")
    told = dict(rows)
    assert told["Filter"] == (
        f"Period: {quarter}; Owner: {cast.employee.name_en}; State: Waiting for agreement; Words: =2"
    )
    zone = cast.organisation.time_zone
    assert told["Time zone"].startswith(f"{zone} (UTC+0"), "a moment says where its clock hangs"
    assert [label for label, _value in rows].index("Time zone") == [each for each, _v in rows].index(
        "Asked for at"
    ) + 1
    heads = [cell.value for cell in sheet[1]]
    defined = rows[[label for label, _value in rows].index("Columns") + 1 :]
    assert [label for label, _words in defined] == heads
    assert all(words and words.endswith(".") for _label, words in defined)
    assert dict(about(cast.employee)[1])["Filter"] == f"Period: {quarter}"


def test_a_list_filtered_by_somebody_beyond_the_first_choices_or_without_goals_shows_theirs_alone(
    active, propose, agree, cast, client_for, monkeypatch
):
    monkeypatch.setattr(reading, "MOST_CHOICES", 0)
    theirs = agree(propose(content("Theirs"), by=cast.manager, sponsor=cast.boss))
    client = client_for(cast.employee)
    page, file = reverse("okr:objectives"), reverse("okr:export", args=["csv"])

    def shown(**given):
        text = client.get(page, given).content.decode()
        titles = {row[4] for row in rows_of(client.get(file, given))[1:]}
        assert {one.title for one in (active, theirs) if one.title in text} == titles
        return titles

    assert shown() == {active.title, theirs.title}
    assert shown(owner=str(cast.manager.pk)) == {theirs.title}
    assert shown(owner=str(cast.hr.pk)) == set()
    assert shown(team=str(cast.team.pk)) == {
        one.title for one in (active, theirs) if one.team_id == cast.team.pk
    }


@pytest.mark.parametrize("given", [{"owner": "nobody"}, {"state": "odd"}, {"team": "0"}, {"period": "x"}])
def test_a_filter_that_cannot_be_read_leaves_nothing_rather_than_everything(active, cast, client_for, given):
    client = client_for(cast.employee)
    assert rows_of(client.get(reverse("okr:export", args=["csv"]), given))[1:] == []
    page = client.get(reverse("okr:objectives"), given).content.decode()
    assert active.title not in page
    assert "Nothing matches" in page


def test_everybody_exports_what_they_see_and_the_log_keeps_the_filter(propose, agree, cast, client_for):
    agree(propose(content("Open to all")))
    agree(propose(content("Between us", visibility="private")))
    address = reverse("okr:export", args=["csv"])
    seen = {
        name: sorted(row[4] for row in rows_of(client_for(person).get(address))[1:])
        for name, person in (
            ("manager", cast.manager),
            ("colleague", cast.colleague),
            ("auditor", cast.auditor),
            ("stranger", cast.stranger),
        )
    }
    assert seen == {
        "manager": ["Between us", "Open to all"],
        "colleague": ["Open to all"],
        "auditor": ["Between us", "Open to all"],
        "stranger": [],
    }
    found = rows_of(client_for(cast.manager).get(address, {"q": "Between"}))
    assert len(found) == 2
    last = AuditRow.objects.filter(action="okr.export_objectives").order_by("-at").first()
    assert (last.changes["rows"], last.changes["filters"]["q"]) == (1, "Between")


def test_more_objectives_ask_no_more_questions(propose, agree, cast, client_for):
    client, address = client_for(cast.employee), reverse("okr:export", args=["csv"])

    def asked():
        with CaptureQueriesContext(connection) as found:
            client.get(address).getvalue()
        return len(found)

    agree(propose(content("A")))
    asked()
    before = asked()
    for title in "BCD":
        agree(propose(content(title)))
    assert asked() == before

"""By API: a file of people goes from its columns over the dry run into the directory, and back."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from performance.foundation import tenancy
from performance.people import models
from tests.conftest import Cast

FILE = "Number,Name,E-mail\nN1,Nia New,nia@harbour.example\nN2,Ned New,ned-at-harbour\n"
STEPS = {
    "columns": {"number": 0},
    "cells": {"cell": "C3", "value": "ned@harbour.example"},
    "left_out": {"row": 3},
    "start": {"starts_on": "2026-01-01"},
    "check": {},
    "apply": {},
    "undo": {},
}


def file_of(text: str, name: str = "people.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode(), content_type="text/csv")


@pytest.fixture
def uploaded(cast: Cast, client_for: Any) -> Callable[..., dict[str, Any]]:
    """HR sends a file."""

    def do(text: str = FILE) -> dict[str, Any]:
        answer = client_for(cast.hr).post(reverse("api_people_imports"), {"file": file_of(text)})
        assert answer.status_code == 201
        return answer.json()  # type: ignore[no-any-return]

    return do


def step(name: str, upload: dict[str, Any]) -> str:
    return reverse(f"api_people_import_{name}", args=[upload["id"]])


def numbers(cast: Cast) -> set[str]:
    with tenancy.acting_for(cast.organisation):
        return set(models.Person.objects.filter(number__startswith="N").values_list("number", flat=True))


def test_a_file_is_tried_out_mended_applied_and_taken_back(cast: Cast, send: Any, uploaded: Any) -> None:
    upload = uploaded()
    assert upload["report"]["counts"]["errors"] == 1
    assert upload["report"]["errors"][0]["cell"] == "C3"
    declined = send(cast.hr, "post", step("apply", upload))
    assert declined.status_code == 422
    assert declined.json()["title"] == "errors"
    mended = send(cast.hr, "post", step("cells", upload), STEPS["cells"]).json()
    assert mended["report"]["counts"]["errors"] == 0
    assert numbers(cast) == set()
    applied = send(cast.hr, "post", step("apply", upload))
    assert applied.status_code == 200
    assert applied.json()["applied_at"] is not None
    assert numbers(cast) == {"N1", "N2"}
    assert send(cast.hr, "post", step("apply", upload)).status_code == 409
    assert send(cast.hr, "post", step("undo", upload)).status_code == 204
    assert numbers(cast) == set()
    assert send(cast.hr, "post", step("undo", upload)).status_code == 409


def test_a_row_is_left_out(cast: Cast, send: Any, uploaded: Any) -> None:
    upload = uploaded()
    left = send(cast.hr, "post", step("left_out", upload), {"row": 3}).json()
    assert left["left_out"] == [3]
    assert left["report"]["counts"] | {"new": 1, "errors": 0, "left_out": 1} == left["report"]["counts"]
    assert send(cast.hr, "post", step("apply", upload)).status_code == 200
    assert numbers(cast) == {"N1"}


def test_columns_are_said_where_the_guess_was_not_enough(cast: Cast, send: Any, uploaded: Any) -> None:
    upload = uploaded("Alpha,Beta\nN1,Nia New\n")
    assert upload["checked_at"] is None
    columns = step("columns", upload)
    assert send(cast.auditor, "get", columns).json()["headers"] == ["Alpha", "Beta"]
    missing = send(cast.hr, "post", columns, {"number": 0})
    assert missing.status_code == 422
    assert missing.json()["title"] == "column_missing"
    assert send(cast.hr, "post", columns, {"number": 0, "name_en": 2}).status_code == 400
    twice = send(cast.hr, "post", columns, {"number": 0, "name_en": 0})
    assert twice.json()["title"] == "column_twice"
    checked = send(cast.hr, "post", columns, {"number": 0, "name_en": 1}).json()
    assert checked["report"]["counts"]["new"] == 1


@pytest.mark.parametrize("name", ["cells", "left_out", "start", "check", "apply"])
def test_nothing_is_tried_out_before_the_columns_are_known(
    cast: Cast, send: Any, uploaded: Any, name: str
) -> None:
    upload = uploaded("Alpha,Beta\nN1,Nia New\n")
    answer = send(cast.hr, "post", step(name, upload), STEPS[name])
    assert answer.status_code == 422
    assert answer.json()["title"] == "column_missing"


def test_after_a_conflict_the_file_is_checked_again(cast: Cast, send: Any, uploaded: Any) -> None:
    upload = uploaded("Number,Name\nN1,Nia New\nP003,Eli Renamed\n")
    send(cast.hr, "patch", reverse("api_person", args=[cast.employee.pk]), {"name_en": "Eli Other"})
    assert send(cast.hr, "post", step("apply", upload)).status_code == 409
    assert send(cast.hr, "post", step("check", upload)).status_code == 200
    assert send(cast.hr, "post", step("apply", upload)).status_code == 200


def test_changes_start_on_the_day_that_was_said(cast: Cast, send: Any, uploaded: Any) -> None:
    upload = uploaded("Number,Name,Manager\nP003,Eli Employee,P001\n")
    answer = send(cast.hr, "post", step("start", upload), {"starts_on": "2031-05-01"}).json()
    assert answer["report"]["changed"][0]["from"] == "2031-05-01"


def test_what_is_no_table_is_refused_beside_the_file(cast: Cast, client_for: Any) -> None:
    files = SimpleUploadedFile("people.csv", b"\xff\xfe\x00\x00\x00")
    answer = client_for(cast.hr).post(reverse("api_people_imports"), {"file": files})
    assert answer.status_code == 422
    assert "file" in answer.json()["errors"]


def test_only_hr_imports_and_the_auditor_reads_the_report(
    cast: Cast, client_for: Any, send: Any, uploaded: Any, is_kept_to: Any
) -> None:
    upload = uploaded()
    for name, given in STEPS.items():
        is_kept_to((cast.hr,), "post", step(name, upload), given)
    for person in cast.members():
        answer = client_for(person).post(reverse("api_people_imports"), {"file": file_of(FILE)})
        assert answer.status_code == (201 if person == cast.hr else 403), person
        one = client_for(person).get(reverse("api_people_import", args=[upload["id"]]))
        assert one.status_code == (200 if person in (cast.hr, cast.auditor) else 403), person
    listed = send(cast.auditor, "get", reverse("api_people_imports")).json()["results"]
    assert len(listed) == 2
    assert send(cast.stranger, "get", reverse("api_people_imports")).json()["results"] == []
    assert client_for(cast.stranger).get(step("columns", upload)).status_code == 404


def test_a_token_imports_by_its_scope(cast: Cast, with_token: Any) -> None:
    address = reverse("api_people_imports")
    reads, writes = with_token(cast.hr, "people:read"), with_token(cast.hr, "people:write")
    assert reads.post(address, {"file": file_of(FILE)}).status_code == 403
    assert writes.post(address, {"file": file_of(FILE)}).status_code == 201
    assert writes.get(address).status_code == 403
    assert reads.get(address).status_code == 200

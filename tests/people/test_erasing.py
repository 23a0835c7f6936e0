"""Erasing personal data: nothing that the product shows names the person afterwards, nor finds them."""

import datetime
import json
import re
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from performance.foundation import audit, tenancy
from performance.foundation.models import AuditRow
from performance.inbox import actions as inbox
from performance.inbox.models import WorkItem
from performance.people import actions, models, queries
from performance.people.actions import erasing
from tests.conftest import Cast

DAY = datetime.timedelta(days=1)
HEADER = "Number,Name,Chinese name,E-mail,City\n"


@pytest.fixture(autouse=True)
def _acting(cast: Cast) -> Any:
    with tenancy.acting_for(cast.organisation):
        yield


@pytest.fixture
def leave(cast: Cast, now: datetime.datetime) -> Any:
    """The person left the day before yesterday."""

    def do(person: models.Person, **handed: Any) -> None:
        last_day = queries.today(cast.organisation) - 2 * DAY
        actions.deactivate_person(
            person=person, left_on=last_day, by=cast.hr, at=now, why="Cody moves to Xi'an", **handed
        )

    return do


@pytest.fixture
def erase(cast: Cast, now: datetime.datetime) -> Any:
    def do(person: models.Person) -> models.Person:
        return actions.erase_personal_data(person=person, by=cast.hr, at=now, why="Cody asked on Monday")

    return do


def assign(cast: Cast, now: datetime.datetime, **texts: str) -> WorkItem:
    fields = {"title_en": "Agree", "title_zh": "确认", "subject_id": cast.team.pk} | texts
    return inbox.assign_work(
        to=cast.manager, kind=f"goals.{now:%f}", url="/goals/", by=cast.colleague, at=now, **fields
    )


def test_the_log_neither_shows_nor_finds_an_erased_person(
    cast: Cast, send: Any, client_for: Any, now: datetime.datetime, leave: Any, erase: Any
) -> None:
    private = "cody@home.example"
    actions.edit_person(person=cast.colleague, fields={"email": private}, by=cast.hr, at=now)
    audit.record(by=cast.colleague, action="okr.submit_check_in", subject=cast.team, at=now)
    leave(cast.colleague)
    kept = AuditRow.objects.count()
    erase(cast.colleague)
    assert AuditRow.objects.count() == kept + 1
    for person in (cast.hr, cast.auditor, cast.administrator):
        rows = send(person, "get", reverse("api_audit_log"), {"page_size": 100}).json()["results"]
        page = client_for(person).get(reverse("people:audit_log")).content.decode()
        for text in (json.dumps(rows, ensure_ascii=False), page):
            assert "Cody" not in text
            assert private not in text
            assert cast.colleague.user.email not in text
            assert "erased person" in text
        about = send(person, "get", reverse("api_audit_log"), {"subject": cast.colleague.pk}).json()[
            "results"
        ]
        assert {row["action"] for row in about} == {
            "people.edit_person",
            "people.deactivate_person",
            "people.erase_personal_data",
        }
        assert {(row["subject_label"], row["why"], str(row["changes"])) for row in about} == {
            ("erased person", "", "{}")
        }
        done = [row for row in rows if row["action"] == "okr.submit_check_in"]
        assert [(row["person_name"], row["subject_label"]) for row in done] == [
            ("erased person", "Store Operations")
        ]
        for words in ("Cody", "Colleague", "柯同事"):
            assert send(person, "get", reverse("api_audit_log"), {"q": words}).json()["results"] == [], words
    assert send(cast.hr, "get", reverse("api_audit_log"), {"q": "edit_person"}).json()["results"]


def test_rows_about_others_forget_whom_they_named(
    cast: Cast, send: Any, now: datetime.datetime, leave: Any, erase: Any, quarter: models.Period
) -> None:
    leave(cast.manager, reports_to=cast.boss)
    absence = models.Absence.objects.create(
        person=cast.manager, starts_on=now.date(), ends_on=now.date(), noted_by=cast.hr, noted_at=now
    )
    row = audit.record(by=cast.hr, action="appraisals.leave_out", subject=absence, at=now)
    AuditRow.objects.bulk_create(
        [
            AuditRow(
                at=now,
                action=row.action,
                subject_type=row.subject_type,
                subject_id=absence.pk,
                subject_label="Mia Manager, Spring",
                why="ill",
            )
        ]
    )
    actions.revoke_role(
        person=cast.finance_owner, role="finance_owner", by=cast.hr, at=now, why="Mia Manager"
    )
    erase(cast.manager)
    rows = send(cast.hr, "get", reverse("api_audit_log"), {"page_size": 100}).json()["results"]
    moved = [row for row in rows if row["action"] == "people.change_manager"]
    assert {row["subject_label"] for row in moved} == {"Eli Employee", "Cody Colleague"}
    assert all(row["changes"] == {} for row in moved)
    named = [
        row
        for row in rows
        if row["subject_id"] == str(absence.pk) and row["subject_label"] == "erased person"
    ]
    assert [row["why"] for row in named] == [""]
    others = [row for row in rows if row["action"] == "people.revoke_role"]
    assert [row["changes"] for row in others] == [{"role": ["finance_owner", None]}], "no name hides this one"
    assert send(cast.hr, "get", reverse("api_audit_log"), {"q": "Mia"}).json()["results"] == []


def test_work_items_of_others_no_longer_name_the_person(
    cast: Cast, now: datetime.datetime, leave: Any, erase: Any
) -> None:
    email = cast.colleague.email
    item = assign(
        cast,
        now,
        title_en="Cody Colleague proposes a goal",
        title_zh="请确认柯同事的目标",
        detail_en=f"cody colleague, {email.upper()}",
        detail_zh="薄总",
    )
    other = assign(cast, now + DAY / 86400 / 3, title_en="Cody Colleagues & Sons deliver", title_zh="别的")
    leave(cast.colleague)
    left = erase(cast.colleague)
    item.refresh_from_db()
    other.refresh_from_db()
    assert item.title_en == f"{left.name_en} proposes a goal"
    assert item.title_zh == f"请确认{left.name_zh}的目标"
    assert item.detail_en == f"{left.name_en}, {left.name_en}"
    assert item.detail_zh == "薄总"
    assert other.title_en == "Cody Colleagues & Sons deliver"


def upload(cast: Cast, at: datetime.datetime, *rows: str) -> models.PeopleImport:
    content = (HEADER + "\n".join(rows) + "\n").encode()
    return actions.upload_people(file_name="people.csv", content=content, by=cast.hr, at=at)


def kept_of(upload: models.PeopleImport) -> str:
    upload.refresh_from_db()
    return f"{bytes(upload.content).decode()} {upload.report} {upload.before} {upload.mended}"


def test_files_that_were_applied_keep_nothing_of_the_person(
    cast: Cast, now: datetime.datetime, leave: Any, erase: Any, client_for: Any
) -> None:
    line = f"P004,Cody Colleague,柯同事,{cast.colleague.email},"
    old = actions.apply_import(
        upload=upload(cast, now - 9 * DAY, line + "Wuhan"), by=cast.hr, at=now - 9 * DAY
    )
    employee = f"P003,Eli Employee,易员工,{cast.employee.email},Xi'an"
    fresh = actions.apply_import(upload=upload(cast, now, line + "Chengdu", employee), by=cast.hr, at=now)
    leave(cast.colleague)
    erase(cast.colleague)
    for each in (old, fresh):
        assert "Cody" not in kept_of(each)
        assert "柯同事" not in kept_of(each)
        assert cast.colleague.email not in kept_of(each)
        page = client_for(cast.hr).get(reverse("people:import_check", args=[each.pk]))
        assert page.status_code == 200
        columns = client_for(cast.hr).get(reverse("people:import_columns", args=[each.pk]))
        assert columns.status_code < 500
    assert old.before == {}
    assert old.report["counts"]["changed"] == 1
    actions.undo_import(upload=fresh, by=cast.hr, at=now)
    cast.employee.refresh_from_db()
    cast.colleague.refresh_from_db()
    assert cast.employee.city == ""
    assert "Former colleague" in cast.colleague.name_en


def test_files_that_wait_go_when_they_name_the_person_or_are_old(
    cast: Cast, now: datetime.datetime, leave: Any, erase: Any
) -> None:
    naming = upload(cast, now, "P004,,,,Wuhan")
    old = upload(cast, now - 3 * DAY, "P003,,,,Wuhan")
    other = upload(cast, now, "P003,,,,Wuhan")
    leave(cast.colleague)
    erase(cast.colleague)
    assert list(models.PeopleImport.objects.filter(pk__in=[naming.pk, old.pk, other.pk])) == [other]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Li Na agrees", True),
        ("by li na.", True),
        ("Ali Na", False),
        ("Li Nan", False),
        ("请李娜确认", True),
        ("mail l.na@x.example now", True),
        ("mail alXna@x.example now", False),
    ],
)
def test_a_name_is_found_as_a_whole(text: str, found: bool) -> None:
    pattern = erasing.pattern_of({"Li Na", "李娜", "l.na@x.example"})
    assert bool(re.search(pattern, text, re.IGNORECASE)) is found


def test_somebody_whose_name_is_one_letter_takes_nothing_of_others_along(
    cast: Cast, leave: Any, erase: Any, now: datetime.datetime
) -> None:
    person = cast.colleague
    # No account, no address, and nothing of a longer name in the log.
    models.Person.objects.filter(pk=person.pk).update(name_en="X", name_zh="", email="", user=None)
    item = assign(cast, now, title_en="Agree to what X wrote")
    person.refresh_from_db()
    leave(person)
    erase(person)
    item.refresh_from_db()
    assert item.title_en == "Agree to what X wrote"


def told_to(reader: models.Person, send: Any) -> str:
    rows = send(reader, "get", reverse("api_audit_log"), {"page_size": 200}).json()["results"]
    return json.dumps(rows, ensure_ascii=False)


def test_rows_that_name_the_person_are_found_when_nothing_leads_to_them_any_more(
    cast: Cast, send: Any, now: datetime.datetime, leave: Any, erase: Any
) -> None:
    plan = actions.change_manager(
        person=cast.auditor,
        manager=cast.colleague,
        starts_on=queries.today(cast.organisation) + 9 * DAY,
        by=cast.hr,
        at=now,
    )
    assert plan
    actions.withdraw_change(line=plan, by=cast.hr, at=now)
    for lead in (cast.colleague, cast.manager):
        actions.edit_team(
            team=cast.team,
            name_en="Store Operations",
            name_zh="门店运营部",
            parent=None,
            lead=lead,
            by=cast.hr,
            at=now,
        )
    assert "Cody" in told_to(cast.auditor, send)
    leave(cast.colleague)
    erase(cast.colleague)
    assert "Cody" not in told_to(cast.auditor, send)


def test_days_away_of_an_erased_person_go(cast: Cast, now: datetime.datetime, leave: Any, erase: Any) -> None:
    models.Absence.objects.create(
        person=cast.colleague,
        kind="sick",
        starts_on=now.date(),
        ends_on=now.date(),
        noted_by=cast.hr,
        noted_at=now,
    )
    leave(cast.colleague)
    erase(cast.colleague)
    assert not models.Absence.objects.exists()


def test_forgetting_somebody_leaves_the_names_of_others_whole(
    cast: Cast, now: datetime.datetime, leave: Any, erase: Any
) -> None:
    models.Person.objects.filter(pk=cast.colleague.pk).update(name_zh="张伟")
    models.Person.objects.filter(pk=cast.employee.pk).update(name_zh="张伟东")
    item = assign(cast, now, title_en="Agree", title_zh="张伟东与张伟的目标")
    cast.colleague.refresh_from_db()
    leave(cast.colleague)
    left = erase(cast.colleague)
    item.refresh_from_db()
    assert item.title_zh == f"张伟东与{left.name_zh}的目标"


@pytest.mark.parametrize("by", ["employee", None])
def test_forgetting_somebody_leaves_what_names_a_namesake(
    cast: Cast, now: datetime.datetime, leave: Any, erase: Any, by: str | None
) -> None:
    models.Person.objects.filter(pk=cast.employee.pk).update(name_en="Cody Colleague")
    item = assign(cast, now, title_en="Cody Colleague has not checked in")
    WorkItem.objects.filter(pk=item.pk).update(assigned_by=getattr(cast, by) if by else None)
    leave(cast.colleague)
    erase(cast.colleague)
    item.refresh_from_db()
    assert item.title_en == "Cody Colleague has not checked in"


def test_what_nobody_assigned_forgets_somebody_without_a_namesake(
    cast: Cast, now: datetime.datetime, leave: Any, erase: Any
) -> None:
    item = assign(cast, now, title_en="Cody Colleague has not checked in")
    WorkItem.objects.filter(pk=item.pk).update(assigned_by=None)
    leave(cast.colleague)
    left = erase(cast.colleague)
    item.refresh_from_db()
    assert item.title_en == f"{left.name_en} has not checked in"


@pytest.mark.parametrize(
    ("text", "found"),
    [("请张伟确认", True), ("请张伟东确认", False), ("小张伟", False), ("大张伟业", False), ("大张伟", True)],
)
def test_a_name_is_not_found_inside_a_longer_one(text: str, found: bool) -> None:
    pattern = erasing.pattern_of({"张伟"}, {"张伟东", "小张伟", "大张伟业"})
    assert bool(re.search(pattern, text)) is found
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s ~* %s", [text, pattern])
        assert cursor.fetchone() == (found,)

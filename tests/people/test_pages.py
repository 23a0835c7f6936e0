"""Each page meets the fixed cast."""

import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from performance.foundation import tenancy
from performance.people import actions, models, queries
from tests.conftest import Cast

OPEN_TO_MEMBERS = [
    "people:directory",
    "people:organisation_chart",
    "people:teams",
    "people:changes",
    "people:periods",
    "people:profile",
    "people:picker",
    "inbox:list",
    "inbox:card",
]
FOR_HR = ["people:add_person", "people:import_people", "people:start_team", "people:export"]
SETTINGS = ["people:settings", "people:calendar", "people:roles", "people:audit_log"]


@pytest.mark.parametrize("name", OPEN_TO_MEMBERS)
def test_every_member_reads_the_open_pages(cast: Cast, client_for: Any, name: str) -> None:
    for person in cast.members():
        assert client_for(person).get(reverse(name)).status_code == 200, person


@pytest.mark.parametrize("name", FOR_HR)
def test_pages_of_hr_are_closed_to_others(cast: Cast, client_for: Any, name: str) -> None:
    for person in cast.members():
        answer = client_for(person).get(reverse(name))
        # Read to its end, so that a file is closed.
        b"".join(answer)
        status = answer.status_code
        if person == cast.hr:
            assert status == 200
        elif person == cast.auditor:
            assert status in (200, 403)
        else:
            assert status == 403, person


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_are_read_by_administrators_hr_and_auditors(cast: Cast, client_for: Any, name: str) -> None:
    readers = {cast.hr, cast.administrator, cast.auditor}
    for person in cast.members():
        expected = 200 if person in readers else 403
        assert client_for(person).get(reverse(name)).status_code == expected, person


@pytest.mark.parametrize("name", [*OPEN_TO_MEMBERS, *FOR_HR, *SETTINGS])
def test_who_is_not_signed_in_is_sent_to_sign_in(db: None, name: str) -> None:
    response = Client().get(reverse(name))
    assert response.status_code == 302
    assert reverse("account_login") in response["Location"]


def test_people_of_another_organisation_do_not_exist(cast: Cast, client_for: Any) -> None:
    stranger = client_for(cast.stranger)
    for name in ("person", "reports", "edit_person", "change_manager", "deactivate_person", "erase_person"):
        address = reverse(f"people:{name}", args=[cast.employee.pk])
        assert stranger.get(address).status_code == 404, name
    assert stranger.get(reverse("people:team", args=[cast.team.pk])).status_code == 404
    assert cast.employee.name_en not in stranger.get(reverse("people:directory")).content.decode()


def test_an_auditor_finds_the_way_to_the_log(cast: Cast, client_for: Any) -> None:
    home = client_for(cast.auditor).get(reverse("okr:home")).content.decode()
    assert f'href="{reverse("people:settings")}"' in home
    page = client_for(cast.auditor).get(reverse("people:settings")).content.decode()
    assert f'href="{reverse("people:audit_log")}"' in page
    employees = client_for(cast.employee).get(reverse("okr:home")).content.decode()
    assert f'href="{reverse("people:settings")}"' not in employees


def test_an_auditor_changes_nothing(cast: Cast, client_for: Any) -> None:
    auditor = client_for(cast.auditor)
    with tenancy.acting_for(cast.organisation):
        models.RoleGrant.objects.create(person=cast.auditor, role="hr")
    for name, arguments in (
        ("people:change_manager", [cast.employee.pk]),
        ("people:deactivate_person", [cast.employee.pk]),
        ("people:invite_person", [cast.employee.pk]),
        ("people:add_person", []),
        ("people:import_people", []),
        ("people:settings", []),
        ("people:periods", []),
    ):
        assert auditor.post(reverse(name, args=arguments), {}).status_code == 403, name


def test_a_person_shows_the_line_up_and_down(cast: Cast, client_for: Any) -> None:
    page = client_for(cast.colleague).get(reverse("people:person", args=[cast.manager.pk])).content.decode()
    for person in (cast.boss, cast.manager, cast.employee, cast.colleague):
        assert person.name_en in page


def test_a_planned_change_is_shown_and_withdrawn(cast: Cast, client_for: Any) -> None:
    hr = client_for(cast.hr)
    day = queries.today(cast.organisation) + datetime.timedelta(days=20)
    answer = hr.post(
        reverse("people:change_manager", args=[cast.employee.pk]),
        {"manager": cast.boss.pk, "starts_on": day.isoformat()},
    )
    assert answer.status_code == 302
    boss_page = hr.get(reverse("people:person", args=[cast.boss.pk])).content.decode()
    assert 'class="plan"' in boss_page
    later = hr.get(reverse("people:person", args=[cast.employee.pk]), {"asof": day.isoformat()})
    assert later.context["line"].manager == cast.boss
    with tenancy.acting_for(cast.organisation):
        line = models.ReportingLine.objects.get(person=cast.employee, starts_on=day)
    assert hr.post(reverse("people:withdraw_change", args=[line.pk])).status_code == 302
    with tenancy.acting_for(cast.organisation):
        assert queries.manager_of(cast.employee.pk, day) == cast.manager


def test_a_loop_is_refused_in_words(cast: Cast, client_for: Any) -> None:
    answer = client_for(cast.hr).post(
        reverse("people:change_manager", args=[cast.boss.pk]),
        {"manager": cast.employee.pk, "starts_on": "2026-01-01"},
    )
    assert answer.status_code == 422


def test_the_directory_finds_by_name_pinyin_number_and_title(cast: Cast, client_for: Any, now: Any) -> None:
    with tenancy.acting_for(cast.organisation):
        actions.add_person(
            number="Z-77",
            name_zh="单小明",
            title_en="Fruit buyer",
            hired_on=datetime.date(2020, 1, 1),
            by=None,
            at=now,
        )
    client = client_for(cast.employee)
    for words in ("小明", "shan", "shanxiaoming", "Z-77", "fruit"):
        found = client.get(reverse("people:directory"), {"q": words}).context["people"]
        assert [person.number for person in found] == ["Z-77"], words


def test_the_list_alone_answers_a_filter(cast: Cast, client_for: Any) -> None:
    answer = client_for(cast.employee).get(
        reverse("people:directory"), {"q": "eli"}, headers={"HX-Request": "true", "HX-Target": "people-list"}
    )
    assert "<html" not in answer.content.decode()
    assert "Eli Employee" in answer.content.decode()


def test_the_query_count_does_not_grow(cast: Cast, client_for: Any, now: Any) -> None:
    addresses = [
        reverse("people:directory"),
        reverse("people:person", args=[cast.boss.pk]),
        reverse("people:organisation_chart"),
        reverse("people:reports", args=[cast.boss.pk]),
        reverse("people:teams"),
        reverse("people:changes"),
        reverse("people:roles"),
        reverse("people:audit_log"),
        reverse("inbox:list"),
    ]
    client = client_for(cast.hr)
    with tenancy.acting_for(cast.organisation):
        day = datetime.date(2025, 1, 1)
        actions.change_manager(person=cast.employee, manager=cast.boss, starts_on=day, by=None, at=now)
    first = [_queries(client, address) for address in addresses]
    with tenancy.acting_for(cast.organisation):
        people = [models.Person(number=f"N{n}", name_en=f"New {n}", name_sort=f"new {n}") for n in range(60)]
        models.Person.objects.bulk_create(people)
        models.ReportingLine.objects.bulk_create(
            models.ReportingLine(person=person, manager=cast.boss, starts_on=datetime.date(2024, 1, 1))
            for person in people
        )
        for number in range(6):
            actions.start_team(
                code=f"T{number}", name_en=f"Team {number}", lead=people[number], by=None, at=now
            )
            models.RoleGrant.objects.create(person=people[number], role="business_owner")
    assert [_queries(client, address) for address in addresses] == first


def _queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_hr_imports_a_file_through_the_pages(cast: Cast, client_for: Any) -> None:
    hr = client_for(cast.hr)
    file = SimpleUploadedFile("people.csv", b"Number,Name,Manager,Joined\nN1,Ann Lee,P0O1,2024-01-02\n")
    answer = hr.post(reverse("people:import_people"), {"file": file}, follow=True)
    assert "Cell C2" in answer.content.decode()
    upload = answer.context["upload"]
    refused = hr.post(reverse("people:import_apply", args=[upload.pk]))
    assert refused.status_code == 422
    mended = hr.post(
        reverse("people:import_mend", args=[upload.pk]), {"C2": "P001"}, headers={"HX-Request": "true"}
    )
    assert "Cell C2" not in mended.content.decode()
    done = hr.post(reverse("people:import_apply", args=[upload.pk]), follow=True)
    assert "Applied" in done.content.decode()
    assert hr.get(reverse("people:import_columns", args=[upload.pk])).status_code == 200
    with tenancy.acting_for(cast.organisation):
        assert models.Person.objects.filter(number="N1").exists()
    assert hr.post(reverse("people:import_undo", args=[upload.pk])).status_code == 302


def test_the_export_neutralises_formulas_and_is_on_record(cast: Cast, client_for: Any, now: Any) -> None:
    with tenancy.acting_for(cast.organisation):
        models.Person.objects.filter(pk=cast.employee.pk).update(title_en="=2+5")
    hr = client_for(cast.hr)
    text = hr.get(reverse("people:export")).getvalue().decode("utf-8-sig")
    assert "P003,Eli Employee,易员工," in text
    assert ",'=2+5,,,,Store Operations,,P002,2020-01-01," in text
    assert "Exported people" in hr.get(reverse("people:audit_log")).content.decode()


def test_hr_opens_a_quarter_and_moves_it_on(cast: Cast, client_for: Any) -> None:
    hr = client_for(cast.hr)
    initial = hr.get(reverse("people:periods")).context["form"].initial
    assert hr.post(reverse("people:periods"), initial).status_code == 302
    with tenancy.acting_for(cast.organisation):
        period = models.Period.objects.get()
    move = reverse("people:move_period", args=[period.pk])
    assert hr.post(move, {"to": "closed"}).status_code == 409
    for state in ("active", "closing", "closed"):
        assert hr.post(move, {"to": state}).status_code == 302
    with tenancy.acting_for(cast.organisation):
        period.refresh_from_db()
    assert period.state == "closed"
    assert period.goals_locked_at
    assert period.progress_locked_at


def test_roles_are_given_and_taken_on_record_with_a_warning(cast: Cast, client_for: Any) -> None:
    administrator = client_for(cast.administrator)
    page = reverse("people:roles")
    given = administrator.post(page, {"person": cast.business_owner.pk, "role": "finance_owner"}, follow=True)
    assert "one person cannot give both" in given.content.decode()
    revoke = reverse("people:revoke_role", args=[cast.administrator.pk, "administrator"])
    assert administrator.post(revoke).status_code == 422
    assert client_for(cast.hr).post(page, {"person": cast.hr.pk, "role": "administrator"}).status_code == 403


def test_the_setup_list_is_for_those_who_set_up(cast: Cast, client_for: Any) -> None:
    address = reverse("people:first_run")
    assert client_for(cast.administrator).get(address).status_code == 200
    assert client_for(cast.employee).get(address).status_code == 403


def test_a_person_leaves_once_somebody_takes_over(cast: Cast, client_for: Any) -> None:
    hr = client_for(cast.hr)
    today = queries.today(cast.organisation)
    address = reverse("people:deactivate_person", args=[cast.manager.pk])
    assert hr.post(address, {"left_on": today.isoformat()}).status_code == 422
    assert hr.post(address, {"left_on": today.isoformat(), "reports_to": cast.boss.pk}).status_code == 302
    with tenancy.acting_for(cast.organisation):
        tomorrow = today + datetime.timedelta(days=1)
        assert queries.manager_of(cast.employee.pk, tomorrow) == cast.boss
        assert queries.manager_of(cast.employee.pk, today) == cast.manager

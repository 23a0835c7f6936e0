"""Roles go to whom they were given: no address, invitation, return or import leads to more than one holds."""

import datetime
from typing import Any

import pytest
from django.urls import reverse

from performance.foundation import tenancy
from performance.foundation.models import AuditRow
from performance.people import actions, models, queries
from performance.people.actions import PeopleRefused, invitations
from tests.conftest import Cast

DAY = datetime.timedelta(days=1)
HEADER = "Number,Name,E-mail,Last day\n"


@pytest.fixture(autouse=True)
def _acting(cast: Cast) -> Any:
    with tenancy.acting_for(cast.organisation):
        yield


@pytest.fixture
def today(cast: Cast) -> datetime.date:
    return queries.today(cast.organisation)


@pytest.fixture
def newcomer() -> models.Person:
    """Here, but without an account."""
    return models.Person.objects.create(number="N1", name_en="Nia New", email="nia@harbour.example")


def roles_of(person: models.Person) -> set[str]:
    return set(models.RoleGrant.objects.filter(person=person).values_list("role", flat=True))


def test_who_acts_is_found_with_all_their_roles_at_once(cast: Cast, django_assert_num_queries: Any) -> None:
    with tenancy.acting_for(cast.organisation):
        models.RoleGrant.objects.create(person=cast.hr, role=models.Role.FINANCE_OWNER)
        for person, roles in ((cast.hr, {"hr", "finance_owner"}), (cast.employee, set())):
            with django_assert_num_queries(1):
                found = queries.load_actor(user=person.user, organisation_id=cast.organisation.pk)
                assert found is not None
                assert (found.roles, found.organisation.pk) == (roles, cast.organisation.pk)


def test_nobody_without_an_account_is_given_a_role(cast: Cast, send: Any, newcomer: models.Person) -> None:
    given = {"person_id": newcomer.pk, "role": "administrator"}
    answer = send(cast.administrator, "post", reverse("api_roles"), given)
    assert answer.status_code == 422
    assert answer.json()["title"] == "no_account"
    assert roles_of(newcomer) == set()


def test_hr_changes_no_address_that_leads_to_a_role_they_lack(
    cast: Cast, send: Any, client_for: Any, now: Any
) -> None:
    for person in (cast.administrator, cast.auditor, cast.business_owner):
        one = reverse("api_person", args=[person.pk])
        answer = send(cast.hr, "patch", one, {"email": "mine@harbour.example"})
        assert answer.status_code == 422, person
        assert answer.json()["title"] == "out_of_reach"
        assert send(cast.hr, "patch", one, {"city": "Wuhan", "email": person.email}).status_code == 200
    page = client_for(cast.hr).post(
        reverse("people:edit_person", args=[cast.administrator.pk]),
        {"number": "P008", "name_en": "Ada Admin", "email": "mine@harbour.example"},
    )
    assert page.status_code == 422
    assert "holds a role that you do not hold" in page.content.decode()
    one = reverse("api_person", args=[cast.hr.pk])
    assert send(cast.hr, "patch", one, {"email": "hana@harbour.example"}).status_code == 200


def test_an_administrator_in_hr_changes_the_address_of_anybody(cast: Cast, send: Any) -> None:
    models.RoleGrant.objects.create(person=cast.hr, role="administrator")
    one = reverse("api_person", args=[cast.auditor.pk])
    assert send(cast.hr, "patch", one, {"email": "audrey@harbour.example"}).status_code == 200


def test_nobody_is_invited_into_a_role_that_hr_lacks(cast: Cast, send: Any, newcomer: models.Person) -> None:
    models.RoleGrant.objects.create(person=newcomer, role="administrator")
    answer = send(cast.hr, "post", reverse("api_person_invitation", args=[newcomer.pk]))
    assert answer.status_code == 422
    assert answer.json()["title"] == "out_of_reach"


def test_whoever_accepts_an_invitation_begins_without_roles(
    cast: Cast, newcomer: models.Person, now: datetime.datetime
) -> None:
    invitation = actions.invite_person(person=newcomer, by=cast.hr, at=now)
    models.RoleGrant.objects.create(person=newcomer, role="administrator")
    secret = invitations.link_secret(invitation)
    actions.accept_invitation(secret=secret, at=now, password="a-long-enough-sentence")
    assert roles_of(newcomer) == set()
    assert AuditRow.objects.get(action="people.revoke_role").changes == {"role": ["administrator", None]}


def test_roles_end_with_the_last_day_and_do_not_return(
    cast: Cast, now: datetime.datetime, today: datetime.date
) -> None:
    actions.deactivate_person(person=cast.finance_owner, left_on=today - DAY, by=cast.hr, at=now)
    assert roles_of(cast.finance_owner) == set()
    row = AuditRow.objects.get(action="people.revoke_role")
    assert (row.subject_id, row.changes) == (cast.finance_owner.pk, {"role": ["finance_owner", None]})
    actions.return_person(person=cast.finance_owner, hired_on=today, by=cast.hr, at=now)
    assert roles_of(cast.finance_owner) == set()


def test_a_planned_last_day_that_came_ends_the_roles_too(
    cast: Cast, now: datetime.datetime, today: datetime.date
) -> None:
    actions.deactivate_person(person=cast.finance_owner, left_on=today + DAY, by=cast.hr, at=now)
    assert roles_of(cast.finance_owner) == {"finance_owner"}, "they still work here"
    later = now + 5 * DAY
    actions.return_person(person=cast.finance_owner, hired_on=today + 5 * DAY, by=cast.hr, at=later)
    assert roles_of(cast.finance_owner) == set()


def test_whoever_stays_after_all_keeps_their_roles(
    cast: Cast, now: datetime.datetime, today: datetime.date
) -> None:
    actions.deactivate_person(person=cast.finance_owner, left_on=today + 30 * DAY, by=cast.hr, at=now)
    actions.return_person(person=cast.finance_owner, hired_on=today, by=cast.hr, at=now)
    assert roles_of(cast.finance_owner) == {"finance_owner"}


def upload(cast: Cast, rows: str, at: datetime.datetime, by: Any = None) -> models.PeopleImport:
    content = (HEADER + rows).encode()
    return actions.upload_people(file_name="people.csv", content=content, by=by or cast.hr, at=at)


def test_an_import_names_the_address_that_it_may_not_change(cast: Cast, now: datetime.datetime) -> None:
    rows = "P008,Ada Admin,mine@harbour.example,\nP003,Eli Employee,eli@harbour.example,\n"
    checked = upload(cast, rows, now)
    assert [error["cell"] for error in checked.report["errors"]] == ["C2"]
    with pytest.raises(PeopleRefused, match="still wrong"):
        actions.apply_import(upload=checked, by=cast.hr, at=now)
    cast.administrator.refresh_from_db()
    assert "mine" not in cast.administrator.email


def test_whoever_applies_a_file_needs_the_reach_themselves(cast: Cast, now: datetime.datetime) -> None:
    models.RoleGrant.objects.create(person=cast.boss, role="administrator")
    checked = upload(cast, "P009,Audrey Auditor,new@harbour.example,\n", now, by=cast.boss)
    assert checked.report["errors"] == []
    with pytest.raises(PeopleRefused, match="a role that you do not hold"):
        actions.apply_import(upload=checked, by=cast.hr, at=now)
    actions.apply_import(upload=checked, by=cast.boss, at=now)
    with pytest.raises(PeopleRefused, match="a role that you do not hold"):
        actions.undo_import(upload=checked, by=cast.hr, at=now)


def test_an_import_that_says_goodbye_ends_the_roles(
    cast: Cast, now: datetime.datetime, today: datetime.date
) -> None:
    row = f"P007,Fin Finance,{cast.finance_owner.email},"
    actions.apply_import(upload=upload(cast, f"{row}{today - DAY}\n", now), by=cast.hr, at=now)
    assert roles_of(cast.finance_owner) == set()
    models.RoleGrant.objects.create(person=cast.finance_owner, role="finance_owner")
    actions.apply_import(upload=upload(cast, f"{row}{today + 99 * DAY}\n", now), by=cast.hr, at=now)
    assert roles_of(cast.finance_owner) == set()


def become_auditor(cast: Cast, send: Any, person: models.Person) -> Any:
    given = {"person_id": person.pk, "role": "auditor"}
    return send(cast.administrator, "post", reverse("api_roles"), given)


def test_the_last_administrator_becomes_no_auditor(cast: Cast, send: Any, client_for: Any) -> None:
    answer = become_auditor(cast, send, cast.administrator)
    assert answer.status_code == 422
    assert answer.json()["title"] == "last_administrator"
    given = {"person": cast.administrator.pk, "role": "auditor"}
    page = client_for(cast.administrator).post(reverse("people:roles"), given)
    assert page.status_code == 422
    assert "an auditor writes nothing" in page.content.decode()
    assert roles_of(cast.administrator) == {"administrator"}
    models.RoleGrant.objects.create(person=cast.boss, role="administrator")
    assert become_auditor(cast, send, cast.administrator).status_code == 201


@pytest.mark.parametrize("unable", ["auditor", "no account", "left out", "switched off", "leaves"])
def test_an_administrator_who_cannot_write_is_no_second_one(
    cast: Cast, send: Any, now: datetime.datetime, today: datetime.date, unable: str
) -> None:
    models.RoleGrant.objects.create(person=cast.boss, role="administrator")
    if unable == "auditor":
        models.RoleGrant.objects.create(person=cast.boss, role="auditor")
    elif unable == "no account":
        models.Person.objects.filter(pk=cast.boss.pk).update(user=None)
    elif unable == "left out":
        models.Membership.objects.filter(user=cast.boss.user).update(is_active=False)
    elif unable == "switched off":
        models.User.objects.filter(pk=cast.boss.user.pk).update(is_active=False)
    else:
        models.Person.objects.filter(pk=cast.boss.pk).update(left_on=today + 30 * DAY)
    assert become_auditor(cast, send, cast.administrator).status_code == 422
    with pytest.raises(PeopleRefused, match="only administrator"):
        actions.revoke_role(person=cast.administrator, role="administrator", by=cast.hr, at=now)
    with pytest.raises(PeopleRefused, match="only administrator"):
        actions.deactivate_person(person=cast.administrator, left_on=today, by=cast.hr, at=now)
    row = f"P008,Ada Admin,{cast.administrator.email},{today + 30 * DAY}\n"
    with pytest.raises(PeopleRefused, match="only administrator"):
        actions.apply_import(upload=upload(cast, row, now), by=cast.hr, at=now)
    assert roles_of(cast.administrator) == {"administrator"}
    models.RoleGrant.objects.create(person=cast.colleague, role="administrator")
    actions.deactivate_person(person=cast.administrator, left_on=today, by=cast.hr, at=now)


def test_an_administrator_who_audits_gives_the_role_back_and_writes_again(
    cast: Cast, send: Any, now: datetime.datetime
) -> None:
    models.RoleGrant.objects.create(person=cast.boss, role="administrator")
    models.RoleGrant.objects.create(person=cast.boss, role="auditor")
    actions.revoke_role(person=cast.boss, role="administrator", by=cast.administrator, at=now)
    assert roles_of(cast.boss) == {"auditor"}

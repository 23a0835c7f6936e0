"""Who is kept out, and what is kept from whom."""

import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from performance.foundation import tenancy
from performance.people import actions
from performance.people.models import Membership, Organisation, Person
from tests.conftest import Cast


@pytest.fixture
def bearer(cast: Cast, actor: Any) -> dict[str, str]:
    """The employee's token for the directory."""
    now = timezone.now()
    with tenancy.acting_for(cast.organisation):
        _token, secret = actions.create_token(
            actor=actor(cast.employee),
            name="Report",
            scopes=["people:read"],
            expires_at=now + datetime.timedelta(days=30),
            at=now,
        )
    return {"Authorization": f"Bearer {secret}"}


def test_a_token_opens_nothing_once_the_membership_is_gone(cast: Cast, bearer: dict[str, str]) -> None:
    people = reverse("api_people")
    assert Client().get(people, headers=bearer).status_code == 200
    Membership.objects.create(user=cast.employee.user, organisation=cast.elsewhere)
    Membership.objects.filter(user=cast.employee.user, organisation=cast.organisation).update(is_active=False)
    assert Client().get(people, headers=bearer).status_code == 401


def test_a_token_opens_nothing_in_a_closed_organisation(cast: Cast, bearer: dict[str, str]) -> None:
    Organisation.objects.filter(pk=cast.organisation.pk).update(closed_at=timezone.now())
    assert Client().get(reverse("api_people"), headers=bearer).status_code == 401


def test_a_last_day_to_come_is_known_to_hr_and_the_person_alone(cast: Cast, client_for: Any) -> None:
    last_day = timezone.now().date() + datetime.timedelta(days=60)
    with tenancy.acting_for(cast.organisation):
        Person.objects.filter(pk=cast.employee.pk).update(left_on=last_day)
    one, page = (reverse(name, args=[cast.employee.pk]) for name in ("api_person", "people:person"))

    def seen_by(person: Person) -> tuple[Any, bool]:
        browser = client_for(person)
        return browser.get(one).json()["left_on"], "Last day</dt>" in browser.get(page).content.decode()

    for person in (cast.colleague, cast.manager, cast.administrator):
        assert seen_by(person) == (None, False), person
    for person in (cast.hr, cast.auditor, cast.employee):
        assert seen_by(person) == (last_day.isoformat(), True), person
    listed = client_for(cast.colleague).get(reverse("api_people")).json()["results"]
    assert {row["left_on"] for row in listed} == {None}


@pytest.mark.parametrize("name", ["people:directory", "people:picker", "search", "api_people"])
def test_a_letter_that_no_column_holds_is_no_error_of_ours(cast: Cast, client_for: Any, name: str) -> None:
    assert client_for(cast.employee).get(reverse(name), {"q": "a\x00b"}).status_code in (200, 400)


def test_an_exported_name_in_wide_letters_is_no_formula_either(cast: Cast, client_for: Any) -> None:
    with tenancy.acting_for(cast.organisation):
        Person.objects.filter(pk=cast.employee.pk).update(name_zh="＝HYPERLINK(1)")
    file = client_for(cast.hr).get(reverse("people:export")).getvalue().decode()
    assert ",'＝HYPERLINK(1)," in file


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "soon"])
def test_a_day_of_no_calendar_counts_as_today(cast: Cast, client_for: Any, day: str) -> None:
    browser = client_for(cast.employee)
    addresses = [reverse("people:organisation_chart"), reverse("people:person", args=[cast.manager.pk])]
    for address in [*addresses, reverse("api_person", args=[cast.manager.pk])]:
        assert browser.get(address, {"asof": day}).status_code == 200

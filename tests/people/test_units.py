"""Where somebody was when: a move keeps what was before it, a correction does not."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from performance.foundation import access, tenancy
from performance.people import actions, queries
from performance.people.actions import moving
from performance.people.models import BusinessUnit, Person, UnitStay
from tests.conftest import Cast

Actor = Callable[[Person], access.Actor]
ClientFor = Callable[[Person], Client]
A_DAY = datetime.timedelta(days=1)


@pytest.fixture
def units(cast: Cast) -> tuple[BusinessUnit, BusinessUnit]:
    with tenancy.acting_for(cast.organisation):
        one, other = (
            BusinessUnit.objects.create(code=code, name_en=code.title()) for code in ("STORES", "ONLINE")
        )
        Person.objects.filter(pk=cast.employee.pk).update(unit=one, hired_on=None)
        return one, other


def _edit(cast: Cast, actor: Actor, unit: BusinessUnit, since: datetime.date | None) -> None:
    actions.edit_person(
        person=cast.employee, fields={"unit": unit}, unit_since=since, by=actor(cast.hr), at=timezone.now()
    )


def _unit_on(person: Person, day: datetime.date) -> Any:
    person.refresh_from_db()
    asked = Person.objects.annotate(then=queries.unit_then(day)).values_list("then", flat=True)
    found = asked.get(pk=person.pk)
    assert found == queries.unit_of(person, day)
    return found


def test_a_move_holds_from_its_day_and_a_correction_always_did(
    cast: Cast, units: tuple[BusinessUnit, BusinessUnit], actor: Actor
) -> None:
    one, other = units
    today = queries.today(cast.organisation)
    since = today - 10 * A_DAY
    with tenancy.acting_for(cast.organisation):
        _edit(cast, actor, other, since)
        assert _unit_on(cast.employee, since - A_DAY) == one.pk
        assert _unit_on(cast.employee, since) == other.pk
        _edit(cast, actor, one, None)
        assert _unit_on(cast.employee, since - A_DAY) == one.pk
        assert _unit_on(cast.employee, since) == one.pk


def test_a_move_said_of_an_earlier_day_takes_the_place_of_later_ones(
    cast: Cast, units: tuple[BusinessUnit, BusinessUnit], actor: Actor
) -> None:
    one, other = units
    today = queries.today(cast.organisation)
    with tenancy.acting_for(cast.organisation):
        third = BusinessUnit.objects.create(code="THIRD", name_en="Third")
        _edit(cast, actor, other, today - 5 * A_DAY)
        _edit(cast, actor, third, today - 9 * A_DAY)
        assert UnitStay.objects.count() == 1
        assert _unit_on(cast.employee, today - 10 * A_DAY) == one.pk
        assert _unit_on(cast.employee, today - 6 * A_DAY) == third.pk


def test_a_move_ahead_or_before_the_first_day_is_refused(
    cast: Cast, units: tuple[BusinessUnit, BusinessUnit], actor: Actor
) -> None:
    today = queries.today(cast.organisation)
    with tenancy.acting_for(cast.organisation):
        Person.objects.filter(pk=cast.employee.pk).update(hired_on=today - 3 * A_DAY)
        for since in (today + A_DAY, today - 4 * A_DAY):
            with pytest.raises(actions.PeopleRefused) as refused:
                _edit(cast, actor, units[1], since)
            assert refused.value.field == "unit_since"
        assert not UnitStay.objects.exists()


def test_who_was_in_a_unit_on_some_of_the_days(cast: Cast, units: tuple[BusinessUnit, BusinessUnit]) -> None:
    one, other = units
    today = queries.today(cast.organisation)
    with tenancy.acting_for(cast.organisation):
        moving.note_moves({cast.employee.pk: (one.pk, today)})
        Person.objects.filter(pk=cast.employee.pk).update(unit=other)
        everybody = Person.objects.filter(pk=cast.employee.pk)

        def was_in(unit: BusinessUnit, since: datetime.date, until: datetime.date) -> bool:
            return queries.in_units_during(everybody, {unit.pk}, since, until).exists()

        yesterday = today - A_DAY
        assert was_in(one, yesterday, today)
        assert was_in(other, yesterday, today)
        assert not was_in(other, yesterday, yesterday)
        assert not was_in(one, today, today)


def test_hr_says_by_page_and_by_api_since_when(
    cast: Cast, units: tuple[BusinessUnit, BusinessUnit], client_for: ClientFor
) -> None:
    one, other = units
    since = queries.today(cast.organisation) - 2 * A_DAY
    hr = client_for(cast.hr)
    address = f"/people/{cast.employee.pk}/edit/"
    page = hr.get(address)
    assert page.status_code == 200
    form = {key: value for key, value in page.context["form"].initial.items() if value is not None}
    form |= {"unit": str(other.pk), "unit_since": since.isoformat()}
    form.pop("hired_on", None)
    assert hr.post(address, form).status_code == 302
    told = hr.get(f"/api/v1/people/{cast.employee.pk}/").json()
    assert told["earlier_units"] == [{"unit": str(one.pk), "until": since.isoformat()}]
    assert "Stores" in hr.get(f"/people/{cast.employee.pk}/").content.decode()
    asked = {"unit_id": str(one.pk), "unit_since": (since + A_DAY).isoformat()}
    answer = hr.patch(f"/api/v1/people/{cast.employee.pk}/", asked, content_type="application/json")
    assert answer.status_code == 200
    told = hr.get(f"/api/v1/people/{cast.employee.pk}/").json()
    assert [stay["unit"] for stay in told["earlier_units"]] == [str(other.pk), str(one.pk)]

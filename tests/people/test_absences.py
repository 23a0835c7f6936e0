"""Days away: noted by the person, the line above or HR; seen by nobody else."""

import datetime
from typing import Any

import pytest
from django.urls import reverse

from performance.foundation import tenancy
from performance.people import actions, models, queries
from performance.people.actions import PeopleRefused
from tests import ready
from tests.conftest import Cast

DAY = datetime.timedelta(days=1)


@pytest.fixture
@ready.made
def away(cast: Cast, actor: Any, now: datetime.datetime) -> models.Absence:
    """The employee is away for a week from today on."""
    with tenancy.acting_for(cast.organisation):
        return actions.note_absence(
            person=cast.employee,
            kind="leave",
            starts_on=now.date(),
            ends_on=now.date() + 6 * DAY,
            by=actor(cast.employee),
            at=now,
        )


def test_days_are_counted_once_and_within_the_span(cast: Cast, away: models.Absence, now: Any) -> None:
    with tenancy.acting_for(cast.organisation):
        found = queries.days_away(
            [cast.employee.pk, cast.manager.pk], now.date() + 5 * DAY, now.date() + 30 * DAY
        )
    assert found == {cast.employee.pk: {now.date() + 5 * DAY, now.date() + 6 * DAY}}


def test_the_same_days_are_not_noted_twice(cast: Cast, away: models.Absence, actor: Any, now: Any) -> None:
    day = now.date()
    for first, last, code in (
        (day + 6 * DAY, day + 9 * DAY, "conflict"),
        (day + 20 * DAY, day + 19 * DAY, "backward"),
        (day + 20 * DAY, day + 400 * DAY, "too_long"),
    ):
        with tenancy.acting_for(cast.organisation), pytest.raises(PeopleRefused) as refused:
            actions.note_absence(
                person=cast.employee, kind="sick", starts_on=first, ends_on=last, by=actor(cast.hr), at=now
            )
        assert refused.value.code == code


def test_the_line_and_hr_see_and_note_absences_and_nobody_else(
    cast: Cast, away: models.Absence, client_for: Any, now: Any
) -> None:
    page, note = (reverse(name, args=[cast.employee.pk]) for name in ("people:person", "people:note_absence"))
    api = f"/api/v1/people/{cast.employee.pk}/absences/"
    first = now.date() + 30 * DAY
    for number, (person, sees, notes) in enumerate(
        (
            (cast.employee, True, True),
            (cast.manager, True, True),
            (cast.boss, True, True),
            (cast.hr, True, True),
            (cast.auditor, True, False),
            (cast.colleague, False, False),
            (cast.administrator, False, False),
        )
    ):
        browser = client_for(person)
        day = str(first + number * DAY)
        assert ('id="card-absences"' in browser.get(page).content.decode()) is sees, person
        assert browser.get(api).status_code == (200 if sees else 403), person
        posted = browser.post(note, {"starts_on": day, "ends_on": day, "kind": "other"})
        assert posted.status_code == (302 if notes else 403), person
    assert client_for(cast.stranger).get(api).status_code == 404
    assert client_for(cast.stranger).post(note, {}).status_code == 404


def test_a_wrong_day_is_said_beside_its_field(cast: Cast, client_for: Any, now: Any) -> None:
    note = reverse("people:note_absence", args=[cast.employee.pk])
    answer = client_for(cast.employee).post(
        note, {"starts_on": str(now.date()), "ends_on": str(now.date() - DAY), "kind": "leave"}
    )
    assert answer.status_code == 422
    assert "ends_on" in answer.context["absence_form"].errors


def test_days_are_taken_back_by_page_and_api(cast: Cast, away: models.Absence, client_for: Any) -> None:
    withdraw = reverse("people:withdraw_absence", args=[away.pk])
    assert client_for(cast.colleague).post(withdraw).status_code == 403
    assert client_for(cast.stranger).post(withdraw).status_code == 404
    assert client_for(cast.employee).post(withdraw).status_code == 302
    assert client_for(cast.employee).post(withdraw).status_code == 404
    assert client_for(cast.employee).delete(f"/api/v1/people/absences/{away.pk}/").status_code == 404
    with tenancy.acting_for(cast.organisation):
        assert not queries.absences_of(cast.employee.pk, away.starts_on).exists()

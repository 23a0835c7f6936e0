"""Praise for a value, points from a monthly allowance, the feed, and HR who keeps the values."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from feedback import actions, queries
from feedback.models import CompanyValue, Note
from performance.foundation import access, tenancy
from performance.foundation.models import AuditRow
from performance.people import models as people
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
Load = Callable[[people.Person], access.Actor]
SignIn = Callable[[people.Person], Client]


@pytest.fixture
def value(cast: Cast, actor: Load) -> CompanyValue:
    with tenancy.acting_for(cast.organisation):
        return actions.save_value(
            name_en="Customers first", name_zh="顾客第一", by=actor(cast.hr), at=timezone.now()
        )


def praised(cast: Cast, actor: Load, points: int, **given: Any) -> Note:
    options = {"visibility": "public", "kind": "praise", "at": timezone.now(), "about": cast.employee} | given
    with tenancy.acting_for(cast.organisation):
        return actions.write_note(
            by=actor(cast.colleague), text="Every top item on Saturday.", points=points, **options
        )


def test_points_come_from_a_monthly_allowance_and_go_back_with_praise_that_is_taken_back(
    cast: Cast, actor: Load
) -> None:
    first = praised(cast, actor, 10)
    praised(cast, actor, 8)
    with pytest.raises(actions.NoteRefused, match="2 points left") as refused:
        praised(cast, actor, 3)
    assert refused.value.field == "points"
    with tenancy.acting_for(cast.organisation):
        actions.retract_note(note=first, by=actor(cast.colleague), at=timezone.now())
        assert queries.points_left(cast.colleague.pk, timezone.now()) == 12
        [total] = queries.point_totals(actor(cast.boss), timezone.localdate())
        assert (total.person.pk, total.points) == (cast.employee.pk, 8)
    long_ago = timezone.now() - datetime.timedelta(days=70)
    praised(cast, actor, 10, at=long_ago)
    with tenancy.acting_for(cast.organisation):
        assert queries.points_left(cast.colleague.pk, timezone.now()) == 12, "another month's points"


@pytest.mark.parametrize(
    ("points", "given"),
    [
        (1, {"visibility": "recipient"}),
        (11, {}),
        (-1, {}),
        (1, {"kind": "suggestion", "visibility": "manager"}),
    ],
)
def test_points_are_neither_negative_nor_private_nor_many_at_once(
    cast: Cast, actor: Load, points: int, given: dict[str, Any]
) -> None:
    with pytest.raises(actions.NoteRefused):
        praised(cast, actor, points, **given)
    note = praised(cast, actor, 1)
    with tenancy.acting_for(cast.organisation), pytest.raises(IntegrityError), transaction.atomic():
        Note.objects.filter(pk=note.pk).update(points=11)


def test_the_feed_is_filtered_by_value_and_person_and_shows_public_praise_alone(
    cast: Cast, actor: Load, client_for: SignIn, value: CompanyValue
) -> None:
    praised(cast, actor, 0, value=value)
    praised(cast, actor, 0, about=cast.boss)
    praised(cast, actor, 0, visibility="recipient", value=value)
    client = client_for(cast.finance_owner)
    address = reverse("api_recognition")
    assert len(client.get(address).json()["results"]) == 2
    for query in (f"?value={value.pk}", f"?person={cast.employee.pk}"):
        found = client.get(address + query).json()["results"]
        assert [each["about"] for each in found] == [str(cast.employee.pk)]
        page = client.get(reverse("feedback:feed") + query).content.decode()
        assert page.count("Every top item") == 1
    for person in (cast.auditor, cast.hr, cast.boss):
        assert client_for(person).get(reverse("feedback:feed")).status_code == 200
    assert client_for(cast.stranger).get(address).json()["results"] == []
    assert "Every top item" not in client_for(cast.stranger).get(reverse("feedback:feed")).content.decode()


def test_hr_alone_keeps_the_values_and_each_change_is_in_the_log(
    cast: Cast, actor: Load, client_for: SignIn, value: CompanyValue
) -> None:
    pages = [
        (reverse("feedback:values"), {"name_en": "Plain facts", "ordinal": "2"}),
        (reverse("feedback:change_value", args=[value.pk]), {"name_en": "Guests first", "ordinal": "1"}),
        (reverse("feedback:set_points"), {"points": "30"}),
        (reverse("feedback:retire_value", args=[value.pk]), {}),
    ]
    for name in (
        "employee",
        "manager",
        "boss",
        "administrator",
        "auditor",
        "business_owner",
        "finance_owner",
    ):
        client = client_for(getattr(cast, name))
        for address, body in pages:
            assert client.post(address, body).status_code == 403, (name, address)
        for method, address in (
            ("post", reverse("api_values")),
            ("put", reverse("api_value", args=[value.pk])),
            ("delete", reverse("api_value", args=[value.pk])),
            ("put", reverse("api_recognition_points")),
        ):
            body = {"name_en": "Mine", "points": 1000}
            refused = getattr(client, method)(address, body, content_type="application/json")
            assert refused.status_code == 403, (name, address)
    assert client_for(cast.stranger).post(pages[1][0], pages[1][1]).status_code == 404
    for address, body in pages:
        assert client_for(cast.hr).post(address, body).status_code == 302, address
    assert client_for(cast.hr).post(pages[0][0], pages[0][1]).status_code == 422, "of one name there is one"
    with tenancy.acting_for(cast.organisation):
        told = set(AuditRow.objects.values_list("action", flat=True))
        assert told >= {"feedback.save_value", "feedback.set_points", "feedback.retire_value"}
        assert queries.points_a_month() == 30
        value.refresh_from_db()
        assert (value.name_en, value.retired_at is None) == ("Guests first", False)
    with pytest.raises(actions.NoteRefused, match="one of the values"):
        praised(cast, actor, 0, value=value)


def test_praise_is_written_on_the_page_with_its_value_and_points(
    cast: Cast, client_for: SignIn, value: CompanyValue
) -> None:
    body = {
        "about": str(cast.employee.pk),
        "kind": "praise",
        "text": "Two sentences.",
        "visibility": "public",
        "value": str(value.pk),
        "points": "5",
    }
    client = client_for(cast.colleague)
    assert client.post(reverse("feedback:write"), body | {"visibility": "recipient"}).status_code == 422
    assert client.post(reverse("feedback:write"), body).status_code == 302
    page = client.get(reverse("feedback:feed")).content.decode()
    assert "5 points" in page
    assert "You can give 15 more points" in page
    assert client.get(reverse("api_recognition_points")).json() == {"points_a_month": 20, "left": 15}


def test_praise_that_is_sent_twice_is_written_and_takes_points_once(cast: Cast, client_for: SignIn) -> None:
    body = {"about": str(cast.employee.pk), "kind": "praise", "text": "Well done.", "visibility": "public"}
    client = client_for(cast.colleague)
    for _time in range(2):
        sent = client.post(reverse("feedback:write"), body | {"points": "5", "once": "one"})
        assert sent.status_code == 302
    for _time in range(2):
        told = client.post(
            reverse("api_notes"),
            body | {"points": 4},
            content_type="application/json",
            headers={"Idempotency-Key": "two"},
        )
        assert told.status_code == 201
    with tenancy.acting_for(cast.organisation):
        assert sorted(Note.objects.values_list("points", flat=True)) == [4, 5]
        assert queries.points_left(cast.colleague.pk, timezone.now()) == 11
    page = client.get(reverse("feedback:write")).content.decode()
    assert 'name="once"' in page


def test_the_feed_costs_the_same_however_much_praise_there_is(
    cast: Cast, actor: Load, client_for: SignIn, value: CompanyValue
) -> None:
    def count() -> int:
        client = client_for(cast.boss)
        client.get(reverse("feedback:feed"))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("feedback:feed")).status_code == 200
        return len(captured)

    praised(cast, actor, 1, value=value)
    small = count()
    for about in (cast.employee, cast.boss, cast.hr, cast.manager, cast.administrator):
        praised(cast, actor, 2, value=value, about=about)
    assert count() == small

"""Notes by API: opening one, taking it back."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from feedback import actions
from feedback.models import Note
from okr import actions as goals
from okr.models import Content, KeyResultContent
from performance.foundation import access, tenancy
from performance.inbox.models import WorkItem
from performance.people import actions as people_actions
from performance.people import models as people
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
Load = Callable[[people.Person], access.Actor]
SignIn = Callable[[people.Person], Client]


def written(cast: Cast, actor: Load, minutes_ago: int = 0) -> Note:
    with tenancy.acting_for(cast.organisation):
        return actions.write_note(
            by=actor(cast.colleague),
            at=timezone.now() - datetime.timedelta(minutes=minutes_ago),
            about=cast.employee,
            kind="praise",
            text="You ran the pilot with the store, not for it.",
            visibility="manager",
        )


def test_opening_a_note_resolves_the_recipients_work_item(
    cast: Cast, actor: Load, client_for: SignIn
) -> None:
    note = written(cast, actor)
    address = reverse("api_note", args=[note.pk])
    assert client_for(cast.manager).get(address).json()["text"] == note.text
    with tenancy.acting_for(cast.organisation):
        assert WorkItem.objects.filter(person=cast.employee, done_at=None).exists()
    assert client_for(cast.employee).get(address).status_code == 200
    with tenancy.acting_for(cast.organisation):
        assert not WorkItem.objects.filter(person=cast.employee, done_at=None).exists()


def test_a_note_that_is_not_for_them_does_not_exist_for_others(
    cast: Cast, actor: Load, client_for: SignIn
) -> None:
    address = reverse("api_note", args=[written(cast, actor).pk])
    for person in (cast.boss, cast.hr, cast.auditor, cast.stranger):
        assert client_for(person).get(address).status_code == 404


def test_the_author_takes_a_note_back_and_it_is_gone_for_everybody(
    cast: Cast, actor: Load, client_for: SignIn
) -> None:
    note = written(cast, actor)
    address = reverse("api_note", args=[note.pk])
    assert client_for(cast.colleague).delete(address).status_code == 204
    for person in (cast.colleague, cast.employee, cast.manager):
        assert client_for(person).get(address).status_code == 404
        assert client_for(person).get("/api/v1/notes/").json()["results"] == []
    assert client_for(cast.colleague).delete(address).status_code == 404
    with tenancy.acting_for(cast.organisation):
        assert not WorkItem.objects.filter(kind="feedback.note", done_at=None).exists()


def test_nobody_takes_back_what_somebody_else_wrote(cast: Cast, actor: Load, client_for: SignIn) -> None:
    note = written(cast, actor)
    address = reverse("api_note", args=[note.pk])
    for person in (cast.employee, cast.manager, cast.hr, cast.stranger):
        assert client_for(person).delete(address).status_code == 404
    assert client_for(cast.auditor).delete(address).status_code == 403
    with tenancy.acting_for(cast.organisation):
        assert Note.objects.get(pk=note.pk).retracted_at is None


def test_after_ten_minutes_a_note_stays(cast: Cast, actor: Load, client_for: SignIn) -> None:
    note = written(cast, actor, minutes_ago=11)
    refused = client_for(cast.colleague).delete(reverse("api_note", args=[note.pk]))
    assert (refused.status_code, refused.json()["title"]) == (422, "too_late")
    assert refused["Content-Type"] == "application/problem+json"


def test_a_token_takes_back_only_with_the_scope_to_write(cast: Cast, actor: Load) -> None:
    note = written(cast, actor)
    with tenancy.acting_for(cast.organisation):
        _token, secret = people_actions.create_token(
            actor=actor(cast.colleague),
            name="script",
            scopes=["feedback:read"],
            expires_at=timezone.now() + datetime.timedelta(days=1),
            at=timezone.now(),
        )
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    address = reverse("api_note", args=[note.pk])
    assert client.get(address).status_code == 200
    assert client.get(reverse("api_pulses")).status_code == 200
    assert client.delete(address).status_code == 403


def test_a_note_hangs_only_on_an_objective_that_its_author_may_see(
    cast: Cast, actor: Load, client_for: SignIn, quarter: people.Period, now: Any
) -> None:
    with tenancy.acting_for(cast.organisation):
        key_results = (KeyResultContent(kind="yes_no", title="Merged", weight_ppm=1_000_000),)
        text = Content(title="Merge in silence", visibility="private", key_results=key_results)
        secret = goals.propose_objective(period=quarter, content=text, by=actor(cast.employee), at=now)
    body = {"about": str(cast.employee.pk), "kind": "praise", "visibility": "recipient", "text": "Good"}
    body |= {"objective_id": str(secret.pk), "objective_title": "An invented title"}
    refused = client_for(cast.colleague).post("/api/v1/notes/", body, content_type="application/json")
    assert refused.status_code == 422
    assert (
        client_for(cast.manager).post("/api/v1/notes/", body, content_type="application/json").status_code
        == 201
    )
    page = client_for(cast.manager).get(reverse("feedback:given")).content.decode()
    assert "Merge in silence" in page
    assert "An invented title" not in page


def test_a_note_names_its_objective_only_to_readers_who_may_see_it(
    cast: Cast,
    actor: Load,
    client_for: SignIn,
    quarter: people.Period,
    now: Any,
    django_assert_max_num_queries: Any,
) -> None:
    with tenancy.acting_for(cast.organisation):
        key_results = (KeyResultContent(kind="yes_no", title="Merged", weight_ppm=1_000_000),)
        text = Content(title="Merge in silence", visibility="private", key_results=key_results)
        secret = goals.propose_objective(period=quarter, content=text, by=actor(cast.employee), at=now)
        for number in range(3):
            note = actions.write_note(
                by=actor(cast.manager),
                at=now,
                about=cast.employee,
                kind="praise",
                text=f"Well merged, part {number}.",
                visibility="public",
                objective_id=secret.pk,
            )
    pages = [
        reverse("feedback:recognition"),
        reverse("feedback:note", args=[note.pk]),
        reverse("feedback:objective_notes", args=[secret.pk]),
        reverse("api_note", args=[note.pk]),
        reverse("api_notes"),
    ]
    for person, sees in ((cast.employee, True), (cast.boss, True), (cast.colleague, False), (cast.hr, False)):
        browser = client_for(person)
        for address in pages[:3]:
            told = browser.get(address).content.decode()
            assert "Well merged" in told
            assert ("Merge in silence" in told) == sees, (person, address)
        one, several = (browser.get(address).json() for address in pages[3:])
        for each in (one, *several["results"]):
            assert each["objective_id"] == (str(secret.pk) if sees else None), person
    reader = client_for(cast.colleague)
    with django_assert_max_num_queries(20):
        reader.get(pages[0])

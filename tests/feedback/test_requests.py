"""A request reaches whom it asks, is answered or declined once, and its answer is read by whom its author chose."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from feedback import actions, queries
from feedback.models import FeedbackRequest, Note
from performance.foundation import access, tenancy
from performance.foundation.models import AuditRow
from performance.inbox.models import WorkItem
from performance.people import actions as people_actions
from performance.people import models as people
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
Load = Callable[[people.Person], access.Actor]
SignIn = Callable[[people.Person], Client]


def asked(cast: Cast, actor: Load, **given: Any) -> FeedbackRequest:
    options = {"to": [cast.colleague], "about": cast.employee, "question": "What should I change?"} | given
    with tenancy.acting_for(cast.organisation):
        by = actor(options.pop("by", cast.manager))
        return actions.ask_for_feedback(by=by, at=timezone.now(), **options)[0]


def answered(cast: Cast, actor: Load, row: FeedbackRequest, visibility: str) -> Note:
    with tenancy.acting_for(cast.organisation):
        return actions.answer_request(
            request=row,
            text="Call the store before the order goes out.",
            visibility=visibility,
            by=actor(cast.colleague),
            at=timezone.now(),
        )


@pytest.mark.parametrize(
    ("visibility", "readers"),
    [
        ("asker", {"colleague", "manager"}),
        ("recipient", {"colleague", "manager", "employee"}),
    ],
)
def test_an_answer_about_somebody_is_read_by_exactly_those_whom_its_author_chose(
    cast: Cast, actor: Load, client_for: SignIn, visibility: str, readers: set[str]
) -> None:
    row = asked(cast, actor)
    note = answered(cast, actor, row, visibility)
    allowed = {getattr(cast, name).pk for name in readers}
    for person in (*cast.members(), cast.stranger):
        client = client_for(person)
        page = client.get(reverse("feedback:note", args=[note.pk]))
        assert page.status_code == (200 if person.pk in allowed else 404), person.name_en
        listed = client.get(reverse("api_notes")).json()["results"]
        assert (len(listed) == 1) == (person.pk in allowed), person.name_en
        sees_request = person.pk in (cast.manager.pk, cast.colleague.pk)
        for address in (
            reverse("feedback:request", args=[row.pk]),
            reverse("api_request", args=[row.pk]),
        ):
            assert client.get(address).status_code == (200 if sees_request else 404), person.name_en
        if not sees_request:
            for name in ("feedback:decline", "feedback:withdraw", "api_answer", "api_decline"):
                refused = client.post(reverse(name, args=[row.pk]), {"word": "x", "text": "x"})
                assert refused.status_code in (403, 404), (person.name_en, name)


def test_a_request_waits_in_the_list_until_it_is_answered_and_whoever_asked_is_told(
    cast: Cast, actor: Load, client_for: SignIn
) -> None:
    row = asked(cast, actor, by=cast.employee)
    with tenancy.acting_for(cast.organisation):
        assert WorkItem.objects.filter(kind="feedback.request", person=cast.colleague, done_at=None).exists()
    client = client_for(cast.colleague)
    address = reverse("feedback:request", args=[row.pk])
    assert "What should I change?" in client.get(reverse("feedback:home")).content.decode()
    assert client.post(address, {"text": "", "visibility": "recipient"}).status_code == 422
    assert client.post(address, {"text": "More calls.", "visibility": "recipient"}).status_code == 302
    assert client.post(address, {"text": "Again.", "visibility": "recipient"}).status_code == 422
    with tenancy.acting_for(cast.organisation):
        assert not WorkItem.objects.filter(kind="feedback.request", done_at=None).exists()
        assert WorkItem.objects.filter(kind="feedback.note", person=cast.employee, done_at=None).exists()
        assert Note.objects.get().about_id == cast.employee.pk
        told = AuditRow.objects.filter(action__startswith="feedback.")
        assert set(told.values_list("action", flat=True)) >= {
            "feedback.ask_for_feedback",
            "feedback.answer_request",
        }
        assert "More calls" not in str(list(told.values_list("changes", "why")))


def test_a_request_is_declined_with_a_word_and_then_over(cast: Cast, actor: Load, client_for: SignIn) -> None:
    row = asked(cast, actor)
    address = reverse("feedback:decline", args=[row.pk])
    assert client_for(cast.colleague).post(address, {"word": " "}).status_code == 422
    assert client_for(cast.manager).post(address, {"word": "No"}).status_code == 422
    assert client_for(cast.colleague).post(address, {"word": "We never worked together"}).status_code == 302
    page = client_for(cast.manager).get(reverse("feedback:request", args=[row.pk])).content.decode()
    assert "We never worked together" in page
    with pytest.raises(actions.RequestRefused, match="over"):
        answered(cast, actor, row, "asker")
    with tenancy.acting_for(cast.organisation):
        assert WorkItem.objects.filter(kind="feedback.declined", person=cast.manager, done_at=None).exists()


def test_taking_an_answer_back_opens_the_request_again(cast: Cast, actor: Load) -> None:
    row = asked(cast, actor)
    note = answered(cast, actor, row, "asker")
    with tenancy.acting_for(cast.organisation):
        actions.retract_note(note=note, by=actor(cast.colleague), at=timezone.now())
        assert FeedbackRequest.objects.get(pk=row.pk).is_open
        assert not queries.notes_visible_to(actor(cast.manager)).exists()
        assert WorkItem.objects.filter(kind="feedback.request", person=cast.colleague, done_at=None).exists()


def test_erasing_whom_an_answer_is_about_leaves_neither_the_answer_nor_what_told_of_it(
    cast: Cast, actor: Load
) -> None:
    answered(cast, actor, asked(cast, actor), "asker")
    asked(cast, actor, question="Is Wang Fang late again?")
    with tenancy.acting_for(cast.organisation):
        people.Person.objects.filter(pk=cast.employee.pk).update(
            left_on=timezone.localdate() - datetime.timedelta(days=5)
        )
        people_actions.erase_personal_data(
            person=people.Person.objects.get(pk=cast.employee.pk),
            by=actor(cast.hr),
            at=timezone.now(),
            why="Asked by letter",
        )
        assert not Note.objects.exists()
        assert not FeedbackRequest.objects.exists()
        told = WorkItem.objects.filter(kind__startswith="feedback.")
        assert not told.filter(done_at=None).exists(), "nothing leads to what is gone"
        assert not told.exclude(detail_en="").exists(), "and no question is quoted"


@pytest.mark.parametrize(
    ("by", "about", "to", "field"),
    [
        ("colleague", "employee", "manager", "about"),
        ("employee", "employee", "employee", "to"),
        ("manager", "employee", "employee", "to"),
        ("employee", "employee", "auditor", "to"),
        ("employee", "employee", "stranger", "to"),
    ],
)
def test_who_may_not_be_asked_or_asked_about(
    cast: Cast, actor: Load, by: str, about: str, to: str, field: str
) -> None:
    people_of = [getattr(cast, name) for name in (by, about, to)]
    with pytest.raises(actions.RequestRefused) as refused:
        asked(cast, actor, by=people_of[0], about=people_of[1], to=[people_of[2]])
    assert refused.value.field == field


def test_asking_through_the_page_makes_one_request_a_person(cast: Cast, client_for: SignIn) -> None:
    address = reverse("feedback:ask")
    body = {
        "about": str(cast.manager.pk),
        "to": [str(cast.employee.pk), str(cast.colleague.pk)],
        "question": "What stands in your way?",
    }
    client = client_for(cast.manager)
    assert client.get(address).status_code == 200
    assert client.post(address, body | {"question": ""}).status_code == 422
    past = (timezone.now() - datetime.timedelta(days=3)).date().isoformat()
    assert client.post(address, body | {"due_on": past}).status_code == 422
    assert client.post(address, body).status_code == 302
    assert client_for(cast.auditor).get(address).status_code == 403
    with tenancy.acting_for(cast.organisation):
        rows = FeedbackRequest.objects.all()
        assert {row.to_id for row in rows} == {cast.employee.pk, cast.colleague.pk}
    listed = client_for(cast.employee).get(reverse("api_requests")).json()["results"]
    assert [each["to"] for each in listed] == [str(cast.employee.pk)], "who else is asked is not told"


def test_what_is_asked_twice_by_one_press_is_asked_once(cast: Cast, client_for: SignIn) -> None:
    to = [str(cast.employee.pk), str(cast.colleague.pk)]
    body = {"about": str(cast.manager.pk), "to": to, "question": "What stands in your way?"}
    client = client_for(cast.manager)
    for _time in range(2):
        assert client.post(reverse("feedback:ask"), body | {"once": "one"}).status_code == 302
    answers = [
        client.post(
            reverse("api_requests"), body, content_type="application/json", headers={"Idempotency-Key": "two"}
        )
        for _time in range(2)
    ]
    first, again = ({each["id"] for each in answer.json()} for answer in answers)
    assert first == again
    with tenancy.acting_for(cast.organisation):
        assert FeedbackRequest.objects.count() == 4
        assert WorkItem.objects.filter(kind="feedback.request").count() == 4
    assert 'name="once"' in client.get(reverse("feedback:ask")).content.decode()


def test_those_found_in_the_directory_are_asked_beside_those_who_are_near(
    cast: Cast, client_for: SignIn
) -> None:
    address, client = reverse("feedback:ask"), client_for(cast.manager)
    assert str(cast.hr.pk) not in client.get(address).content.decode()
    assert str(cast.hr.pk) in client.get(address, {"to": cast.hr.pk}).content.decode()
    body = {
        "about": str(cast.manager.pk),
        "to": [str(cast.hr.pk), str(cast.employee.pk)],
        "question": "What stands in your way?",
    }
    assert client.post(address, body).status_code == 302
    with tenancy.acting_for(cast.organisation):
        assert {row.to_id for row in FeedbackRequest.objects.all()} == {cast.hr.pk, cast.employee.pk}


def test_a_note_on_a_key_result_names_it_to_readers_of_the_goal_and_refuses_one_of_another(
    cast: Cast, actor: Load, client_for: SignIn, quarter: people.Period, now: Any
) -> None:
    from okr import actions as goals
    from okr.models import Content, KeyResultContent

    with tenancy.acting_for(cast.organisation):
        rows = []
        for title in ("Fewer gaps", "Faster tills"):
            part = KeyResultContent(kind="yes_no", title=f"Part of {title}", weight_ppm=1_000_000)
            text = Content(title=title, visibility="private", key_results=(part,))
            goal = goals.propose_objective(period=quarter, content=text, by=actor(cast.employee), at=now)
            rows.append((goal, queries.key_result_titles(actor(cast.employee), [goal.pk])))
        (first, parts), (_second, others) = rows
        assert parts, "a proposal has its key results"
        given = {
            "about": cast.employee,
            "kind": "praise",
            "text": "Well done.",
            "visibility": "public",
            "objective_id": first.pk,
        }
        with pytest.raises(actions.NoteRefused, match="key result"):
            actions.write_note(by=actor(cast.manager), at=now, key_result_id=next(iter(others)), **given)
        note = actions.write_note(by=actor(cast.manager), at=now, key_result_id=next(iter(parts)), **given)
    address = reverse("feedback:note", args=[note.pk])
    assert "Part of Fewer gaps" in client_for(cast.boss).get(address).content.decode()
    assert "Part of Fewer gaps" not in client_for(cast.colleague).get(address).content.decode()
    assert client_for(cast.colleague).get(reverse("api_note", args=[note.pk])).json()["key_result_id"] is None


def test_the_pages_of_requests_cost_the_same_however_many_there_are(
    cast: Cast, actor: Load, client_for: SignIn
) -> None:
    def counts() -> list[int]:
        client, found = client_for(cast.colleague), []
        for address in (reverse("feedback:requests"), reverse("feedback:home")):
            client.get(address)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address).status_code == 200
            found.append(len(captured))
        return found

    asked(cast, actor)
    asked(cast, actor, by=cast.colleague, about=cast.colleague, to=[cast.employee])
    small = counts()
    for _time in range(6):
        asked(cast, actor)
        asked(cast, actor, by=cast.colleague, about=cast.colleague, to=[cast.employee])
    assert counts() == small

"""Notes reach whom they are meant for and nobody else; the pulse opens only for both."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from feedback import actions, queries
from feedback.models import Note, Pulse
from performance.foundation import access, tenancy
from performance.foundation.models import AuditRow
from performance.inbox.models import WorkItem
from performance.people import models as people
from performance.people import rules as people_rules
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
Load = Callable[[people.Person], access.Actor]
SignIn = Callable[[people.Person], Client]


def written(cast: Cast, actor: Load, visibility: str, kind: str = "praise", at: Any = None) -> Note:
    with tenancy.acting_for(cast.organisation):
        return actions.write_note(
            by=actor(cast.colleague),
            at=at or timezone.now(),
            about=cast.employee,
            kind=kind,
            text="You ran the pilot with the store, not for it.",
            visibility=visibility,
        )


@pytest.mark.parametrize(
    ("visibility", "readers"),
    [
        ("recipient", {"employee", "colleague"}),
        ("manager", {"employee", "colleague", "manager"}),
        (
            "public",
            {"employee", "colleague", "manager", "boss", "hr", "auditor", "administrator"}
            | {"business_owner", "finance_owner"},
        ),
    ],
)
def test_a_note_is_read_by_exactly_its_readers(
    cast: Cast, actor: Load, client_for: SignIn, visibility: str, readers: set[str]
) -> None:
    note = written(cast, actor, visibility)
    everybody = [*cast.members(), cast.stranger]
    allowed = {getattr(cast, name).pk for name in readers}
    for person in everybody:
        page = client_for(person).get(reverse("feedback:note", args=[note.pk]))
        assert page.status_code == (200 if person.pk in allowed else 404), person.name_en
        listed = client_for(person).get("/api/v1/notes/").json()["results"]
        assert (len(listed) == 1) == (person.pk in allowed), person.name_en


def test_the_recipients_later_manager_does_not_inherit_a_shared_note(cast: Cast, actor: Load) -> None:
    note = written(cast, actor, "manager")
    with tenancy.acting_for(cast.organisation):
        people.ReportingLine.objects.filter(person=cast.employee).update(manager=cast.boss)
        assert note not in queries.notes_visible_to(actor(cast.boss))
        assert note in queries.notes_visible_to(actor(cast.manager))


def test_a_suggestion_is_never_public(cast: Cast, actor: Load) -> None:
    with pytest.raises(actions.NoteRefused, match="Only praise"):
        written(cast, actor, "public", kind="suggestion")


def test_nobody_praises_themselves(cast: Cast, actor: Load) -> None:
    with tenancy.acting_for(cast.organisation), pytest.raises(actions.NoteRefused):
        actions.write_note(
            by=actor(cast.employee),
            at=timezone.now(),
            about=cast.employee,
            kind="praise",
            text="Me",
            visibility="public",
        )


def test_a_note_can_be_taken_back_for_ten_minutes_and_then_is_gone_for_everybody(
    cast: Cast, actor: Load
) -> None:
    at = timezone.now()
    note = written(cast, actor, "public", at=at)
    with tenancy.acting_for(cast.organisation):
        author = actor(cast.colleague)
        with pytest.raises(actions.NoteRefused):
            actions.retract_note(note=note, by=author, at=at + datetime.timedelta(minutes=11))
        actions.retract_note(note=note, by=author, at=at + datetime.timedelta(minutes=9))
        assert not queries.notes_visible_to(actor(cast.employee)).exists()
        assert not WorkItem.objects.filter(kind="feedback.note", done_at=None).exists()


def test_the_audit_says_that_a_note_was_written_but_not_what(cast: Cast, actor: Load) -> None:
    written(cast, actor, "recipient")
    with tenancy.acting_for(cast.organisation):
        row = AuditRow.objects.get(action="feedback.write_note")
        assert "pilot" not in str(row.changes)


def test_opening_a_note_resolves_its_work_item(cast: Cast, actor: Load, client_for: SignIn) -> None:
    note = written(cast, actor, "recipient")
    client_for(cast.employee).get(reverse("feedback:note", args=[note.pk]))
    with tenancy.acting_for(cast.organisation):
        assert not WorkItem.objects.filter(person=cast.employee, done_at=None).exists()


def test_writing_through_the_page_and_its_errors_beside_the_field(cast: Cast, client_for: SignIn) -> None:
    client = client_for(cast.employee)
    address = reverse("feedback:write")
    refused = client.post(
        address, {"about": cast.manager.pk, "kind": "praise", "visibility": "public", "text": ""}
    )
    assert refused.status_code == 422
    sent = client.post(
        address,
        {"about": cast.manager.pk, "kind": "suggestion", "visibility": "recipient", "text": "Call first."},
    )
    assert sent.status_code == 302
    with tenancy.acting_for(cast.organisation):
        assert Note.objects.get().about == cast.manager


def test_an_auditor_reads_but_does_not_write(cast: Cast, client_for: SignIn) -> None:
    client = client_for(cast.auditor)
    data = {"about": str(cast.manager.pk), "kind": "praise", "visibility": "public", "text": "Well done."}
    assert client.post(reverse("feedback:write"), data).status_code == 403
    assert client.post("/api/v1/notes/", data, content_type="application/json").status_code == 403


def answers(value: int) -> dict[str, int]:
    return dict.fromkeys(queries.QUESTIONS, value)


def send(cast: Cast, actor: Load, author: people.Person, value: int) -> Pulse:
    from performance.people import queries as people_queries

    with tenancy.acting_for(cast.organisation):
        return actions.send_pulse(
            by=actor(author),
            at=timezone.now(),
            employee=cast.employee,
            manager=cast.manager,
            week_start=people_rules.monday_of(people_queries.today(cast.organisation)),
            answers=answers(value),
        )


def pair(cast: Cast, actor: Load, person: people.Person) -> queries.PulsePair:
    from performance.people import queries as people_queries

    with tenancy.acting_for(cast.organisation):
        pairs = queries.pulse_pairs(actor(person), people_queries.today(cast.organisation))
        return next(pair for pair in pairs if pair.employee == cast.employee)


def test_the_others_answers_appear_only_when_both_have_sent(
    cast: Cast, actor: Load, client_for: SignIn
) -> None:
    send(cast, actor, cast.employee, 2)
    assert pair(cast, actor, cast.manager).rows == []
    assert pair(cast, actor, cast.manager).theirs_sent
    send(cast, actor, cast.manager, 4)
    rows = pair(cast, actor, cast.manager).rows
    assert [(row.mine, row.theirs) for row in rows] == [(4, 2)] * 3
    assert [(row.mine, row.theirs) for row in pair(cast, actor, cast.employee).rows] == [(2, 4)] * 3


def test_the_first_answer_asks_the_other_and_the_second_resolves_it(cast: Cast, actor: Load) -> None:
    send(cast, actor, cast.employee, 2)
    with tenancy.acting_for(cast.organisation):
        assert WorkItem.objects.filter(person=cast.manager, kind="feedback.pulse", done_at=None).count() == 1
    send(cast, actor, cast.manager, 4)
    with tenancy.acting_for(cast.organisation):
        assert not WorkItem.objects.filter(kind="feedback.pulse", done_at=None).exists()


def test_what_may_be_taken_back_says_so_in_the_list(cast: Cast, actor: Load, client_for: SignIn) -> None:
    note = written(cast, actor, "recipient")
    address = reverse("feedback:retract", args=[note.pk])
    assert address in client_for(note.author).get(reverse("feedback:given")).content.decode()
    assert address not in client_for(note.about).get(reverse("feedback:received")).content.decode()


def test_the_pulse_opens_as_a_page_and_as_a_card(cast: Cast, client_for: SignIn) -> None:
    client = client_for(cast.employee)
    address = reverse("feedback:pulse")
    assert "<!doctype html>" in client.get(address).content.decode()
    card = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<!doctype html>" not in card
    assert 'aria-label="1 · Not at all"' in card


def test_a_pulse_is_sent_once_a_week(cast: Cast, actor: Load) -> None:
    send(cast, actor, cast.employee, 2)
    with pytest.raises(actions.PulseRefused, match="already"):
        send(cast, actor, cast.employee, 5)


def test_a_third_person_cannot_send_somebody_elses_pulse(cast: Cast, actor: Load, client_for: SignIn) -> None:
    with pytest.raises(actions.PulseRefused):
        send(cast, actor, cast.colleague, 5)
    body = {"with": cast.employee.pk} | answers(3)
    assert client_for(cast.colleague).post(reverse("feedback:pulse"), body).status_code == 422
    with tenancy.acting_for(cast.organisation), pytest.raises(IntegrityError), transaction.atomic():
        Pulse.objects.create(
            employee=cast.employee,
            manager=cast.manager,
            author=cast.colleague,
            week_start=datetime.date(2026, 5, 11),
            sent_at=timezone.now(),
            **answers(3),
        )


def test_the_overview_costs_the_same_with_a_large_team(
    cast: Cast, client_for: SignIn, django_assert_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from tests.conftest import make_person, report_to

    def queries_of_home() -> int:
        client = client_for(cast.manager)
        client.get(reverse("feedback:home"))
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(reverse("feedback:home")).status_code == 200
        return len(captured)

    small = queries_of_home()
    with tenancy.acting_for(cast.organisation):
        for number in range(12):
            report_to(cast.manager, make_person(f"R{number}", f"Report {number}"))
    assert queries_of_home() == small

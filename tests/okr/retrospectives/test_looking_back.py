"""A team looks back at the end of a period: notes of its members, and what they agree to do."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from okr import actions
from okr.models import AgreedAction, Retrospective, RetrospectiveNote
from performance.foundation import audit, tenancy
from performance.inbox.models import WorkItem
from performance.people import models as people
from tests import races
from tests.conftest import LONG_AGO, make_person

JSON = {"content_type": "application/json"}
DAY = datetime.timedelta(days=1)


def page_of(client, team, period):
    return client.get(reverse("okr:retrospective", args=[team.pk]), {"period": str(period.pk)})


def test_members_note_change_and_remove_what_is_theirs(note, cast, actor, now):
    one = note("  The order calendar  ")
    assert (one.text, one.by_id, one.edited_at) == ("The order calendar", cast.employee.pk, None)
    changed = actions.edit_retrospective_note(note=one, text="Calendars", by=actor(cast.employee), at=now)
    assert (changed.text, changed.edited_at) == ("Calendars", now)
    theirs = actor(cast.colleague)
    for act in (
        lambda: actions.edit_retrospective_note(note=one, text="Mine", by=theirs, at=now),
        lambda: actions.remove_retrospective_note(note=one, by=theirs, at=now),
    ):
        with pytest.raises(actions.ObjectiveRefused):
            act()
    actions.remove_retrospective_note(note=one, by=actor(cast.employee), at=now)
    assert not RetrospectiveNote.objects.exists()
    with pytest.raises(actions.ObjectiveRefused):
        actions.remove_retrospective_note(note=one, by=actor(cast.employee), at=now)
    assert all("Calendar" not in f"{row.changes}{row.why}{row.subject_label}" for row in audit.rows())


@pytest.mark.parametrize(("state", "is_time"), [("active", False), ("closing", True), ("closed", True)])
def test_a_team_looks_back_once_its_period_is_closing(note, quarter, state, is_time):
    people.Period.objects.filter(pk=quarter.pk).update(state=state)
    if is_time:
        assert note().pk
    else:
        with pytest.raises(actions.ObjectiveRefused) as refused:
            note()
        assert refused.value.code == "not_closing"


@pytest.mark.parametrize(("text", "column", "field"), [(" ", "learned", "text"), ("x", "blame", "column")])
def test_an_unsound_note_is_refused_beside_its_field(note, text, column, field):
    with pytest.raises(actions.ObjectiveRefused) as refused:
        note(text, column)
    assert refused.value.field == field
    with pytest.raises(actions.ObjectiveRefused):
        note("x" * 1001)


def test_what_is_agreed_becomes_work_that_is_done_on_the_page(note, close, cast, actor, now):
    note()
    due = now.date() + 14 * DAY
    close(actions.Agreed("Share the calendar", cast.colleague, due))
    item = WorkItem.objects.get(kind="goals.action", done_at=None)
    assert (item.person_id, item.detail_en, item.due_on) == (cast.colleague.pk, "Share the calendar", due)
    one = AgreedAction.objects.get()
    actions.finish_agreed_action(action=one, by=actor(cast.colleague), at=now)
    again = actions.finish_agreed_action(action=one, by=actor(cast.manager), at=now + DAY)
    assert (again.done_by_id, again.done_at) == (cast.colleague.pk, now)
    assert not WorkItem.objects.filter(kind="goals.action", done_at=None).exists()


def test_an_unsound_agreement_is_refused_beside_its_field_and_nothing_is_closed(close, cast, now):
    due = now.date() + DAY
    sound = actions.Agreed("Sound", cast.employee, due)
    for wrong, field in (
        (actions.Agreed(" ", cast.employee, due), "agreed.1.what"),
        (actions.Agreed("x" * 301, cast.employee, due), "agreed.1.what"),
        (actions.Agreed("x", cast.boss, due), "agreed.1.owner"),
        (actions.Agreed("x", cast.employee, now.date() - DAY), "agreed.1.due_on"),
    ):
        with pytest.raises(actions.ObjectiveRefused) as refused:
            close(sound, wrong)
        assert refused.value.field == field
    with pytest.raises(actions.ObjectiveRefused):
        close(*[sound] * 4)
    assert not Retrospective.objects.exclude(closed_at=None).exists()
    assert not WorkItem.objects.filter(kind="goals.action").exists()


def test_a_closed_retrospective_takes_no_more(note, close, cast, actor, now):
    one = note()
    close()
    employee = actor(cast.employee)
    for act in (
        note,
        close,
        lambda: actions.edit_retrospective_note(note=one, text="Late", by=employee, at=now),
        lambda: actions.remove_retrospective_note(note=one, by=employee, at=now),
    ):
        with pytest.raises(actions.ObjectiveRefused) as refused:
            act()
        assert refused.value.code == "conflict"


def test_whoever_belonged_to_the_team_when_the_period_ended_still_takes_part(cast, closing, client_for, now):
    leaver = make_person("P020", "Lea Leaver")
    ended = min(closing.ends_on, now.date())
    people.TeamMembership.objects.create(
        person=leaver, team=cast.team, starts_on=LONG_AGO, ends_on=ended - DAY
    )
    assert page_of(client_for(leaver), cast.team, closing).status_code == 404
    people.Period.objects.filter(pk=closing.pk).update(
        starts_on=ended - 20 * DAY, ends_on=ended - 10 * DAY, state="closed"
    )
    assert page_of(client_for(leaver), cast.team, closing).status_code == 200


# --- Who ------------------------------------------------------------------------------------------------------

#: Reads, notes, closes.
DOORS = {
    "employee": (200, 201, 403),
    "colleague": (200, 201, 403),
    "manager": (200, 201, 200),
    "boss": (200, 403, 403),
    "hr": (200, 403, 409),
    "business_owner": (404, 404, 404),
    "finance_owner": (404, 404, 404),
    "administrator": (404, 404, 404),
    "auditor": (404, 403, 403),
    "stranger": (404, 404, 404),
}


def test_only_the_circle_of_the_team_reads_and_only_its_members_write(note, cast, closing, client_for):
    first = note("Between us")
    where = [cast.team.pk, closing.pk]
    for name, (reads, notes, _closes) in DOORS.items():
        client = client_for(getattr(cast, name))
        page = page_of(client, cast.team, closing)
        assert page.status_code == reads, name
        assert ("Between us" in page.content.decode()) == (reads == 200), name
        told = client.get(reverse("api_retrospective", args=where))
        assert told.status_code == reads, name
        given = {"column": "learned", "text": name}
        assert client.post(reverse("api_retrospective_notes", args=where), given, **JSON).status_code == (
            notes
        ), name
        by_page = client.post(reverse("okr:add_note", args=[*where, "change"]), {"text": name})
        assert by_page.status_code == (302 if notes == 201 else notes), name
        mine = reads == 200 and name == "employee"
        one = reverse("api_retrospective_note", args=[first.pk])
        refused = 404 if reads == 404 and name != "auditor" else 403
        assert client.put(one, {"text": "Between us"}, **JSON).status_code == (200 if mine else refused), name
        if not mine:
            assert client.delete(one).status_code == refused, name
            for address in ("okr:edit_note", "okr:remove_note"):
                answer = client.post(reverse(address, args=[first.pk]), {"text": "x"})
                assert answer.status_code == refused, (name, address)
        team_page = client.get(reverse("okr:team", args=[cast.team.pk]), {"period": str(closing.pk)})
        tab = reverse("okr:team_retrospectives", args=[cast.team.pk])
        assert (tab in team_page.content.decode()) == (reads == 200), name
        assert client.get(tab).status_code == reads, name
        assert client.get(reverse("api_team_retrospectives", args=[cast.team.pk])).status_code == reads, name
    for name, (_reads, _notes, closes) in DOORS.items():
        client = client_for(getattr(cast, name))
        closed = client.post(reverse("api_close_retrospective", args=where), {"agreed": []}, **JSON)
        assert closed.status_code == closes, name
        by_page = client.post(reverse("okr:close_retrospective", args=where))
        assert by_page.status_code == (302 if closes in (200, 409) else closes), name


def test_an_agreed_action_is_marked_as_done_by_its_owner_or_the_lead(close, cast, client_for, now):
    close(actions.Agreed("Share the calendar", cast.employee, now.date() + DAY))
    one = AgreedAction.objects.get()
    for name, status in {
        "colleague": 403,
        "boss": 403,
        "hr": 403,
        "auditor": 403,
        "administrator": 404,
        "stranger": 404,
        "manager": 200,
        "employee": 200,
    }.items():
        client = client_for(getattr(cast, name))
        done = client.post(reverse("api_finish_agreed_action", args=[one.pk]), **JSON)
        assert done.status_code == status, name
        by_page = client.post(reverse("okr:finish_action", args=[one.pk]))
        assert by_page.status_code == (302 if status == 200 else status), name


def test_the_api_tells_notes_and_actions_and_closes(note, cast, closing, client_for, now):
    note()
    where = [cast.team.pk, closing.pk]
    client = client_for(cast.manager)
    due = (now.date() + DAY).isoformat()
    wrong = {"agreed": [{"what": "x", "owner": str(cast.boss.pk), "due_on": due}]}
    refused = client.post(reverse("api_close_retrospective", args=where), wrong, **JSON)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["agreed.0.owner"])
    right = {"agreed": [{"what": "x", "owner": str(cast.employee.pk), "due_on": due}]}
    told = client.post(reverse("api_close_retrospective", args=where), right, **JSON).json()
    assert [each["text"] for each in told["notes"]] == ["The order calendar"]
    assert [(each["what"], each["due_on"]) for each in told["agreed"]] == [("x", due)]
    assert told["closed_at"]


# --- The page -------------------------------------------------------------------------------------------------


def test_the_page_takes_notes_and_closes_without_a_script(cast, closing, client_for, now):
    where = [cast.team.pk, closing.pk]
    mine, lead = client_for(cast.employee), client_for(cast.manager)
    assert "The first note begins" in page_of(mine, cast.team, closing).content.decode()
    added = mine.post(reverse("okr:add_note", args=[*where, "learned"]), {"text": "Ask earlier"})
    assert added["Location"].endswith("#card-learned")
    one = RetrospectiveNote.objects.get()
    mine.post(reverse("okr:edit_note", args=[one.pk]), {"text": "Ask much earlier"})
    page = page_of(mine, cast.team, closing).content.decode()
    assert "Ask much earlier" in page
    assert 'id="card-close"' not in page
    agreed = {
        "agreed-0-what": "Share the calendar",
        "agreed-0-owner": str(cast.colleague.pk),
        "agreed-0-due_on": (now.date() + DAY).isoformat(),
        "agreed-1-what": "",
        "agreed-1-owner": "",
        "agreed-1-due_on": "",
    }
    assert lead.post(reverse("okr:close_retrospective", args=where), agreed).status_code == 302
    page = page_of(lead, cast.team, closing).content.decode()
    assert "Share the calendar" in page
    assert "Mark as done" in page
    assert 'id="card-close"' not in page
    assert reverse("okr:edit_note", args=[one.pk]) not in page_of(mine, cast.team, closing).content.decode()
    lead.post(reverse("okr:finish_action", args=[AgreedAction.objects.get().pk]))
    assert "Mark as done" not in page_of(lead, cast.team, closing).content.decode()


def test_a_closed_period_still_takes_notes_until_its_retrospective_is_closed_and_the_page_says_which(
    closing, close, move, cast, client_for, now
):
    with tenancy.acting_for(cast.organisation):
        move("closed")
        actions.seal_closed_periods(at=now)
    page = reverse("okr:retrospective", args=[cast.team.pk]) + f"?period={closing.pk}"
    add = reverse("okr:add_note", args=[cast.team.pk, closing.pk, "learned"])
    employee, boss = client_for(cast.employee), client_for(cast.boss)

    def state(client):
        html = client.get(page).content.decode()
        return html.split('id="retrospective-state"')[1].split("</p>")[0], f'action="{add}"' in html

    said, takes = state(employee)
    assert "is closed, this retrospective is still open" in said
    assert "you read along" not in said
    assert takes
    said, takes = state(boss)
    assert "you read along" in said
    assert not takes
    assert employee.post(add, {"text": "After the end"}).status_code == 302
    note = RetrospectiveNote.objects.get()

    with tenancy.acting_for(cast.organisation):
        close()
    said, takes = state(employee)
    assert "no note is added, changed or removed any more" in said
    assert "marked as done" not in said
    assert not takes
    assert reverse("okr:edit_note", args=[note.pk]) not in employee.get(page).content.decode()
    assert employee.post(add, {"text": "Too late"}).status_code == 422
    employee.post(reverse("okr:remove_note", args=[note.pk]))
    assert RetrospectiveNote.objects.get().text == "After the end"


def test_errors_of_the_page_stand_beside_their_fields(note, cast, closing, client_for):
    where = [cast.team.pk, closing.pk]
    mine, lead = client_for(cast.employee), client_for(cast.manager)
    answer = mine.post(reverse("okr:add_note", args=[*where, "change"]), {"text": "  "})
    assert answer.status_code == 422
    assert 'id="add-change-text_error"' in answer.content.decode()
    assert '<a href="#add-change-text">What we change next time</a>' in answer.content.decode()
    one = note()
    answer = mine.post(reverse("okr:edit_note", args=[one.pk]), {"text": ""})
    assert f'id="edit-{one.pk}-text_error"' in answer.content.decode()
    assert f'<a href="#edit-{one.pk}-text">{one.get_column_display()}</a>' in answer.content.decode()
    half = {"agreed-1-what": "x", "agreed-1-owner": "", "agreed-1-due_on": ""}
    answer = lead.post(reverse("okr:close_retrospective", args=where), half)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'id="id_agreed-1-owner_error"' in page
    assert 'id="id_agreed-0-what_error"' not in page
    early = {"agreed-1-what": "x", "agreed-1-owner": str(cast.employee.pk), "agreed-1-due_on": "2020-01-01"}
    answer = lead.post(reverse("okr:close_retrospective", args=where), early)
    assert (answer.status_code, 'id="id_agreed-1-due_on_error"' in answer.content.decode()) == (422, True)


def test_before_the_period_is_closing_the_page_says_so(acting_cast, quarter, client_for):
    cast = acting_cast
    address = reverse("okr:retrospective", args=[cast.team.pk])
    for query in ({}, {"period": str(quarter.pk)}, {"period": "none"}):
        page = client_for(cast.employee).get(address, query)
        assert "looks back once its period is closing" in page.content.decode()
        assert client_for(cast.administrator).get(address, query).status_code == 404
    assert (
        address
        not in client_for(cast.employee).get(reverse("okr:team", args=[cast.team.pk])).content.decode()
    )


def test_the_page_asks_the_same_number_of_questions_however_many_notes_there_are(
    note, cast, closing, client_for, django_assert_num_queries
):
    note()
    browser = client_for(cast.manager)
    page_of(browser, cast.team, closing)
    with CaptureQueriesContext(connection) as asked:
        page_of(browser, cast.team, closing)
    for number in range(5):
        note(f"{number}", "learned", by=cast.colleague)
    with django_assert_num_queries(len(asked)):
        page_of(browser, cast.team, closing)


@pytest.mark.django_db(transaction=True)
def test_a_note_that_comes_while_the_retrospective_is_being_closed_is_refused(cast, quarter, actor, now):
    with tenancy.acting_for(cast.organisation):
        people.Period.objects.filter(pk=quarter.pk).update(state="closing")
        lead, employee = actor(cast.manager), actor(cast.employee)
    first, second = races.second_waits_for_first(
        cast.organisation,
        lambda: actions.close_retrospective(team=cast.team, period=quarter, agreed=[], by=lead, at=now),
        lambda: actions.add_retrospective_note(
            team=cast.team, period=quarter, column="learned", text="Late", by=employee, at=now
        ),
    )
    assert first.closed_at == now
    assert isinstance(second, actions.ObjectiveRefused)
    with tenancy.acting_for(cast.organisation):
        assert not RetrospectiveNote.objects.exists()


def test_a_note_sent_twice_is_one(closing, acting_cast, client_for):
    cast = acting_cast
    browser = client_for(cast.employee)
    page = browser.get(reverse("okr:retrospective", args=[cast.team.pk]), {"period": str(closing.pk)})
    assert page.content.decode().count('name="once"') == 3
    address = reverse("okr:add_note", args=[cast.team.pk, closing.pk, "learned"])
    for _time in range(2):
        assert browser.post(address, {"text": "Ask first", "once": "4b1c"}).status_code == 302
    assert RetrospectiveNote.objects.count() == 1
    api = reverse("api_retrospective_notes", args=[cast.team.pk, closing.pk])
    given = {"column": "learned", "text": "Ask twice"}
    answers = [
        browser.post(api, given, content_type="application/json", headers={"Idempotency-Key": "one"})
        for _time in range(2)
    ]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert RetrospectiveNote.objects.count() == 2


def test_whoever_has_changed_teams_still_does_what_they_agreed_to_and_reads_nothing_else(
    note, close, cast, client_for, now
):
    note(text="Between us")
    close(
        actions.Agreed("Share the calendar", cast.employee, now.date() + DAY),
        actions.Agreed("Order new screens", cast.manager, now.date() + DAY),
    )
    people.TeamMembership.objects.filter(person=cast.employee).update(ends_on=LONG_AGO + DAY)
    one = AgreedAction.objects.get(owner=cast.employee)
    mover, where = client_for(cast.employee), [cast.team.pk]
    page = mover.get(reverse("okr:retrospective", args=where)).content.decode()
    assert "Share the calendar" in page
    for words in ("Between us", "Order new screens", "0 notes", "Add note"):
        assert words not in page
    assert client_for(cast.finance_owner).get(reverse("okr:retrospective", args=where)).status_code == 404
    assert mover.post(reverse("okr:finish_action", args=[one.pk]), follow=True).status_code == 200
    one.refresh_from_db()
    assert one.done_at is not None
    other = AgreedAction.objects.get(owner=cast.manager)
    assert mover.post(reverse("api_finish_agreed_action", args=[other.pk]), **JSON).status_code == 404
    AgreedAction.objects.filter(pk=one.pk).update(done_at=None)
    assert mover.post(reverse("api_finish_agreed_action", args=[one.pk]), **JSON).status_code == 200

"""Drafts and what was read, by API: the week as it is typed, an objective nobody has seen, many check-ins at once."""

import datetime

import pytest
from django.test import Client
from django.urls import reverse

from okr.models import CheckInDraft, CheckInReply
from performance.foundation.models import AuditRow
from performance.people import actions as people_actions
from tests.okr.conftest import content, monday_of

JSON = {"content_type": "application/json"}


@pytest.fixture
def read_token(acting_cast, actor, now):
    """A client with a token of the manager that may read goals only."""
    _token, secret = people_actions.create_token(
        actor=actor(acting_cast.manager),
        name="script",
        scopes=["goals:read"],
        expires_at=now + datetime.timedelta(days=1),
        at=now,
    )
    return Client(headers={"Authorization": f"Bearer {secret}"})


def test_a_draft_of_the_week_is_kept_and_shown_in_the_page(active, cast, client_for, now):
    client, address = client_for(cast.employee), reverse("api_check_in_draft")
    monday = monday_of(now.date())
    assert client.get(address, {"week_starts_on": monday}).status_code == 404
    steps = active.key_results.get(kind="milestones")
    done = [str(step.pk) for step in steps.milestones.all()[:2]]
    typed = {"wins": "Half a sentence", f"steps-{steps.pk}": done, "other": "not a field"}
    day = monday + datetime.timedelta(days=2)
    kept = client.put(address, {"week_starts_on": str(day), "typed": typed}, **JSON)
    assert kept.status_code == 200, kept.content
    told = client.get(address, {"week_starts_on": monday}).json()
    assert told["week_starts_on"] == str(monday)
    assert told["typed"] == {"wins": "Half a sentence", f"steps-{steps.pk}": done}
    assert "Half a sentence" in client.get(reverse("okr:home")).content.decode()
    unticked = {f"steps-{steps.pk}": []}
    assert (
        client.put(address, {"week_starts_on": str(day), "typed": unticked}, **JSON).json()["typed"]
        == unticked
    )


def test_a_draft_is_nobodys_business_but_its_authors(acting_cast, quarter, client_for, now, read_token):
    address, week = reverse("api_check_in_draft"), {"week_starts_on": str(monday_of(now.date()))}
    body = week | {"typed": {"wins": "Mine"}}
    assert client_for(acting_cast.employee).put(address, body, **JSON).status_code == 200
    for person in (acting_cast.manager, acting_cast.colleague, acting_cast.auditor, acting_cast.stranger):
        assert client_for(person).get(address, week).status_code == 404
    assert client_for(acting_cast.auditor).put(address, body, **JSON).status_code == 403
    assert read_token.put(address, body, **JSON).status_code == 403
    assert CheckInDraft.objects.count() == 1


@pytest.mark.parametrize("why", ["long past", "to come", "locked", "closed"])
def test_a_draft_of_a_week_that_takes_no_check_in_is_refused_and_not_written(
    acting_cast, quarter, client_for, now, why
):
    days = {"long past": 365 * 27, "to come": -7}.get(why, 0)
    monday = monday_of(now.date()) - datetime.timedelta(days=days)
    if why == "locked":
        quarter.progress_locked_at = now
    elif why == "closed":
        quarter.state = "closed"
    quarter.save()
    client = client_for(acting_cast.employee)
    year, week, _day = monday_of(monday).isocalendar()
    page = client.post(reverse("okr:check_in_draft", args=[f"{year}-W{week:02}"]), {"wins": "Late"})
    assert page.status_code == 422
    assert "This week is not open for check-ins." in page.content.decode()
    body = {"week_starts_on": str(monday), "typed": {"wins": "Late"}}
    answer = client.put(reverse("api_check_in_draft"), body, **JSON)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["week"])
    assert not CheckInDraft.objects.exists()


def test_a_week_that_is_no_day_of_our_calendars_is_a_problem_with_its_field(acting_cast, client_for):
    client = client_for(acting_cast.employee)
    draft, sent = reverse("api_check_in_draft"), reverse("api_check_ins")
    team = reverse("api_team_check_ins", args=[acting_cast.team.pk])
    for day in ("soon", "0001-01-01", "9999-12-27", "9999-12-31"):
        week = {"week_starts_on": day}
        for answer in (
            client.get(draft, week),
            client.put(draft, week | {"typed": {}}, **JSON),
            client.post(sent, week | {"readings": []}, **JSON),
            client.get(team, week),
        ):
            assert (answer.status_code, list(answer.json()["errors"])) == (400, ["week_starts_on"])


def test_a_draft_of_an_objective_is_rewritten_without_a_proposal(propose, cast, client_for):
    one = propose(content("First words"), is_draft=True)
    address = reverse("api_change_objective", args=[one.pk])
    body = {
        "title": "Better words",
        "draft": True,
        "key_results": [
            {"kind": "increase", "title": "Stores", "weight": "100", "start": "0", "target": "10"}
        ],
    }
    saved = client_for(cast.employee).post(address, body, **JSON)
    assert saved.status_code == 200, saved.content
    told = saved.json()
    assert (told["state"], told["title"], told["versions"]) == ("draft", "Better words", [])
    for person in (cast.manager, cast.colleague, cast.stranger):
        assert client_for(person).post(address, body, **JSON).status_code == 404
    assert client_for(cast.auditor).post(address, body, **JSON).status_code == 403


def test_what_is_proposed_is_no_longer_a_draft(propose, cast, client_for):
    one = propose(content("First words"))
    body = {
        "title": "Better words",
        "draft": True,
        "key_results": [
            {"kind": "increase", "title": "Stores", "weight": "100", "start": "0", "target": "10"}
        ],
    }
    answer = client_for(cast.employee).post(reverse("api_change_objective", args=[one.pk]), body, **JSON)
    assert (answer.status_code, answer.json()["title"]) == (409, "conflict")
    one.refresh_from_db()
    assert one.title == "First words"


def test_a_withdrawal_keeps_its_reason(propose, cast, client_for):
    one = propose()
    address = reverse("api_withdraw_proposal", args=[one.pk])
    assert client_for(cast.colleague).post(address, {}, **JSON).status_code == 403
    assert client_for(cast.employee).post(address, {"reason": "Too early."}, **JSON).status_code == 200
    # It is a draft again, which few see: the log keeps the reason for HR and auditors.
    kept = AuditRow.objects.get(action="okr.withdraw_proposal")
    assert (kept.why, kept.changes["reason"]) == ("", "Too early.")


def test_a_manager_marks_the_week_of_the_reports_as_read(active, check_in, cast, client_for, read_token):
    check_in(wins="Two stores.")
    check_in(wins="A calm week.", by=cast.colleague)
    address = reverse("api_acknowledge_check_ins")
    assert client_for(cast.auditor).post(address).status_code == 403
    assert read_token.post(address).status_code == 403
    for person in (cast.boss, cast.employee, cast.stranger):
        assert client_for(person).post(address).json() == {"acknowledged": 0}
    assert client_for(cast.manager).post(address).json() == {"acknowledged": 2}
    assert client_for(cast.manager).post(address).json() == {"acknowledged": 0}
    assert CheckInReply.objects.filter(by=cast.manager, text="").count() == 2


def test_one_check_in_is_read_by_its_person_and_the_line(active, check_in, cast, client_for):
    said = check_in(wins="Two stores.")
    address = reverse("api_check_in", args=[said.pk])
    for person in (cast.employee, cast.manager, cast.boss, cast.auditor):
        assert client_for(person).get(address).json()["wins"] == "Two stores."
    for person in (cast.colleague, cast.hr, cast.stranger):
        assert client_for(person).get(address).status_code == 404


def test_a_draft_keeps_the_fields_of_the_form_alone(active, cast, client_for, now):
    known = active.key_results.first()
    odd = {
        f"note-{'x' * 100_000}": "x",
        f"value-{known.pk}0": "1",
        "steps-all": ["x"],
        "with-steps": ["y" * 50],
    }
    given = {"week_starts_on": str(now.date()), "typed": {f"note-{known.pk}": "Why", **odd}}
    answer = client_for(cast.employee).put(
        reverse("api_check_in_draft"), given, content_type="application/json"
    )
    assert answer.status_code == 200, answer.content
    assert answer.json()["typed"] == {f"note-{known.pk}": "Why"}
    for year in ("1900", "2199"):
        far = given | {"week_starts_on": f"{year}-01-05"}
        answer = client_for(cast.employee).put(
            reverse("api_check_in_draft"), far, content_type="application/json"
        )
        assert answer.status_code == 422, year

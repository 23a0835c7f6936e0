"""What one objective needs from another: asked, accepted or declined, met; it never moves a figure."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from okr import actions, queries
from okr.models import Dependency
from performance.foundation import audit, tenancy
from performance.inbox import actions as inbox_actions
from performance.inbox.models import WorkItem
from performance.people import actions as people_actions
from performance.people import models as people
from tests import races
from tests.conftest import LONG_AGO
from tests.okr.conftest import content

JSON = {"content_type": "application/json"}


@pytest.fixture
def goals(propose, agree, acting_cast):
    """The employee's, and the one of the human resources that it needs something from."""
    return agree(propose()), agree(propose(content("Hire forty people"), by=acting_cast.hr))


@pytest.fixture
def ask(goals, actor, acting_cast, now):
    def do(what="Two planners by June", **fields):
        one, on = goals
        given = {"objective": one, "on": on, "what": what, "by": actor(acting_cast.employee), "at": now}
        return actions.ask_of_objective(**(given | fields))

    return do


def waiting(kind):
    return WorkItem.objects.filter(kind=kind, done_at=None)


def page_of(client, objective):
    return client.get(reverse("okr:objective", args=[objective.pk])).content.decode()


def test_an_ask_waits_for_the_other_side_and_changes_no_figure(ask, goals, actor, cast, now):
    before = [(each.progress_micro, each.coverage_ppm) for each in goals]
    one = ask("  Two planners\n by June ")
    item = waiting("goals.dependency").get()
    assert (item.person_id, item.detail_en, item.subject_id) == (cast.hr.pk, "Two planners by June", one.pk)
    assert item.title_en == "Eli Employee needs something from your objective"
    accepted = actions.accept_dependency(dependency=one, by=actor(cast.hr), at=now)
    assert (accepted.state, accepted.answered_by_id) == ("accepted", cast.hr.pk)
    assert not waiting("goals.dependency").exists()
    met = actions.meet_dependency(dependency=accepted, by=actor(cast.employee), at=now)
    assert (met.state, met.ended_by_id) == ("met", cast.employee.pk)
    for each in goals:
        each.refresh_from_db()
    assert [(each.progress_micro, each.coverage_ppm) for each in goals] == before


def test_declining_needs_a_reason_which_comes_back_to_whoever_asked(ask, actor, cast, now):
    one, hr = ask(), actor(cast.hr)
    with pytest.raises(actions.ObjectiveRefused) as refused:
        actions.decline_dependency(dependency=one, reason="  ", by=hr, at=now)
    assert (refused.value.field, one.state) == ("reason", "open")
    one = actions.decline_dependency(dependency=one, reason="No budget before autumn.", by=hr, at=now)
    item = waiting("goals.declined").get()
    assert (item.person_id, item.detail_en) == (cast.employee.pk, "No budget before autumn.")
    assert not waiting("goals.dependency").exists()
    actions.withdraw_dependency(dependency=one, by=actor(cast.employee), at=now)
    assert not waiting("goals.declined").exists()


def test_asking_anew_answers_what_was_declined(ask, actor, cast, now):
    actions.decline_dependency(dependency=ask(), reason="Too much.", by=actor(cast.hr), at=now)
    ask("One planner")
    assert not waiting("goals.declined").exists()
    assert waiting("goals.dependency").count() == 1


def test_whoever_owns_what_is_needed_and_asks_has_accepted(goals, actor, cast, now):
    one, on = goals
    mine = actions.ask_of_objective(objective=on, on=one, what="x", by=actor(cast.employee), at=now)
    assert mine.state == "accepted"
    assert not waiting("goals.dependency").exists()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"what": " "}, "what"),
        ({"what": "x" * 301}, "what"),
        ({"due_on": datetime.date(2020, 1, 1)}, "due_on"),
        ({"due_on": datetime.date(2999, 1, 1)}, "due_on"),
    ],
)
def test_an_unsound_ask_is_refused_beside_its_field(ask, fields, field):
    with pytest.raises(actions.ObjectiveRefused) as refused:
        ask(**fields)
    assert refused.value.field == field
    assert not Dependency.objects.exists()


def test_an_objective_needs_nothing_of_itself_nor_of_the_same_owner_nor_of_a_draft(
    ask, goals, propose, agree
):
    one, _on = goals
    mine = agree(propose(content("Mine too")))
    draft = propose(content("Not yet"), is_draft=True)
    for on, code in ((one, "other_period"), (mine, "same_owner"), (draft, "not_standing")):
        with pytest.raises(actions.ObjectiveRefused) as refused:
            ask(on=on)
        assert refused.value.code == code


def test_two_objectives_may_need_each_other(ask, goals, actor, cast, now):
    one, on = goals
    ask()
    actions.ask_of_objective(objective=on, on=one, what="The plan", by=actor(cast.hr), at=now)
    assert Dependency.objects.count() == 2


def test_the_same_is_not_asked_twice_while_it_stands(ask, actor, cast, now):
    one = ask()
    with pytest.raises(actions.ObjectiveRefused) as refused:
        ask()
    assert refused.value.code == "conflict"
    actions.withdraw_dependency(dependency=one, by=actor(cast.employee), at=now)
    assert ask().state == "open"


def test_dependencies_go_on_while_goals_are_locked_and_rest_once_the_period_is_closed(
    ask, quarter, actor, cast, now
):
    people_actions.lock_goals(period=quarter, by=actor(cast.hr), at=now)
    one = ask()
    people.Period.objects.filter(pk=quarter.pk).update(state="closed")
    employee, hr = actor(cast.employee), actor(cast.hr)
    for act in (
        lambda: ask("More"),
        lambda: actions.accept_dependency(dependency=one, by=hr, at=now),
        lambda: actions.decline_dependency(dependency=one, reason="No", by=hr, at=now),
        lambda: actions.withdraw_dependency(dependency=one, by=employee, at=now),
        lambda: actions.meet_dependency(dependency=one, by=hr, at=now),
    ):
        with pytest.raises(actions.ObjectiveRefused) as refused:
            act()
        assert refused.value.code == "closed"


def test_sealing_lets_an_open_ask_lapse_and_nobody_is_asked_any_more(ask, quarter, actor, cast, now):
    one = ask()
    declined = actions.decline_dependency(dependency=ask("More"), reason="No", by=actor(cast.hr), at=now)
    people.Period.objects.filter(pk=quarter.pk).update(state="closed")
    actions.seal_closed_periods(at=now)
    for row in (one, declined):
        row.refresh_from_db()
    assert (one.state, declined.state) == ("lapsed", "declined")
    assert not waiting("goals.dependency").exists()
    assert not waiting("goals.declined").exists()


def test_what_was_asked_of_somebody_who_left_falls_to_whoever_leads_next(ask, cast, now):
    ask()
    inbox_actions.pass_work_on(person=cast.hr, to=cast.boss, at=now)
    assert waiting("goals.dependency").get().person_id == cast.boss.pk


def test_the_log_names_no_private_goal_and_keeps_the_reason_for_hr(
    goals, propose, agree, actor, client_for, cast, now
):
    _one, on = goals
    secret = agree(propose(content("Merge two stores in silence", visibility="private")))
    asked = actions.ask_of_objective(objective=secret, on=on, what="x", by=actor(cast.employee), at=now)
    actions.decline_dependency(dependency=asked, reason="between us", by=actor(cast.hr), at=now)
    rows = audit.rows(subject_id=secret.pk)
    assert {row.action for row in rows} >= {"okr.ask_of_objective", "okr.decline_dependency"}
    assert audit.rows(search="decline_dependency").get().why == "between us"
    told = client_for(cast.administrator).get(reverse("api_audit_log"), {"q": "decline_dependency"})
    assert "Merge" not in told.content.decode()
    assert "between us" not in told.content.decode()


# --- The screens ---------------------------------------------------------------------------------------------


def test_the_page_asks_accepts_and_marks_as_met_without_a_script(goals, cast, client_for, now):
    one, on = goals
    mine, theirs = client_for(cast.employee), client_for(cast.hr)
    assert on.title in page_of(mine, one)
    asked = mine.post(
        reverse("okr:ask", args=[one.pk]),
        {"on": str(on.pk), "what": "Two planners", "due_on": now.date().isoformat()},
    )
    assert asked.status_code == 302
    row = Dependency.objects.get()
    assert "Two planners" in page_of(mine, one)
    assert reverse("okr:accept_dependency", args=[row.pk]) not in page_of(mine, one)
    page = page_of(theirs, on)
    assert reverse("okr:accept_dependency", args=[row.pk]) in page
    assert one.title in page
    theirs.post(reverse("okr:accept_dependency", args=[row.pk]))
    assert reverse("okr:meet_dependency", args=[row.pk]) in page_of(mine, one)
    theirs.post(reverse("okr:meet_dependency", args=[row.pk]))
    row.refresh_from_db()
    assert row.state == "met"


def test_errors_stand_beside_their_fields(ask, goals, cast, client_for):
    one, on = goals
    row = ask()
    answer = client_for(cast.employee).post(reverse("okr:ask", args=[one.pk]), {"on": "", "what": ""})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="need-on_error"' in page
    assert 'id="need-what_error"' in page
    early = {"on": str(on.pk), "what": "More", "due_on": "2020-01-01"}
    answer = client_for(cast.employee).post(reverse("okr:ask", args=[one.pk]), early)
    assert 'id="need-due_on_error"' in answer.content.decode()
    answer = client_for(cast.hr).post(reverse("okr:decline_dependency", args=[row.pk]), {"reason": " "})
    assert answer.status_code == 422
    assert f'id="decline-{row.pk}-reason_error"' in answer.content.decode()


def test_a_late_one_is_marked(ask, goals, cast, client_for):
    row = ask()
    Dependency.objects.filter(pk=row.pk).update(due_on=datetime.date(2020, 1, 1))
    assert ">Late<" in page_of(client_for(cast.employee), goals[0])
    Dependency.objects.filter(pk=row.pk).update(state="met")
    assert ">Late<" not in page_of(client_for(cast.employee), goals[0])


def test_words_find_the_objective_to_ask(goals, propose, agree, cast, client_for):
    one, on = goals
    other = agree(propose(content("Calm Sundays"), by=cast.colleague))
    secret = agree(propose(content("Hire in silence", visibility="private"), by=cast.colleague))
    found = client_for(cast.employee).get(reverse("okr:askable", args=[one.pk]), {"words": "hire"})
    assert str(on.pk) in found.content.decode()
    for hidden in (other, secret):
        assert str(hidden.pk) not in found.content.decode()
    assert client_for(cast.colleague).get(reverse("okr:askable", args=[one.pk])).status_code == 403


ANSWERS = ("accept_dependency", "decline_dependency", "withdraw_dependency", "meet_dependency")
#: Who gets past the door: 409 because the ask has been settled already.
DOORS = {
    "employee": (403, 403, 409, 409),
    "manager": (403, 403, 409, 409),
    "boss": (409, 409, 409, 409),
    "hr": (409, 409, 403, 409),
    "colleague": (403, 403, 403, 403),
    "administrator": (403, 403, 403, 403),
    "auditor": (403, 403, 403, 403),
    "stranger": (404, 404, 404, 404),
}


def test_each_side_does_its_part_and_nobody_else_does(ask, goals, actor, cast, client_for, now):
    one, on = goals
    row = actions.accept_dependency(dependency=ask(), by=actor(cast.hr), at=now)
    actions.meet_dependency(dependency=row, by=actor(cast.hr), at=now)
    for name, statuses in DOORS.items():
        client = client_for(getattr(cast, name))
        for answer, status in zip(ANSWERS, statuses, strict=True):
            said = {"reason": "No"} if answer == "decline_dependency" else {}
            given = client.post(reverse(f"api_{answer}", args=[row.pk]), said, **JSON)
            assert given.status_code == status, (name, answer)
            by_page = client.post(reverse(f"okr:{answer}", args=[row.pk]), said)
            assert by_page.status_code == (302 if status == 409 else status), (name, answer)
        asks = client.post(
            reverse("api_dependencies", args=[one.pk]), {"on": str(on.pk), "what": name}, **JSON
        )
        may_ask = {"employee": 201, "manager": 201, "boss": 201, "stranger": 404}
        assert asks.status_code == may_ask.get(name, 403), name
        read = client.get(reverse("api_dependencies", args=[one.pk]))
        assert read.status_code == (404 if name == "stranger" else 200), name
    row.refresh_from_db()
    assert row.state == "met"


def test_the_api_asks_declines_and_tells_both_sides(goals, cast, client_for):
    one, on = goals
    mine, theirs = client_for(cast.employee), client_for(cast.hr)
    asks = reverse("api_dependencies", args=[one.pk])
    row = mine.post(asks, {"on": str(on.pk), "what": "Two planners"}, **JSON).json()
    assert (row["objective"], row["on"], row["state"]) == (str(one.pk), str(on.pk), "open")
    refused = mine.post(asks, {"on": str(on.pk), "what": "Two planners"}, **JSON)
    assert (refused.status_code, list(refused.json()["errors"])) == (409, ["what"])
    told = theirs.get(reverse("api_dependencies", args=[on.pk])).json()
    assert [each["id"] for each in told["needed_by"]] == [row["id"]]
    declined = theirs.post(reverse("api_decline_dependency", args=[row["id"]]), {"reason": "No"}, **JSON)
    assert (declined.json()["state"], declined.json()["reason"]) == ("declined", "No")


def test_a_private_goal_that_needs_something_stays_hidden_from_whoever_answers(
    goals, propose, agree, actor, cast, client_for, now
):
    _one, on = goals
    secret = agree(propose(content("Merge two stores in silence", visibility="private")))
    row = actions.ask_of_objective(
        objective=secret, on=on, what="Two planners", by=actor(cast.employee), at=now
    )
    told = WorkItem.objects.get(kind="goals.dependency")
    assert "Merge" not in f"{told.title_en}{told.detail_en}{told.url}"
    assert str(secret.pk) not in told.url
    theirs = client_for(cast.hr)
    page = page_of(theirs, on)
    assert "A private objective" in page
    assert "asked by Eli Employee" in page
    for text in (page, theirs.get(reverse("api_dependencies", args=[on.pk])).content.decode()):
        assert "Merge" not in text
        assert str(secret.pk) not in text
    other = client_for(cast.colleague)
    assert "Two planners" not in page_of(other, on)
    assert other.get(reverse("api_dependencies", args=[on.pk])).json()["needed_by"] == []
    for name in ANSWERS:
        assert other.post(reverse(f"okr:{name}", args=[row.pk]), {"reason": "x"}).status_code == 404, name
    accepted = theirs.post(reverse("api_accept_dependency", args=[row.pk]), **JSON).json()
    assert (accepted["state"], accepted["objective"]) == ("accepted", None)
    gone = theirs.post(reverse("okr:meet_dependency", args=[row.pk]))
    assert str(secret.pk) not in gone["Location"]


def test_what_became_private_after_it_was_asked_is_still_withdrawn(ask, goals, cast, client_for):
    one, on = goals
    row = ask()
    type(on).objects.filter(pk=on.pk).update(visibility="private")
    mine = client_for(cast.employee)
    page = page_of(mine, one)
    assert "A private objective" in page
    assert on.title not in page
    assert "Two planners" not in page_of(client_for(cast.colleague), one)
    assert mine.post(reverse("okr:withdraw_dependency", args=[row.pk])).status_code == 302
    row.refresh_from_db()
    assert row.state == "withdrawn"


def test_what_was_accepted_after_the_page_was_read_is_not_withdrawn_from_it(
    ask, actor, cast, client_for, now
):
    row = actions.accept_dependency(dependency=ask(), by=actor(cast.hr), at=now)
    mine, address = client_for(cast.employee), reverse("okr:withdraw_dependency", args=[row.pk])
    for seen, state in (("open", "accepted"), ("accepted", "withdrawn")):
        mine.post(address, {"seen": seen})
        row.refresh_from_db()
        assert row.state == state


def test_whoever_leads_the_team_of_what_is_needed_answers_too(propose, agree, actor, cast, client_for, now):
    lead = people.Person.objects.get(pk=cast.finance_owner.pk)
    theirs = people.Team.objects.create(code="FIN", name_en="Finance", lead=lead)
    people.TeamMembership.objects.create(person=cast.hr, team=theirs, starts_on=LONG_AGO)
    one = agree(propose())
    on = agree(propose(content("Close in three days"), by=cast.hr, team=theirs))
    on.owner_kind = "team"
    on.save(update_fields=["owner_kind"])
    row = actions.ask_of_objective(objective=one, on=on, what="x", by=actor(cast.employee), at=now)
    answer = client_for(lead).post(reverse("api_accept_dependency", args=[row.pk]), **JSON)
    assert answer.json()["state"] == "accepted"


def test_the_team_page_lists_what_teams_still_need_from_each_other(
    ask, goals, propose, agree, actor, cast, client_for, now
):
    one, on = goals
    ask()
    inside = agree(propose(content("Calm Sundays"), by=cast.colleague))
    by = actor(cast.employee)
    actions.ask_of_objective(objective=one, on=inside, what="Among ourselves", by=by, at=now)
    actions.ask_of_objective(objective=on, on=one, what="Your plan", by=actor(cast.hr), at=now)
    address, api = (
        reverse("okr:team", args=[cast.team.pk]),
        reverse("api_team_dependencies", args=[cast.team.pk]),
    )
    for person in (cast.employee, cast.auditor, cast.administrator):
        client = client_for(person)
        page = client.get(address).content.decode()
        assert "Two planners" in page
        assert "Your plan" in page
        assert "Among ourselves" not in page
        told = client.get(api).json()
        assert [[each["what"] for each in told[side]] for side in ("needs", "needed_by")] == [
            ["Two planners by June"],
            ["Your plan"],
        ]
    assert client_for(cast.stranger).get(api).status_code == 404
    type(on).objects.filter(pk=on.pk).update(visibility="private")
    assert "Two planners" not in client_for(cast.colleague).get(address).content.decode()


def test_the_map_draws_what_was_accepted_where_both_ends_are_drawn(
    ask, goals, propose, agree, actor, cast, client_for, now
):
    one, on = goals
    above = agree(propose(content("Full shelves"), by=cast.manager))
    row = ask()

    def dotted():
        page = client_for(cast.employee).get(reverse("okr:strategy")).content.decode()
        assert "is-needs" in page.split('class="map-canvas"')[0] or 'class="map-canvas"' not in page
        return page.partition('class="map-canvas"')[2].count("is-needs")

    manager = actor(cast.manager)
    actions.align_objectives(child=one, parent=above, kind="supports", by=manager, at=now)
    actions.accept_dependency(dependency=row, by=actor(cast.hr), at=now)
    assert dotted() == 0
    actions.align_objectives(child=on, parent=above, kind="supports", by=actor(cast.boss), at=now)
    assert dotted() == 1
    Dependency.objects.update(state="met")
    assert dotted() == 0


def test_pages_ask_the_same_number_of_questions_however_many_dependencies_there_are(
    ask, goals, actor, cast, client_for, django_assert_num_queries
):
    one, _on = goals
    ask("First")
    browser = client_for(cast.employee)
    addresses = [
        reverse("okr:objective", args=[one.pk]),
        reverse("okr:team", args=[cast.team.pk]),
        reverse("okr:strategy"),
        reverse("api_dependencies", args=[one.pk]),
        reverse("api_team_dependencies", args=[cast.team.pk]),
    ]
    counts = []
    for address in addresses:
        browser.get(address)
        with CaptureQueriesContext(connection) as asked:
            browser.get(address)
        counts.append(len(asked))
    for number in range(6):
        ask(f"Number {number}")
    for address, count in zip(addresses, counts, strict=True):
        with django_assert_num_queries(count):
            browser.get(address)


# --- Two sides at once ---------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first_is", ["accept", "withdraw"])
def test_accepting_and_withdrawing_at_once_leave_one_outcome(cast, quarter, actor, now, first_is):
    with tenancy.acting_for(cast.organisation):
        employee, hr = actor(cast.employee), actor(cast.hr)
        one = actions.propose_objective(period=quarter, content=content(), by=employee, at=now)
        on = actions.propose_objective(period=quarter, content=content("Hire"), by=hr, at=now)
        row = actions.ask_of_objective(objective=one, on=on, what="x", by=employee, at=now)
    acts = {
        "accept": lambda: actions.accept_dependency(dependency=row, by=hr, at=now),
        "withdraw": lambda: actions.withdraw_dependency(dependency=row, by=employee, at=now),
    }
    second_is = next(name for name in acts if name != first_is)
    first, second = races.second_waits_for_first(cast.organisation, acts[first_is], acts[second_is])
    assert isinstance(first, Dependency)
    assert isinstance(second, actions.ObjectiveRefused)
    assert second.code == "conflict"
    with tenancy.acting_for(cast.organisation):
        row.refresh_from_db()
        assert row.state == {"accept": "accepted", "withdraw": "withdrawn"}[first_is]
        assert not waiting("goals.dependency").exists()
        assert queries.between_teams(
            queries.visible_to(actor(cast.employee)),
            team=cast.team,
            member_ids=[cast.employee.pk],
            period=quarter,
        ) == ([(row, True)] if first_is == "accept" else [])

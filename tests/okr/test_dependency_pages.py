"""What objectives need from each other, on the pages and in the API."""

import datetime

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from okr import actions
from okr.models import Dependency
from performance.inbox.models import WorkItem
from performance.people import models as people
from tests.conftest import LONG_AGO
from tests.okr.conftest import content

JSON = {"content_type": "application/json"}


def waiting(kind):
    return WorkItem.objects.filter(kind=kind, done_at=None)


def page_of(client, objective):
    return client.get(reverse("okr:objective", args=[objective.pk])).content.decode()


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

    def dotted(**asked):
        page = client_for(cast.employee).get(reverse("okr:strategy"), asked).content.decode()
        assert "is-needs" in page.split('class="map-canvas"')[0] or 'class="map-canvas"' not in page
        return page.partition('class="map-canvas"')[2].count("is-needs")

    manager = actor(cast.manager)
    actions.align_objectives(child=one, parent=above, kind="supports", by=manager, at=now)
    actions.accept_dependency(dependency=row, by=actor(cast.hr), at=now)
    # What is not connected stands in a row of its own, which one folds.
    assert (dotted(), dotted(open="")) == (1, 0)
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

"""An import of goals is taken back goal by goal, as far as each stands as the file left it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from okr import actions, queries
from okr.actions import ObjectiveRefused
from okr.models import GoalImport, Objective
from performance.foundation.models import AuditRow
from performance.inbox.models import WorkItem
from tests.okr.files import HEADER, ONE, row, standing

TITLES = ("Untouched", "Agreed", "Signed", "Talked about", "Rewritten")


@pytest.fixture
def take_back(acting_cast, actor, now):
    def do(made, *, by=None, reason="The wrong file.", **fields):
        return actions.take_back_goal_import(
            upload=made, by=actor(by or acting_cast.hr), at=now, reason=reason, **fields
        )

    return do


@pytest.fixture
def remains(acting_cast, actor, now):
    def do(made, *, by=None):
        found = queries.remains_of(
            GoalImport.objects.get(pk=made.pk), actor(by or acting_cast.hr), now.date()
        )
        return {each.title: (each.deed, each.why) for each in found}

    return do


def the(title):
    return Objective.objects.get(title=title)


def test_what_others_have_gone_on_with_stays_and_the_rest_of_what_is_new_goes(
    upload, apply, take_back, remains, agree, cast, actor, now
):
    made = apply(upload(HEADER + "".join(map(row, TITLES))))
    agree(the("Agreed"))
    owner = actor(cast.employee)
    actions.agree_objective(objective=the("Signed"), version_number=1, by=owner, at=now)
    actions.comment_on_objective(objective=the("Talked about"), text="Why ten?", by=owner, at=now)
    actions.propose_change(
        objective=the("Rewritten"), content=standing("Rewritten by its owner"), by=owner, at=now
    )
    rewritten = the("Rewritten by its owner").pk
    told = {
        "Untouched": ("remove", ""),
        "Agreed": ("stay", "agreed"),
        "Signed": ("stay", "signed"),
        "Talked about": ("stay", "used"),
        "Rewritten": ("stay", "changed"),
    }
    assert remains(made) == told
    gone = the("Untouched").pk
    waited = WorkItem.objects.filter(subject_id=gone, done_at=None)
    assert waited.exists()
    take_back(made)
    assert {each.title for each in Objective.objects.all()} == {*TITLES[1:4], "Rewritten by its owner"}
    assert Objective.objects.get(pk=rewritten).state == "proposed"
    assert not waited.exists()
    assert not any(WorkItem.objects.filter(subject_id=gone).values_list("detail_en", flat=True))
    (logged,) = AuditRow.objects.filter(action="okr.take_import_back")
    assert logged.changes["remove"] == 1
    assert logged.changes["stay"] == 4


def test_what_was_changed_gets_back_what_stood_before(
    upload, apply, take_back, remains, propose, agree, cast, actor, now
):
    in_force = agree(propose(standing("In force")))
    waiting = propose(standing("Waiting"))
    draft = propose(standing("A draft"), by=cast.employee, is_draft=True)
    moved = agree(propose(standing("Moved on")))
    rows = "".join(row(title, 12) for title in ("In force", "Waiting", "Moved on"))
    made = apply(upload(HEADER + rows), reason="Twelve")
    own = apply(upload(HEADER + row("A draft", 12), by=cast.employee), by=cast.employee)
    for person in (cast.employee, cast.manager):
        actions.agree_objective(objective=moved, version_number=2, by=actor(person), at=now)
    assert remains(made) == {
        "In force": ("withdraw", ""),
        "Waiting": ("restore", ""),
        "Moved on": ("stay", "agreed"),
    }
    assert remains(own, by=cast.employee) == {"A draft": ("restore", "")}
    take_back(made)
    take_back(own, by=cast.employee)
    targets = {one.title: one.key_results.get(removed_at=None).target for one in Objective.objects.all()}
    assert targets == {"In force": 10, "Waiting": 10, "A draft": 10, "Moved on": 12}
    assert [each.state for each in in_force.versions.order_by("number")] == ["in_force", "withdrawn"]
    latest = waiting.versions.get(state="proposed")
    assert (latest.number, latest.as_content.key_results[0].target) == (3, 10)
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_what_the_importer_signed_is_a_draft_again_and_drafts_go(upload, apply, take_back, remains, cast):
    signed = apply(upload(ONE, by=cast.employee), by=cast.employee)
    drafts = apply(upload(HEADER + row("Only a draft"), by=cast.employee), by=cast.employee, as_drafts=True)
    assert remains(signed, by=cast.employee) == {"Never out of stock": ("unpropose", "")}
    assert remains(drafts, by=cast.employee) == {"Only a draft": ("remove", "")}
    take_back(signed, by=cast.employee)
    take_back(drafts, by=cast.employee)
    (left,) = Objective.objects.all()
    assert (left.title, left.state, left.versions.get().state) == ("Never out of stock", "draft", "withdrawn")


def test_an_import_is_taken_back_once_by_who_brought_it_in_for_a_reason_and_as_shown(
    upload, apply, take_back, cast, actor, now, propose
):
    made = upload(ONE)
    with pytest.raises(ObjectiveRefused, match="nothing to take back"):
        take_back(made)
    apply(made)
    with pytest.raises(ObjectiveRefused, match="Say why"):
        take_back(made, reason=" ")
    with pytest.raises(ObjectiveRefused, match="changed since you looked"):
        take_back(made, seen="something else")
    with pytest.raises(ObjectiveRefused, match="nothing to take back"):
        take_back(made, by=cast.boss)
    assert Objective.objects.count() == 1
    take_back(made)
    with pytest.raises(ObjectiveRefused, match="nothing to take back"):
        take_back(made)


def test_a_goal_that_the_importer_sees_no_more_is_left_alone(upload, apply, remains, cast, actor, now):
    made = apply(upload(ONE))
    Objective.objects.update(visibility="private", proposed_by=cast.employee)
    assert remains(made) == {"Never out of stock": ("stay", "gone")}


def test_it_asks_as_many_questions_for_many_goals_as_for_one(upload, apply, remains, propose):
    def asked(made):
        with CaptureQueriesContext(connection) as found:
            remains(made)
        return len(found)

    one = apply(upload(HEADER + row("One")))
    many = apply(upload(HEADER + "".join(row(f"Goal {place}") for place in range(6))))
    assert asked(one) == asked(many)


def test_the_page_shows_what_is_taken_back_before_it_is_done(upload, apply, cast, client_for, agree):
    made = apply(upload(HEADER + row("Untouched") + row("Agreed")))
    agree(the("Agreed"))
    browser = client_for(cast.hr)
    address = reverse("okr:import_take_back", args=[made.pk])
    assert address in browser.get(reverse("okr:import_check", args=[made.pk])).content.decode()
    for person, status in ((cast.manager, 404), (cast.auditor, 403), (cast.stranger, 404)):
        assert client_for(person).get(address).status_code == status, person
    page = browser.get(address)
    html = page.content.decode()
    assert "1 goal is taken back" in html
    assert "Both sides have agreed to it." in html
    refused = browser.post(address, {"seen": page.context["seen"], "reason": ""})
    assert refused.status_code == 422
    assert "Say why, in a sentence." in refused.content.decode()
    assert browser.post(address, {"seen": "x", "reason": "Wrong file"}).status_code == 409
    done = browser.post(address, {"seen": page.context["seen"], "reason": "Wrong file"}, follow=True)
    card = done.content.decode().split('id="card-taken-back"')[1].split("</section>")[0]
    for words in ("Wrong file", "Untouched", "is removed", "Agreed", "Both sides have agreed to it."):
        assert words in card, words
    assert address not in done.content.decode()


def test_the_api_shows_and_takes_back_too(upload, apply, cast, client_for):
    made = apply(upload(ONE))
    address = reverse("api_take_goal_import_back", args=[made.pk])
    shown = client_for(cast.hr).get(address).json()
    assert [(each["title"], each["deed"]) for each in shown["goals"]] == [("Never out of stock", "remove")]
    body = {"reason": "Wrong file", "seen": shown["seen"]}
    answer = client_for(cast.hr).post(address, body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    assert answer.json()["taken_back_at"] is not None
    (goal,) = answer.json()["taken_back"]
    assert (answer.json()["taken_back_reason"], goal["deed"], goal["why"]) == ("Wrong file", "remove", "")
    assert goal["id"] == shown["goals"][0]["id"]
    with CaptureQueriesContext(connection) as asked:
        client_for(cast.hr).get(reverse("api_goal_imports"))
    (listed,) = [each["sql"] for each in asked if "LIMIT" in each["sql"] and "okr_goalimport" in each["sql"]]
    assert "file_name" in listed
    assert not any(heavy in listed for heavy in ('"before"', '"content"', '"mended"', '"taken_back",'))
    assert client_for(cast.hr).post(address, body, content_type="application/json").status_code == 409

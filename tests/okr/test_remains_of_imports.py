"""What an import that is taken back leaves where it is, and how what it left comes up again."""

import datetime
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from feedback.models import Note
from okr import actions, queries
from okr.actions import ObjectiveRefused
from okr.actions.importing import taking_back
from okr.models import Comment, GoalImport, Objective
from performance.foundation.models import AuditRow
from performance.inbox.models import WorkItem
from performance.people import models as people
from tests.okr.files import HEADER, ONE, counts, row, standing

LATER = datetime.timedelta(minutes=1)


@pytest.fixture
def take_back(acting_cast, actor, now):
    def do(made, *, by=None, reason="The wrong file."):
        return actions.take_back_goal_import(
            upload=made, by=actor(by or acting_cast.hr), at=now + LATER, reason=reason
        )

    return do


@pytest.fixture
def remains(acting_cast, actor, now):
    def do(made, *, by=None):
        kept = GoalImport.objects.get(pk=made.pk)
        found = queries.remains_of(kept, actor(by or acting_cast.hr), now.date())
        return {each.title: (each.deed, each.why) for each in found}

    return do


def the(title):
    return Objective.objects.get(title=title)


def test_a_former_text_comes_back_by_the_rules_for_any_text(upload, apply, remains, propose, cast):
    for title in ("Waiting", "Names nobody here"):
        propose(standing(title))
    made = apply(upload(HEADER + row("Waiting", 12) + row("Names nobody here", 12)), reason="Twelve")
    made.before["changed"][1]["former"]["key_results"][0]["owner_id"] = str(uuid.uuid4())
    made.save()
    told = {"Waiting": ("restore", ""), "Names nobody here": ("stay", "unsound")}
    assert remains(made) == told
    people.ReportingLine.objects.filter(person=cast.employee).delete()
    Objective.objects.update(agreer=None)
    assert remains(made) == told | {"Waiting": ("stay", "alone")}
    people.RoleGrant.objects.filter(person=cast.hr).delete()
    assert set(remains(made).values()) == {("stay", "right")}


def test_what_a_later_import_changed_goes_with_the_first_once_the_later_one_is_taken_back(
    upload, apply, take_back, remains, agree, propose, cast
):
    agree(propose(standing("In force")))
    first = apply(upload(ONE + row("In force", 11)), reason="Eleven")
    later = apply(upload(HEADER + row("Never out of stock", 12) + row("In force", 13)), reason="Thirteen")
    assert set(remains(first).values()) == {("stay", "changed")}
    take_back(later)
    assert remains(first) == {"Never out of stock": ("remove", ""), "In force": ("withdraw", "")}
    take_back(first)
    (left,) = Objective.objects.all()
    assert (left.title, left.versions.filter(state="proposed").exists()) == ("In force", False)


def test_words_of_others_keep_a_goal_and_ones_own_keep_a_draft_of_it(
    upload, apply, take_back, remains, propose, actor, now, cast
):
    propose(standing("Changed"))
    titles = ("Untouched", "Noted", "My own words")
    made = apply(upload(HEADER + "".join(map(row, titles)) + row("Changed", 12)))
    drafts = apply(upload(HEADER + row("A draft")), as_drafts=True)
    told = {
        **dict.fromkeys(titles, ("remove", "")),
        "Changed": ("restore", ""),
    }
    assert remains(made) == told
    later = now + LATER
    actions.comment_on_objective(objective=the("My own words"), text="Why?", by=actor(cast.hr), at=later)
    actions.comment_on_objective(objective=the("Changed"), text="Why?", by=actor(cast.employee), at=later)
    note = {"about": cast.colleague, "text": "Thank you", "written_at": later}
    Note.objects.create(author=cast.employee, objective_id=the("Noted").pk, **note)
    Note.objects.create(author=cast.hr, objective_id=the("A draft").pk, **note)
    assert remains(made) == told | {
        "Noted": ("stay", "used"),
        "My own words": ("unpropose", ""),
        "Changed": ("stay", "used"),
    }
    assert remains(drafts) == {"A draft": ("stay", "own")}
    take_back(made)
    assert {each.title: each.state for each in Objective.objects.exclude(title="A draft")} == {
        "Noted": "proposed",
        "My own words": "draft",
        "Changed": "discussed",
    }
    assert the("Changed").key_results.get().target == 12


def test_a_corrected_file_proposes_anew_what_taking_the_first_one_back_left_as_drafts(
    upload, apply, take_back, remains, actor, now, cast
):
    me = {"by": cast.employee}
    rows = row("Wrong"), row("Right")
    take_back(apply(upload(HEADER + "".join(rows), **me), **me), **me)
    assert {one.state for one in Objective.objects.all()} == {"draft"}
    corrected = upload(HEADER + row("Wrong", 12) + rows[1], **me)
    assert (counts(corrected)["changed"], corrected.report["counts"]["anew"]) == (2, 2)
    apply(corrected, **me)
    assert {one.title: one.key_results.get().target for one in Objective.objects.all()} == {
        "Wrong": 12,
        "Right": 10,
    }
    for one in Objective.objects.all():
        assert (one.state, one.versions.get(state="proposed").agreements.get().person) == (
            "proposed",
            cast.employee,
        )
        assert WorkItem.objects.filter(subject_id=one.pk, person=cast.manager, done_at=None).exists()
    assert set(remains(corrected, **me).values()) == {("unpropose", "")}
    take_back(corrected, **me)
    assert counts(upload(HEADER + row("Wrong", 12), **me))["changed"] == 1, "as often as it takes"
    actions.propose_change(
        objective=the("Wrong"),
        content=queries.standing_content(the("Wrong")),
        by=actor(cast.employee),
        at=now,
    )
    assert counts(upload(HEADER + row("Wrong", 12), **me))["same"] == 1, "it is proposed by hand already"


def test_the_log_keeps_what_was_removed_and_says_why_of_what_is_a_draft_again(upload, apply, take_back, cast):
    take_back(apply(upload(HEADER + row("Removed"))), reason="Last year's file")
    take_back(apply(upload(ONE, by=cast.manager), by=cast.manager), by=cast.manager, reason="Not yet")
    removed = AuditRow.objects.get(action="okr.remove_objective")
    assert (removed.subject_label, removed.why) == ("Removed", "Last year's file")
    assert (removed.changes["title"], removed.named) == ("Removed", [cast.employee.pk])
    withdrawn = AuditRow.objects.get(action="okr.withdraw_proposal")
    assert withdrawn.changes == {"version": 1, "reason": "Not yet"}
    told = AuditRow.objects.filter(action="okr.take_import_back").order_by("at", "pk")
    assert [each.changes for each in told] == [{"remove": 1}, {"unpropose": 1}]


@pytest.mark.parametrize("who", ["hr", "manager"])
def test_many_new_goals_are_taken_back_in_as_many_statements_as_one(who, upload, apply, take_back, cast):
    by = {"by": getattr(cast, who)}

    def asked(*titles):
        made = apply(upload(HEADER + "".join(map(row, titles)), **by), **by)
        with CaptureQueriesContext(connection) as found:
            take_back(made, **by)
        return len(found)

    first = asked("One")
    assert asked("Two", "Three", "Four", "Five") == first


def test_a_word_that_crosses_the_deed_and_a_lock_leave_everything_as_it_was(
    upload, apply, take_back, monkeypatch, actor, quarter, now, cast
):
    made = apply(upload(ONE))

    def meanwhile(ids, at):
        Comment.objects.create(objective_id=ids[0], by=cast.employee, at=at, text="Wait")

    with monkeypatch.context() as patched:
        patched.setattr(taking_back.lapsing, "let_lapse", meanwhile)
        with pytest.raises(ObjectiveRefused, match="at work on these goals") as refused:
            take_back(made)
    assert (refused.value.code, the("Never out of stock").state) == ("conflict", "proposed")
    people.Period.objects.filter(pk=quarter.pk).update(goals_locked_at=now)
    with pytest.raises(ObjectiveRefused, match="are locked"):
        take_back(made)
    assert GoalImport.objects.get(pk=made.pk).taken_back_at is None


def test_long_tables_are_cut_and_shown_whole_when_asked(
    upload, apply, take_back, client_for, monkeypatch, cast
):
    monkeypatch.setattr("okr.views.importing.SHOWN", 1)
    made = apply(upload(HEADER + row("One") + row("Two")))
    browser = client_for(cast.hr)
    for name in ("import_take_back", "import_check"):
        address = reverse(f"okr:{name}", args=[made.pk])
        assert "1 of 2 shown" in browser.get(address).content.decode(), name
        assert "1 of 2 shown" not in browser.get(f"{address}?all=1").content.decode(), name
        if name == "import_take_back":
            take_back(made)

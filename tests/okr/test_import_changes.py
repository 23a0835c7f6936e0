"""What a file of goals changes of those that are here."""

import dataclasses

import pytest

from okr import actions, queries
from okr.actions import ObjectiveRefused
from tests.okr.conftest import content, four_kinds, key_result
from tests.okr.files import ONE, counts, errors


def test_what_is_not_agreed_yet_gets_the_new_text(upload, apply, propose, cast):
    one = propose(content("Never out of stock", key_result("increase", "Stores served", unit="stores")))
    made = upload(ONE.replace(",10,", ",12,"))
    assert made.report["changed"][0]["fields"] == [
        {"label": "KR1 target", "before": "10 stores", "after": "12 stores"}
    ]
    assert not made.report["counts"]["agreed"]
    apply(made)
    one.refresh_from_db()
    assert (one.state, one.key_results.get().target) == ("proposed", 12)
    assert one.versions.filter(state="proposed").get().number == 2


def test_what_is_agreed_stays_in_force_and_gets_a_proposed_change_with_its_reason(
    upload, apply, propose, agree, cast
):
    one = agree(
        propose(content("Never out of stock", key_result("increase", "Stores served", unit="stores")))
    )
    file = ONE.replace(",10,", ",12,")
    with pytest.raises(ObjectiveRefused, match="needs a reason") as refused:
        apply(upload(file))
    assert refused.value.field == "reason"
    apply(upload(file), reason="Two stores more")
    one.refresh_from_db()
    version = one.versions.get(state="proposed")
    assert (one.key_results.get().target, version.reason) == (10, "Two stores more")
    assert version.as_content.key_results[0].target == 12
    assert version.as_content.key_results[0].id == one.key_results.get().pk
    again = upload(file)
    assert counts(again) == {"new": 0, "changed": 0, "same": 1, "errors": 0}


def test_a_key_result_that_the_file_leaves_out_is_taken_out_and_shown(upload, propose):
    propose(four_kinds())
    made = upload(
        "Owner,Objective,Key result\n"
        'P003,"Never out of stock, never overstocked",Stores served\n'
        ",,Planning hours\n"
    )
    fields = made.report["changed"][0]["fields"]
    assert {"label": "Key result", "before": "Fresh food reorders itself", "after": ""} in fields
    assert {"label": "KR1 weight", "before": "25%", "after": "50%"} in fields


def test_a_file_without_key_results_leaves_them_alone(upload, propose):
    propose(four_kinds())
    made = upload('Owner,Objective,Visible to\nP003,"Never out of stock, never overstocked",team\n')
    assert [each["label"] for each in made.report["changed"][0]["fields"]] == ["Visible to"]


def test_a_draft_is_rewritten_and_stays_one(upload, apply, propose, cast):
    one = propose(content("Never out of stock"), is_draft=True)
    file = "Objective,Key result,Target\nNever out of stock,Stores served,20\n"
    apply(upload(file, by=cast.employee), by=cast.employee)
    one.refresh_from_db()
    assert (one.state, one.key_results.get().target) == ("draft", 20)


def test_a_file_neither_shows_nor_replaces_a_proposal_that_its_importer_may_not_read(
    upload, apply, exported, propose, agree, actor, now, cast
):
    one = agree(propose(content("Full shelves", key_result("increase", "Stores served"))))
    standing = queries.standing_content(one)
    secret = actions.propose_change(
        objective=one,
        content=dataclasses.replace(standing, title="Merge two stores in silence", visibility="private"),
        reason="Not for everybody",
        by=actor(cast.employee),
        at=now,
    )
    file = exported(by=cast.hr).decode("utf-8-sig")
    unchanged = upload(file)
    assert (counts(unchanged)["same"], counts(unchanged)["errors"]) == (1, 0)
    changed = upload(file.replace("Full shelves", "Fuller shelves"))
    assert "Merge" not in str(changed.report)
    assert [text for _cell, text in errors(changed)] == [
        "This objective cannot be changed by a file at the moment. Ask its owner."
    ]
    with pytest.raises(ObjectiveRefused):
        apply(changed, reason="Clearer")
    secret.refresh_from_db()
    assert secret.state == "proposed"
    # Whoever may read it compares with it, and may replace it.
    read = upload(file.replace("Full shelves", "Fuller shelves"), by=cast.employee)
    assert counts(read)["errors"] == 0
    assert read.report["changed"][0]["fields"][0] == {
        "label": "Objective",
        "before": "Merge two stores in silence",
        "after": "Fuller shelves",
    }


def test_a_proposal_that_is_hidden_after_the_dry_run_stops_the_file(
    upload, apply, propose, agree, actor, now, cast
):
    one = agree(propose(content("Full shelves", key_result("increase", "Stores served"))))
    made = upload("Owner,Objective,Key result,Target\nP003,Full shelves,Stores served,20\n")
    assert counts(made)["changed"] == 1
    actions.propose_change(
        objective=one,
        content=dataclasses.replace(
            queries.standing_content(one), title="Merge two stores", visibility="private"
        ),
        reason="Not for everybody",
        by=actor(cast.employee),
        at=now,
    )
    with pytest.raises(ObjectiveRefused) as refused:
        apply(made, reason="Clearer")
    assert (refused.value.code, "Merge" in str(refused.value)) == ("conflict", False)

"""What a file of goals changes of those that are here."""

import pytest

from okr.actions import ObjectiveRefused
from tests.okr.conftest import content, four_kinds, key_result
from tests.okr.files import ONE, counts


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

"""Suggested edits: one field at a time, decided by the other side, and as sound as a whole text."""

import dataclasses
from decimal import Decimal

import pytest
from django.urls import reverse

from okr import actions, queries
from okr.models import MilestoneContent
from performance.inbox import queries as inbox
from tests.okr.conftest import content, key_result


def test_a_suggested_edit_accepted_by_the_other_side_becomes_a_new_proposal(propose, cast, actor, now):
    objective = propose()
    field = f"{objective.key_results.first().pk}.target"
    edit = actions.suggest_edit(
        objective=objective, field=field, new=Decimal("12.5"), by=actor(cast.manager), at=now
    )
    assert (edit.old, edit.new) == ("10", "12.5")
    objective.refresh_from_db()
    assert objective.state == "discussed"
    assert {each.kind for each in inbox.open_items(cast.employee.pk)} == {"goals.suggestion"}

    version = actions.accept_edit(edit=edit, by=actor(cast.employee), at=now)

    assert version.number == 2
    assert version.as_content.key_results[0].target == Decimal("12.5")
    assert objective.versions.get(number=1).state == "superseded"
    assert not inbox.open_items(cast.employee.pk).exists()
    actions.agree_objective(objective=objective, version_number=2, by=actor(cast.manager), at=now)
    objective.refresh_from_db()
    assert objective.state == "active"


def test_nobody_accepts_their_own_suggestion(propose, cast, actor, now):
    edit = actions.suggest_edit(
        objective=propose(), field="title", new="Better", by=actor(cast.manager), at=now
    )
    for decide in (actions.accept_edit, actions.reject_edit):
        with pytest.raises(actions.ObjectiveRefused) as refusal:
            decide(edit=edit, by=actor(cast.manager), at=now)
        assert refusal.value.code == "no_side"


def test_a_suggestion_is_refused_where_its_field_has_changed_since(propose, cast, actor, now):
    objective = propose()
    edit = actions.suggest_edit(
        objective=objective, field="title", new="Mine", by=actor(cast.manager), at=now
    )
    actions.propose_change(
        objective=objective,
        content=dataclasses.replace(queries.content_of(objective), title="Theirs"),
        by=actor(cast.employee),
        at=now,
    )
    with pytest.raises(actions.ObjectiveRefused) as refusal:
        actions.accept_edit(edit=edit, by=actor(cast.employee), at=now)
    assert refusal.value.code == "conflict"


def test_a_suggested_weight_is_made_up_by_the_others_so_that_the_sum_stays_whole(propose, cast, actor, now):
    objective = propose()
    field = f"{objective.key_results.first().pk}.weight_ppm"
    edit = actions.suggest_edit(objective=objective, field=field, new=400_000, by=actor(cast.manager), at=now)
    weights = [
        each.weight_ppm
        for each in actions.accept_edit(edit=edit, by=actor(cast.employee), at=now).as_content.key_results
    ]
    assert weights == [400_000, 200_000, 200_000, 200_000]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (content(""), "title"),
        (content("A", key_result(weight=60), key_result(weight=30)), "weights"),
        (content("A", key_result("decrease", start=Decimal(1), target=Decimal(2))), "0.target"),
        (content("A", key_result("band")), "0.lower"),
        (content("A", key_result("milestones")), "0.milestones"),
        (content("A", key_result("money")), "0.currency"),
        (content("A", key_result("kpi", metric_key="nowhere")), "0.metric_key"),
        (content("A" * 201), "title"),
        (content("A", key_result(title="K" * 201)), "0.title"),
        (content("A", key_result(unit="stores and warehouses")), "0.unit"),
        (content("A", key_result("milestones", milestones=(MilestoneContent("M" * 201),))), "0.milestones"),
    ],
)
def test_an_unsound_text_is_refused_beside_its_field(propose, wrong, field):
    with pytest.raises(actions.ObjectiveRefused) as refusal:
        propose(wrong)
    assert refusal.value.field == field


def test_a_suggestion_too_long_for_its_field_is_refused_beside_it(propose, cast, client_for):
    objective = propose()
    too_long = {"field": "title", "new": "X" * 201}
    page = client_for(cast.manager).post(reverse("okr:suggest", args=[objective.pk]), too_long)
    assert page.status_code == 422
    assert "200 characters" in page.context["form"].errors["new"][0]
    assert not objective.suggested_edits.exists()


@pytest.mark.parametrize(
    ("field", "longest"), [("title", 200), ("{key_result}.title", 200), ("{key_result}.unit", 20)]
)
def test_the_api_takes_a_suggestion_as_long_as_its_field_and_no_longer(
    propose, cast, client_for, field, longest
):
    objective = propose()
    path = field.format(key_result=objective.key_results.first().pk)
    codes = [
        client_for(cast.manager)
        .post(
            reverse("api_suggest_edit", args=[objective.pk]),
            {"field": path, "new": "X" * length},
            content_type="application/json",
        )
        .status_code
        for length in (longest + 1, longest)
    ]
    assert codes == [422, 201]


def test_a_field_has_one_name(propose, cast, actor, client_for, now):
    """So that one open suggestion for a field is one."""
    one = propose()
    by = client_for(cast.manager)
    address = reverse("api_suggest_edit", args=[one.pk])
    say = {"field": "title", "new": "Shelves\nthat are full"}
    said = by.post(address, say, content_type="application/json")
    assert (said.status_code, said.json()["new"]) == (201, "Shelves that are full")
    for other in (".title", "..title", " title"):
        answer = by.post(address, say | {"field": other}, content_type="application/json")
        assert answer.status_code in (400, 409, 422), other
    assert one.suggested_edits.count() == 1

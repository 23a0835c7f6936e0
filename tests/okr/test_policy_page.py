"""The page on which a period's way of counting is chosen, and its versions."""

import pytest
from django.urls import reverse

from okr import actions, queries
from okr.models import OkrPolicy
from performance.people import models as people

CHOSEN = {
    "over": "cap", "cap_percent": "150", "missing": "zero", "start_equals_target": "leave_out",
    "roll_up": "both", "method": "weighted_mean", "status_rule": "own_pace", "carry_over": "restart",
    "reason": "We agreed to it.", "step": "confirm", "seen": "0",
}  # fmt: skip


@pytest.fixture
def address(quarter, acting_cast):
    return reverse("okr:policy", args=[quarter.pk])


@pytest.mark.parametrize("cap", ["50", "1001", "", "much"])
def test_a_cap_that_cannot_be_is_said_beside_its_field(address, client_for, cast, cap):
    answer = client_for(cast.hr).post(address, CHOSEN | {"cap_percent": cap})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "A cap is a whole number from 100 to 1,000" in html.split('id="id_cap_percent_error"')[1][:400]
    assert "okr_policy_cap" not in html
    assert not OkrPolicy.objects.exists()


def test_a_cap_counts_only_where_over_achievement_shows_up_to_one(address, client_for, cast):
    client = client_for(cast.hr)
    assert client.post(address, CHOSEN | {"over": "clamp", "cap_percent": "50"}).status_code == 302
    assert OkrPolicy.objects.get().cap_percent == 120
    assert 'data-shown-for="over" data-shown-with="cap"' in client.get(address).content.decode()


def test_a_reason_is_required_while_the_period_runs_and_says_so(address, client_for, cast, quarter):
    client = client_for(cast.hr)
    answer = client.post(address, CHOSEN | {"reason": " "})
    assert answer.status_code == 422
    assert (
        "The period runs already"
        in answer.content.decode().split('id="id_reason_error"')[1].split("</div>")[0]
    )
    assert answer.context["form"].fields["reason"].required
    people.Period.objects.filter(pk=quarter.pk).update(state="planning")
    assert not client.get(address).context["form"].fields["reason"].required
    assert client.post(address, CHOSEN | {"reason": "", "step": ""}).status_code == 302


def test_choices_are_whole_sentences_rather_than_cut_off(address, client_for, cast):
    html = client_for(cast.hr).get(address).content.decode()
    form = html.split('id="card-policy"')[1].split("</form>")[0]
    assert "<select" not in form
    assert "Start equals target: 100% while it holds, else 0%" in form


def test_each_version_says_what_it_chose_and_what_it_changed(
    address, client_for, cast, quarter, actor, now, django_assert_num_queries
):
    for choices in ({"over": "cap"}, {"cap_percent": 150, "missing": "zero"}, {"status_rule": "worst_wins"}):
        actions.set_policy(period=quarter, choices=choices, reason="Said so.", by=actor(cast.hr), at=now)
    with django_assert_num_queries(1):
        newest, second, first = queries.versions_with_changes(quarter)
    assert [(each.former, each.value) for each in first.changes] == [
        ("Stops at 100%", "Over-achievement up to 120%")
    ]
    assert [(each.former, each.value) for each in second.changes] == [
        ("Over-achievement up to 120%", "Over-achievement up to 150%"),
        ("No check-in yet: left out of the mean", "No check-in yet: counts as 0%"),
    ]
    assert ([each.value for each in newest.changes], len(newest.choices)) == (["Worst status wins"], 7)
    card = client_for(cast.hr).get(address).content.decode().split('id="card-versions"')[1]
    assert "<del" in card
    assert "Over-achievement up to 150%" in card

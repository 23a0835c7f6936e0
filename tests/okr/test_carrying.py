"""What is taken along into a later period."""

from decimal import Decimal

import pytest
from django.urls import reverse

from okr import actions
from okr.models import Objective
from tests.okr.conftest import content, key_result

JSON = {"content_type": "application/json"}


def grade(objective, actor, now, percent=50, **said):
    return actions.grade_objective(objective=objective, percent=percent, by=actor, at=now, **said)


def carry(objective, into, by, now):
    return actions.carry_over(objectives=[objective], to=into, by=by, at=now)


def test_carried_over_it_is_a_draft_that_remembers_its_former_and_twice_makes_no_double(
    reported, move, next_quarter, cast, actor, now
):
    move("closing")
    (new,) = carry(reported, next_quarter, actor(cast.employee), now)

    assert (new.state, new.period, new.carried_from, new.owner) == (
        "draft",
        next_quarter,
        reported,
        cast.employee,
    )
    assert carry(reported, next_quarter, actor(cast.employee), now) == []
    assert Objective.objects.filter(carried_from=reported).count() == 1
    row = new.key_results.first()
    assert (row.start, row.current, row.progress_micro) == (Decimal(0), None, None)
    assert not set(new.key_results.values_list("pk", flat=True)) & set(
        reported.key_results.values_list("pk", flat=True)
    )


def test_by_the_policy_it_starts_from_the_last_value(
    propose, agree, check_in, quarter, move, next_quarter, cast, actor, now
):
    one = agree(
        propose(
            content(
                "A",
                key_result("increase", "Half", 50),
                key_result("decrease", "Done", 50, start=Decimal(11), target=Decimal(6)),
            )
        )
    )
    half, done = one.key_results.all()
    check_in(actions.Reading(half.pk, value=Decimal(5)), actions.Reading(done.pk, value=Decimal(4)))
    choices = {"carry_over": "from_current"}
    actions.set_policy(period=quarter, choices=choices, reason="Go on.", by=actor(cast.hr), at=now)
    move("closing")

    (new,) = carry(one, next_quarter, actor(cast.employee), now)

    assert [(each.start, each.target) for each in new.key_results.all()] == [(5, 10), (11, 6)]


def test_where_the_policy_says_so_nothing_is_carried_over(
    reported, quarter, move, next_quarter, cast, actor, now
):
    choices = {"carry_over": "nothing"}
    actions.set_policy(period=quarter, choices=choices, reason="Fresh start.", by=actor(cast.hr), at=now)
    move("closing")
    with pytest.raises(actions.ObjectiveRefused, match="nothing is carried over"):
        carry(reported, next_quarter, actor(cast.employee), now)


def test_carrying_goes_forward_only(reported, quarter, move, cast, actor, now):
    move("closing")
    with pytest.raises(actions.ObjectiveRefused):
        carry(reported, quarter, actor(cast.employee), now)


def test_who_carries_over(reported, quarter, move, next_quarter, cast, client_for):
    move("closing")
    address = reverse("api_carry_over", args=[quarter.pk])
    body = {"into": str(next_quarter.pk), "objectives": [str(reported.pk)]}
    codes = {
        name: client_for(person).post(address, body, **JSON).status_code
        for name, person in (
            ("peer", cast.colleague),
            ("auditor", cast.auditor),
            ("stranger", cast.stranger),
            ("manager", cast.manager),
        )
    }
    assert codes == {"peer": 403, "auditor": 403, "stranger": 404, "manager": 201}


def test_the_page_carries_over_and_both_show_it(reported, quarter, move, next_quarter, cast, client_for):
    move("closing")
    client = client_for(cast.employee)
    address = reverse("okr:carry", args=[quarter.pk])
    assert client.post(address, {"period": str(next_quarter.pk)}).status_code == 422
    nothing = client.post(address, {"period": str(next_quarter.pk)})
    assert nothing.status_code == 422
    listed = nothing.content.decode().split('id="id_objectives"')[1].split("</table>")[0]
    assert "Choose at least one objective." in listed
    sent = client.post(address, {"period": str(next_quarter.pk), "objectives": [str(reported.pk)]})
    assert sent.status_code == 302, sent.content
    new = Objective.objects.get(carried_from=reported)
    assert "Carried over from" in client.get(reverse("okr:objective", args=[new.pk])).content.decode()
    assert "Carried over to" in client.get(reverse("okr:objective", args=[reported.pk])).content.decode()
    assert (
        "Carried over to"
        not in client_for(cast.colleague).get(reverse("okr:objective", args=[reported.pk])).content.decode()
    )

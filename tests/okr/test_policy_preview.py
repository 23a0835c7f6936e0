"""Before a running period is counted differently, HR sees what that moves."""

import datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from okr import actions, queries
from okr.models import Objective, OkrPolicy
from performance.foundation.models import AuditRow
from performance.people import queries as people
from performance.people.models import Period
from tests.okr.conftest import content, four_kinds, key_result
from tests.okr.test_policy_page import CHOSEN

CHOICES = CHOSEN | {"missing": "zero", "step": "", "reason": ""}


@pytest.fixture
def address(quarter):
    return reverse("okr:policy", args=[quarter.pk])


@pytest.fixture
def goals(reported, propose, agree, check_in, cast, actor, now):
    """The employee's half way in one of four key results; what it counts towards, seen by all; and one that HR does not
    see, with a reading in one of two."""
    above = agree(propose(content("The company grows"), by=cast.manager))
    actions.align_objectives(child=reported, parent=above, share_ppm=400_000, by=actor(cast.manager), at=now)
    two = content(
        "Among us", key_result(weight=50), key_result(title="Late", weight=50), visibility="private"
    )
    hidden = agree(propose(two, by=cast.manager))
    check_in(actions.Reading(hidden.key_results.first().pk, value=Decimal(4)), by=cast.manager)
    return reported, above, hidden


def figures():
    return dict(Objective.objects.values_list("pk", "progress_micro"))


def test_what_is_shown_is_what_counts_once_it_is_confirmed_with_a_reason(
    goals, address, quarter, cast, client_for, now
):
    """Two thirds of the period have passed."""
    begun, left = datetime.timedelta(days=60), datetime.timedelta(days=31)
    Period.objects.filter(pk=quarter.pk).update(starts_on=now.date() - begun, ends_on=now.date() + left)
    reported, above, hidden = goals
    before, hr = figures(), client_for(cast.hr)
    answer = hr.post(address, CHOICES)
    preview, html = answer.context["preview"], answer.content.decode()
    assert (answer.status_code, figures(), OkrPolicy.objects.count()) == (200, before, 0)
    assert (preview.counted, preview.moved, preview.unseen, preview.unlisted) == (3, 3, 1, 0)
    assert {each.objective.pk for each in preview.movers} == {reported.pk, above.pk}
    assert preview.movers[0].distance == max(each.distance for each in preview.movers)
    assert hidden.title not in html
    assert "that changes is not yours to see" in html
    assert "50%" in html
    assert "12.5%" in html
    assert preview.turned == [("warn", "bad", 2)]

    refused = hr.post(address, CHOICES | {"step": "confirm"})
    assert refused.status_code == 422
    assert "say why" in refused.content.decode().split('id="id_reason_error"')[1].split("</div>")[0]
    assert figures() == before
    confirmed = CHOICES | {"step": "confirm", "reason": "No report, no progress."}
    assert hr.post(address, confirmed).status_code == 302
    after = figures()
    assert {each.objective.pk: each.after_micro for each in preview.movers} == {
        key: after[key] for key in (reported.pk, above.pk)
    }
    row = AuditRow.objects.get(action="okr.set_policy")
    assert (row.why, row.changes["moved"]) == ("No report, no progress.", preview.moved)
    assert row.changes["missing"] == ["leave_out", "zero"]


def test_a_choice_that_was_compared_with_a_former_version_is_looked_at_again(
    goals, address, quarter, cast, client_for, actor, now
):
    actions.set_policy(period=quarter, choices={"over": "cap"}, reason="So.", by=actor(cast.hr), at=now)
    hr = client_for(cast.hr)
    late = hr.post(address, CHOICES | {"step": "confirm", "reason": "Mine."})
    assert late.status_code == 422
    assert "Look again" in late.content.decode()
    assert 'name="seen" value="1"' in late.content.decode()
    assert OkrPolicy.objects.count() == 1
    unread = hr.post(address, CHOICES | {"step": "confirm", "reason": "Mine.", "seen": "9" * 5000})
    assert (unread.status_code, OkrPolicy.objects.count()) == (200, 1)
    back = hr.post(address, CHOICES | {"step": "back"})
    assert back.status_code == 200
    assert 'id="card-policy"' in back.content.decode()
    assert client_for(cast.auditor).post(address, CHOICES).status_code == 403


def test_a_status_that_turns_without_a_figure_that_moves_is_shown(goals, address, cast, client_for):
    worst = CHOSEN | {
        "over": "clamp",
        "missing": "leave_out",
        "start_equals_target": "reached_or_not",
        "status_rule": "worst_wins",
        "step": "",
        "reason": "",
    }
    preview = client_for(cast.hr).post(address, worst).context["preview"]
    assert preview.moved == 0
    assert all(each.turns for each in preview.movers)
    assert preview.movers
    assert preview.turned


def test_a_preview_asks_as_much_of_many_objectives_as_of_few(
    goals, quarter, propose, agree, cast, actor, now
):
    def asked():
        proposed = actions.proposed_policy(period=quarter, choices={"missing": "zero"})
        with CaptureQueriesContext(connection) as found:
            preview = queries.policy_preview(
                proposed,
                visible=queries.visible_to(actor(cast.hr)),
                on=people.today(cast.organisation),
                organisation=cast.organisation,
            )
        return len(found), preview.counted

    few, counted = asked()
    for place in range(4):
        agree(propose(four_kinds() if place % 2 else content(f"More {place}")))
    assert asked() == (few, counted + 4)


def test_the_periods_of_the_settings_lead_to_how_each_is_counted(acting_cast, cast, quarter, client_for):
    page = reverse("people:periods")
    link = f'href="{reverse("okr:policy", args=[quarter.pk])}"'
    for person, is_shown in (
        (cast.hr, True),
        (cast.administrator, True),
        (cast.auditor, True),
        (cast.employee, False),
    ):
        assert (link in client_for(person).get(page).content.decode()) is is_shown, person


def test_in_planning_a_reason_that_cannot_be_kept_is_said_beside_its_field_among_the_choices(
    acting_cast, next_quarter, client_for
):
    address = reverse("okr:policy", args=[next_quarter.pk])
    answer = client_for(acting_cast.hr).post(address, CHOICES | {"reason": "So\x00"})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="card-policy"' in html
    assert 'id="id_reason_error"' in html
    assert not OkrPolicy.objects.exists()

"""What one objective needs from another: asked, accepted or declined, met; it never moves a figure."""

import datetime

import pytest
from django.urls import reverse

from okr import actions, queries
from okr.models import Dependency
from performance.foundation import audit, tenancy
from performance.inbox import actions as inbox_actions
from performance.inbox.models import WorkItem
from performance.people import actions as people_actions
from performance.people import models as people
from tests import races
from tests.okr.conftest import content

JSON = {"content_type": "application/json"}


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
            reader=actor(cast.employee),
        ) == ([(row, True)] if first_is == "accept" else [])


def test_nobody_accepts_or_declines_what_they_asked_for_themselves(goals, actor, cast, now, client_for):
    """The manager of both owners speaks for either objective."""
    one, on = goals
    on.agreer = cast.manager
    on.save()
    row = actions.ask_of_objective(objective=one, on=on, what="A lift", by=actor(cast.manager), at=now)
    manager = client_for(cast.manager)
    for name, sent in (("accept", {}), ("decline", {"reason": "No"})):
        assert manager.post(reverse(f"api_{name}_dependency", args=[row.pk]), sent, **JSON).status_code == 403
        assert manager.post(reverse(f"okr:{name}_dependency", args=[row.pk]), sent).status_code == 403
    assert "Accept<" not in page_of(manager, on)
    hr = client_for(cast.hr)
    assert "Accept<" in page_of(hr, on)
    assert hr.post(reverse("api_accept_dependency", args=[row.pk])).status_code == 200
    assert manager.post(reverse("api_meet_dependency", args=[row.pk])).status_code == 200

"""Goals and progress lock apart; what moves figures waits for both."""

from decimal import Decimal

import pytest
from django.urls import reverse

from okr import actions, queries
from okr.models import Objective, ProgressPoint
from performance.people import actions as people_actions
from tests.okr.conftest import content


def test_nothing_moves_the_figures_of_a_period_whose_progress_is_locked(
    active, propose, agree, check_in, cast, quarter, actor, now
):
    employee, manager = actor(cast.employee), actor(cast.manager)
    parent = agree(propose(content("Full shelves"), by=cast.manager))
    other = agree(propose(content("More")))
    check_in(*(actions.Reading(each.key_results.first().pk, value=Decimal(5)) for each in (active, other)))
    taken = actions.align_objectives(child=active, parent=parent, share_ppm=300_000, by=manager, at=now)
    offered = actions.align_objectives(child=other, parent=parent, share_ppm=300_000, by=employee, at=now)
    changed = actions.propose_change(
        objective=other, content=content("More still"), reason="Asked for", by=employee, at=now
    )
    people_actions.lock_progress(period=quarter, by=actor(cast.hr), at=now)
    figures = Objective.objects.order_by("pk").values_list("pk", "progress_micro", "version_number")
    before, points = list(figures), ProgressPoint.objects.count()
    for moves in (
        lambda: actions.agree_objective(objective=other, version_number=changed.number, by=manager, at=now),
        lambda: actions.accept_contribution(link=offered, by=manager, at=now),
        lambda: actions.part_objectives(link=taken, by=manager, at=now),
        lambda: actions.align_objectives(child=active, parent=parent, share_ppm=200_000, by=manager, at=now),
        lambda: actions.align_objectives(child=active, parent=parent, kind="supports", by=manager, at=now),
    ):
        with pytest.raises(actions.ObjectiveRefused) as refused:
            moves()
        assert refused.value.code == "progress_locked"
    actions.suggest_edit(objective=active, field="title", new="Said", by=manager, at=now)
    actions.part_objectives(link=offered, by=employee, at=now)
    actions.count_again([active.pk, parent.pk], at=now)
    assert (list(figures), ProgressPoint.objects.count()) == (before, points)
    assert changed.agreements.count() == 1


def test_no_text_moves_once_the_goals_of_a_period_are_locked(propose, cast, quarter, actor, now, client_for):
    employee = actor(cast.employee)
    draft, proposed = propose(content("Draft"), is_draft=True), propose(content("Proposed"))
    people_actions.lock_goals(period=quarter, by=actor(cast.hr), at=now)
    for moves in (
        lambda: actions.save_draft(objective=draft, content=content("Rewritten"), by=employee, at=now),
        lambda: actions.withdraw_proposal(objective=proposed, by=employee, at=now),
        lambda: actions.propose_change(objective=proposed, content=content("More"), by=employee, at=now),
    ):
        with pytest.raises(actions.ObjectiveRefused) as refused:
            moves()
        assert refused.value.code == "goals_locked"
    answer = client_for(cast.employee).post(reverse("okr:withdraw", args=[proposed.pk]), follow=True)
    assert "The goals of this period are locked." in answer.content.decode()
    draft.refresh_from_db()
    assert draft.title == "Draft"
    assert queries.open_proposal(proposed).number == 1

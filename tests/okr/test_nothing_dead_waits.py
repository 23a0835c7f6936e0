"""What nobody can answer any more waits for nobody: a proposal taken back, a goal out of sight, a helper who has left."""

import datetime

import pytest
from django.urls import reverse

from okr import actions
from okr.models import Ballot, CheckIn, Objective
from performance.foundation.models import AuditRow
from performance.inbox.models import WorkItem
from performance.people import actions as people_actions
from performance.people import models as people
from tests.okr.conftest import content


def waiting(*kinds):
    items = WorkItem.objects.filter(done_at=None)
    return set((items.filter(kind__in=kinds) if kinds else items).values_list("kind", flat=True))


def leaves(cast, person, to, actor, now):
    """Their last day was yesterday."""
    people_actions.deactivate_person(
        person=person,
        left_on=now.date() - datetime.timedelta(days=1),
        reports_to=to,
        by=actor(cast.hr),
        at=now,
    )


@pytest.fixture
def proposed(propose, agree, cast, actor, now):
    """Never agreed, with a call, a vote, a suggestion, an offer and an ask around it."""
    employee, manager = actor(cast.employee), actor(cast.manager)
    one = propose(content("Never agreed"))
    theirs = agree(propose(content("Theirs"), by=cast.manager, sponsor=cast.boss))
    actions.comment_on_objective(objective=one, text=f"@{cast.manager.name_en} look", by=employee, at=now)
    actions.open_vote(objective=one, by=employee, at=now)
    actions.suggest_edit(objective=one, field="title", new="Other", by=manager, at=now)
    actions.align_objectives(child=one, parent=theirs, share_ppm=500_000, by=employee, at=now)
    actions.ask_of_objective(objective=one, on=theirs, what="Two planners", by=employee, at=now)
    return one


AROUND = {
    "goals.agreement",
    "goals.mention",
    "goals.vote",
    "goals.suggestion",
    "goals.link",
    "goals.dependency",
}


def test_a_proposal_that_is_taken_back_leaves_no_work_behind(proposed, cast, actor, now):
    assert waiting() == AROUND
    actions.withdraw_proposal(objective=proposed, by=actor(cast.employee), at=now)
    assert waiting() == set()
    assert not proposed.votes.filter(closed_at=None).exists()
    assert proposed.suggested_edits.get().state == "lapsed"


def test_an_offer_waits_again_when_the_text_is_proposed_anew(proposed, cast, actor, now):
    by = actor(cast.employee)
    actions.withdraw_proposal(objective=proposed, by=by, at=now)
    actions.propose_change(objective=proposed, content=content("Better"), by=by, at=now)
    assert waiting() == {"goals.agreement", "goals.link"}


def test_a_change_that_is_taken_back_leaves_the_agreed_goal_and_its_work_alone(active, cast, actor, now):
    by = actor(cast.employee)
    actions.open_vote(objective=active, by=by, at=now)
    actions.propose_change(objective=active, content=content("More"), reason="Asked", by=by, at=now)
    actions.withdraw_proposal(objective=active, by=by, at=now)
    assert waiting() == {"goals.vote"}


@pytest.mark.parametrize("way", ["page", "api", "inbox"])
def test_a_call_into_a_goal_out_of_sight_can_still_be_read_away(way, active, cast, actor, now, client_for):
    actions.comment_on_objective(
        objective=active, text=f"@{cast.colleague.name_en} look", by=actor(cast.employee), at=now
    )
    item = WorkItem.objects.get(kind="goals.mention", done_at=None)
    Objective.objects.filter(pk=active.pk).update(visibility="private")
    colleague = client_for(cast.colleague)
    page, heard = reverse("okr:objective", args=[active.pk]), reverse("okr:heard", args=[active.pk])
    assert colleague.get(page).status_code == 404
    if way == "page":
        assert colleague.post(heard, follow=True).status_code == 200
    elif way == "api":
        assert colleague.post(reverse("api_heard", args=[active.pk])).status_code == 204
    else:
        assert "Mark as read" in colleague.get(reverse("inbox:list")).content.decode()
        colleague.post(reverse("inbox:read", args=[item.pk]))
    assert waiting("goals.mention") == set()
    assert colleague.post(heard).status_code == 404
    assert colleague.post(reverse("api_heard", args=[active.pk])).status_code == 404


def test_a_closed_period_takes_no_ballot_before_it_is_sealed(active, move, cast, actor, now, client_for):
    by = actor(cast.employee)
    vote = actions.open_vote(objective=active, by=by, at=now)
    employee = client_for(cast.employee)
    page = reverse("okr:objective", args=[active.pk])
    cast_at = reverse("okr:cast_ballot", args=[vote.pk])
    assert cast_at in employee.get(page).content.decode()
    move("closing", "closed")
    for late in (
        lambda: actions.cast_ballot(vote=vote, confidence=4, why="", by=by, at=now),
        lambda: actions.close_vote(vote=vote, by=by, at=now),
    ):
        with pytest.raises(actions.ObjectiveRefused) as refused:
            late()
        assert refused.value.code == "closed"
    assert not Ballot.objects.exclude(cast_at=None).exists()
    shown = employee.get(page).content.decode()
    assert cast_at not in shown
    assert "End the vote" not in shown
    assert 'id="comment"' not in shown


def test_a_vote_ends_when_all_who_are_still_here_have_answered(active, cast, actor, now):
    vote = actions.open_vote(objective=active, by=actor(cast.employee), at=now)
    actions.cast_ballot(vote=vote, confidence=4, why="", by=actor(cast.employee), at=now)
    leaves(cast, cast.manager, cast.boss, actor, now)
    vote.refresh_from_db()
    assert vote.closed_at == now
    assert vote.ballots.get().person == cast.employee
    assert waiting("goals.vote") == set()
    logged = AuditRow.objects.filter(subject_id=active.pk, action="okr.leave_vote").get()
    assert logged.person_id is None, "nobody did it: it follows from leaving"
    assert logged.named == [cast.manager.pk]


def test_a_vote_goes_on_among_those_who_stay(propose, agree, cast, actor, now):
    goal = agree(propose(content("Shelves"), by=cast.manager, team=cast.team, owner_kind="team"))
    vote = actions.open_vote(objective=goal, by=actor(cast.manager), at=now)
    asked = vote.ballots.count()
    leaves(cast, cast.colleague, None, actor, now)
    vote.refresh_from_db()
    assert vote.closed_at is None
    stay = [each.person for each in vote.ballots.select_related("person")]
    assert len(stay) == asked - 1
    for person in stay:
        actions.cast_ballot(vote=vote, confidence=3, why="", by=actor(person), at=now)
    vote.refresh_from_db()
    assert vote.closed_at is not None


def test_whoever_asked_somebody_for_help_who_leaves_is_told(active, check_in, cast, actor, now, client_for):
    row = active.key_results.first()
    people.ReportingLine.objects.filter(person=cast.colleague).delete()
    check_in(actions.Reading(row.pk, value=5), blockers="No lift", asks=cast.colleague)
    leaves(cast, cast.colleague, None, actor, now)
    told = WorkItem.objects.get(kind="goals.helper_left", done_at=None)
    assert (told.person, told.title_en, told.detail_en) == (
        cast.employee,
        f"{cast.colleague.name_en}, whom you asked for help, has left",
        "No lift",
    )
    assert told.subject_id == CheckIn.objects.get().pk
    employee = client_for(cast.employee)
    assert employee.get(told.url).status_code == 200
    employee.post(reverse("inbox:read", args=[told.pk]))
    assert waiting("goals.helper_left") == set()


def test_nobody_is_told_that_help_has_left_when_somebody_takes_it_over(active, check_in, cast, actor, now):
    row = active.key_results.first()
    check_in(actions.Reading(row.pk, value=5), blockers="No lift", asks=cast.manager)
    leaves(cast, cast.manager, cast.boss, actor, now)
    assert waiting("goals.blocker", "goals.helper_left") == {"goals.blocker"}

"""While goals are locked nobody is asked for what is refused; opened again, they are asked anew."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from okr import actions
from okr.models import Alignment
from performance.inbox.models import WorkItem
from performance.people import actions as people_actions
from performance.people import models as people
from tests import ready
from tests.okr.conftest import content

TEXTS = ("goals.agreement", "goals.suggestion", "goals.link")


@pytest.fixture
def hr(acting_cast, actor):
    return actor(acting_cast.hr)


@pytest.fixture
@ready.made
def asked(active, propose, agree, cast, actor, now):
    """A first proposal, a change, a suggestion and an offer, each waiting for somebody."""
    new = propose(content("New"))
    actions.propose_change(
        objective=active, content=content("Changed"), reason="More", by=actor(cast.manager), at=now
    )
    actions.suggest_edit(objective=active, field="title", new="Other", by=actor(cast.employee), at=now)
    parent = agree(propose(content("Theirs"), by=cast.manager, sponsor=cast.boss))
    offered = agree(propose(content("Offered")))
    actions.align_objectives(child=offered, parent=parent, share_ppm=500_000, by=actor(cast.employee), at=now)
    return active, new


def waiting():
    items = WorkItem.objects.filter(kind__in=TEXTS, done_at=None).select_related("person")
    return sorted((each.kind, each.person.number, each.title_en, each.detail_en) for each in items)


def test_what_a_lock_refuses_rests_and_comes_back_when_goals_are_opened(asked, quarter, hr, now):
    before = waiting()
    assert {kind for kind, *_rest in before} == set(TEXTS)
    assert len(before) == 4
    people_actions.lock_goals(period=quarter, by=hr, at=now)
    assert waiting() == []
    people_actions.unlock_goals(period=quarter, why="Too early.", by=hr, at=now)
    assert waiting() == before


def test_offers_come_back_in_as_many_statements_however_many_there_are(
    propose, agree, cast, quarter, hr, actor, now
):
    """Some of what is offered is closed to whoever answers: their titles stay hidden."""
    parent = agree(propose(content("Theirs"), by=cast.manager, sponsor=cast.boss))
    shut = agree(propose(content("Closed", visibility="private"), by=cast.boss, sponsor=cast.hr))

    below = agree(propose(content("Seen by the line", visibility="private")))

    def offer(number):
        child = agree(propose(content(f"Offered {number}")))
        Alignment.objects.create(child=child, parent=parent, share_ppm=1000, by=cast.employee, at=now)

    def counted():
        people_actions.lock_goals(period=quarter, by=hr, at=now)
        with CaptureQueriesContext(connection) as statements:
            people_actions.unlock_goals(period=quarter, why="Too early.", by=hr, at=now)
        return len(statements)

    for child, by in ((shut, cast.boss), (below, cast.employee)):
        Alignment.objects.create(child=child, parent=parent, share_ppm=1000, by=by, at=now)
    offer(1)
    few = counted()
    for number in range(2, 20):
        offer(number)
    assert counted() == few
    told = {each.detail_en for each in WorkItem.objects.filter(kind="goals.link", done_at=None)}
    assert len(told) == 21
    assert {"Offered 19", "Seen by the line"} <= told
    assert not any("Closed" in each for each in told)


def test_what_waits_rests_when_a_period_begins_closing(asked, quarter, hr, now):
    people_actions.move_period(period=quarter, to="closing", by=hr, at=now)
    assert waiting() == []


def test_nobody_who_has_signed_or_left_is_asked_again(propose, quarter, cast, hr, actor, now):
    propose(content("Signed by the owner"))
    gone = propose(content("Its manager's side has left"))
    people_actions.lock_goals(period=quarter, by=hr, at=now)
    people.Person.objects.filter(pk=gone.agreer_id).update(left_on=now.date().replace(year=now.year - 1))
    people_actions.unlock_goals(period=quarter, why="Too early.", by=hr, at=now)
    assert waiting() == []


OFFERS = (
    "Agree to version",
    ">Change<",
    "Suggest a change",
    "Withdraw the proposal",
    "Your turn",
    "Let it count",
    ">Accept<",
)


def test_a_page_of_locked_goals_offers_nothing_that_is_refused_and_says_why(
    asked, quarter, cast, hr, now, client_for
):
    active, new = asked
    employee = client_for(cast.employee)
    pages = [reverse("okr:objective", args=[each.pk]) for each in (active, new)]
    offered = "".join(employee.get(page).content.decode() for page in pages)
    assert "Agree to version" in offered
    assert "Suggest a change" in offered
    assert "Withdraw the proposal" in offered
    people_actions.move_period(period=quarter, to="closing", by=hr, at=now)
    for page in pages:
        shown = employee.get(page).content.decode()
        assert [words for words in OFFERS if words in shown] == []
        assert "is closing: goals are locked" in shown
        assert "Nobody can agree to version" in shown
    assert not employee.get("/").context["proposals"]


def test_a_link_and_a_draft_of_locked_goals_are_only_read(
    active, propose, agree, cast, quarter, hr, actor, now, client_for
):
    parent = agree(propose(content("Theirs"), by=cast.manager, sponsor=cast.boss))
    actions.align_objectives(child=active, parent=parent, kind="supports", by=actor(cast.employee), at=now)
    draft = propose(content("Draft"), is_draft=True)
    employee = client_for(cast.employee)
    link, mine = (reverse("okr:objective", args=[each.pk]) for each in (active, draft))
    assert "The link goes" in employee.get(link).content.decode()
    assert "Finish and propose" in employee.get(mine).content.decode()
    for move in ("closing", "closed"):
        people_actions.move_period(period=quarter, to=move, by=hr, at=now)
        assert "The link goes" not in employee.get(link).content.decode()
        shown = employee.get(mine).content.decode()
        assert "Finish and propose" not in shown
        assert "Edit draft" not in shown
        assert "It can be proposed only while goals are open" in shown
        answer = employee.get(reverse("okr:change", args=[draft.pk]), follow=True)
        assert answer.redirect_chain
        assert "The goals of this period are locked." in answer.content.decode()


def test_a_suggestion_is_neither_accepted_nor_rejected_while_goals_are_locked_or_the_period_is_closed(
    active, quarter, cast, hr, actor, now, client_for
):
    edit = actions.suggest_edit(objective=active, field="title", new="Other", by=actor(cast.manager), at=now)
    employee = client_for(cast.employee)
    for state in ("closing", "closed"):
        people_actions.move_period(period=quarter, to=state, by=hr, at=now)
        for decision in ("accept", "reject"):
            answer = employee.post(reverse(f"api_{decision}_edit", args=[edit.pk]))
            assert answer.status_code == 422, (state, decision)
            assert "The goals of this period are locked." in answer.content.decode()
    edit.refresh_from_db()
    assert (edit.state, edit.decided_by_id) == ("open", None)

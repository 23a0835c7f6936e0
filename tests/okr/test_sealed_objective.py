"""A sealed objective looks closed: final figures, no pace, nothing provisional; and what lapsed was not withdrawn."""

import datetime
import re

import pytest
from django.urls import reverse

from okr import actions, queries
from okr.models import KeyResult
from tests import ready
from tests.okr.conftest import content


@pytest.fixture
@ready.made
def sealed(reported, move, cast, actor, now):
    move("closing")
    for who, percent in ((cast.employee, 60), (cast.manager, 70)):
        actions.grade_objective(
            objective=reported, percent=percent, reason="As I see it", by=actor(who), at=now
        )
    move("closed")
    actions.seal_closed_periods(at=now)
    reported.refresh_from_db()
    return reported


def page_of(one, client):
    return client.get(reverse("okr:objective", args=[one.pk])).content.decode()


def card(text):
    return text[
        text.index('id="card-objective"') : text.index("</section>", text.index('id="card-objective"'))
    ]


def test_a_sealed_objective_shows_what_it_was_closed_with_and_no_pace(sealed, cast, client_for):
    KeyResult.objects.filter(objective=sealed).update(provisional=True)
    shown = card(page_of(sealed, client_for(cast.employee)))
    percent = queries.percent(sealed.progress_micro)
    assert f"Closed at {percent}%" in shown
    assert "Graded 70% by" in shown
    assert "chip-line" in shown
    assert "Version 1 was in force" in shown
    for words in (
        "Version 1 in force",
        "of pace",
        "expected, linear",
        "provisional",
        'class="tick"',
        "prov=",
        "Exactly on",
    ):
        assert words not in shown, words


def test_grades_stay_with_those_who_may_read_them(sealed, cast, client_for):
    shown = card(page_of(sealed, client_for(cast.colleague)))
    assert "Closed at" in shown
    assert "Graded" not in shown


def test_an_open_objective_still_shows_its_pace(reported, cast, client_for):
    shown = card(page_of(reported, client_for(cast.employee)))
    assert "Version 1 in force" in shown
    assert 'class="tick"' in shown
    assert "Closed at" not in shown


def test_the_list_and_home_show_it_closed_as_well(sealed, quarter, cast, client_for):
    shown = client_for(cast.employee).get(reverse("okr:objectives"), {"period": quarter.pk}).content.decode()
    row = shown[shown.index(sealed.title) :]
    assert "Closed" in row
    assert 'class="tick"' not in row


def test_a_proposal_that_lapsed_with_its_period_was_not_withdrawn(
    propose, move, cast, actor, now, client_for
):
    lapsed = propose(content("Never agreed"))
    taken_back = propose(content("Taken back"))
    earlier = now - datetime.timedelta(minutes=1)
    actions.withdraw_proposal(objective=taken_back, by=actor(cast.employee), at=earlier)
    move("closing", "closed")
    employee = client_for(cast.employee)
    for state, is_found in (("draft", True), ("proposed", False), ("waiting", False)):
        found = employee.get(reverse("okr:objectives"), {"period": lapsed.period_id, "state": state})
        assert (lapsed.title in found.content.decode()) is is_found, state
    actions.seal_closed_periods(at=now)
    words = page_of(lapsed, employee)
    assert "Lapsed" in words
    assert "It lapsed when the period closed" in words
    assert "Withdrawn" not in words
    words = page_of(taken_back, employee)
    assert "Withdrawn" in words
    assert "Lapsed" not in words


def test_the_tree_and_the_api_say_closed_and_expect_nothing(sealed, quarter, cast, client_for):
    client = client_for(cast.manager)
    address = reverse("okr:team", args=[cast.team.pk])
    tree = client.get(address, {"period": str(quarter.pk)}).content.decode()
    node = tree[tree.index('class="node') :]
    assert sealed.title in node
    assert "chip-bare" in node
    assert "Closed" in node[: node.index("</a>")]
    told = client.get(reverse("api_objective", args=[sealed.pk])).json()
    assert (told["status"], told["expected"]) == ("none", None)
    assert {(each["status"], each["expected"]) for each in told["key_results"]} == {("none", None)}


def test_it_reads_closed_everywhere_from_the_moment_on_that_its_period_is_closed(
    reported, propose, agree, quarter, move, cast, client_for, actor, now
):
    """The sweep that seals comes up to a minute later: nothing looks different before it."""
    above = agree(propose(content("The company grows"), by=cast.manager))
    actions.align_objectives(child=reported, parent=above, share_ppm=400_000, by=actor(cast.manager), at=now)
    theirs = propose(content("Never agreed"), by=cast.colleague)
    move("closing", "closed")
    client, period = client_for(cast.employee), {"period": quarter.pk}
    pages = {
        "proposed by somebody else": (reverse("okr:objectives"), period | {"state": "draft"}),
        "objective": (reverse("okr:objective", args=[reported.pk]), {}),
        "list": (reverse("okr:objectives"), period),
        "closed ones": (reverse("okr:objectives"), period | {"state": "closed"}),
        "active ones": (reverse("okr:objectives"), period | {"state": "active"}),
        "home": (reverse("okr:home"), {}),
        "team": (reverse("okr:team", args=[cast.team.pk]), period),
        "team's list": (reverse("okr:team_list", args=[cast.team.pk]), period),
        "history": (reverse("okr:team_history", args=[cast.team.pk]), period),
        "map": (reverse("okr:strategy"), period),
        "timeline": (reverse("okr:timeline"), period),
        "export": (reverse("okr:export", args=["csv"]), period),
        "api": (reverse("api_objective", args=[reported.pk]), {}),
    }

    def read():
        return {name: _said(client.get(*asked)) for name, asked in pages.items()}

    before = read()
    for person, reads in ((cast.colleague, True), (cast.manager, False), (cast.employee, False)):
        assert queries.visible_to(actor(person)).filter(pk=theirs.pk).exists() is reads
        assert bool(queries.readers_among(theirs, [person.pk], now.date())) is reads
    actions.seal_closed_periods(at=now)
    after = read()
    for name in pages:
        assert before[name] == after[name], name
    for name in ("objective", "list", "closed ones", "home", "team", "map", "timeline"):
        assert reported.title in before[name], name
        assert "Closed" in before[name], name
        assert 'class="tick"' not in before[name], name
        assert "of pace" not in before[name], name
    assert reported.title not in before["active ones"]
    assert [name for name in pages if theirs.title in before[name]] == []
    head = before["objective"].split('class="head-act"')[0]
    assert "chip-line" in head
    assert "Closed" in head


def _said(answer):
    """What a page says, without what is drawn anew for each reader's visit."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    text = body.decode()
    main = text[text.index("<main") : text.index("</main>")] if "<main" in text else text
    return re.sub(r'name="(csrfmiddlewaretoken|once)" value="[^"]*"', "", main)


def test_a_closed_period_asks_for_no_check_in_before_the_goals_are_sealed(reported, move, cast, client_for):
    check_in = f'href="{reverse("okr:home")}#card-checkin"'
    assert check_in in page_of(reported, client_for(cast.employee))
    move("closing", "closed")
    assert check_in not in page_of(reported, client_for(cast.employee))

"""The map of a team draws what serves what, wherever it does, and nothing of what is only on offer."""

import re

import pytest
from django.urls import reverse

from okr import actions, queries
from okr.models import Alignment
from okr.queries import tree
from performance.people import models as people
from tests.okr.conftest import content, key_result


@pytest.fixture
def goal(propose, agree):
    def do(title, **fields):
        return agree(propose(content(title, key_result()), **fields))

    return do


@pytest.fixture
def link(cast, actor, now):
    def do(child, parent, by=None, **fields):
        fields = fields or {"kind": "supports"}
        return actions.align_objectives(
            child=child, parent=parent, by=actor(by or cast.manager), at=now, **fields
        )

    return do


@pytest.fixture
def drawn(cast, quarter, actor, now):
    """The map of the team as nested titles."""

    def below(node):
        return {child.row.objective.title: below(child) for child in node.children}

    def do(team=None, reader=None, member_ids=()):
        quarter.organisation = cast.organisation
        roots, _own = queries.team_tree(
            queries.visible_to(actor(reader or cast.hr), now.date()),
            team=team or cast.team,
            member_ids=member_ids or [cast.employee.pk],
            period=quarter,
            pace=queries.pace_of(quarter, now.date()),
            policy=queries.policy_of(quarter),
        )
        return {root.row.objective.title: below(root) for root in roots}, roots

    return do


def test_a_goal_that_serves_two_hangs_under_both_and_counts_once(goal, link, cast, drawn):
    top, left, right, own = (goal(title) for title in ("Top", "Left", "Right", "Own"))
    for child, parent in ((own, left), (own, right), (left, top), (right, top)):
        link(child, parent)
    shape, (root,) = drawn()
    assert shape == {"Top": {"Left": {"Own": {}}, "Right": {"Own": {}}}}
    assert root.size == 4


def test_an_offer_that_nobody_has_taken_stands_in_no_map_branch_or_count(
    goal, link, cast, drawn, client_for, actor, now
):
    parent = goal("Parent", by=cast.manager, sponsor=cast.boss)
    child = goal("Child")
    offer = link(child, parent, by=cast.employee, kind="contributes", share_ppm=300_000)
    assert offer.is_offer
    client = client_for(cast.employee)
    branch, listed = reverse("okr:branch", args=[parent.pk]), reverse("api_served_by", args=[parent.pk])

    def served():
        visible = queries.visible_to(actor(cast.employee), now.date())
        return (
            drawn()[0].get("Parent"),
            "Child" in client.get(branch).content.decode(),
            len(client.get(listed).json()["results"]),
            queries.counts_below(visible, [parent.pk]).get(parent.pk, 0),
        )

    assert served()[1:] == (False, 0, 0)
    assert not served()[0]
    actions.accept_contribution(link=offer, by=actor(cast.manager), at=now)
    assert served() == ({"Child": {}}, True, 1, 1)


def test_links_that_lead_nowhere_from_the_team_are_not_even_read(goal, link, cast, drawn):
    other = people.Team.objects.create(code="FAR", name_en="Far away", lead=cast.manager)
    far = [goal(f"Far {number}", by=cast.manager, sponsor=cast.boss, team=other) for number in range(3)]
    link(far[0], far[1])
    link(far[1], far[2])
    own, top = goal("Own"), goal("Top")
    link(own, top)
    assert tree._links({own.pk}) == [(own.pk, top.pk)]
    assert drawn()[0] == {"Top": {"Own": {}}}


def test_a_tree_of_more_levels_than_fit_beside_each_other_is_drawn_downwards(
    goal, link, cast, drawn, client_for
):
    first, second, third = (goal(title) for title in ("First", "Second", "Third"))
    for child, parent in ((second, first), (third, second)):
        link(child, parent)

    def classes():
        page = client_for(cast.hr).get(reverse("okr:team", args=[cast.team.pk])).content.decode()
        return re.findall(r"o-tree-\w+", page)

    assert classes() == []
    far = people.Team.objects.create(code="FAR", name_en="Far away", lead=cast.manager)
    folded = goal("Folded", by=cast.manager, sponsor=cast.boss, team=far)
    link(folded, third)
    link(goal("Further", by=cast.manager, sponsor=cast.boss, team=far), folded)
    assert classes() == ["o-tree-deep"], "what is still to be opened takes a column too"
    Alignment.objects.filter(parent=folded).delete()
    assert classes() == ["o-tree-four"], "four share the width"

    fourth = goal("Fourth")
    link(fourth, third)
    link(goal("Fifth"), fourth)
    _shape, (root,) = drawn()
    page = client_for(cast.hr).get(reverse("okr:team", args=[cast.team.pk])).content.decode()
    assert root.is_deep
    assert "o-tree-deep" in page

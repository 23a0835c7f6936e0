"""The strategy map shows what serves what, as far as its reader may see it, and asks a constant number of questions."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from okr import actions
from okr.queries import map_lines, strategy
from tests import ready
from tests.okr.conftest import content, key_result


@pytest.fixture
@ready.made
def aligned(propose, agree, actor, cast, now):
    """The manager's goal, and the employee's that contributes 40 % to it."""
    above = agree(propose(content("Full shelves"), by=cast.manager))
    below = agree(propose(content("Order calendar everywhere")))
    actions.align_objectives(child=below, parent=above, share_ppm=400_000, by=actor(cast.manager), at=now)
    return above, below


def shown(client, **asked):
    return client.get(reverse("okr:strategy"), asked).content.decode()


def nodes(page):
    return re.findall(r'id="goal-([0-9a-f-]{36})"', page)


def test_a_goal_stands_left_of_what_serves_it_with_the_share_on_the_line(aligned, client_for, cast):
    above, below = aligned
    page = shown(client_for(cast.employee))
    assert nodes(page) == [str(above.pk), str(below.pk)]
    assert re.search(r'class="map-share"[^>]*>40%<', page)
    assert "is-supports" in page.split('class="map-canvas"')[0]
    assert "map-edge is-contributes" in page


def test_an_offer_that_nobody_took_is_no_line_yet(propose, agree, actor, cast, now, client_for):
    above = agree(propose(content("Full shelves"), by=cast.manager))
    below = agree(propose(content("Order calendar everywhere")))
    actions.align_objectives(child=below, parent=above, share_ppm=400_000, by=actor(cast.employee), at=now)
    page = shown(client_for(cast.employee))
    assert set(nodes(page)) == {str(above.pk), str(below.pk)}
    assert "2 goals not connected" in page
    assert "map-edge" not in page.split("data-map-canvas")[1]


def test_a_branch_closes_and_opens_again_and_the_others_stay_as_they_are(aligned, client_for, cast):
    above, below = aligned
    browser = client_for(cast.employee)
    closed = shown(browser, open=str(above.pk), toggle=str(above.pk))
    assert nodes(closed) == [str(above.pk)]
    assert 'aria-expanded="false"' in closed
    opened = shown(browser, open="", toggle=str(above.pk))
    assert nodes(opened) == [str(above.pk), str(below.pk)]
    assert f'name="open" value="{above.pk}"' in opened


def test_a_search_opens_the_way_to_what_it_finds_and_marks_it(aligned, client_for, cast):
    above, below = aligned
    page = shown(client_for(cast.employee), q="calendar", open="")
    assert nodes(page) == [str(above.pk), str(below.pk)]
    marked = re.search(r'class="node map-node is-found" id="goal-([0-9a-f-]+)"', page)
    assert marked
    assert marked.group(1) == str(below.pk)


def test_what_serves_nothing_lies_in_a_lane_of_its_own_that_folds_when_there_is_much_of_it(
    aligned, propose, agree, client_for, cast, monkeypatch
):
    tree = [str(each.pk) for each in aligned]
    alone = [str(agree(propose(content(title))).pk) for title in ("Learn to bake", "Learn to cook")]
    browser = client_for(cast.employee)
    page = shown(browser)
    assert nodes(page) == [*tree, *alone]
    assert "2 goals not connected" in page
    assert 'id="branch-lane" aria-expanded="true"' in page
    as_it_is = re.search(r'name="open" value="([^"]*)"', page).group(1)
    assert nodes(shown(browser, open=as_it_is, toggle="lane")) == tree
    assert nodes(shown(browser, open=as_it_is, toggle=tree[0])) == [tree[0], *alone]

    monkeypatch.setattr(strategy, "FEW_UNCONNECTED", 1)
    monkeypatch.setattr(strategy, "MOST_UNCONNECTED", 1)
    folded = shown(browser)
    assert nodes(folded) == tree
    assert "2 goals not connected" in folded
    assert int(re.search(r'class="map-canvas" viewBox="0 0 (\d+)', folded).group(1)) >= strategy.LANE_WIDTH
    found = shown(browser, q="cook", open="")
    assert alone[1] in nodes(found), "what a search finds is drawn, and first"
    assert "1 more in the list" in found


@pytest.fixture
def need(actor, cast, now):
    """One goal needs something from another, and it was taken on."""

    def do(needing, needed):
        asked = actions.ask_of_objective(
            objective=needing, on=needed, what="Screens", by=actor(needing.owner), at=now
        )
        return actions.accept_dependency(dependency=asked, by=actor(needed.owner), at=now)

    return do


def test_a_need_is_a_line_that_ends_at_the_branch_which_hides_its_goal(
    aligned, propose, agree, need, client_for, cast
):
    above, below = aligned
    alone = agree(propose(content("Learn to bake"), by=cast.manager))
    need(below, alone)
    browser = client_for(cast.employee)

    def lines(**asked):
        return re.findall(
            r'<path class="map-edge is-needs" d="(M\d+ \d+)',
            shown(browser, **asked).split("data-map-canvas")[1],
        )

    (from_below,) = lines()
    (from_above,) = lines(open="lane")
    assert from_below != from_above, "folded, the line begins at the goal that it is folded into"
    assert lines(open=str(above.pk)) == []
    assert "1 need leads to a goal that is not drawn." in shown(browser, open=str(above.pk))

    def told(**asked):
        drawn = browser.get(reverse("api_goals_map"), asked).json()
        ends = ("start", "end", "start_drawn", "end_drawn")
        return [tuple(line[end] for end in ends) for line in drawn["lines"] if line["kind"] == "needs"]

    ids = (str(below.pk), str(alone.pk))
    assert told() == [(*ids, *ids)]
    assert told(open="") == [(*ids, str(above.pk), str(alone.pk))], (
        "who needs it, and the node that hides them"
    )


def test_needs_between_drawn_goals_are_all_drawn_and_the_others_are_all_counted(
    aligned, propose, agree, need, client_for, cast, monkeypatch
):
    above, below = aligned
    alone = [agree(propose(content(title), by=cast.hr)) for title in ("Learn to bake", "Learn to cook")]
    need(above, alone[0])
    need(below, alone[0])
    need(below, alone[1])
    monkeypatch.setattr(map_lines, "MOST_NEEDS", 1)
    browser, address = client_for(cast.employee), reverse("api_goals_map")

    def needs(**asked):
        drawn = browser.get(address, asked).json()
        return len([1 for line in drawn["lines"] if line["kind"] == "needs"]), drawn["undrawn_needs"]

    assert needs() == (3, 0)
    assert needs(open="") == (2, 1), "one of the two that a folded branch hides is not looked at"
    page = shown(browser, open=str(above.pk))
    assert "map-edge is-needs" not in page.split("data-map-canvas")[1]
    assert "3 needs lead to goals that are not drawn." in page


def test_nobody_sees_on_the_map_what_they_may_not_open(propose, agree, actor, cast, now, client_for):
    above = agree(propose(content("Full shelves"), by=cast.manager))
    secret = agree(propose(content("Close store 07", key_result(), visibility="private")))
    open_one = agree(propose(content("Open store 08")))
    for child in (secret, open_one):
        actions.align_objectives(child=child, parent=above, kind="supports", by=actor(cast.manager), at=now)
    assert str(secret.pk) in nodes(shown(client_for(cast.manager)))
    for person in (cast.colleague, cast.hr):
        page = shown(client_for(person))
        assert nodes(page) == [str(above.pk), str(open_one.pk)]
        assert secret.title not in page
        assert "1 goal serves" in page
    stranger = shown(client_for(cast.stranger), toggle=str(above.pk), q="store")
    assert nodes(stranger) == []
    assert above.title not in stranger


def test_a_goal_that_serves_two_is_drawn_once_with_two_lines(
    aligned, propose, agree, actor, cast, now, client_for
):
    _above, below = aligned
    other = agree(propose(content("Calm Sundays"), by=cast.manager))
    actions.align_objectives(child=below, parent=other, kind="supports", by=actor(cast.employee), at=now)
    page = shown(client_for(cast.employee))
    assert nodes(page).count(str(below.pk)) == 1
    assert len(nodes(page)) == 3
    canvas = page.split('class="map-canvas"')[1]
    assert canvas.count('class="map-edge') == 2


def test_a_wide_branch_leaves_the_rest_to_the_goals_own_page(
    aligned, propose, agree, actor, cast, now, client_for, monkeypatch
):
    above, _below = aligned
    monkeypatch.setattr(strategy, "MOST_BELOW", 2)
    for number in range(3):
        more = agree(propose(content(f"Store {number}")))
        actions.align_objectives(child=more, parent=above, kind="supports", by=actor(cast.employee), at=now)
    page = shown(client_for(cast.employee))
    assert len(nodes(page)) == 3
    assert "2 more below" in page
    # What a search finds is drawn, however far down the branch it stands.
    found = shown(client_for(cast.employee), q="Store 2")
    assert "is-found" in found


def test_no_two_goals_lie_on_each_other(aligned, propose, agree, actor, cast, now, client_for):
    above, below = aligned
    for number in range(4):
        more = agree(propose(content(f"Store {number}")))
        parent = above if number % 2 else below
        actions.align_objectives(child=more, parent=parent, kind="supports", by=actor(cast.manager), at=now)
    page = shown(client_for(cast.employee))
    places = re.findall(r'<foreignObject x="(\d+)" y="(\d+)" width="252" height="92">', page)
    boxes = [(int(x), int(y)) for x, y in places]
    assert len(boxes) == 6
    for one in boxes:
        for other in boxes:
            assert one is other or abs(one[0] - other[0]) >= 252 or abs(one[1] - other[1]) >= 92


def test_the_map_asks_the_same_number_of_questions_at_any_size(
    aligned, propose, agree, actor, cast, now, client_for, django_assert_num_queries
):
    above, below = aligned
    browser, address = client_for(cast.employee), reverse("okr:strategy")
    browser.get(address)
    with CaptureQueriesContext(connection) as first:
        browser.get(address)
    for number in range(5):
        more = agree(propose(content(f"Another {number}")))
        parent = above if number % 2 else below
        actions.align_objectives(child=more, parent=parent, kind="supports", by=actor(cast.manager), at=now)
    with django_assert_num_queries(len(first)):
        browser.get(address)


def test_an_empty_map_says_how_it_begins_to_draw_itself(acting_cast, quarter, client_for, cast):
    assert "Nothing serves anything yet" in shown(client_for(cast.employee))


def test_a_larger_map_opens_only_what_fits_at_first(
    aligned, propose, agree, actor, cast, now, client_for, monkeypatch
):
    above, below = aligned
    deep = agree(propose(content("Deep down")))
    actions.align_objectives(child=deep, parent=below, kind="supports", by=actor(cast.employee), at=now)
    monkeypatch.setattr(strategy, "SMALL", 1)
    assert nodes(shown(client_for(cast.employee))) == [str(above.pk), str(below.pk)]
    monkeypatch.setattr(strategy, "AT_FIRST", 1)
    assert nodes(shown(client_for(cast.employee))) == [str(above.pk)]

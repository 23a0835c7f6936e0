"""A list of goals is sorted by its columns, by plain links that stay with filters and pages."""

import datetime
import html
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from okr.models import Objective
from okr.queries import ordering
from okr.views import reading
from performance.people import models as people
from tests import ready
from tests.okr.conftest import content


@pytest.fixture
@ready.made
def four(propose, cast, now):
    """Two of the employee, one of the manager, one of the team; the newest has no figures yet."""
    people.Person.objects.filter(pk=cast.employee.pk).update(name_sort="zhou ning")
    people.Person.objects.filter(pk=cast.manager.pk).update(name_sort="an ran")
    made = [
        propose(content("上海")),
        propose(content("beta")),
        propose(content("Alpha"), by=cast.manager),
        propose(content("北京"), by=cast.manager, team=cast.team, owner_kind="team"),
    ]
    figures = [(30, 2, 3), (-20, 5, 1), (70, 1, 2)]
    for place, (one, (progress, confidence, days)) in enumerate(zip(made, figures, strict=False)):
        Objective.objects.filter(pk=one.pk).update(
            progress_micro=progress * 1_000_000,
            confidence=confidence,
            checked_at=now - datetime.timedelta(days=days),
            state=("active", "draft", "proposed")[place],
        )
    return made


def titles(client, **asked):
    page = client.get(reverse("okr:objectives"), asked)
    return [row.objective.title for row in page.context["rows"]]


@pytest.mark.parametrize(
    ("order", "first", "last"),
    [
        ("title", "Alpha", "上海"),
        ("owner", "Alpha", "北京"),
        ("progress", "beta", "北京"),
        ("confidence", "Alpha", "北京"),
        ("checked", "上海", "北京"),
        ("state", "beta", "上海"),
    ],
)
def test_each_column_sorts_both_ways_and_what_has_no_figure_comes_last(
    order, first, last, four, cast, client_for
):
    client = client_for(cast.employee)
    client.cookies["accord_language"] = "en"
    up, down = titles(client, sort=order), titles(client, sort=f"-{order}")
    assert (up[0], up[-1]) == (first, last)
    if order in ("progress", "confidence", "checked"):
        assert down == [*up[-2::-1], "北京"]
    else:
        assert (down[0], down[-1]) == (last, first)


def test_titles_sort_by_letters_whatever_their_size_and_by_pinyin(four, cast, client_for):
    assert titles(client_for(cast.employee), sort="title") == ["Alpha", "beta", "北京", "上海"]


def test_what_cannot_be_sorted_by_leaves_the_newest_first(four, cast, client_for):
    client = client_for(cast.employee)
    newest = ["北京", "Alpha", "beta", "上海"]
    assert titles(client) == newest
    for asked in ("weight", "--title", "owner__user__password", "-"):
        assert titles(client, sort=asked) == newest


def links(text):
    """Heading → (aria-sort, address)."""
    found = re.findall(
        r'<th[^>]*?(?:aria-sort="(\w+)")?><a class="by" href="([^"]*)">([^<]+)', text, re.DOTALL
    )
    return {label: (state, html.unescape(address)) for state, address, label in found}


def test_a_press_sorts_another_turns_it_round_and_a_third_takes_it_back(four, cast, client_for):
    client, page = client_for(cast.employee), reverse("okr:objectives")

    def press(address):
        return links(client.get(page + address).content.decode())["Owner"]

    assert press("?q=a") == ("", "?q=a&sort=owner")
    assert press("?q=a&page=1&sort=owner") == ("ascending", "?q=a&sort=-owner")
    assert press("?q=a&sort=-owner") == ("descending", "?q=a")
    assert press("?sort=title")[1] == "?sort=owner"


def test_an_order_stays_with_filters_pages_and_files(four, cast, client_for, monkeypatch):
    monkeypatch.setattr(reading, "A_PAGE", 2)
    client, page = client_for(cast.employee), reverse("okr:objectives")
    text = client.get(page, {"sort": "-title"}).content.decode()
    assert '<input type="hidden" name="sort" value="-title"' in text
    assert titles(client, sort="-title", page=2) == ["beta", "Alpha"]
    assert "page=2" in text
    assert "sort=-title" in re.search(r'href="([^"]*page=2[^"]*)"', text)[1]
    (mine, *_others) = client.get(page, {"sort": "-title"}).context["quick"]
    assert "sort=-title" in mine[1]
    file = client.get(reverse("okr:export", args=["csv"]), {"sort": "title"})
    lines = b"".join(file.streaming_content).decode("utf-8-sig").splitlines()[1:]
    assert [line.split(",")[4] for line in lines] == ["Alpha", "beta", "北京", "上海"]


def test_sorting_asks_as_much_of_the_database_for_many_as_for_one(four, propose, cast, client_for):
    client = client_for(cast.employee)

    def cost(order):
        with CaptureQueriesContext(connection) as made:
            client.get(reverse("okr:objectives"), {"sort": order})
        return len(made)

    cost("")
    plain = cost("")
    assert {cost(order) for order in ordering.ORDERS} == {plain}
    for number in range(5):
        propose(content(f"More {number}"), by=cast.manager)
    assert cost("owner") == plain

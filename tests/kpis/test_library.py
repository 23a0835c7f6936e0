"""The library of metrics: in pages, in the order in which its reader says the names, narrowed by words, state and owner."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from performance.foundation import i18n
from performance.kpis import actions
from performance.kpis.models import Metric
from performance.kpis.queries import library
from performance.people.models import RoleGrant
from tests import ready
from tests.conftest import Cast
from tests.kpis.tables import AT, certify, formula

Visit = Callable[..., Client]
NAMES = {
    "stock_turns": ("Stock turns", "库存周转"),
    "orders": ("orders", "订单数"),
    "margin": ("Margin", "毛利率"),
    "returns": ("Returns", "退货率"),
    "cash_cycle": ("Cash cycle", "现金周期"),
}


@pytest.fixture
@ready.made
def drafts(here: Cast, actor: Any, metrics: dict[str, Metric]) -> None:
    """Five drafts beside the three that are certified; one belongs to another business owner."""
    RoleGrant.objects.create(person=here.administrator, role="business_owner")
    for key, (name_en, name_zh) in NAMES.items():
        actions.draft_metric(
            key=key,
            name_en=name_en,
            name_zh=name_zh,
            business_owner=here.administrator if key == "margin" else here.business_owner,
            finance_owner=here.finance_owner,
            definition=formula("revenue - cost"),
            by=actor(here.business_owner),
            at=AT,
        )


@pytest.fixture
def read(cast: Cast, client_for: Visit) -> Callable[..., Any]:
    def page(person: Any = None, language: str = "en", **asked: Any) -> Any:
        browser = client_for(person or cast.business_owner)
        browser.cookies["accord_language"] = language
        return browser.get(reverse("kpis:library"), asked)

    return page


def keys(answer: Any) -> list[str]:
    return [row.metric.key for row in answer.context["rows"]]


def test_names_stand_as_they_are_said_whatever_the_size_of_their_letters(
    drafts: None, read: Callable[..., Any]
) -> None:
    assert keys(read()) == [
        "cash_cycle",
        "cost",
        "margin",
        "orders",
        "profit",
        "returns",
        "revenue",
        "stock_turns",
    ]
    # Cost and Profit have no Chinese name; then d, k, m, t, x, y.
    assert keys(read(language="zh-hans")) == [
        "cost",
        "profit",
        "orders",
        "stock_turns",
        "margin",
        "returns",
        "cash_cycle",
        "revenue",
    ]


def test_texts_that_are_here_sort_as_those_in_the_database_do(db: None) -> None:
    names = ["杭州", "深圳", "北京", "beta", "Alpha", "😀", "上海", "é"]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM unnest(%s::text[]) AS name ORDER BY convert_to(lower(name), 'GB18030')", [names]
        )
        assert [name for (name,) in cursor.fetchall()] == sorted(names, key=i18n.spoken)
    assert sorted(names, key=i18n.spoken)[:2] == ["Alpha", "beta"]


def test_the_library_comes_in_pages_and_search_state_and_owner_stay_with_them(
    drafts: None, here: Cast, read: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "METRICS", 2)
    asked = {"q": "r", "state": "draft", "owner": str(here.business_owner.pk)}
    first, second = read(**asked), read(**asked, page=2)
    assert (keys(first), keys(second)) == (["orders", "returns"], ["stock_turns"])
    text = second.content.decode()
    for kept in ("q=r", "state=draft", f"owner={here.business_owner.pk}", "page=1"):
        assert kept in text.split('class="pages"')[1], kept
    assert f'value="{here.business_owner.pk}" selected' in text
    # Another state begins with its first page and keeps the words.
    states = text.split('role="group"')[1].split("</div>")[0]
    assert "q=r" in states
    assert "page=" not in states
    # What is no page, state or owner is none: everything, from the beginning.
    for odd in ({"page": "-1"}, {"page": "x"}, {"state": "none"}, {"owner": "x"}):
        assert keys(read(**odd)) == ["cash_cycle", "cost"], odd
    assert keys(read(page=99)) == ["revenue", "stock_turns"]


def test_each_state_lists_what_stands_at_it(drafts: None, here: Cast, actor: Any, read: Any) -> None:
    by = actor(here.business_owner)
    metrics = {metric.key: metric for metric in Metric.objects.all()}
    versions = {key: metrics[key].versions.get() for key in ("margin", "orders")}
    for version in versions.values():
        actions.submit_for_review(version=version, by=by, at=AT)
    actions.decline_version(version=versions["orders"], reason="No.", by=actor(here.finance_owner), at=AT)
    actions.retire_metric(metric=metrics["profit"], reason="Unused.", by=by, at=AT)
    actions.revise_metric(
        metric=metrics["cost"],
        definition=formula("revenue * 0.5", change_note="Half."),
        by=by,
        at=AT,
    )
    assert keys(read(state="certified")) == ["revenue"]
    assert keys(read(state="review")) == ["margin"]
    assert keys(read(state="draft")) == ["cash_cycle", "cost", "returns", "stock_turns"]
    assert keys(read(state="deprecated")) == ["profit"]
    assert "orders" in keys(read())
    # Who works on no definitions reads what is signed, and nothing of what is being written about it.
    assert keys(read(here.employee)) == ["cost", "profit", "revenue"]
    assert keys(read(here.employee, state="draft")) == []
    assert keys(read(here.employee, state="certified")) == ["cost", "revenue"]
    assert all(row.open is None for row in read(here.employee).context["rows"])


def test_a_metric_counts_the_metrics_that_name_it_also_those_that_a_search_leaves_out(
    drafts: None, here: Cast, actor: Any, read: Any
) -> None:
    profit = Metric.objects.get(key="profit")
    by = actor(here.business_owner)
    again = actions.revise_metric(
        metric=profit, definition=formula("revenue - 2 * cost", change_note="Twice."), by=by, at=AT
    )
    actions.submit_for_review(version=again, by=by, at=AT)
    for side, person in (("business", here.business_owner), ("finance", here.finance_owner)):
        actions.sign_version(version=again, side=side, by=actor(person), at=AT)
    assert {row.metric.key: row.users for row in read(q="revenue").context["rows"]} == {"revenue": 1}


def test_a_longer_library_takes_no_more_queries(
    drafts: None, here: Cast, actor: Any, read: Any, client_for: Visit
) -> None:
    def cost(**asked: Any) -> int:
        read(**asked)
        with CaptureQueriesContext(connection) as caught:
            read(**asked)
        return len(caught)

    before = cost(), cost(state="draft"), cost(q="r")
    for number in range(4):
        certify(here, actor, f"more_{number}", formula("revenue - cost"))
    assert (cost(), cost(state="draft"), cost(q="r")) == before


def test_the_api_lists_what_the_library_does(drafts: None, here: Cast, client_for: Visit) -> None:
    browser = client_for(here.business_owner)

    def listed(**asked: Any) -> set[str]:
        return {each["key"] for each in browser.get("/api/v1/metrics/", asked).json()["results"]}

    assert listed(q="库存") == {"stock_turns"}
    assert listed(state="certified") == {"cost", "profit", "revenue"}
    assert listed(state="draft", owner=str(here.administrator.pk)) == {"margin"}
    for wrong in ({"state": "none"}, {"owner": "x"}, {"q": "a" * 81}):
        assert browser.get("/api/v1/metrics/", wrong).status_code == 400, wrong

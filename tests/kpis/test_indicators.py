"""The list of all indicators under the board: narrowed by words, status and owner, in pages, by itself."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from performance.kpis import actions
from performance.kpis.models import Forecast, Metric
from performance.kpis.queries import indicators
from tests import ready
from tests.conftest import Cast
from tests.kpis.tables import AT, JANUARY, certify, formula

Visit = Callable[..., Client]


@pytest.fixture
@ready.made
def six(here: Cast, actor: Any, metrics: dict[str, Metric]) -> None:
    """Three formulas more; revenue is behind its target, cost beyond its own."""
    for key, name_zh in (("margin", "毛利率"), ("half", "一半"), ("double", "两倍")):
        certify(here, actor, key, formula("revenue * 2"), name_zh=name_zh)
    actions.refresh_values(at=AT)
    for key, value in (("revenue", 40), ("cost", 5)):
        actions.set_targets(
            metric=metrics[key],
            kind="target",
            rows=[(JANUARY, {}, Decimal(value))],
            by=actor(here.finance_owner),
            at=AT,
        )


@pytest.fixture
def read(cast: Cast, client_for: Visit) -> Callable[..., Any]:
    def page(part: bool = False, language: str = "en", **asked: Any) -> Any:
        browser = client_for(cast.employee)
        browser.cookies["accord_language"] = language
        headers = {"HX-Request": "true", "HX-Target": "indicators"} if part else {}
        return browser.get(reverse("kpis:board"), {"month": "2026-01", **asked}, headers=headers)

    return page


def keys(answer: Any) -> list[str]:
    return [one.metric.key for one in answer.context["listing"].rows]


def test_the_list_is_narrowed_by_words_in_either_language_status_and_owner(
    six: None, here: Cast, read: Callable[..., Any]
) -> None:
    assert keys(read(q="REVENUE")) == ["revenue"]
    assert keys(read(q="毛利")) == ["margin"]
    assert keys(read(**{"is": "off_track"})) == ["revenue"]
    assert set(keys(read(**{"is": "unknown"}))) == {"profit", "margin", "half", "double"}
    assert len(keys(read(whose=str(here.finance_owner.pk)))) == 6
    assert keys(read(whose=str(here.employee.pk))) == []
    # A status of another comparison, and what is none, leaves nothing out.
    assert len(keys(read(**{"is": "worse"}))) == 6
    assert set(keys(read(month="2026-02", vs="month", **{"is": "worse"}))) >= {"revenue"}
    assert len(keys(read(whose="x", page="x"))) == 6
    nothing = read(q="no such").content.decode()
    assert "Nothing matches" in nothing
    # Tiles, trend and file are those of the whole board all the same.
    assert len(read(q="no such").context["board"].indicators) == 6


def test_a_page_of_the_list_comes_alone_and_keeps_the_board_that_it_stands_under(
    six: None, metrics: dict[str, Metric], read: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indicators, "INDICATORS", 2)
    cost = str(metrics["cost"].pk)
    pages = [read(part=True, page=page, metric=cost, city="Hangzhou") for page in (1, 2, 3)]
    listed = [key for page in pages for key in keys(page)]
    assert len(listed) == len(set(listed)) == 6
    text = pages[1].content.decode()
    assert text.strip().startswith('<div id="indicators">')
    assert "<html" not in text
    for kept in (f"metric={cost}", "city=Hangzhou", "page=3"):
        assert kept in text.split('class="pages"')[1], kept
    assert 'hx-swap="outerHTML"' in text
    whole = read(metric=cost, city="Hangzhou", q="o", **{"is": "unknown"}).content.decode()
    form = whole.split('class="filters"')[1].split("</form>")[0]
    # The list takes the place of the one before, rather than standing in it.
    assert 'hx-target="#indicators" hx-swap="outerHTML"' in form
    for name, value in (("metric", cost), ("city", "Hangzhou"), ("month", "2026-01")):
        assert f'name="{name}" value="{value}"' in form, name
    # Another month of the board keeps how its list is narrowed.
    above = whole.split('class="filters"')[0]
    assert '<input type="hidden" name="q" value="o">' in above
    assert '<input type="hidden" name="is" value="unknown">' in above


def test_what_is_foreseen_of_the_next_month_stands_beside_each_indicator(
    six: None, metrics: dict[str, Metric], read: Callable[..., Any]
) -> None:
    assert "Forecast" not in read(part=True, month="2026-02").content.decode()
    Forecast.objects.create(
        metric=metrics["revenue"],
        slice_key="{}",
        after_month=JANUARY,
        way="seasonal_naive",
        points=[[f"{number}.5", f"{number}", f"{number + 1}", "0", "99"] for number in range(40, 52)],
        basis="-",
        made_at=AT,
    )
    page = read(part=True, month="2026-02")
    assert {key: one.value for key, one in page.context["foreseen"].items()} == {
        metrics["revenue"].pk: Decimal("41.5")
    }
    text = page.content.decode()
    assert "Mar 2026" in text.split("</thead>")[0]
    assert "¥41 – ¥42" in text
    # Of January's next month there are values: nothing is foreseen of it any more, nor of another slice.
    assert read(part=True, month="2026-02", city="Hangzhou").context["foreseen"] == {}


def test_names_of_a_kind_stand_as_their_reader_says_them(six: None, read: Callable[..., Any]) -> None:
    def formulas(language: str) -> list[str]:
        found = keys(read(language=language))
        return [key for key in found if key in ("double", "half", "margin")]

    assert formulas("en") == ["double", "half", "margin"]
    assert formulas("zh-hans") == ["double", "margin", "half"]


def test_more_indicators_take_no_more_queries(
    six: None, here: Cast, actor: Any, read: Callable[..., Any]
) -> None:
    def cost(**asked: Any) -> int:
        read(**asked)
        with CaptureQueriesContext(connection) as caught:
            read(**asked)
        return len(caught)

    before = cost(), cost(part=True, q="e")
    for number in range(3):
        certify(here, actor, f"more_{number}", formula("revenue * 3"))
    assert (cost(), cost(part=True, q="e")) == before

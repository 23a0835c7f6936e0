"""The editor of definitions: what completes a word, where a refusal stands, and what a draft would give."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from performance.kpis import actions, formulas, queries, semantics, units
from performance.kpis.models import Metric
from performance.kpis.queries import effects, previews
from tests import ready
from tests.conftest import Cast
from tests.kpis.tables import AT, FEBRUARY, JANUARY, base, certify, formula
from tests.kpis.test_draft_pages import typed

Visit = Callable[..., Client]
CHECK = "/api/v1/metrics/check/"


@pytest.fixture
@ready.made
def metrics(here: Cast, actor: Any, sales: Any, costs: Any) -> dict[str, Metric]:
    """Revenue and cost certified, profit computed from both."""
    certify(here, actor, "revenue", base(sales, "sum", "quantity * price"), name_zh="营业收入")
    certify(here, actor, "cost", base(costs, "sum", "amount"))
    certify(here, actor, "heads", base(sales, "count", unit="count:person"))
    certify(here, actor, "profit", formula("revenue - cost"))
    actions.refresh_values(at=AT)
    return {metric.key: metric for metric in Metric.objects.all()}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("revenue + secrets / 2", "secrets"),
        ("revenue + heads", "heads"),
        ("revenue - (heads * 2)", "heads"),
        ("min(revenue, heads)", "heads"),
        ("revenue + summe(cost)", "summe"),
        ("revenue * ratio(cost)", "ratio"),
        ("round(revenue, cost)", "round"),
        ("revenue cost", "cost"),
        ("revenue +", "+"),
        ("revenue ; cost", ";"),
        ("(revenue - cost", "cost"),
        ("  revenue - rеvenue", "еvenue"),
        ('revenue - "no such metric"', '"no such metric"'),
        ("revenue\n - nothing", "nothing"),
    ],
)
def test_a_refusal_stands_at_the_word_that_is_refused(
    metrics: dict[str, Metric], cast: Cast, client_for: Visit, text: str, word: str
) -> None:
    answer = client_for(cast.business_owner).post(
        reverse("kpis:check"), {"kind": "derived", "formula": text, "decimals": "2"}
    )
    placed = answer.context["placed"]
    assert placed.field == "formula"
    sent = text.strip()
    assert sent[placed.position :].startswith(word[0])
    # A letter that only looks like one of ours cuts the word short.
    assert word.startswith(placed.word) or placed.word.startswith(word)
    assert placed.before + placed.word + placed.after == sent
    assert f'data-place="{placed.position}"' in answer.content.decode()


def test_a_column_without_numbers_is_marked_in_the_arithmetic(
    metrics: dict[str, Metric], cast: Cast, client_for: Visit, sales: Any
) -> None:
    given = typed(sales, expression="quantity * city")
    answer = client_for(cast.business_owner).post(reverse("kpis:check"), given)
    assert (answer.context["placed"].field, answer.context["placed"].word) == ("expression", "city")


def test_places_make_no_two_formulas_of_one() -> None:
    assert formulas.parse("a+b") == formulas.parse(" a  +  b ")


def test_the_unit_stands_beside_the_formula_while_it_is_typed(
    metrics: dict[str, Metric], cast: Cast, client_for: Visit
) -> None:
    browser = client_for(cast.business_owner)
    given = {"kind": "derived", "formula": "revenue / heads", "decimals": "2"}
    said = browser.post(reverse("kpis:check"), given).content.decode()
    beside = said.split('id="formula-said"')[1]
    assert f"Gives {units.parse('money:CNY/count:person').label}" in beside


def test_what_completes_a_word_is_named_in_both_languages(
    metrics: dict[str, Metric], cast: Cast, client_for: Visit, sales: Any
) -> None:
    browser = client_for(cast.business_owner)
    page = browser.get(reverse("kpis:draft"), {"kind": "derived"})
    told = {term["text"]: term for term in page.context["terms"]}
    assert (told["revenue"]["name"], told["revenue"]["also"]) == ("Revenue", "Revenue 营业收入")
    assert "比率" in told["ratio("]["also"]
    assert 'id="formula-terms" type="application/json"' in page.content.decode()
    browser.cookies["accord_language"] = "zh-hans"
    page = browser.get(reverse("kpis:fields"), {"kind": "derived"})
    told = {term["text"]: term for term in page.context["terms"]}
    assert (told["revenue"]["name"], told["ratio("]["name"]) == ("营业收入", "比率")
    page = browser.get(reverse("kpis:fields"), {"kind": "base", "dataset": str(sales.pk)})
    assert {"quantity", "price", "city", "round("} <= {term["text"] for term in page.context["terms"]}


def test_a_metric_never_completes_a_formula_of_what_it_is_computed_from(
    metrics: dict[str, Metric], cast: Cast, client_for: Visit
) -> None:
    address = reverse("kpis:revise", args=[metrics["profit"].pk])
    page = client_for(cast.business_owner).get(address)
    assert "profit" not in {term["text"] for term in page.context["terms"]}


def rows_of(answer: Any) -> list[tuple[Any, ...]]:
    return [(row.month, row.before, row.after, row.coverage_ppm) for row in answer.context["preview"]]


def test_a_draft_is_shown_beside_the_version_in_force(
    metrics: dict[str, Metric], cast: Cast, client_for: Visit
) -> None:
    given = {"kind": "derived", "formula": "revenue - 2 * cost", "decimals": "2"}
    answer = client_for(cast.business_owner).post(
        reverse("kpis:check"), given | {"metric": str(metrics["profit"].pk)}
    )
    assert rows_of(answer) == [
        (JANUARY, Decimal("23.05"), Decimal("11.05"), 750_000),
        (FEBRUARY, Decimal("6.06"), Decimal("2.02"), 1_000_000),
    ]
    first, second = answer.context["preview"]
    assert (first.change, second.change) == (Decimal("-12"), Decimal("-4.04"))
    assert round(second.percent, 20) == round(Decimal(-200) / 3, 20)
    assert "−66.7%" in answer.content.decode()


@pytest.mark.parametrize("key", ["revenue", "profit", "stock"])
def test_a_part_of_a_preview_is_the_value_that_is_kept_for_it(
    metrics: dict[str, Metric], here: Cast, actor: Any, client_for: Visit, sales: Any, key: str
) -> None:
    certify(here, actor, "stock", base(sales, "last", "quantity * price", unit="money:CNY"))
    actions.refresh_values(at=AT)
    metric = Metric.objects.get(key=key)
    version = metric.versions.get()
    for part in ({}, {"city": "Shenzhen"}, {"store": "Binjiang"}):
        assert part == {} or part in queries.parts_previewed(version)
        kept = {
            value.period_start: value.value
            for value in queries.values().filter(metric=metric, slice_key=queries.slice_key(part))
        }
        found = queries.preview(version, within=part)
        assert {row.month: row.value for row in found} == kept, part
        assert {row.change for row in effects.effects(version, metric, within=part)} <= {Decimal(0), None}


def test_only_parts_that_are_offered_narrow_a_preview(
    metrics: dict[str, Metric], cast: Cast, client_for: Visit, sales: Any
) -> None:
    browser = client_for(cast.business_owner)
    given = typed(sales, preview_part='{"store": "Binjiang"}')
    answer = browser.post(reverse("kpis:check"), given)
    assert [row.after for row in answer.context["preview"]] == [Decimal("30.00"), Decimal("10.10")]
    assert '<option value="{&quot;store&quot;: &quot;Binjiang&quot;}" selected>' in answer.content.decode()
    for other in ('{"store": "x"}', '{"password": "Binjiang"}', "'; DROP TABLE kpis_metric", "\x00"):
        answer = browser.post(reverse("kpis:check"), given | {"preview_part": other})
        assert answer.context["preview"][0].after == Decimal("35.05"), other


def test_a_preview_that_takes_too_long_says_so_in_plain_words(
    metrics: dict[str, Metric],
    cast: Cast,
    client_for: Visit,
    sales: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(previews, "MILLISECONDS", 20)
    slow = semantics.Statement("(SELECT true FROM pg_sleep(2))")
    monkeypatch.setattr(semantics, "rows_where", lambda *args, **kwargs: slow)
    browser = client_for(cast.business_owner)
    try:
        said = browser.post(reverse("kpis:check"), typed(sales)).content.decode()
    except OperationalError as error:
        pytest.fail(f"the page broke: {error}")
    assert "takes too long for a page" in said
    answer = browser.post(CHECK, api_of(sales), content_type="application/json")
    assert (answer.status_code, answer.json()["no_preview"]) == (200, "too_slow")
    # The statement timeout of a preview is gone after it.
    assert Metric.objects.count() == 4


def api_of(dataset: Any, **more: Any) -> dict[str, Any]:
    return {
        "kind": "base",
        "dataset": str(dataset.pk),
        "aggregation": "sum",
        "expression": "quantity * price",
        "time_column": "on_day",
        "dimensions": {"store": "store", "city": "city"},
        "unit": "money:CNY",
        "effective_from": "2026-01-01",
    } | more


def test_the_api_checks_as_the_editor_does(
    metrics: dict[str, Metric], cast: Cast, client_for: Visit, sales: Any
) -> None:
    browser = client_for(cast.finance_owner)
    given = {
        "kind": "derived",
        "formula": "(营业收入 - 2 * cost)",
        "effective_from": "2026-01-01",
        "metric": str(metrics["profit"].pk),
        "part": {"store": "Binjiang"},
    }
    answer = browser.post(CHECK, json.dumps(given), content_type="application/json").json()
    assert (answer["formula"], answer["unit"], answer["kind"]) == (
        "revenue - 2 * cost",
        "money:CNY",
        "derived",
    )
    assert answer["part"] == {"store": "Binjiang"}
    january = answer["months"][0]
    assert Decimal(january["before"]) == 18
    assert Decimal(january["after"]) == 6
    assert Decimal(january["change"]) == -12
    assert january["percent"] == "-66.666667"
    refused = browser.post(
        CHECK, json.dumps(given | {"formula": "cost + heads"}), content_type="application/json"
    )
    assert (refused.status_code, refused.json()["position"]) == (422, 7)
    assert refused.json()["errors"].keys() == {"formula"}


def test_who_may_not_draft_may_not_check(metrics: dict[str, Metric], cast: Cast, client_for: Visit) -> None:
    given = {"kind": "derived", "formula": "revenue", "effective_from": "2026-01-01"}
    for person in cast.members():
        allowed = person in (cast.business_owner, cast.finance_owner, cast.administrator)
        browser = client_for(person)
        assert browser.post(reverse("kpis:check"), given).status_code == (200 if allowed else 403), person
        answer = browser.post(CHECK, json.dumps(given), content_type="application/json")
        assert answer.status_code == (200 if allowed else 403), person
    stranger = client_for(cast.stranger)
    answer = stranger.post(CHECK, json.dumps(given), content_type="application/json")
    assert answer.status_code in (403, 422)

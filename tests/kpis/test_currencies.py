"""Amounts of several currencies become one: by the right rate, exactly, and never by a guess."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from performance.kpis import actions, documents, queries
from performance.kpis.models import Metric, MetricVersion, Problem, RateVersion
from performance.kpis.queries import rows
from performance.kpis.queries.likeness import like_for_like
from performance.sources import actions as sources
from performance.sources.models import Dataset, DatasetColumn
from tests import ready
from tests.conftest import Cast
from tests.kpis.tables import AT, FEBRUARY, JANUARY, add_rows, base, certify, make_dataset, make_rates

SOLD = {"sale": "integer", "on_day": "date", "city": "text", "code": "text", "price": "decimal"}
STOCK = {"line": "integer", "on_day": "date", "city": "text", "code": "text", "value": "decimal"}


def says(dataset: Dataset, column: str, currency: str) -> Dataset:
    DatasetColumn.objects.filter(dataset=dataset, key=column).update(currency=currency)
    return dataset


@pytest.fixture
@ready.made
def sold(here: Cast) -> Dataset:
    """January: 100 EUR and 200 USD, 10 CNY at home; one sale in a currency without a rate, one without a price."""
    dataset = make_dataset(
        "sold",
        SOLD,
        [
            (1, "2026-01-05", "Paris", "EUR", "100.00"),
            (2, "2026-01-06", "Boston", "usd ", "200.10"),
            (3, "2026-01-06", "Hangzhou", "CNY", "10.00"),
            (4, "2026-01-07", "Paris", "EUR", None),
            (5, "2026-02-02", "Paris", "EUR", "50.00"),
        ],
    )
    return says(dataset, "price", "code")


@pytest.fixture
@ready.made
def daily(here: Cast) -> RateVersion:
    return make_rates(
        here,
        "daily",
        [
            ("EUR", "2026-01-05", "8.1234567"),
            ("USD", "2026-01-06", "6.98"),
            ("EUR", "2026-02-02", "8.2"),
        ],
    )


def income(dataset: Dataset, rule: str, aggregation: str = "sum", **more: Any) -> actions.Definition:
    given = {"unit": "money:CNY", "dimensions": {"city": "city"}, "currency_rule": rule}
    return base(dataset, aggregation, "price", **given | more)


def kept(metric: Metric, month: datetime.date = JANUARY, grain: str = "month") -> dict[str, Any]:
    """City (or "") → (value, coverage, what it was computed from)."""
    found = queries.values(grain).filter(metric=metric, period_start=month)
    return {one.slice.get("city", ""): (one.value, one.coverage_ppm, one.inputs) for one in found}


EXACT = Decimal("812.34567") + Decimal("1396.698") + 10


def test_each_amount_is_converted_at_the_rate_of_its_day(
    here: Cast, actor: Any, sold: Dataset, daily: RateVersion
) -> None:
    metric = certify(here, actor, "income", income(sold, "transaction")).metric
    actions.refresh_values(at=AT)
    found = kept(metric)
    assert found[""] == (EXACT, 750_000, {"rows": 4, "with_value": 3, "rates": [1]})
    assert found["Boston"][0] == Decimal("1396.698"), "a code is the same in small letters and with a space"
    assert found["Paris"][:2] == (Decimal("812.34567"), 500_000)
    assert kept(metric, FEBRUARY)[""][0] == 410
    quarter = kept(metric, grain="quarter")[""]
    assert (quarter[0], quarter[2]["rates"]) == (EXACT + 410, [1])


def test_an_amount_without_a_rate_is_not_counted_and_the_value_says_so(
    here: Cast, actor: Any, sold: Dataset, daily: RateVersion
) -> None:
    add_rows(sold, SOLD, [(6, "2026-01-08", "Paris", "EUR", "1"), (7, "2026-01-09", "London", "GBP", "2")])
    metric = certify(here, actor, "income", income(sold, "transaction")).metric
    actions.refresh_values(at=AT)
    value, coverage, inputs = kept(metric)[""]
    assert (value, coverage) == (EXACT, 500_000)
    assert inputs["lacking"] == {
        "currencies": ["EUR", "GBP"],
        "rows": 2,
        "first": "2026-01-08",
        "last": "2026-01-09",
    }
    assert kept(metric)["London"][0] is None


@pytest.mark.parametrize(
    ("policy", "aggregation", "expected"),
    [
        ("block", "sum", None),
        ("zero", "sum", EXACT),
        ("null", "min", Decimal(10)),
        ("zero", "min", Decimal(0)),
        ("null", "max", Decimal("1396.698")),
        ("null", "avg", (EXACT / 3).quantize(Decimal("1e-12"))),
        ("zero", "avg", (EXACT / 5).quantize(Decimal("1e-12"))),
    ],
)
def test_what_has_no_rate_is_missing_as_the_policy_says(
    here: Cast, actor: Any, sold: Dataset, daily: RateVersion, policy: str, aggregation: str, expected: Any
) -> None:
    add_rows(sold, SOLD, [(7, "2026-01-09", "London", "GBP", "2")])
    metric = certify(
        here, actor, "income", income(sold, "transaction", aggregation, missing_policy=policy)
    ).metric
    actions.refresh_values(at=AT)
    assert kept(metric)[""][:2] == (expected, 600_000)


def test_flows_are_converted_at_the_average_of_their_month(here: Cast, actor: Any, sold: Dataset) -> None:
    make_rates(here, "average", [("EUR", "2026-01-01", "8"), ("USD", "2026-01-01", "7")])
    metric = certify(here, actor, "income", income(sold, "average")).metric
    actions.refresh_values(at=AT)
    assert kept(metric)[""][0] == 800 + Decimal("1400.70") + 10
    february = kept(metric, FEBRUARY)[""]
    assert february[:2] == (None, 0)
    assert february[2]["lacking"]["first"] == "2026-02-01"


def test_a_balance_is_converted_at_the_last_closing_rate_of_its_month(here: Cast, actor: Any) -> None:
    """The last day of January 2026 is a Saturday, without a rate of its own; February's is not known yet."""
    stock = make_dataset(
        "stock",
        STOCK,
        [
            (1, "2026-01-15", "Paris", "EUR", "999"),
            (2, "2026-01-31", "Paris", "EUR", "100"),
            (3, "2026-01-31", "Boston", "USD", "10"),
            (4, "2026-02-28", "Paris", "EUR", "7"),
        ],
    )
    says(stock, "value", "code")
    make_rates(
        here,
        "closing",
        [("EUR", "2026-01-15", "1"), ("EUR", "2026-01-30", "8.5"), ("USD", "2026-01-31", "7.1")],
    )
    definition = base(
        stock, "last", "value", unit="money:CNY", dimensions={"city": "city"}, currency_rule="closing"
    )
    metric = certify(here, actor, "stock", definition).metric
    actions.refresh_values(at=AT)
    assert kept(metric)[""][0] == 850 + 71
    assert kept(metric, FEBRUARY)[""][0] is None
    assert kept(metric, grain="quarter")["Boston"][0] == 71
    assert kept(metric, grain="quarter")["Paris"][0] is None


def test_the_rows_behind_a_value_show_what_each_came_to(
    here: Cast, actor: Any, sold: Dataset, daily: RateVersion
) -> None:
    version = certify(here, actor, "income", income(sold, "transaction"))
    trace = rows.trace(version, slice={}, since=JANUARY, until=datetime.date(2026, 1, 31))
    assert (trace.total, trace.aggregated) == (4, EXACT)
    assert set(trace.amounts) == {Decimal("812.34567"), Decimal("1396.698"), Decimal(10), None}


def test_a_draft_is_previewed_in_the_currency_that_it_would_have(
    here: Cast, actor: Any, sold: Dataset, daily: RateVersion
) -> None:
    version = certify(here, actor, "income", income(sold, "transaction"))
    found = {row.month: row.value for row in queries.preview(version)}
    assert found == {JANUARY: EXACT, FEBRUARY: 410}
    parts = {row.month: row.value for row in queries.preview(version, within={"city": "Boston"})}
    assert parts[JANUARY] == Decimal("1396.698")


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("sum", {"currency_rule": "closing"}, "closing rate is for balances"),
    ("last", {"currency_rule": "average"}, "balance is converted at the closing rate"),
    ("last", {"currency_rule": "transaction"}, "balance is converted at the closing rate"),
    ("sum", {"currency_rule": ""}, "Choose at which rates they become one"),
    ("sum", {"currency_rule": "average", "unit": "number"}, "Only amounts of money"),
    ("count", {"currency_rule": "average", "unit": "number"}, "Only amounts of money"),
    ("sum", {"currency_rule": "average", "unit": "money:EUR"}, "currency of the organisation"),
    ("sum", {"currency_rule": "yearly"}, "Choose at which rates"),
]


@pytest.mark.parametrize(("aggregation", "given", "said"), REFUSED)
def test_what_would_mix_currencies_is_refused_in_words(
    here: Cast, actor: Any, sold: Dataset, aggregation: str, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(actions.DefinitionRefused, match=said):
        certify(here, actor, "income", income(sold, "", aggregation, **given))


def test_what_is_in_one_currency_stays_in_it_or_is_converted(
    here: Cast, actor: Any, sold: Dataset, daily: RateVersion
) -> None:
    says(sold, "price", "USD")
    plain = certify(here, actor, "dollars", income(sold, "", unit="money"))
    assert plain.unit == "money:USD"
    with pytest.raises(actions.DefinitionRefused, match="These amounts are in USD, not in CNY"):
        certify(here, actor, "income", income(sold, ""))
    metric = certify(here, actor, "converted", income(sold, "transaction")).metric
    actions.refresh_values(at=AT)
    assert kept(plain.metric)[""][0] == Decimal("310.10")
    assert kept(metric)["Hangzhou"][0] == Decimal("69.8"), "the code beside it says nothing here"


def test_amounts_whose_currency_nobody_said_are_not_converted(here: Cast, actor: Any, sold: Dataset) -> None:
    says(sold, "price", "")
    with pytest.raises(actions.DefinitionRefused, match="Say in the dataset"):
        certify(here, actor, "income", income(sold, "average"))


def test_a_formula_converts_nothing_itself(here: Cast, actor: Any, sold: Dataset) -> None:
    certify(here, actor, "income", income(sold, "transaction"))
    with pytest.raises(actions.DefinitionRefused, match="converted where rows are read"):
        certify(
            here,
            actor,
            "twice",
            actions.Definition(
                kind="derived",
                unit="",
                effective_from=JANUARY,
                formula="income * 2",
                currency_rule="average",
            ),
        )
    doubled = certify(
        here,
        actor,
        "doubled",
        actions.Definition(kind="derived", unit="", effective_from=JANUARY, formula="income * 2"),
    )
    assert doubled.unit == "money:CNY"


def test_a_metric_keeps_its_values_when_its_dataset_says_another_currency(
    here: Cast, actor: Any, sold: Dataset, daily: RateVersion
) -> None:
    metric = certify(here, actor, "income", income(sold, "transaction")).metric
    actions.refresh_values(at=AT)
    says(sold, "price", "")
    actions.refresh_values(at=AT)
    metric.refresh_from_db()
    assert (metric.problem, kept(metric)[""][0]) == (Problem.GONE, EXACT)
    assert MetricVersion.objects.get(metric=metric).currency_rule == "transaction"


def test_a_document_carries_the_rule_and_says_what_changes(
    here: Cast, actor: Any, sold: Dataset, daily: RateVersion
) -> None:
    version = certify(here, actor, "income", income(sold, "transaction"))
    text = documents.written([version])
    assert "currency_rule: transaction" in text
    by = actor(here.business_owner)
    (same,) = actions.check_document(document=text, by=by, at=AT)
    assert same.state == "same"
    other = text.replace("currency_rule: transaction", "currency_rule: average")
    (changed,) = actions.check_document(document=other, by=by, at=AT)
    assert (changed.state, changed.changes) == (
        "changed",
        (("Currencies", "At the rate of the day", "At the average rate of the month"),),
    )
    wrong = text.replace("currency_rule: transaction", "currency_rule: yearly")
    with pytest.raises(actions.DocumentRefused, match="“yearly” is no currency_rule"):
        actions.check_document(document=wrong, by=by, at=AT)


def test_a_column_taken_from_another_dataset_brings_its_currency(here: Cast, actor: Any) -> None:
    """With the column that names it; without that, nothing could be converted, and it is said."""
    prices = make_dataset(
        "prices",
        {"item": "text", "cost": "decimal", "code": "text"},
        [("tea", "10", "EUR"), ("cup", "2", "USD")],
        keys=["item"],
    )
    says(prices, "cost", "code")
    bought = make_dataset(
        "bought",
        {"on_day": "date", "item": "text"},
        [("2026-01-05", "tea"), ("2026-01-05", "cup"), ("2026-01-06", "cup")],
    )
    make_rates(here, "average", [("EUR", "2026-01-01", "8"), ("USD", "2026-01-01", "7")])
    given = {"unit": "money:CNY", "dimensions": {}, "currency_rule": "average"}
    join = sources.join_dataset(
        dataset=bought, other=prices, key="price", pairs=[("item", "item")], taken=["cost"], by=None, at=AT
    )
    with pytest.raises(actions.DefinitionRefused, match="“price_code”, which is not there"):
        certify(here, actor, "spent", base(bought, "sum", "price_cost", **given))
    sources.remove_join(join=join, by=None, at=AT)
    sources.join_dataset(
        dataset=bought,
        other=prices,
        key="price",
        pairs=[("item", "item")],
        taken=["cost", "code"],
        by=None,
        at=AT,
    )
    metric = certify(here, actor, "spent", base(bought, "sum", "price_cost", **given)).metric
    actions.refresh_values(at=AT)
    assert kept(metric)[""][0] == 80 + 14 + 14


def test_columns_in_different_currencies_are_not_mixed_in_one_arithmetic(here: Cast, actor: Any) -> None:
    dataset = make_dataset(
        "mixed",
        {"on_day": "date", "pay": "decimal", "fee": "decimal"},
        [("2026-01-05", "1", "2")],
    )
    says(says(dataset, "pay", "USD"), "fee", "EUR")
    given = {"unit": "money:CNY", "dimensions": {}, "currency_rule": "average"}
    with pytest.raises(actions.DefinitionRefused, match="different currencies: Pay, Fee"):
        certify(here, actor, "mixed", base(dataset, "sum", "pay + fee", **given))


def test_the_average_of_alike_parts_is_of_converted_amounts(here: Cast, actor: Any, sold: Dataset) -> None:
    """Like for like reads rows again where the values of parts do not make up a whole."""
    make_rates(
        here, "average", [("EUR", "2026-01-01", "8"), ("EUR", "2026-02-01", "8"), ("USD", "2026-01-01", "7")]
    )
    metric = certify(here, actor, "mean", income(sold, "average", "avg")).metric
    actions.refresh_values(at=AT)
    told = like_for_like(metric, since=JANUARY, until=FEBRUARY, within={}, cut="city")
    assert (told.alike.before, told.alike.after) == (800, 400), "only Paris is in both"


def test_the_form_keeps_the_rule_and_the_page_says_it(
    here: Cast, actor: Any, sold: Dataset, daily: RateVersion, client_for: Callable[..., Client]
) -> None:
    version = certify(here, actor, "income", income(sold, "transaction"))
    actions.refresh_values(at=AT)
    browser = client_for(here.business_owner)
    page = browser.get(reverse("kpis:metric", args=[version.metric_id])).content.decode()
    assert "At the rate of the day" in page
    assert "rates version 1" in page
    editor = browser.get(reverse("kpis:revise", args=[version.metric_id]))
    form = editor.context["form"]
    assert form["currency_rule"].value() == "transaction"
    assert "is in the currency that stands in code" in editor.content.decode()
    sent = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    sent |= {"dataset": str(sold.pk), "currency_rule": "closing", "effective_from": "2026-03-01"}
    answer = browser.post(reverse("kpis:revise", args=[version.metric_id]), sent)
    assert answer.status_code == 422
    assert "closing rate is for balances" in answer.context["form"].errors["currency_rule"][0]
    answer = browser.post(
        reverse("kpis:revise", args=[version.metric_id]), sent | {"currency_rule": "average"}
    )
    assert answer.status_code == 302
    assert MetricVersion.objects.get(number=2).currency_rule == "average"

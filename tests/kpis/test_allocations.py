"""An input that lacks a dimension is shared out by a rule that both sides sign, to the cent."""

import datetime
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from performance.foundation import refusals
from performance.kpis import actions, documents, queries
from performance.kpis.forms import lists
from performance.kpis.forms.allocating import allocations_initial
from performance.kpis.models import Metric, MetricValue, MetricVersion
from performance.kpis.queries import changes, flows, pages, previews, whatif
from performance.kpis.queries import months as calendar_months
from tests import ready
from tests.conftest import Cast
from tests.kpis import tables
from tests.kpis.tables import AT, FEBRUARY, JANUARY, base, certify, formula

Visit = Callable[..., Client]
SALES = {"sale": "integer", "on_day": "date", "store": "text", "product": "text", "price": "decimal"}
RENT = {"line": "integer", "on_day": "date", "product": "text", "amount": "decimal"}
BY_STORE = {"store": ""}


@pytest.fixture
@ready.made
def sold(here: Cast) -> Any:
    """January: three stores, the third gives more back than it sells; February: two."""
    return tables.make_dataset(
        "sales",
        SALES,
        [
            (1, "2026-01-05", "A", "tea", "200.00"),
            (2, "2026-01-05", "B", "tea", "100.00"),
            (3, "2026-01-05", "C", "tea", "-5.00"),
            (4, "2026-02-05", "A", "tea", "100.00"),
            (5, "2026-02-05", "B", "tea", "200.00"),
        ],
    )


@pytest.fixture
@ready.made
def rent(here: Cast) -> Any:
    """The head office pays it for all."""
    return tables.make_dataset(
        "rent",
        RENT,
        [(1, "2026-01-31", "tea", "100.00"), (2, "2026-02-28", "tea", "90.015")],
    )


@pytest.fixture
@ready.made
def inputs(here: Cast, actor: Any, sold: Any, rent: Any) -> None:
    certify(here, actor, "revenue", base(sold, "sum", "price", dimensions={"store": "store"}))
    certify(here, actor, "hq_cost", base(rent, "sum", "amount", dimensions={}), name_en="Head office cost")
    actions.refresh_values(at=AT)


def profit(**more: Any) -> actions.Definition:
    return formula("revenue - hq_cost", dimensions=BY_STORE, **more)


def shares(key: str, month: datetime.date, used: str = "hq_cost") -> dict[str, Decimal]:
    """store → what it bears."""
    found = queries.values().filter(metric__key=key, period_start=month, dimensions="store")
    return {value.slice["store"]: Decimal(value.inputs[used]) for value in found if value.inputs.get(used)}


def whole(key: str, month: datetime.date) -> MetricValue:
    return queries.values().get(metric__key=key, period_start=month, dimensions="")


def test_without_a_rule_it_is_refused_and_the_rule_is_offered(here: Cast, actor: Any, inputs: None) -> None:
    with pytest.raises(refusals.Refused) as refused:
        certify(here, actor, "profit", profit())
    assert refused.value.code == "unshared_dimension"
    assert "unless you say how it is shared out" in str(refused.value)


def test_by_the_share_of_another_metric(here: Cast, actor: Any, inputs: None) -> None:
    rule = {"hq_cost": {"way": "share", "metric": "revenue"}}
    version = certify(here, actor, "profit", profit(allocations=rule))
    actions.refresh_values(at=AT)
    assert shares("profit", JANUARY) == {"A": Decimal("66.67"), "B": Decimal("33.33"), "C": Decimal(0)}
    assert shares("profit", FEBRUARY) == {"A": Decimal("30.005"), "B": Decimal("60.01")}
    for month, cost in ((JANUARY, Decimal(100)), (FEBRUARY, Decimal("90.015"))):
        assert sum(shares("profit", month).values()) == cost
        assert whole("profit", month).coverage_ppm == 1_000_000
    assert whole("profit", JANUARY).value == Decimal(195)
    own = queries.value_at("profit", {"store": "A"}, JANUARY)
    assert own is not None
    assert own.value == Decimal("133.33")
    assert version.additivity == "semi", "a quarter is shared out by the quarter"
    quarter = queries.values("quarter").filter(metric__key="profit", dimensions="store")
    assert sum(Decimal(each.inputs["hq_cost"]) for each in quarter) == Decimal("190.015")


def test_evenly_and_by_fixed_shares(here: Cast, actor: Any, inputs: None) -> None:
    certify(here, actor, "even", profit(allocations={"hq_cost": {"way": "even"}}))
    fixed = {"hq_cost": {"way": "fixed", "shares": {"A": "62.5", "B": "37.5 %"}}}
    certify(here, actor, "fixed", profit(allocations=fixed))
    actions.refresh_values(at=AT)
    assert shares("even", JANUARY) == {"A": Decimal("33.34"), "B": Decimal("33.33"), "C": Decimal("33.33")}
    assert shares("fixed", JANUARY) == {"A": Decimal("62.50"), "B": Decimal("37.50"), "C": Decimal(0)}
    assert sum(shares("fixed", FEBRUARY).values()) == Decimal("90.015")


def test_each_whole_is_shared_out_within_the_dimensions_that_it_has(
    here: Cast, actor: Any, sold: Any, rent: Any
) -> None:
    both = {"store": "store", "product": "product"}
    tables.add_rows(
        sold, SALES, [(9, "2026-01-06", "A", "milk", "50.00"), (10, "2026-01-06", "B", "milk", "50.00")]
    )
    tables.add_rows(rent, RENT, [(9, "2026-01-31", "milk", "7.01")])
    certify(here, actor, "revenue", base(sold, "sum", "price", dimensions=both))
    certify(here, actor, "hq_cost", base(rent, "sum", "amount", dimensions={"product": "product"}))
    rule = {"hq_cost": {"way": "share", "metric": "revenue"}}
    wording = formula("revenue - hq_cost", dimensions=dict.fromkeys(both, ""), allocations=rule)
    certify(here, actor, "profit", wording)
    actions.refresh_values(at=AT)
    found = queries.values().filter(metric__key="profit", period_start=JANUARY)
    told = {value.slice_key: Decimal(value.inputs["hq_cost"]) for value in found}
    assert told['{"store": "A", "product": "milk"}'] == Decimal("3.51")
    assert told['{"store": "B", "product": "milk"}'] == Decimal("3.50")
    assert told['{"product": "milk"}'] == Decimal("7.01")
    assert told['{"store": "A"}'] == Decimal("66.67") + Decimal("3.51")
    assert told['{"store": "A"}'] + told['{"store": "B"}'] + told['{"store": "C"}'] == Decimal("107.01")
    assert told["{}"] == Decimal("107.01")


def test_where_there_is_nothing_to_share_by_coverage_says_so(
    here: Cast, actor: Any, inputs: None, rent: Any
) -> None:
    """March has a cost and not one sale."""
    certify(here, actor, "profit", profit(allocations={"hq_cost": {"way": "share", "metric": "revenue"}}))
    tables.add_rows(rent, RENT, [(5, "2026-03-31", "tea", "10.00")])
    actions.refresh_values(at=AT)
    march = queries.values().filter(metric__key="profit", period_start=datetime.date(2026, 3, 1))
    assert [(value.slice_key, value.coverage_ppm) for value in march] == [("{}", 0)]


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"hq_cost": {"way": "half"}}, "allocation"),
        ({"hq_cost": {"way": "share"}}, "allocation"),
        ({"hq_cost": {"way": "share", "metric": "nothing"}}, "unknown_metric"),
        ({"hq_cost": {"way": "share", "metric": "people"}}, "weight_dimensions"),
        ({"hq_cost": {"way": "fixed", "shares": {"A": "60", "B": "30"}}}, "allocation"),
        ({"hq_cost": {"way": "fixed", "shares": {"A": "x"}}}, "allocation"),
        (
            {"hq_cost": {"way": "share", "metric": "revenue"}, "revenue": {"way": "even"}},
            "nothing_to_allocate",
        ),
        ({"hq_cost": {"way": "even"}, "people": {"way": "even"}}, "allocation"),
    ],
)
def test_a_rule_that_shares_nothing_out_is_refused(
    here: Cast, actor: Any, inputs: None, sold: Any, rule: Any, code: str
) -> None:
    certify(here, actor, "people", base(sold, "count", dimensions={}))
    with pytest.raises(refusals.Refused) as refused:
        certify(here, actor, "profit", profit(allocations=rule))
    assert refused.value.code == code
    assert refused.value.field == "allocations"


def test_what_does_not_add_up_is_not_shared_out(here: Cast, actor: Any, inputs: None, rent: Any) -> None:
    certify(here, actor, "mean_cost", base(rent, "avg", "amount", dimensions={}, unit="money:CNY"))
    wording = formula("revenue - mean_cost", dimensions=BY_STORE, allocations={"mean_cost": {"way": "even"}})
    with pytest.raises(refusals.Refused) as refused:
        certify(here, actor, "odd", wording)
    assert refused.value.code == "not_additive"


def test_nothing_is_computed_from_itself_by_way_of_a_share(here: Cast, actor: Any, inputs: None) -> None:
    certify(here, actor, "profit", profit(allocations={"hq_cost": {"way": "share", "metric": "revenue"}}))
    with pytest.raises(refusals.Refused):
        certify(
            here, actor, "again",
            formula("revenue - hq_cost", dimensions=BY_STORE, allocations={"hq_cost": {"way": "share", "metric": "again"}}),
        )  # fmt: skip
    assert [each.key for each in flows.users_of(Metric.objects.get(key="revenue"))] == ["profit"]


def test_the_metric_that_weighs_is_refreshed_before_and_counts_as_an_input(
    here: Cast, actor: Any, inputs: None, sold: Any
) -> None:
    certify(here, actor, "orders", base(sold, "count", dimensions={"store": "store"}))
    version = certify(
        here, actor, "profit", profit(allocations={"hq_cost": {"way": "share", "metric": "orders"}})
    )
    assert set(version.input_keys) == {"hq_cost", "revenue", "orders"}
    actions.refresh_values(at=AT)
    assert shares("profit", FEBRUARY) == {"A": Decimal("45.015"), "B": Decimal("45.00")}
    tables.add_rows(sold, SALES, [(20, "2026-02-06", "B", "tea", "0.00")])
    actions.refresh_values(
        metric_ids={Metric.objects.get(key="orders").pk}, at=AT + datetime.timedelta(days=1)
    )
    assert shares("profit", FEBRUARY) == {"A": Decimal("30.005"), "B": Decimal("60.01")}


def test_a_change_is_told_by_what_was_shared_out(here: Cast, actor: Any, inputs: None) -> None:
    certify(here, actor, "profit", profit(allocations={"hq_cost": {"way": "share", "metric": "revenue"}}))
    actions.refresh_values(at=AT)
    metric = Metric.objects.get(key="profit")
    told = changes.explained(metric, since=JANUARY, until=FEBRUARY, within={"store": "A"})
    assert [(one.metric.key, one.before, one.after) for one in told.drivers] == [
        ("revenue", Decimal("200.00"), Decimal("100.00")),
        ("hq_cost", Decimal("66.67"), Decimal("30.005")),
    ]
    assert sum(one.brought for one in told.drivers) == told.change
    parts = changes.explained(metric, since=JANUARY, until=FEBRUARY, within={}, cut="store")
    brought = {one.label: one.brought for one in parts.parts if one.kind == "part"}
    assert brought["A"] == Decimal("70.00") - Decimal("133.33")


def test_trying_out_a_part_moves_what_it_bears(here: Cast, actor: Any, inputs: None) -> None:
    certify(here, actor, "profit", profit(allocations={"hq_cost": {"way": "share", "metric": "revenue"}}))
    actions.refresh_values(at=AT)
    metric = Metric.objects.get(key="profit")
    ground = whatif.ground_of(metric, since=JANUARY, until=datetime.date(2026, 1, 31), within={"store": "A"})
    told = whatif.what_if(ground, whatif.Moves({"hq_cost": ("percent", Decimal(-50))}))
    assert told.result.before == Decimal("133.33")
    assert told.result.after == Decimal("166.67")


def test_a_draft_shows_what_its_rule_gives(here: Cast, actor: Any, inputs: None) -> None:
    wording = profit(allocations={"hq_cost": {"way": "share", "metric": "revenue"}})
    rows = previews.preview(wording, within={"store": "B"})
    assert [row.value for row in rows][-2:] == [Decimal("66.67"), Decimal("139.99")]


def test_it_is_worded_compared_written_and_read_again(
    here: Cast, actor: Any, inputs: None, client_for: Visit
) -> None:
    first = certify(
        here, actor, "profit", profit(allocations={"hq_cost": {"way": "share", "metric": "revenue"}})
    )
    text = documents.written([MetricVersion.objects.select_related("metric", "dataset").get(pk=first.pk)])
    [entry] = documents.read(text)
    assert entry.definition(dataset=None, day=JANUARY).allocations == first.allocations
    fixed = {"hq_cost": {"way": "fixed", "shares": {"A": "60", "B": "40"}}}
    second = actions.revise_metric(
        metric=first.metric, definition=profit(allocations=fixed, change_note="Agreed shares"),
        by=actor(here.business_owner), at=AT,
    )  # fmt: skip
    [change] = [row for row in pages.version_changes(first, second) if str(row[0]) == "Shared out"]
    assert change[1:] == ("hq_cost by the share of revenue", "hq_cost by fixed shares: A 60%, B 40%")
    page = (
        client_for(here.business_owner).get(reverse("kpis:metric", args=[first.metric_id])).content.decode()
    )
    assert "Head office cost by fixed shares" in page
    assert "largest remainder" in page


def test_the_form_and_the_api_name_a_rule(here: Cast, actor: Any, inputs: None, client_for: Visit) -> None:
    owner = client_for(here.business_owner)
    sent = {
        "key": "profit", "name_en": "Profit", "business_owner": here.business_owner.pk, "kind": "derived",
        "finance_owner": here.finance_owner.pk, "formula": "revenue - hq_cost", "dimensions": ["store"],
        "missing_policy": "null", "direction": "up", "decimals": 2, "effective_from": "2026-01-01",
        "allocation_0_input": "hq_cost", "allocation_0_way": "fixed", "allocation_0_by": "A 60, B 30",
    }  # fmt: skip
    refused = owner.post(reverse("kpis:draft"), sent)
    assert refused.status_code == 422
    assert "The shares sum to 90 %, not to 100." in refused.content.decode()
    assert owner.post(reverse("kpis:draft"), sent | {"allocation_0_by": "A 60, B 40"}).status_code == 302
    version = MetricVersion.objects.get(metric__key="profit")
    assert version.allocations == {"hq_cost": {"way": "fixed", "shares": {"A": "60", "B": "40"}}}
    form = owner.get(reverse("kpis:edit", args=[version.pk])).content.decode()
    assert 'value="A 60, B 40"' in form
    body = {
        "key": "profit_two", "name_en": "Profit two", "business_owner": str(here.business_owner.pk),
        "finance_owner": str(here.finance_owner.pk), "kind": "derived", "formula": "revenue - hq_cost",
        "dimensions": {"store": ""}, "effective_from": "2026-01-01",
        "allocations": {"hq_cost": {"way": "share", "metric": "revenue"}},
    }  # fmt: skip
    made = owner.post(reverse("api_metrics"), body, content_type="application/json")
    assert made.status_code == 201, made.content
    assert MetricVersion.objects.get(metric__key="profit_two").allocations == body["allocations"]


@pytest.mark.parametrize(
    "part", ["Shoes, bags", "鞋，包", "A; B；C", 'The "best" 3', '"', "New York", 'a", "b']
)
def test_a_part_with_any_name_comes_back_from_the_form(part: str) -> None:
    shares = {part: "60", "B": "40"}
    text = allocations_initial({"hq_cost": {"way": "fixed", "shares": shares}})["allocation_0_by"]
    assert lists.split_shares(text) == shares


def test_a_definition_with_many_rules_is_edited_without_losing_one(
    here: Cast, actor: Any, inputs: None, rent: Any, client_for: Visit
) -> None:
    keys = [f"cost_{number}" for number in range(8)]
    for key in keys:
        certify(here, actor, key, base(rent, "sum", "amount", dimensions={}))
    rules = {key: {"way": "fixed", "shares": {"Shoes, bags": "60", "B": "40"}} for key in keys}
    wording = formula(" - ".join(["revenue", *keys]), dimensions=BY_STORE, allocations=rules)
    metric = certify(here, actor, "profit", wording).metric
    owner = client_for(here.business_owner)
    form = owner.get(reverse("kpis:revise", args=[metric.pk])).context["form"]
    assert form.allocation_count == len(keys)
    sent = {
        "kind": "derived", "formula": wording.formula, "dimensions": ["store"], "missing_policy": "null",
        "direction": "up", "decimals": 2, "effective_from": "2026-03-01", "change_note": "Said anew",
    }  # fmt: skip
    sent |= {name: value for name, value in form.initial.items() if name.startswith("allocation_")}
    saved = owner.post(reverse("kpis:revise", args=[metric.pk]), sent)
    assert saved.status_code == 302, saved.context["form"].errors
    assert metric.versions.get(number=2).allocations == rules


def test_parts_always_sum_to_the_whole(here: Cast, actor: Any) -> None:
    """Two years of awkward amounts, also negative ones, over stores that come and go."""
    chance = random.Random(7)
    sales, costs = [], []
    for number, month in enumerate(calendar_months.run(datetime.date(2025, 12, 1), 24)):
        costs.append((number, month, "tea", Decimal(chance.randrange(-(10**9), 10**9)) / 1000))
        for store in range(chance.randrange(1, 8)):
            weight = Decimal(chance.randrange(-2, 10**6)) / 100
            sales.append((number * 10 + store, month, f"S{store}", "tea", weight))
    certify(
        here,
        actor,
        "revenue",
        base(tables.make_dataset("sales", SALES, sales), "sum", "price", dimensions={"store": "store"}),
    )
    certify(
        here, actor, "hq_cost", base(tables.make_dataset("rent", RENT, costs), "sum", "amount", dimensions={})
    )
    certify(here, actor, "profit", profit(allocations={"hq_cost": {"way": "share", "metric": "revenue"}}))
    actions.refresh_values(at=AT)
    for _number, month, _product, cost in costs:
        borne = shares("profit", month)
        weights = {
            value.slice["store"]: max(value.value, Decimal(0))
            for value in queries.values().filter(
                metric__key="revenue", period_start=month, dimensions="store"
            )
        }
        if not sum(weights.values()):
            continue
        assert sum(borne.values()) == cost, month
        for store, weight in weights.items():
            exact = cost * weight / sum(weights.values())
            assert abs(borne[store] - exact) < Decimal("0.02"), (month, store)
            assert weight or not borne[store], "a part without a weight bears nothing"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"way": "share"}, "Name the metric"),
        ({"way": "fixed", "shares": {"A": "100", "B": "1e-999999"}}, "is no share in percent"),
        ({"way": "fixed", "shares": {"A": "99.999999999", "B": "0.000000001"}}, "is no share in percent"),
    ],
)
def test_a_rule_without_its_metric_or_with_endless_shares_is_refused_in_plain_words(
    here: Cast, actor: Any, inputs: None, rule: dict[str, Any], said: str
) -> None:
    wording = formula("revenue - hq_cost", "money:CNY", dimensions=BY_STORE, allocations={"hq_cost": rule})
    with pytest.raises(refusals.Refused, match=said):
        certify(here, actor, "margin", wording)

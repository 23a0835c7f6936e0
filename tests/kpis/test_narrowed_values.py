"""What is counted from rows outside a reader's branch is shown to them nowhere: on no page, in no file, letter or answer."""

import datetime
import io
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from performance.kpis import actions, queries, semantics, tasks
from performance.kpis.models import (
    Alert,
    AlertRule,
    Metric,
    MetricValue,
    PointNote,
    SavedView,
    Scenario,
    Subscription,
    TargetPlan,
)
from performance.kpis.queries import boards, changes, planning, previews, scenarios, whatif
from performance.people.models import BusinessUnit
from performance.sources import actions as sources
from performance.sources.models import Dataset
from tests import ready
from tests.conftest import Cast
from tests.kpis import tables
from tests.kpis.conftest import SALES
from tests.kpis.tables import AT, FEBRUARY, JANUARY, base, certify, formula

Visit = Callable[..., Client]
#: Figures that are those of one store and of nothing else.
OWN, SECRET, OTHER = "111.10", "734.21", "268.43"
#: As figures: the digits also stand in ids and tokens by chance.
SECRETS = re.compile(r"(?<![\w-])(734|268)(?![\w-])")
TOTAL = "1,113.74"


@pytest.fixture
@ready.made
def stores(here: Cast) -> dict[str, BusinessUnit]:
    """The employee works at Binjiang, the manager leads Hangzhou; Nanshan and Futian are in another city."""
    city = BusinessUnit.objects.create(code="HZ", name_en="Hangzhou", slice={"city": "Hangzhou"})
    made = {
        name: BusinessUnit.objects.create(code=name, name_en=name, slice={"store": name}, parent=parent)
        for name, parent in (("Binjiang", city), ("Nanshan", None), ("Futian", None))
    }
    for person, unit in ((here.manager, city), (here.employee, made["Binjiang"])):
        person.unit = unit
        person.save(update_fields=["unit"])
    return made


@pytest.fixture
@ready.made
def sold(here: Cast, stores: Any) -> Dataset:
    rows = []
    for month in ("01", "02"):
        for number, (city, store, price) in enumerate(
            (("Hangzhou", "Binjiang", OWN), ("Shenzhen", "Nanshan", SECRET), ("Shenzhen", "Futian", OTHER)), 1
        ):
            rows.append((int(month) * 10 + number, f"2026-{month}-05", city, store, number, 1, price))
    return tables.make_dataset("sales", SALES, rows, keys=["sale"])


@pytest.fixture
@ready.made
def revenue(here: Cast, actor: Any, sold: Dataset) -> Metric:
    certify(here, actor, "revenue", base(sold, "sum", "price", dimensions={"store": "store", "city": "city"}))
    certify(here, actor, "orders", base(sold, "count", dimensions={"store": "store", "city": "city"}))
    certify(here, actor, "per_order", formula("revenue / orders"))
    actions.refresh_values(at=AT)
    narrow(here, actor, sold)
    return Metric.objects.get(key="revenue")


def narrow(cast: Cast, actor: Any, dataset: Dataset, roles: Any = ("finance_owner",)) -> None:
    sources.narrow_rows(
        dataset=dataset,
        columns={"store": "store", "city": "city"},
        roles=roles,
        people=[],
        by=actor(cast.administrator),
        at=timezone.now(),
    )


def addresses(metric: Metric) -> Iterator[str]:
    """Every place that shows values of a metric, asked for everything and for a part that is closed."""
    values, board = reverse("kpis:values", args=[metric.pk]), reverse("kpis:board") + f"?metric={metric.pk}"
    yield f"{board}&vs=month&heat=value&by=store"
    yield f"{board}&vs=year&store=Nanshan"
    yield f"{values}?known=2027-01-01&by=store&since=2026-01-01&until=2026-01-31"
    yield f"{values}?known=2027-01-01&store=Nanshan&since=2026-01-01&until=2026-01-31"
    for name in ("kpis:change", "kpis:what_if"):
        for query in ("?by=store", "?store=Nanshan", "?city=Shenzhen&by=store"):
            yield reverse(name, args=[metric.pk]) + query
    yield reverse("kpis:targets", args=[metric.pk])
    yield reverse("kpis:metric", args=[metric.pk])
    yield reverse("kpis:alerts")
    api = {
        "api_metric_values": "as_of=2027-01-01T00:00:00Z",
        "api_metric_change": "since=2026-01-01&until=2026-02-01",
        "api_metric_known": "on=2027-01-01",
        "api_metric_forecast": "",
    }
    for name, asked in api.items():
        for query in ("by=store", "store=Nanshan"):
            yield f"{reverse(name, args=[metric.pk])}?{asked}&{query}"
    yield f"{reverse('api_metric_values', args=[metric.pk])}?by=city"
    yield reverse("api_metric_board") + f"?metric={metric.pk}&vs=month&by=store"
    yield reverse("api_metric_targets", args=[metric.pk])


def test_no_page_and_no_answer_shows_what_is_closed(
    here: Cast, client_for: Visit, revenue: Metric, now: datetime.datetime
) -> None:
    rule = AlertRule.objects.create(
        metric=revenue, kind="threshold", operator="above", value=1, slice={"store": "Nanshan"},
        slice_key='{"store": "Nanshan"}', set_by=here.finance_owner, set_at=AT,
    )  # fmt: skip
    Alert.objects.create(
        rule=rule, metric=revenue, kind="threshold", slice={"store": "Nanshan"}, slice_key='{"store": "Nanshan"}',
        month=FEBRUARY, value=SECRET, value_now=SECRET, high=1, owner=here.finance_owner, due_on=FEBRUARY, opened_at=AT,
    )  # fmt: skip
    PointNote.objects.create(
        metric=revenue, slice={"store": "Nanshan"}, slice_key='{"store": "Nanshan"}', month=FEBRUARY,
        text=f"Nanshan sold {SECRET}", written_by=here.finance_owner, written_at=AT,
    )  # fmt: skip
    reader, seer = client_for(here.employee), client_for(here.finance_owner)
    shown = 0
    for address in addresses(revenue):
        answer = reader.get(address)
        assert answer.status_code == 200, address
        told = answer.content.decode()
        assert SECRETS.search(told) is None, address
        shown += SECRETS.search(seer.get(address).content.decode()) is not None
    assert shown > 8, "these pages do show such figures to those who may see them"
    assert OWN in reader.get(reverse("kpis:values", args=[revenue.pk]) + "?by=store").content.decode()


def test_the_whole_stays_open_and_the_branch_is_told(here: Cast, client_for: Visit, revenue: Metric) -> None:
    page = client_for(here.employee).get(reverse("kpis:values", args=[revenue.pk]), {"by": "store"})
    told = page.content.decode()
    assert TOTAL in told
    assert "You see the parts of your branch" in told
    assert [row.label for row in page.context["rows"]] == ["All", "Binjiang"]
    everything = client_for(here.finance_owner).get(
        reverse("kpis:values", args=[revenue.pk]), {"by": "store"}
    )
    assert [row.label for row in everything.context["rows"]] == ["All", "Binjiang", "Futian", "Nanshan"]
    assert "You see the parts of your branch" not in everything.content.decode()


def test_a_role_alone_opens_nothing_once_there_is_a_rule(here: Cast, actor: Any, revenue: Metric) -> None:
    for person in (here.business_owner, here.auditor, here.administrator, here.hr, here.colleague):
        sight = queries.sight_of(actor(person))
        assert queries.slices(revenue, "store", sight=sight) == [], person
    assert len(queries.slices(revenue, "store", sight=queries.sight_of(actor(here.finance_owner)))) == 3


def test_a_manager_sees_the_city_and_its_stores(here: Cast, actor: Any, revenue: Metric) -> None:
    sight = queries.sight_of(actor(here.manager))
    found = queries.slices(revenue, sight=sight)
    assert found == [{"city": "Hangzhou"}, {"store": "Binjiang"}]
    assert queries.slices(revenue, "city,store", sight=sight) == [{"city": "Hangzhou", "store": "Binjiang"}]


def test_what_is_computed_from_closed_rows_is_closed_too(here: Cast, actor: Any, revenue: Metric) -> None:
    ratio = Metric.objects.get(key="per_order")
    sight = queries.sight_of(actor(here.employee))
    assert queries.slices(ratio, "store", sight=sight) == [{"store": "Binjiang"}]
    assert queries.value_at("per_order", {"store": "Nanshan"}, FEBRUARY, sight=sight) is None
    assert queries.value_at("per_order", {}, FEBRUARY, sight=sight) is not None


def test_where_one_closed_part_is_left_the_whole_would_tell_it(
    here: Cast, actor: Any, revenue: Metric
) -> None:
    """February loses Futian: then the whole less Binjiang is Nanshan. January stays as it is."""
    MetricValue.objects.filter(
        metric=revenue, period_start=FEBRUARY, slice__store="Futian", superseded_at=None
    ).update(superseded_at=timezone.now())
    sight = queries.sight_of(actor(here.employee))
    assert queries.value_at("revenue", {}, FEBRUARY, sight=sight) is None
    assert queries.value_at("revenue", {}, JANUARY, sight=sight) is not None
    assert queries.value_at("revenue", {"store": "Binjiang"}, FEBRUARY, sight=sight) is not None
    assert (
        queries.value_at("revenue", {}, FEBRUARY, sight=queries.sight_of(actor(here.finance_owner)))
        is not None
    )
    told = changes.explained(revenue, since=JANUARY, until=FEBRUARY, within={}, sight=sight)
    assert told.after is None
    assert not told.parts


def test_the_change_of_closed_parts_stands_in_one_line(here: Cast, actor: Any, revenue: Metric) -> None:
    sight = queries.sight_of(actor(here.employee))
    tables.add_rows(
        Dataset.objects.get(key="sales"), SALES, [(99, "2026-02-06", "Shenzhen", "Futian", 1, 1, "5.00")]
    )
    actions.refresh_values(at=AT + datetime.timedelta(days=1))
    told = changes.explained(revenue, since=JANUARY, until=FEBRUARY, within={}, cut="store", sight=sight)
    assert [(one.kind, one.label) for one in told.parts] == [("part", "Binjiang"), ("closed", "")]
    assert sum(one.brought for one in told.parts) == told.change


def test_rows_are_those_of_the_branch(here: Cast, client_for: Visit, revenue: Metric) -> None:
    page, api = reverse("kpis:rows", args=[revenue.pk]), reverse("api_metric_rows", args=[revenue.pk])
    asked = {"since": "2026-02-01", "until": "2026-02-28"}
    reader = client_for(here.employee)
    told = reader.get(page, asked).content.decode()
    assert OWN in told
    assert "Nanshan" not in told
    assert "You see the rows of your branch" in told
    body = reader.get(api, asked).json()
    assert (body["total"], body["aggregated"]) == (1, OWN)
    closed = reader.get(api, asked | {"store": "Nanshan"}).json()
    assert (closed["total"], closed["rows"]) == (0, [])
    assert client_for(here.finance_owner).get(api, asked).json()["total"] == 3
    values = reverse("kpis:values", args=[revenue.pk])
    assert reader.get(values).context["can_see_rows"]
    for person in (here.business_owner, here.colleague, here.auditor):
        assert not client_for(person).get(values).context["can_see_rows"], "no way that leads nowhere"
        assert client_for(person).get(page, asked).status_code == 403
        assert client_for(person).get(api, asked).status_code == 403


def test_the_file_of_the_board_holds_the_branch(here: Cast, client_for: Visit, revenue: Metric) -> None:
    address = reverse("kpis:export_board") + f"?metric={revenue.pk}&by=store&heat=value&vs=month"

    def cells(person: Any) -> set[str]:
        answer = client_for(person).get(address)
        book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
        return {str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row}

    assert {"Nanshan", SECRET} <= cells(here.finance_owner)
    mine = cells(here.employee)
    assert "Binjiang" in mine
    assert not {"Nanshan", "Futian", SECRET, OTHER} & mine


def test_a_letter_has_the_rights_of_whoever_reads_it(here: Cast, actor: Any, revenue: Metric) -> None:
    view = SavedView.objects.create(
        owner=here.finance_owner, name="All stores", is_shared=True, metric=revenue, cut="store", basis="target",
        heat="value", created_at=AT,
    )  # fmt: skip

    def letter(person: Any) -> str:
        kept = Subscription.objects.create(
            view=view, person=person, rhythm="weekly", day=1, next_on=FEBRUARY, started_at=AT
        )
        written = tasks.board_letter(kept, here.organisation)
        assert written is not None
        return written.text + written.html

    assert "Nanshan" in letter(here.finance_owner)
    mine = letter(here.employee)
    assert "Binjiang" in mine
    assert "Nanshan" not in mine
    assert SECRETS.search(mine) is None


def test_a_draft_counts_the_rows_of_its_author_alone(
    here: Cast, actor: Any, sold: Dataset, revenue: Metric
) -> None:
    """Else a filter would pick any store out of the whole before anybody has signed."""
    here.business_owner.unit = BusinessUnit.objects.get(code="Futian")
    here.business_owner.save(update_fields=["unit"])
    sight = queries.sight_of(actor(here.business_owner))
    whole = base(sold, "sum", "price", dimensions={"store": "store"})
    assert [f"{row.value:.2f}" for row in previews.preview(whole, sight=sight)] == [OTHER, OTHER]
    assert previews.parts_previewed(whole, sight=sight) == [{"store": "Futian"}]
    picked = base(sold, "sum", "price", filters=[{"column": "store", "op": "=", "value": "Nanshan"}])
    assert previews.preview(picked, sight=sight) == []
    doubled = semantics.Definition(
        kind="derived", unit="", effective_from=JANUARY, formula="revenue * 2", dimensions={"store": ""}
    )
    assert previews.preview(doubled, within={"store": "Nanshan"}, sight=sight) == []
    assert [row.value for row in previews.preview(doubled, within={"store": "Futian"}, sight=sight)]


def test_trying_out_needs_values_that_are_open(here: Cast, actor: Any, revenue: Metric) -> None:
    sight = queries.sight_of(actor(here.employee))
    span = {"since": FEBRUARY, "until": datetime.date(2026, 2, 28)}
    assert whatif.ground_of(revenue, **span, within={"store": "Nanshan"}, sight=sight).kept == {}
    assert whatif.ground_of(revenue, **span, within={"store": "Binjiang"}, sight=sight).kept
    assert whatif.ground_of(revenue, **span, within={}, sight=sight).kept


def test_plans_and_scenarios_show_and_make_the_parts_of_the_branch_alone(
    here: Cast, actor: Any, client_for: Visit, revenue: Metric
) -> None:
    row = {"month": "2026-03-01", "before": None, "after": "1"}
    TargetPlan.objects.create(
        metric=revenue, kind="target", what="cascade", way="even", slice={}, cut="store", first_month=FEBRUARY,
        last_month=FEBRUARY, applied_by=here.finance_owner, applied_at=AT,
        rows=[row | {"slice": {"store": store}} for store in ("Binjiang", "Nanshan")],
    )  # fmt: skip
    for store in ("Binjiang", "Nanshan"):
        Scenario.objects.create(
            metric=revenue, name=store, since=FEBRUARY, until=datetime.date(2026, 2, 28), slice={"store": store},
            slice_key=queries.slice_key({"store": store}), state="shared", created_by=here.finance_owner,
            created_at=AT, reckoned_at=AT, reason="x",
        )  # fmt: skip

    def shown(person: Any) -> tuple[list[str], list[str]]:
        plans = (
            client_for(person).get(reverse("api_metric_target_plans", args=[revenue.pk])).json()["results"]
        )
        told = scenarios.visible_scenarios(actor(person))
        return [each["slice"]["store"] for each in plans[0]["rows"]], sorted(one.name for one in told)

    assert shown(here.employee) == (["Binjiang"], ["Binjiang"])
    assert shown(here.finance_owner) == (["Binjiang", "Nanshan"], ["Binjiang", "Nanshan"])
    asked = planning.CascadeAsked(
        kind="target", first=datetime.date(2026, 3, 1), months=1, slice={}, cut="store", way="even"
    )
    with pytest.raises(planning.PlanRefused) as refused:
        planning.plan_of(revenue, asked, queries.sight_of(actor(here.business_owner)))
    assert refused.value.code == "closed"


def test_a_scenario_of_another_branch_is_not_reckoned_anew_by_its_author(
    here: Cast, actor: Any, revenue: Metric
) -> None:
    """Whoever changes branch keeps what they tried, as it was then."""
    span = {"since": FEBRUARY, "until": datetime.date(2026, 2, 28)}
    moves = whatif.Moves({"revenue": ("percent", Decimal(10))})
    made = {}
    for store in ("Binjiang", "Nanshan"):
        told = whatif.what_if(whatif.ground_of(revenue, **span, within={"store": store}), moves)
        made[store] = actions.save_scenario(told=told, name=store, reason="x", by=actor(here.employee), at=AT)
    Scenario.objects.update(base={"revenue": "1"}, state="shared")
    before = Scenario.objects.values().get(pk=made["Nanshan"].pk)
    with pytest.raises(actions.MetricRefused) as refused:
        actions.reckon_scenario(scenario=made["Nanshan"], by=actor(here.employee), at=AT)
    assert refused.value.code == "closed"
    Scenario.objects.filter(pk=made["Nanshan"].pk).update(
        state="proposed", target_from=FEBRUARY, proposed_at=AT
    )
    with pytest.raises(actions.MetricRefused) as refused:
        actions.renew_scenario(scenario=made["Nanshan"], by=actor(here.employee), at=AT)
    assert refused.value.code == "closed"
    Scenario.objects.filter(pk=made["Nanshan"].pk).update(state="shared", target_from=None, proposed_at=None)
    assert Scenario.objects.values().get(pk=made["Nanshan"].pk) == before
    kept = actions.reckon_scenario(scenario=made["Binjiang"], by=actor(here.employee), at=AT)
    assert Decimal(kept.base["revenue"]) == Decimal(OWN)
    seen = actions.reckon_scenario(scenario=made["Nanshan"], by=actor(here.finance_owner), at=AT)
    assert Decimal(seen.base["revenue"]) == Decimal(SECRET)


def test_whoever_answers_for_an_alert_sees_it(here: Cast, actor: Any, revenue: Metric) -> None:
    nanshan = {"slice": {"store": "Nanshan"}, "slice_key": '{"store": "Nanshan"}'}
    rule = AlertRule.objects.create(
        metric=revenue,
        kind="threshold",
        operator="above",
        value=1,
        set_by=here.finance_owner,
        set_at=AT,
        **nanshan,
    )
    alert = Alert.objects.create(
        rule=rule, metric=revenue, kind="threshold", month=FEBRUARY, value=SECRET, value_now=SECRET, high=1,
        owner=here.business_owner, due_on=FEBRUARY, opened_at=AT, **nanshan,
    )  # fmt: skip
    assert queries.visible_alerts(actor(here.business_owner)).get() == alert
    assert not queries.visible_alerts(actor(here.employee)).exists()
    assert not queries.visible_alerts(actor(here.auditor)).exists()


def test_changing_the_rule_counts_at_once(
    here: Cast, actor: Any, client_for: Visit, sold: Dataset, revenue: Metric
) -> None:
    reader, address = client_for(here.auditor), reverse("kpis:values", args=[revenue.pk]) + "?by=store"
    assert "Nanshan" not in reader.get(address).content.decode()
    narrow(here, actor, sold, roles=["auditor"])
    assert "Nanshan" in reader.get(address).content.decode()


def test_the_number_of_queries_depends_on_neither_parts_nor_units(
    here: Cast, actor: Any, revenue: Metric
) -> None:
    def counted() -> int:
        reader = actor(here.manager)
        with CaptureQueriesContext(connection) as told:
            boards.board(
                today=datetime.date(2026, 3, 2), at=AT, metric_id=revenue.pk, cut="store",
                sight=queries.sight_of(reader),
            )  # fmt: skip
        return len(told)

    before = counted()
    city = BusinessUnit.objects.get(code="HZ")
    BusinessUnit.objects.bulk_create(
        BusinessUnit(code=f"N{n}", name_en=f"N{n}", slice={"store": f"N{n}"}, parent=city) for n in range(30)
    )
    rows = [(100 + n, "2026-02-07", "Hangzhou", f"N{n}", 1, 1, "1.00") for n in range(30)]
    tables.add_rows(Dataset.objects.get(key="sales"), SALES, rows)
    actions.refresh_values(at=AT + datetime.timedelta(days=1))
    assert counted() == before

"""Alert rules are judged: each kind raises and lets go, once, whoever asks and how often."""

import datetime
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from performance.foundation import stale, tenancy
from performance.inbox import queries as inbox
from performance.kpis import actions, tasks
from performance.kpis.models import Alert, AlertRule, AlertStep, Metric
from performance.kpis.queries import months
from performance.people.models import Person
from performance.sources.models import Dataset
from tests.conftest import Cast
from tests.kpis import tables
from tests.kpis.conftest import SALES
from tests.kpis.tables import AT, base, certify
from tests.races import second_waits_for_first

APRIL, MAY = datetime.date(2026, 4, 1), datetime.date(2026, 5, 1)
WHOLE: dict[str, str] = {}
BINJIANG = {"store": "Binjiang"}


def monthly(count: int, amount: Callable[[int], int], store: str = "Binjiang", first: int = 1) -> list[Any]:
    """One sale on the fifth of each of the `count` months up to April 2026."""
    return [
        (first + number, month.replace(day=5), "Hangzhou", store, 1, 1, amount(number))
        for number, month in enumerate(months.run(APRIL, count))
    ]


@pytest.fixture
def steady(here: Cast, actor: Any) -> Dataset:
    """A year of sales around a hundred at each of two stores."""
    rows = monthly(14, lambda number: 100 + number % 3) + monthly(
        14, lambda number: 100 + number % 4, "Nanshan", 100
    )
    dataset = tables.make_dataset("sales", SALES, rows)
    certify(here, actor, "revenue", base(dataset, "sum", "price"), name_zh="营业收入")
    actions.refresh_values(at=AT)
    return dataset


@pytest.fixture
def revenue(steady: Dataset) -> Metric:
    return Metric.objects.get(key="revenue")


@pytest.fixture
def set_rule(here: Cast, actor: Any, revenue: Metric) -> Callable[..., AlertRule]:
    def given(kind: str, **more: Any) -> AlertRule:
        wording = actions.RuleWording(kind=kind, **more)
        metric = Metric.objects.get(key=more.pop("metric", "revenue"))
        return actions.set_alert_rule(metric=metric, wording=wording, by=actor(here.business_owner), at=AT)

    return given


def watch(cast: Cast, at: datetime.datetime = AT) -> actions.Watched:
    return actions.watch_values(organisation=cast.organisation, at=at)


def sell(dataset: Dataset, number: int, day: str, amount: str, store: str = "Binjiang") -> None:
    tables.add_rows(dataset, SALES, [(number, day, "Hangzhou", store, 1, 1, amount)])
    actions.refresh_values(at=AT)


def target(cast: Cast, actor: Any, kind: str, month: datetime.date, value: int) -> None:
    metric = Metric.objects.get(key="revenue")
    actions.set_targets(
        metric=metric, kind=kind, rows=[(month, WHOLE, Decimal(value))], by=actor(cast.business_owner), at=AT
    )


def waiting_for(person: Person) -> list[str]:
    return [item.title_en for item in inbox.open_items(person.pk).filter(kind="metrics.alert")]


def test_a_limit_raises_an_alert_that_recovers_when_the_value_comes_back(
    here: Cast, set_rule: Any, steady: Dataset
) -> None:
    set_rule("threshold", operator="above", value=Decimal(250), answer_days=3)
    assert watch(here) == actions.Watched()
    sell(steady, 900, "2026-04-06", "80")
    assert watch(here).opened == 1
    alert = Alert.objects.get()
    assert (alert.value, alert.high, alert.low, alert.month) == (282, 250, None, APRIL)
    assert (alert.owner, alert.due_on) == (here.business_owner, datetime.date(2026, 5, 17))
    assert waiting_for(here.business_owner) == ["Revenue: ¥282, above the limit of ¥250"]
    sell(steady, 901, "2026-04-07", "-20")
    assert watch(here).moved == 1
    alert.refresh_from_db()
    assert (alert.value, alert.value_now, alert.state) == (282, 262, "open")
    sell(steady, 902, "2026-04-07", "-20")
    assert watch(here).recovered == 1
    alert.refresh_from_db()
    assert (alert.value, alert.value_now, alert.state, alert.closed_by) == (282, 242, "recovered", None)
    assert waiting_for(here.business_owner) == []
    assert [step.kind for step in AlertStep.objects.order_by("pk")] == ["opened", "recovered"]


def test_what_still_grows_is_not_yet_too_little(here: Cast, set_rule: Any, steady: Dataset) -> None:
    """May has sold 30 by the fourteenth: below 150, as any running month is. Once it is over, that is an alert."""
    set_rule("threshold", operator="below", value=Decimal(150))
    sell(steady, 900, "2026-05-02", "30")
    assert watch(here).opened == 0
    june = AT + datetime.timedelta(days=21)
    assert watch(here, june).opened == 1
    assert Alert.objects.get().month == MAY


def test_behind_its_path_is_told_in_the_running_month(
    here: Cast, actor: Any, set_rule: Any, steady: Dataset
) -> None:
    """Of 310 in May, 100 should be there by the eleventh, up to which data are in; 5 % less is still fine."""
    target(here, actor, "target", MAY, 310)
    set_rule("path", value=Decimal(5))
    sell(steady, 900, "2026-05-02", "96")
    assert watch(here).opened == 0
    sell(steady, 901, "2026-05-02", "-2")
    assert watch(here).opened == 1
    alert = Alert.objects.get()
    assert (alert.expected, alert.low, alert.value, alert.month) == (100, 95, 94, MAY)
    sell(steady, 902, "2026-05-03", "10")
    assert watch(here).recovered == 1


def test_worse_than_the_budget_depends_on_what_is_better(
    here: Cast, actor: Any, set_rule: Any, steady: Dataset
) -> None:
    definition = base(steady, "sum", "price", direction="down")
    certify(here, actor, "cost", definition)
    actions.refresh_values(at=AT)
    cost = Metric.objects.get(key="cost")
    for metric, budget in ((cost, 190), (Metric.objects.get(key="revenue"), 220)):
        actions.set_targets(
            metric=metric,
            kind="budget",
            rows=[(APRIL, WHOLE, Decimal(budget))],
            by=actor(here.business_owner),
            at=AT,
        )
    for metric in (cost, Metric.objects.get(key="revenue")):
        actions.set_alert_rule(
            metric=metric,
            wording=actions.RuleWording(kind="budget", value=Decimal(5)),
            by=actor(here.business_owner),
            at=AT,
        )
    assert watch(here).opened == 2
    found = {alert.metric.key: alert for alert in Alert.objects.all()}
    assert (found["cost"].value, found["cost"].high) == (203 - 1, Decimal("199.5"))
    assert (found["revenue"].value, found["revenue"].low) == (202, 209)
    target(here, actor, "budget", APRIL, 203)
    assert watch(here).recovered == 1


def test_late_data_raise_one_alert_however_long_they_are_late(
    here: Cast, set_rule: Any, steady: Dataset
) -> None:
    Dataset.objects.update(refresh_hours=24)
    set_rule("staleness")
    assert watch(here).opened == 0
    late = AT + datetime.timedelta(hours=26)
    assert watch(here, late).opened == 1
    alert = Alert.objects.get()
    assert (alert.value, alert.high) == (26, 24)
    assert waiting_for(here.business_owner) == ["Revenue: Data 26 h old, promised every 24 h"]
    next_month = AT + datetime.timedelta(days=20)
    assert watch(here, next_month) == actions.Watched(moved=1)
    Dataset.objects.update(loaded_at=next_month)
    assert watch(here, next_month).recovered == 1


def test_an_anomaly_is_told_of_each_store_and_no_other(here: Cast, set_rule: Any, steady: Dataset) -> None:
    set_rule("anomaly", cut="store")
    assert watch(here).opened == 0
    sell(steady, 900, "2026-04-06", "60", "Nanshan")
    assert watch(here).opened == 1
    alert = Alert.objects.get()
    assert (alert.slice, alert.value) == ({"store": "Nanshan"}, 161)
    assert alert.low is not None
    assert alert.high is not None
    assert alert.low < 101 < alert.high < alert.value
    sell(steady, 901, "2026-04-07", "-60", "Nanshan")
    assert watch(here).recovered == 1


def test_an_anomaly_is_judged_once_its_month_has_settled(here: Cast, set_rule: Any, steady: Dataset) -> None:
    set_rule("anomaly")
    Dataset.objects.update(settling_days=20)
    sell(steady, 900, "2026-04-06", "500")
    assert watch(here).opened == 0
    assert watch(here, AT + datetime.timedelta(days=7)).opened == 1


def test_what_somebody_resolved_is_not_raised_again_for_that_month(
    here: Cast, actor: Any, set_rule: Any, steady: Dataset
) -> None:
    set_rule("threshold", operator="above", value=Decimal(200))
    watch(here)
    alert = Alert.objects.get()
    actions.resolve_alert(alert=alert, resolution="A fair.", by=actor(here.business_owner), at=AT)
    assert watch(here) == actions.Watched()
    sell(steady, 900, "2026-05-06", "500")
    assert watch(here).opened == 1
    assert Alert.objects.get(state="open").month == MAY


def test_watching_twice_doubles_nothing(here: Cast, set_rule: Any, steady: Dataset) -> None:
    set_rule("threshold", operator="above", value=Decimal(1), cut="store")
    first = watch(here)
    assert first.opened == 2
    assert watch(here) == actions.Watched()
    assert Alert.objects.count() == AlertStep.objects.count() == 2
    assert len(waiting_for(here.business_owner)) == 2


def test_alerts_of_somebody_who_left_go_to_the_metrics_owner(
    here: Cast, set_rule: Any, steady: Dataset
) -> None:
    set_rule("threshold", operator="above", value=Decimal(1), owner=here.employee)
    watch(here)
    assert Alert.objects.get().owner == here.employee
    Person.objects.filter(pk=here.employee.pk).update(left_on=datetime.date(2026, 5, 13))
    assert watch(here).handed_over == 1
    assert Alert.objects.get().owner == here.business_owner
    assert len(waiting_for(here.business_owner)) == 1
    assert watch(here) == actions.Watched()


def test_a_rule_set_anew_is_the_same_rule_and_judges_its_alert(
    here: Cast, set_rule: Any, steady: Dataset
) -> None:
    first = set_rule("threshold", operator="above", value=Decimal(100))
    watch(here)
    again = set_rule("threshold", operator="above", value=Decimal(300))
    assert again.pk == first.pk
    assert AlertRule.objects.count() == 1
    assert watch(here).recovered == 1


def test_the_number_of_queries_does_not_grow_with_stores_rules_or_months(
    here: Cast, actor: Any, set_rule: Any, steady: Dataset
) -> None:
    set_rule("threshold", operator="above", value=Decimal(1), cut="store")
    set_rule("anomaly", cut="store")
    set_rule("path", value=Decimal(0))
    set_rule("staleness")
    few = counted(here)
    assert few[1] == 2
    rows = [
        row for number in range(12) for row in monthly(14, lambda n: 100 + n % 3, f"S{number}", 1000 * number)
    ]
    tables.add_rows(steady, SALES, rows)
    actions.refresh_values(at=AT)
    set_rule("threshold", operator="below", value=Decimal(1), cut="city")
    many = counted(here)
    assert many[1] == 12
    assert many[0] == few[0]


def counted(cast: Cast) -> tuple[int, int]:
    with CaptureQueriesContext(connection) as queries_made:
        opened = watch(cast).opened
    return len(queries_made), opened


def test_the_worker_watches_after_values_changed_and_leaves_nothing_claimed(
    here: Cast, set_rule: Any, steady: Dataset
) -> None:
    stale.settle(stale.claim("metric_watch", limit=100, at=AT))
    assert tasks.watch_values.apply().result == 0
    set_rule("threshold", operator="above", value=Decimal(1))
    assert stale.waiting("metric_watch") == 1
    killed = stale.claim("metric_watch", limit=100, at=AT - datetime.timedelta(days=1))
    assert killed
    # The claim of a killed worker is found again; at the real clock April is long settled.
    tasks.watch_values.apply()
    assert stale.waiting("metric_watch") == 0


@pytest.mark.django_db(transaction=True)
def test_two_watchers_at_once_raise_one_alert(cast: Cast, actor: Any) -> None:
    with tenancy.acting_for(cast.organisation):
        dataset = tables.make_dataset("sales", SALES, monthly(3, lambda number: 100))
        certify(cast, actor, "revenue", base(dataset, "sum", "price"))
        actions.refresh_values(at=AT)
        actions.set_alert_rule(
            metric=Metric.objects.get(),
            wording=actions.RuleWording(kind="threshold", operator="above", value=Decimal(1)),
            by=actor(cast.business_owner),
            at=AT,
        )
    outcomes = second_waits_for_first(cast.organisation, lambda: watch(cast), lambda: watch(cast))
    assert [outcome.opened for outcome in outcomes] == [1, 0]
    with tenancy.acting_for(cast.organisation):
        assert Alert.objects.count() == 1
        assert len(waiting_for(cast.business_owner)) == 1


@pytest.mark.parametrize(("direction", "side"), [("up", "below"), ("down", "above"), ("band", "above")])
def test_a_limit_is_proposed_on_the_bad_side_of_the_metric(
    revenue: Metric, here: Cast, client_for: Callable[..., Any], direction: str, side: str
) -> None:
    Metric.objects.filter(pk=revenue.pk).update(direction=direction)
    page = client_for(here.business_owner).get(reverse("kpis:alert_rules", args=[revenue.pk]))
    field = page.content.decode().split('name="operator"')[1].split("</select>")[0]
    assert re.findall(r'<option value="(\w*)"( selected)?', field) == [
        (value, " selected" if value == side else "") for value in ("above", "below")
    ]

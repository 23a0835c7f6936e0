"""What a change of a definition moves: shown before it is signed, kept with the signature."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core import checks
from django.db import DatabaseError, connection, transaction
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from performance.foundation import tenancy
from performance.kpis import actions, queries
from performance.kpis.models import Metric, MetricVersion, Signature
from performance.kpis.queries import flows, previews, uses
from tests import ready
from tests.conftest import Cast
from tests.kpis import tables
from tests.kpis.conftest import COSTS
from tests.kpis.tables import AT, FEBRUARY, JANUARY, MARCH, base, certify, formula

Visit = Callable[..., Client]
LATER = AT + datetime.timedelta(hours=1)


@pytest.fixture
@ready.made
def revised(here: Cast, actor: Any, sales: Any, costs: Any) -> MetricVersion:
    """Profit, computed further by a margin, is to become revenue less twice the cost; both are asked to sign."""
    certify(here, actor, "revenue", base(sales, "sum", "quantity * price"))
    certify(here, actor, "cost", base(costs, "sum", "amount"))
    first = certify(here, actor, "profit", formula("revenue - cost"))
    certify(here, actor, "margin", formula("profit / revenue * 100"))
    actions.refresh_values(at=AT)
    business = actor(here.business_owner)
    actions.set_targets(
        metric=first.metric,
        kind="target",
        rows=[(JANUARY, {}, Decimal(9)), (MARCH, {}, Decimal(10))],
        by=business,
        at=AT,
    )
    version = actions.revise_metric(
        metric=first.metric,
        definition=formula(
            "revenue - 2 * cost", effective_from=FEBRUARY, change_note="Freight is paid twice."
        ),
        by=business,
        at=AT,
    )
    actions.submit_for_review(version=version, by=business, at=AT)
    return MetricVersion.objects.select_related("metric").get(pk=version.pk)


def test_every_month_says_exactly_by_how_much_it_would_move(
    revised: MetricVersion, here: Cast, actor: Any
) -> None:
    impact = queries.impact_of(revised, actor(here.business_owner))
    assert impact.against is not None
    assert impact.against.number == 1
    assert [(str(what), before, after) for what, before, after in impact.changes] == [
        ("Formula", "revenue - cost", "revenue - 2 * cost")
    ]
    assert [(row.month, row.before, row.after, row.change) for row in impact.months] == [
        (JANUARY, Decimal("23.05"), Decimal("11.05"), Decimal(-12)),
        (FEBRUARY, Decimal("6.06"), Decimal("2.02"), Decimal("-4.04")),
    ]
    assert impact.moved == impact.months


def test_what_is_computed_from_it_and_what_is_set_for_it_is_counted(
    revised: MetricVersion, here: Cast, actor: Any
) -> None:
    by = actor(here.business_owner)
    wording = actions.RuleWording(kind="threshold", operator="below", value=Decimal(5))
    actions.set_alert_rule(metric=revised.metric, wording=wording, by=by, at=AT)
    found = {each.kind: each for each in queries.impact_of(revised, by).uses}
    assert {kind: each.number for kind, each in found.items()} == {
        "formulas": 1,
        "targets": 1,
        "alert_rules": 1,
    }
    assert [one.title for one in found["formulas"].shown] == ["Margin"]
    assert found["targets"].words == "1 target or budget is set for it"


def test_what_reads_a_number_in_force_stands_in_its_lineage_too(
    revised: MetricVersion, here: Cast, actor: Any, client_for: Visit
) -> None:
    wording = actions.RuleWording(kind="threshold", operator="below", value=Decimal(5))
    actions.set_alert_rule(metric=revised.metric, wording=wording, by=actor(here.business_owner), at=AT)
    page = client_for(here.employee).get(reverse("kpis:metric", args=[revised.metric_id]))
    ends = [(node.title, node.address) for node in page.context["flow"].nodes if node.column == 5]
    assert page.context["version"].number == 1
    margin = Metric.objects.get(key="margin")
    assert ends == [
        ("Margin", reverse("kpis:metric", args=[margin.pk])),
        ("1 alert rule", "#uses"),
    ]
    assert "1 alert rule watches it" in page.content.decode()


def test_metrics_in_the_lineage_are_counted_where_there_is_no_room_for_each(
    revised: MetricVersion, here: Cast
) -> None:
    users = [metric for metric in Metric.objects.order_by("key") if metric.pk != revised.metric_id]
    read_by = [uses.Uses("formulas", 3), uses.Uses("targets", 2), uses.Uses("views", 1)]
    line = queries.lineage(revised, AT.date())
    few = flows.flow(revised, line, users[:2], read_by)
    many = flows.flow(revised, line, users, read_by)
    assert [node.title for node in few.nodes if node.column == 5] == [
        *[metric.name for metric in users[:2]],
        "2 targets",
        "1 saved view",
    ]
    assert [node.title for node in many.nodes if node.column == 5] == [
        "3 metrics",
        "2 targets",
        "1 saved view",
    ]
    assert many.hidden == 0


def test_views_of_others_are_counted_and_only_ones_own_are_named(
    revised: MetricVersion, here: Cast, actor: Any
) -> None:
    by = actor(here.business_owner)
    for name, whose in (("Mine", by), ("Secret", actor(here.employee))):
        wording = actions.ViewWording(metric=revised.metric)
        actions.save_view(name=name, is_shared=False, wording=wording, by=whose, at=AT)
    (views,) = [each for each in queries.impact_of(revised, by).uses if each.kind == "views"]
    assert (views.number, [one.title for one in views.shown]) == (2, ["Mine"])


def test_whoever_signs_is_shown_it_and_the_signature_keeps_it(
    revised: MetricVersion, here: Cast, client_for: Visit
) -> None:
    browser = client_for(here.finance_owner)
    address = f"{reverse('kpis:metric', args=[revised.metric_id])}?version=2"
    page = browser.get(address)
    text = page.content.decode()
    assert "−52.1%" in text
    assert "−66.7%" in text
    assert "1 metric is computed from it" in text
    mark = page.context["impact"].mark
    assert f'name="seen" value="{mark}"' in text
    sign = reverse("kpis:sign", args=[revised.pk])
    assert browser.post(sign, {"seen": mark}).status_code == 302
    kept = Signature.objects.get(version=revised)
    assert kept.seen == {
        "against": 1,
        "too_slow": False,
        "months": [
            {"month": "2026-01", "before": "23.05", "after": "11.05"},
            {"month": "2026-02", "before": "6.06", "after": "2.02"},
        ],
        "uses": {"formulas": 1, "targets": 1},
    }
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        Signature.objects.filter(pk=kept.pk).update(seen={})
    assert "What was shown when it was signed" in client_for(here.auditor).get(address).content.decode()


def test_a_signature_is_refused_when_the_numbers_moved_after_they_were_shown(
    revised: MetricVersion, here: Cast, client_for: Visit, costs: Any
) -> None:
    browser = client_for(here.finance_owner)
    address = f"{reverse('kpis:metric', args=[revised.metric_id])}?version=2"
    mark = browser.get(address).context["impact"].mark
    tables.add_rows(costs, COSTS, [(3, "2026-02-28", "Shenzhen", "Nanshan", "1.00")])
    actions.refresh_values(at=LATER)
    sign = reverse("kpis:sign", args=[revised.pk])
    answer = browser.post(sign, {"seen": mark}, headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert "no longer what you saw" in answer.content.decode()
    assert not Signature.objects.filter(version=revised).exists()
    fresh = answer.context["impact"].mark
    assert fresh != mark
    assert browser.post(sign, {"seen": fresh}, headers={"HX-Request": "true"}).status_code == 204


def test_a_signature_that_was_shown_nothing_keeps_nothing(
    revised: MetricVersion, here: Cast, actor: Any
) -> None:
    actions.sign_version(version=revised, side="finance", by=actor(here.finance_owner), at=AT)
    assert Signature.objects.get(version=revised).seen == {}


def test_the_mark_is_that_of_the_numbers_and_not_of_the_reader(
    revised: MetricVersion, here: Cast, actor: Any
) -> None:
    marks = {queries.impact_of(revised, actor(person)).mark for person in (here.business_owner, here.auditor)}
    assert len(marks) == 1


def test_a_version_in_another_unit_has_values_but_no_difference(here: Cast, actor: Any, sales: Any) -> None:
    first = certify(here, actor, "size", base(sales, "sum", "quantity * price"))
    actions.refresh_values(at=AT)
    by = actor(here.business_owner)
    definition = base(sales, "count", unit="count:order")
    version = actions.revise_metric(metric=first.metric, definition=definition, by=by, at=AT)
    impact = queries.impact_of(version, by)
    assert [(row.before, row.after, row.change, row.percent) for row in impact.months] == [
        (Decimal("35.05"), 3, None, None),
        (Decimal("10.10"), 1, None, None),
    ]


def test_the_same_wording_moves_no_month(here: Cast, actor: Any, sales: Any) -> None:
    first = certify(here, actor, "each", base(sales, "avg", "price", unit="number"))
    actions.refresh_values(at=AT)
    by = actor(here.business_owner)
    definition = base(sales, "avg", "price", unit="number", effective_from=MARCH)
    version = actions.revise_metric(metric=first.metric, definition=definition, by=by, at=AT)
    impact = queries.impact_of(version, by)
    assert [row.change for row in impact.months] == [0, 0]
    assert impact.moved == []


def test_what_takes_too_long_is_said_and_can_be_signed(
    revised: MetricVersion, here: Cast, client_for: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_slow(*args: Any, **kwargs: Any) -> None:
        raise previews.PreviewTooSlow

    monkeypatch.setattr(previews, "preview", too_slow)
    browser = client_for(here.finance_owner)
    page = browser.get(reverse("kpis:metric", args=[revised.metric_id]), {"version": "2"})
    assert "takes too long for a page to compute" in page.content.decode()
    mark = page.context["impact"].mark
    assert browser.post(reverse("kpis:sign", args=[revised.pk]), {"seen": mark}).status_code == 302
    assert Signature.objects.get(version=revised).seen["too_slow"] is True


def test_the_api_tells_the_impact_and_takes_its_mark(
    revised: MetricVersion, here: Cast, client_for: Visit
) -> None:
    address = f"/api/v1/metric-versions/{revised.pk}/impact/"
    for person in here.members():
        sees = person in (here.business_owner, here.finance_owner, here.administrator, here.auditor)
        assert client_for(person).get(address).status_code == (200 if sees else 404), person
    assert client_for(here.stranger).get(address).status_code == 404
    browser = client_for(here.finance_owner)
    told = browser.get(address).json()
    assert (told["against"], told["too_slow"]) == (1, False)
    assert told["changes"] == [{"what": "Formula", "before": "revenue - cost", "after": "revenue - 2 * cost"}]
    assert [row["percent"] for row in told["months"]] == ["-52.060738", "-66.666667"]
    assert {each["kind"]: each["number"] for each in told["uses"]} == {"formulas": 1, "targets": 1}
    sign = f"/api/v1/metric-versions/{revised.pk}/sign/"
    given = {"side": "finance", "seen": "0" * 32}
    assert browser.post(sign, given, content_type="application/json").status_code == 409
    given = {"side": "finance", "seen": told["mark"]}
    answer = browser.post(sign, given, content_type="application/json")
    assert answer.status_code == 200
    assert answer.json()["signatures"][0]["seen"]["months"][0]["after"] == "11.05"


def test_an_impact_asks_no_more_of_more_metrics(revised: MetricVersion, here: Cast, actor: Any) -> None:
    def counted() -> int:
        by = actor(here.business_owner)
        with CaptureQueriesContext(connection) as asked:
            assert queries.impact_of(revised, by).uses
        return len(asked)

    before = counted()
    for number in range(4):
        certify(here, actor, f"copy_{number}", formula("profit * 2"))
    assert counted() == before


@override_settings(METRIC_USES=["performance.kpis.queries.nobody"])
def test_a_collector_that_is_not_there_is_found_at_start_up() -> None:
    assert [one.id for one in uses.check_uses()] == ["kpis.E001"]


def test_every_collector_of_this_installation_is_there() -> None:
    assert not [one for one in checks.run_checks() if one.id == "kpis.E001"]


def test_nobody_elsewhere_is_counted(revised: MetricVersion, here: Cast, actor: Any) -> None:
    with tenancy.acting_for(here.stranger.organisation):
        assert not Metric.objects.exists()
        assert queries.metric_uses(actor(here.stranger), ["profit"], JANUARY) == [
            queries.Uses("targets", 0),
            queries.Uses("alert_rules", 0),
            queries.Uses("views", 0),
        ]

"""Scenarios: private until shared, decided on by two people who are not the author, and turned into targets once."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from performance.foundation import access, duties
from performance.foundation.models import AuditRow
from performance.inbox.models import WorkItem
from performance.kpis import actions
from performance.kpis.models import Metric, Scenario, Target
from performance.kpis.queries import months, scenarios, whatif
from tests import ready
from tests.conftest import Cast, make_person
from tests.kpis import tables
from tests.kpis.conftest import SALES
from tests.kpis.tables import AT, JANUARY, base, certify, formula

Visit = Callable[..., Client]
JUNE = datetime.date(2026, 6, 1)


@pytest.fixture
@ready.made
def profit(here: Cast, actor: Any, sales: Any, costs: Any) -> Metric:
    certify(here, actor, "revenue", base(sales, "sum", "price * quantity"))
    certify(here, actor, "cost", base(costs, "sum", "amount"))
    certify(here, actor, "profit", formula("revenue - cost", "money:CNY"))
    actions.refresh_values(at=AT)
    return Metric.objects.get(key="profit")


@pytest.fixture
def save(profit: Metric, here: Cast, actor: Any) -> Callable[..., Scenario]:
    def given(by: Any = None, percent: str = "10", name: str = "Dearer", **span: datetime.date) -> Scenario:
        ground = whatif.ground_of(
            profit, **{"since": JANUARY, "until": months.last_of(JANUARY)} | span, within={}
        )
        told = whatif.what_if(ground, whatif.Moves({"revenue": ("percent", Decimal(percent))}))
        who = actor(by or here.employee)
        return actions.save_scenario(told=told, name=name, reason="Prices rise in June.", by=who, at=AT)

    return given


@pytest.fixture
def propose(save: Any, here: Cast, actor: Any) -> Callable[..., Scenario]:
    def given(by: Any = None) -> Scenario:
        scenario = save(by)
        return actions.propose_scenario(
            scenario=scenario, target_from=JUNE, by=actor(by or here.employee), at=AT
        )

    return given


def waiting(scenario: Scenario) -> set[str]:
    found = WorkItem.objects.filter(kind=actions.SCENARIO_WORK, subject_id=scenario.pk, done_at=None)
    return {item.person.name_en for item in found.select_related("person")}


def approve(scenario: Scenario, side: str, by: access.Actor) -> bool:
    return actions.approve_scenario(scenario=scenario, side=side, by=by, at=AT)


def test_a_saved_scenario_keeps_its_moves_and_results(save: Any) -> None:
    scenario = save()
    assert scenario.moves == {"revenue": ["percent", "10"]}
    assert [row["key"] for row in scenario.results] == ["profit", "revenue"]
    assert Decimal(scenario.results[0]["after"]) == Decimal("26.56")
    assert not scenarios.staleness_of(scenario, scenarios.told_today(scenario))


def test_nothing_is_saved_without_a_move_or_a_reason(profit: Metric, here: Cast, actor: Any) -> None:
    ground = whatif.ground_of(profit, since=JANUARY, until=months.last_of(JANUARY), within={})
    told = whatif.what_if(ground, whatif.Moves())
    with pytest.raises(actions.MetricRefused, match="Nothing is moved"):
        actions.save_scenario(told=told, name="A", reason="B", by=actor(here.employee), at=AT)
    moved = whatif.what_if(ground, whatif.Moves({"revenue": (whatif.PERCENT, Decimal(10))}))
    with pytest.raises(actions.MetricRefused, match="assumes and why"):
        actions.save_scenario(told=moved, name="A", reason=" ", by=actor(here.employee), at=AT)
    assert not Scenario.objects.exists()


def test_it_is_its_authors_until_it_is_shared(save: Any, here: Cast, actor: Any) -> None:
    scenario = save()
    seen_by = {
        name: scenarios.visible_scenarios(actor(getattr(here, name)))
        for name in ("employee", "manager", "auditor")
    }
    assert {name for name, found in seen_by.items() if found.exists()} == {"employee", "auditor"}
    actions.share_scenario(scenario=scenario, by=actor(here.employee), at=AT)
    assert scenarios.visible_scenarios(actor(here.manager)).exists()
    assert not AuditRow.objects.filter(action="kpis.save_scenario").exclude(subject_label="").exists()


def test_both_owners_decide_and_the_second_sets_the_targets(propose: Any, here: Cast, actor: Any) -> None:
    scenario = propose()
    assert waiting(scenario) == {"Bea Business", "Fin Finance"}
    assert not approve(scenario, "business", actor(here.business_owner))
    assert waiting(scenario) == {"Fin Finance"}
    assert not Target.objects.exists()
    assert approve(scenario, "finance", actor(here.finance_owner))
    assert not waiting(scenario)
    kept = {(t.metric.key, t.period_start): t.value for t in Target.objects.select_related("metric")}
    assert kept == {("profit", JUNE): Decimal("26.56"), ("revenue", JUNE): Decimal("38.56")}
    rows = AuditRow.objects.filter(action="kpis.set_targets")
    assert {row.why for row in rows} == {"Dearer"}
    assert rows.count() == 2
    scenario.refresh_from_db()
    assert scenario.state == "approved"


def test_who_decides_sees_the_targets_that_would_be_set_beside_those_that_stand(
    propose: Any, profit: Metric, here: Cast, actor: Any, client_for: Visit
) -> None:
    scenario = propose()
    by = actor(here.business_owner)
    actions.set_targets(metric=profit, kind="target", rows=[(JUNE, {}, Decimal(25))], by=by, at=AT)
    page, told = reverse("kpis:scenario", args=[scenario.pk]), f"/api/v1/metric-scenarios/{scenario.pk}/"
    for person in (here.business_owner, here.finance_owner, here.employee):
        card = (
            client_for(person).get(page).content.decode().split('id="card-targets"')[1].split("</section>")[0]
        )
        for shown in ("¥25.00", "¥26.56", "¥38.56"):
            assert shown in card, (person, shown)
        rows = client_for(person).get(told).json()["targets"]
        assert [(row["metric"], row["month"]) for row in rows] == [
            ("profit", "2026-06-01"),
            ("revenue", "2026-06-01"),
        ]
        assert [row["before"] and Decimal(row["before"]) for row in rows] == [25, None]
        assert [Decimal(row["after"]) for row in rows] == [Decimal("26.56"), Decimal("38.56")]
    assert "¥25.00" not in client_for(here.colleague).get(page).content.decode()
    assert client_for(here.colleague).get(told).json()["targets"] == []
    business = client_for(here.business_owner)
    approve_at = reverse("kpis:approve_scenario", args=[scenario.pk])
    assert (
        "It waits for the other side."
        in business.post(approve_at, {"side": "business"}, follow=True).content.decode()
    )
    both = client_for(here.finance_owner).post(approve_at, {"side": "finance"}, follow=True).content.decode()
    assert "its targets are set" in both
    assert Target.objects.get(metric=profit).value == Decimal("26.56")
    assert business.get(told).json()["targets"] == []


def test_an_owner_who_proposes_is_stood_in_for_by_another_of_the_role(
    propose: Any, here: Cast, actor: Any
) -> None:
    with pytest.raises(actions.MetricRefused, match="Nobody can approve"):
        propose(here.business_owner)
    other = make_person("P077", "Otto Other", "business_owner")
    scenario = propose(here.business_owner)
    assert waiting(scenario) == {"Otto Other", "Fin Finance"}
    with pytest.raises(actions.MetricRefused, match="own side"):
        approve(scenario, "business", actor(here.business_owner))
    assert not approve(scenario, "business", actor(other))
    assert approve(scenario, "finance", actor(here.finance_owner))


def test_one_person_never_approves_for_both_sides(propose: Any, here: Cast, actor: Any) -> None:
    both = make_person("P078", "Bo Both", "business_owner", "finance_owner")
    third = make_person("P079", "Theo Third", "finance_owner")
    scenario = propose(here.business_owner)
    Metric.objects.filter(key="profit").update(finance_owner=both)
    scenario = Scenario.objects.select_related("metric").get(pk=scenario.pk)
    assert not approve(scenario, "business", actor(both))
    with pytest.raises(actions.MetricRefused, match="two people"):
        approve(scenario, "finance", actor(both))
    with pytest.raises(actions.MetricRefused, match="own side"):
        approve(scenario, "finance", actor(third))


def test_declined_with_a_reason_nothing_changes(propose: Any, here: Cast, actor: Any) -> None:
    scenario = propose()
    with pytest.raises(actions.MetricRefused, match="Say why"):
        actions.decline_scenario(scenario=scenario, reason=" ", by=actor(here.finance_owner), at=AT)
    actions.decline_scenario(scenario=scenario, reason="Too bold.", by=actor(here.finance_owner), at=AT)
    assert not waiting(scenario)
    assert not Target.objects.exists()
    with pytest.raises(actions.MetricRefused, match="does not wait"):
        approve(scenario, "business", actor(here.business_owner))


def test_its_author_withdraws_it_and_nobody_is_asked_any_more(propose: Any, here: Cast, actor: Any) -> None:
    scenario = propose()
    actions.withdraw_scenario(scenario=scenario, reason="Thought again.", by=actor(here.employee), at=AT)
    assert not waiting(scenario)
    scenario.refresh_from_db()
    assert scenario.state == "withdrawn"


def test_restated_values_make_it_stale_until_it_is_reckoned_anew(
    save: Any, here: Cast, actor: Any, sales: Any
) -> None:
    scenario, by = save(), actor(here.employee)
    tables.add_rows(sales, SALES, [(9, "2026-01-09", "Hangzhou", "Binjiang", 3, 1, "4.95")])
    actions.refresh_values(at=AT + datetime.timedelta(days=1))
    stale = scenarios.staleness_of(scenario, scenarios.told_today(scenario))
    assert stale.restated == ["revenue"]
    assert not stale.redefined
    with pytest.raises(actions.MetricRefused, match="reckoned anew"):
        actions.propose_scenario(scenario=scenario, target_from=JUNE, by=by, at=AT)
    scenario = actions.reckon_scenario(scenario=scenario, by=by, at=AT)
    assert not scenarios.staleness_of(scenario, scenarios.told_today(scenario))
    assert Decimal(scenario.results[0]["after"]) == Decimal("32.00")


def test_a_proposed_one_that_is_stale_is_proposed_anew_in_one_step_and_agreed_to_again(
    propose: Any, here: Cast, actor: Any, sales: Any, client_for: Visit
) -> None:
    former = propose()
    approve(former, "business", actor(here.business_owner))
    address = reverse("kpis:renew_scenario", args=[former.pk])
    author = client_for(here.employee)
    assert author.post(address).status_code == 302
    former.refresh_from_db()
    assert former.state == "proposed", "its numbers are those of today"
    tables.add_rows(sales, SALES, [(9, "2026-01-09", "Hangzhou", "Binjiang", 3, 1, "4.95")])
    actions.refresh_values(at=AT + datetime.timedelta(days=1))
    with pytest.raises(actions.MetricRefused, match="propose it anew"):
        approve(former, "finance", actor(here.finance_owner))
    for name in ("business_owner", "manager", "auditor"):
        assert client_for(getattr(here, name)).post(address).status_code == 403, name
    assert address in author.get(reverse("kpis:scenario", args=[former.pk])).content.decode()
    done = author.post(address)
    former.refresh_from_db()
    renewed = Scenario.objects.exclude(pk=former.pk).get()
    assert done["Location"] == reverse("kpis:scenario", args=[renewed.pk])
    assert (former.state, renewed.state) == ("withdrawn", "proposed")
    assert "proposed anew" in former.closing_reason
    assert (renewed.name, renewed.moves, renewed.target_from) == (former.name, former.moves, JUNE)
    assert Decimal(renewed.results[0]["after"]) == Decimal("32.00")
    assert waiting(former) == set()
    assert waiting(renewed) == {here.business_owner.name_en, here.finance_owner.name_en}
    assert not renewed.approvals.exists()
    deeds = AuditRow.objects.filter(subject_id=renewed.pk).values_list("action", flat=True)
    assert {"kpis.save_scenario", "kpis.propose_scenario"} <= set(deeds)
    assert AuditRow.objects.filter(subject_id=former.pk, action="kpis.withdraw_scenario").exists()


def test_the_api_proposes_what_is_stale_anew(propose: Any, here: Cast, sales: Any, client_for: Visit) -> None:
    address = reverse("api_renew_scenario", args=[propose().pk])
    assert client_for(here.finance_owner).post(address).status_code == 403
    tables.add_rows(sales, SALES, [(9, "2026-01-09", "Hangzhou", "Binjiang", 3, 1, "4.95")])
    actions.refresh_values(at=AT + datetime.timedelta(days=1))
    told = client_for(here.employee).post(address)
    assert told.status_code == 201, told.content
    assert told.json()["state"] == "proposed"
    assert client_for(here.employee).post(address).status_code == 403, "it is withdrawn"


def test_whoever_is_scored_by_it_neither_proposes_nor_approves(
    save: Any, propose: Any, settings: Any, here: Cast, actor: Any
) -> None:
    scenario = propose()
    other = save()
    settings.SCORED_BY = "tests.kpis.test_planning.everybody_is_scored"
    with pytest.raises(duties.ScoredRefused):
        actions.propose_scenario(scenario=other, target_from=JUNE, by=actor(here.employee), at=AT)
    with pytest.raises(duties.ScoredRefused):
        approve(scenario, "business", actor(here.business_owner))
    assert not Target.objects.exists()


FORM = {
    "span": "2026-01-01_2026-01-31",
    "way_revenue": "percent",
    "move_revenue": "10",
    "name": "Dearer",
    "reason": "Prices rise in June.",
}


def test_the_pages_lead_from_saving_to_targets(profit: Metric, here: Cast, client_for: Visit) -> None:
    client = client_for(here.employee)
    done = client.post(reverse("kpis:save_scenario", args=[profit.pk]), FORM)
    assert done.status_code == 302, done.content
    scenario = Scenario.objects.get()
    assert client.get(done["Location"]).status_code == 200
    assert client_for(here.manager).get(done["Location"]).status_code == 404, "it is private"
    client = client_for(here.employee)
    assert client.post(reverse("kpis:share_scenario", args=[scenario.pk])).status_code == 302
    proposed = client.post(reverse("kpis:propose_scenario", args=[scenario.pk]), {"target_from": "2026-06"})
    assert proposed.status_code == 302
    for name, side in (("business_owner", "business"), ("finance_owner", "finance")):
        client = client_for(getattr(here, name))
        assert "card-decide" in client.get(reverse("kpis:scenario", args=[scenario.pk])).content.decode()
        assert (
            client.post(reverse("kpis:approve_scenario", args=[scenario.pk]), {"side": side}).status_code
            == 302
        )
    assert Target.objects.count() == 2
    listed = client.get(reverse("kpis:scenarios")).content.decode()
    assert "Dearer" in listed


def test_saving_without_a_name_says_so_and_keeps_what_was_typed(
    profit: Metric, here: Cast, client_for: Visit
) -> None:
    page = client_for(here.employee).post(
        reverse("kpis:save_scenario", args=[profit.pk]), FORM | {"name": ""}
    )
    assert page.status_code == 422
    assert "name" in page.context["save_form"].errors
    assert page.context["told"].result.after == Decimal("26.56")


def test_two_stand_side_by_side(save: Any, here: Cast, client_for: Visit) -> None:
    one, two = save(), save(percent="-5", name="Cheaper")
    page = client_for(here.employee).get(
        reverse("kpis:compare_scenarios"), {"scenario": [f"{one.pk}", f"{two.pk}"]}
    )
    assert page.status_code == 200
    (result, revenue) = page.context["rows"]
    assert result.metric.key == "profit"
    assert [cell.after for cell in result.cells] == [Decimal("26.56"), Decimal("21.30")]
    assert [cell.move[1] for cell in revenue.cells] == [Decimal(10), Decimal(-5)]
    alone = client_for(here.employee).get(reverse("kpis:compare_scenarios"))
    assert "Choose two or three scenarios" in alone.content.decode()


def test_the_cast_meets_a_proposed_scenario(propose: Any, here: Cast, client_for: Visit) -> None:
    scenario = propose()
    page, decline = (reverse(f"kpis:{name}", args=[scenario.pk]) for name in ("scenario", "decline_scenario"))
    for person in here.members():
        assert client_for(person).get(page).status_code == 200, person
    for name in ("employee", "manager", "hr", "administrator", "auditor", "colleague"):
        assert client_for(getattr(here, name)).post(decline, {"reason": "No."}).status_code == 403, name
    for address in (page, decline):
        assert client_for(here.stranger).get(address).status_code in (404, 405)
    assert client_for(here.stranger).post(decline, {"reason": "No."}).status_code == 404


def test_the_api_goes_the_same_way(profit: Metric, here: Cast, client_for: Visit) -> None:
    def post(person: Any, endpoint: str, *args: Any, **given: Any) -> Any:
        return client_for(person).post(reverse(endpoint, args=args), given, content_type="application/json")

    saved = post(
        here.employee,
        "api_metric_scenarios",
        profit.pk,
        since="2026-01-01",
        until="2026-01-31",
        moves={"revenue": {"way": "percent", "number": "10"}},
        name="Dearer",
        reason="Prices rise in June.",
    )
    assert saved.status_code == 201, saved.content
    key = saved.json()["id"]
    assert post(here.employee, "api_share_scenario", key).json()["state"] == "shared"
    assert post(here.employee, "api_reckon_scenario", key).status_code == 200
    assert (
        post(here.employee, "api_propose_scenario", key, target_from="2026-06-01").json()["state"]
        == "proposed"
    )
    assert post(here.auditor, "api_approve_scenario", key, side="business").status_code == 403
    assert (
        post(here.business_owner, "api_approve_scenario", key, side="business").json()["state"] == "proposed"
    )
    done = post(here.finance_owner, "api_approve_scenario", key, side="finance").json()
    assert done["state"] == "approved"
    assert set(done["approved_by"]) == {"business", "finance"}
    assert Target.objects.count() == 2

"""Weights are told to everybody; figures of parts that a row rule closes are not, wherever a policy quotes them."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from performance.foundation import audit, tenancy
from performance.foundation.models import AuditRow
from performance.kpis import queries as kpis
from performance.kpis.models import Metric
from performance.kpis.queries.sights import Guard
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import actions, queries
from performance.scoring.models import PolicyVersion
from tests.conftest import Cast
from tests.scoring.conftest import MICRO, Actor, in_force
from tests.scoring.market import Revise, measure, soft_demand
from tests.scoring.test_blending import blended, stores  # noqa: F401
from tests.scoring.test_stage_proposal import flows, measured_flows, named  # noqa: F401

ClientFor = Callable[[people.Person], Client]
Narrow = Callable[..., None]


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> Narrow:
    """Of these metrics a rule opens to everybody but HR no part at all."""

    def given(*metrics: Metric) -> None:
        sight = kpis.Sight(guards={metric.pk: (Guard(("store",), ()),) for metric in metrics})
        monkeypatch.setattr(
            kpis, "sight_of", lambda actor, on=None: kpis.EVERYTHING if actor.has_role("hr") else sight
        )

    return given


def test_cash_flows_of_a_part_that_is_closed_to_a_reader_propose_a_stage_without_their_figures(
    named: PolicyVersion,  # noqa: F811
    measured_flows: dict[str, Metric],  # noqa: F811
    cast: Cast,
    actor: Actor,
    client_for: ClientFor,
    narrow: Narrow,
) -> None:
    narrow(*measured_flows.values())
    address, page = f"/api/v1/weight-policies/{named.pk}/", reverse("scoring:policy", args=[named.pk])
    edit = reverse("scoring:policy_edit", args=[named.pk])
    told = client_for(cast.hr).get(address).json()["stage_proposal"]
    assert [flow["value_micro"] for flow in told["flows"]] == [12 * MICRO, -24 * MICRO, 6 * MICRO]
    owner = client_for(cast.business_owner)
    shut = owner.get(address).json()["stage_proposal"]
    assert (shut["stage"], [flow["value_micro"] for flow in shut["flows"]]) == ("growth", [None] * 3)
    sent = {"c-TOTAL_FORMS": "0", "c-INITIAL_FORMS": "0"}
    sent |= {"cash_operating": "cfo", "cash_investing": "cfi", "cash_financing": "cff"}
    preview = reverse("scoring:policy_preview", args=[named.pk])
    for client, is_told in ((client_for(cast.hr), True), (owner, False)):
        for answer in (client.get(page), client.get(edit), client.post(preview, sent)):
            content = answer.content.decode()
            assert "propose: Growth" in content
            assert ("24.0" in content or "−24" in content) is is_told, answer.request["PATH_INFO"]
    with tenancy.acting_for(cast.organisation):
        actions.accept_stage(version=named, stage="growth", by=actor(cast.hr), at=timezone.now())
        rows = AuditRow.objects.filter(action="scoring.accept_stage")
        [open_row] = people_queries.log_shown(actor(cast.hr), rows)
        [shut_row] = people_queries.log_shown(actor(cast.administrator), rows)
        for row in (open_row, shut_row):
            assert row.changes.keys() == {"stage", "months"}
            assert row.changes["stage"] == ["mature", "growth"]
        # Rows that were written before figures were left out of them.
        audit.record(
            by=actor(cast.hr),
            action="scoring.accept_stage",
            subject=named,
            changes={"stage": ["growth", "mature"], "investing": -24 * MICRO},
            at=timezone.now(),
        )
        told = [row.changes for row in people_queries.log_shown(actor(cast.hr), rows.all())]
        shut_rows = [row.changes for row in people_queries.log_shown(actor(cast.administrator), rows.all())]
    assert any("investing" in changes for changes in told)
    assert not any("investing" in changes for changes in shut_rows)
    for found in (owner.get(address).json(), owner.get("/api/v1/weight-policies/").json()["results"][0]):
        kept = found["stage_evidence"]
        assert (kept["stage"], [flow["value_micro"] for flow in kept["flows"]]) == ("growth", [None] * 3)


def test_what_units_scored_stays_with_those_who_see_these_units(
    blended: PolicyVersion,  # noqa: F811
    turnover: Metric,
    cast: Cast,
    actor: Actor,
    today: datetime.date,
    client_for: ClientFor,
    narrow: Narrow,
) -> None:
    with tenancy.acting_for(cast.organisation):
        in_force(blended, cast, actor, on=today)
    narrow(turnover)

    def plan(person: people.Person) -> Any:
        return client_for(person).get(f"/api/v1/weight-policies/{blended.pk}/").json()["plan"]["objective"]

    told, shut = plan(cast.hr), plan(cast.employee)
    assert len(told["values_micro"]) == 16
    assert not shut.keys() & {"units", "values_micro"}
    assert (shut["number"], shut["weights_ppm"]) == (16, told["weights_ppm"])


def test_what_a_market_signal_reads_stays_with_those_who_see_its_part(
    revise: Revise,
    demand: Metric,
    today: datetime.date,
    cast: Cast,
    actor: Actor,
    client_for: ClientFor,
    narrow: Narrow,
) -> None:
    with tenancy.acting_for(cast.organisation):
        measure(demand, today, ["91.7", "88.3"])
        version = in_force(revise(soft_demand()), cast, actor, on=today)
    narrow(demand)
    page, api = reverse("scoring:policy", args=[version.pk]), f"/api/v1/weight-policies/{version.pk}/"
    for person, is_told in ((cast.hr, True), (cast.employee, False)):
        client = client_for(person)
        content = client.get(page).content.decode()
        assert "Soft demand" in content
        assert ("88.3" in content) is is_told
        [signal] = client.get(api).json()["plan"]["market"]
        assert signal["share_ppm"] > 0
        assert (signal["value_micro"], bool(signal["read"])) == (
            (88_300_000, True) if is_told else (None, False)
        )


def test_nobody_asks_for_the_values_of_a_closed_part_by_the_thresholds_of_a_rule(
    revise: Revise,
    draft: PolicyVersion,
    demand: Metric,
    cast: Cast,
    actor: Actor,
    narrow: Narrow,
) -> None:
    narrow(demand)
    rule = soft_demand(slice={"store": "Nanshan"})
    with tenancy.acting_for(cast.organisation):
        components = queries.drafts_of(draft)

        def write(person: people.Person) -> PolicyVersion:
            return actions.revise_draft(
                version=draft, period=draft.period, stage="mature", missing="leave_out", step_cap_ppm=None,
                components=components, market=[rule], by=actor(person), at=timezone.now(),
            )  # fmt: skip

        with pytest.raises(actions.PolicyRefused) as refused:
            write(cast.business_owner)
        assert (refused.value.code, refused.value.field) == ("part_closed", "market_rules")
        write(cast.hr)
        # What stands there already is left as it is by an edit that does not touch it.
        assert write(cast.business_owner).drafted_by == cast.business_owner


def test_the_next_version_goes_on_with_rules_whose_part_its_author_does_not_see(
    revise: Revise, demand: Metric, today: datetime.date, cast: Cast, actor: Actor, narrow: Narrow
) -> None:
    narrow(demand)
    rule = soft_demand(slice={"store": "Nanshan"})
    with tenancy.acting_for(cast.organisation):
        version = in_force(revise(rule), cast, actor, on=today)
        following = actions.draft_next_version(
            policy=version.policy, period=version.period, by=actor(cast.business_owner), at=timezone.now()
        )
        assert queries.rules_of(following) == [rule]

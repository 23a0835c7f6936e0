"""The stage that certified cash flows propose: with its evidence and freshness, and accepted by a person."""

import datetime
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from performance.foundation import tenancy
from performance.foundation.models import AuditRow
from performance.kpis import queries as kpis
from performance.kpis.models import Metric, MetricVersion
from performance.kpis.queries import sights
from performance.people import models as people
from performance.scoring import actions, evidence, queries
from performance.scoring.models import PolicyVersion
from performance.scoring.templatetags import stage_words
from tests.conftest import Cast
from tests.scoring.conftest import MICRO, Actor, redrafted, three_components
from tests.scoring.market import measure

ClientFor = Callable[[people.Person], Client]
NAMED = evidence.Weighing(cash_operating="cfo", cash_investing="cfi", cash_financing="cff")


@pytest.fixture
def flows(cast: Cast, now: datetime.datetime) -> dict[str, Metric]:
    """Three certified cash flows without a value."""
    made = {}
    with tenancy.acting_for(cast.organisation):
        for key in ("cfo", "cfi", "cff"):
            made[key] = Metric.objects.create(
                key=key,
                name_en=f"Flow {key}",
                name_zh=f"现金流 {key}",
                business_owner=cast.business_owner,
                finance_owner=cast.finance_owner,
                unit="number",
                direction="up",
                created_at=now,
            )
            MetricVersion.objects.create(
                metric=made[key],
                number=1,
                state="certified",
                kind="derived",
                formula="came_in - went_out",
                additivity="additive",
                unit="number",
                direction="up",
                effective_from=datetime.date(2020, 1, 1),
                proposed_by=cast.business_owner,
                proposed_at=now,
                certified_at=now,
            )
    return made


@pytest.fixture
def measured_flows(flows: dict[str, Metric], cast: Cast, today: datetime.date) -> dict[str, Metric]:
    """Twelve closed months: 12 in from operations, 24 out into investments, 6 in from financing."""
    with tenancy.acting_for(cast.organisation):
        for key, value in (("cfo", "1"), ("cfi", "-2"), ("cff", "0.5")):
            measure(flows[key], today, [value] * 12)
    return flows


@pytest.fixture
def named(draft: PolicyVersion, flows: dict[str, Metric], cast: Cast, actor: Actor) -> PolicyVersion:
    with tenancy.acting_for(cast.organisation):
        return redrafted(draft, cast, actor, components=three_components(), weighing=NAMED)


def proposal(version: PolicyVersion) -> evidence.StageProposal:
    found = queries.stage_proposal_for(version, weighing=queries.weighing_of(version))
    assert found is not None
    return found


def test_the_signs_of_a_closed_year_propose_a_stage_with_what_it_rests_on(
    named: PolicyVersion, measured_flows: dict[str, Metric], cast: Cast
) -> None:
    with tenancy.acting_for(cast.organisation):
        found = proposal(named)
    assert (found.stage, found.quiet, found.months) == ("growth", "", 12)
    assert [flow.value_micro for flow in found.flows] == [12 * MICRO, -24 * MICRO, 6 * MICRO]
    assert [flow.metric_version for flow in found.flows] == [1, 1, 1]


def test_a_part_of_a_year_or_an_open_month_proposes_nothing(
    named: PolicyVersion, flows: dict[str, Metric], cast: Cast, today: datetime.date
) -> None:
    with tenancy.acting_for(cast.organisation):
        assert proposal(named).quiet == "few_months"
        for key in ("cfo", "cfi"):
            measure(flows[key], today, ["1"] * 12)
        measure(flows["cff"], today, ["1"] * 5 + [None] + ["1"] * 6)
        found = proposal(named)
        assert (found.stage, found.quiet, found.months) == ("", "few_months", 6)


def test_a_year_of_thirteen_periods_needs_thirteen(
    named: PolicyVersion, flows: dict[str, Metric], cast: Cast, today: datetime.date
) -> None:
    cast.organisation.fiscal_pattern, cast.organisation.fiscal_start_month = "13", 1
    with tenancy.acting_for(cast.organisation):
        cast.organisation.save()
        for key in ("cfo", "cfi", "cff"):
            measure(flows[key], today, ["1"] * 12)
        found = proposal(named)
        assert (found.stage, found.quiet, found.months) == ("", "few_months", 12)
        assert "13 in a row are needed" in stage_words.proposal_reading(found)
        for key, value in (("cfo", "1"), ("cfi", "-2"), ("cff", "0.5")):
            measure(flows[key], today, [value] * 14)
        found = proposal(named)
    assert (found.stage, found.months) == ("growth", 13)
    assert found.flows[0].value_micro == 13 * MICRO


def test_old_flows_and_flows_without_a_sign_propose_nothing(
    named: PolicyVersion, measured_flows: dict[str, Metric], cast: Cast, today: datetime.date
) -> None:
    with tenancy.acting_for(cast.organisation):
        measure(measured_flows["cff"], today, ["1", "-1"] * 6)
        assert proposal(named).quiet == "no_sign"
        for key in ("cfo", "cfi", "cff"):
            measure(measured_flows[key], today, ["1"] * 14 + [None] * 4)
        assert proposal(named).quiet == "not_fresh"


def test_a_metric_that_is_no_longer_certified_proposes_nothing(
    named: PolicyVersion, measured_flows: dict[str, Metric], cast: Cast, now: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        Metric.objects.filter(key="cfi").update(retired_at=now)
        assert proposal(named).quiet == "no_metric"


@pytest.mark.parametrize(
    ("weighing", "code"),
    [
        (evidence.Weighing(cash_operating="cfo"), "three_flows"),
        (evidence.Weighing(cash_operating="cfo", cash_investing="cfo", cash_financing="cff"), "three_flows"),
        (
            evidence.Weighing(cash_operating="cfo", cash_investing="cfi", cash_financing="turnover"),
            "flow_not_certified",
        ),
    ],
)
def test_a_draft_names_three_certified_flows_that_add_up_or_none(
    draft: PolicyVersion,
    flows: dict[str, Metric],
    cast: Cast,
    actor: Actor,
    weighing: evidence.Weighing,
    code: str,
) -> None:
    with tenancy.acting_for(cast.organisation), pytest.raises(actions.PolicyRefused) as refused:
        redrafted(draft, cast, actor, weighing=weighing)
    assert refused.value.code == code


def test_a_person_accepts_the_stage_which_keeps_what_proposed_it_until_another_is_chosen(
    named: PolicyVersion, measured_flows: dict[str, Metric], cast: Cast, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = actions.accept_stage(version=named, stage="growth", by=actor(cast.hr), at=timezone.now())
        assert version.stage == "growth"
        assert version.stage_evidence is not None
        assert evidence.proposal_from(version.stage_evidence).stage == "growth"
        row = AuditRow.objects.get(action="scoring.accept_stage")
        assert set(row.changes) == {"stage", "months"}, "no figure of a part stands in the log"
        assert row.changes["stage"] == ["mature", "growth"]
        kept = redrafted(version, cast, actor, components=three_components(), stage="growth")
        assert kept.stage_evidence is not None
        other = redrafted(version, cast, actor, components=three_components(), stage="decline")
        assert other.stage_evidence is None


def test_nothing_is_accepted_where_nothing_is_proposed(
    named: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation), pytest.raises(actions.PolicyRefused) as refused:
        actions.accept_stage(version=named, stage="growth", by=actor(cast.hr), at=timezone.now())
    assert refused.value.code == "nothing_proposed"


def test_a_stage_that_is_proposed_only_since_the_page_was_read_is_not_accepted(
    named: PolicyVersion,
    measured_flows: dict[str, Metric],
    cast: Cast,
    client_for: ClientFor,
    today: datetime.date,
) -> None:
    client = client_for(cast.hr)
    page = client.get(reverse("scoring:policy", args=[named.pk])).content.decode()
    assert '<input type="hidden" name="stage" value="growth">' in page
    with tenancy.acting_for(cast.organisation):
        measure(measured_flows["cff"], today, ["-3"] * 12)
    answer = client.post(reverse("scoring:policy_stage", args=[named.pk]), {"stage": "growth"})
    assert answer.status_code == 409
    assert "Cash flows propose another stage by now: Mature." in answer.content.decode()
    address = f"/api/v1/weight-policies/{named.pk}/accept-stage/"
    assert client.post(address, {"stage": "growth"}).status_code == 409
    assert client.post(address).status_code == 400
    with tenancy.acting_for(cast.organisation):
        named.refresh_from_db()
    assert (named.stage, named.stage_evidence) == ("mature", None)


def test_a_proposal_is_accepted_on_the_page_by_its_makers_alone(
    named: PolicyVersion, measured_flows: dict[str, Metric], cast: Cast, client_for: ClientFor
) -> None:
    address = reverse("scoring:policy", args=[named.pk])
    page = client_for(cast.hr).get(address).content.decode()
    assert "The signs of the three flows propose: Growth." in page
    assert "Accept Growth" in page
    assert "Accept Growth" not in client_for(cast.auditor).get(address).content.decode()
    accept = reverse("scoring:policy_stage", args=[named.pk])
    assert client_for(cast.employee).post(accept).status_code == 404
    assert client_for(cast.auditor).post(accept).status_code == 403
    assert client_for(cast.hr).post(accept, {"stage": "growth"}).status_code == 302
    assert "Accepted by a person" in client_for(cast.hr).get(address).content.decode()
    with tenancy.acting_for(cast.organisation):
        named.refresh_from_db()
    assert named.stage == "growth"


def test_the_editor_asks_for_all_three_flows_and_shows_what_they_propose(
    named: PolicyVersion, measured_flows: dict[str, Metric], cast: Cast, client_for: ClientFor
) -> None:
    client = client_for(cast.hr)
    edit = reverse("scoring:policy_edit", args=[named.pk])
    page = client.get(edit).content.decode()
    assert '<option value="cfo" selected>Flow cfo</option>' in page
    assert "The signs of the three flows propose: Growth." in page
    sent = {"c-TOTAL_FORMS": "0", "c-INITIAL_FORMS": "0", "cash_operating": "cfo", "cash_financing": "cff"}
    answer = client.post(edit, sent)
    assert answer.status_code == 422
    assert 'id="id_cash_investing_error"' in answer.content.decode()
    sent |= {"cash_investing": "cfi"}
    preview = client.post(reverse("scoring:policy_preview", args=[named.pk]), sent).content.decode()
    assert "propose: Growth" in preview


def test_the_api_gives_the_proposal_and_takes_its_acceptance(
    named: PolicyVersion, measured_flows: dict[str, Metric], cast: Cast, client_for: ClientFor
) -> None:
    client, address = client_for(cast.hr), f"/api/v1/weight-policies/{named.pk}/"
    found = client.get(address).json()["stage_proposal"]
    assert (found["stage"], found["flows"][1]["value_micro"]) == ("growth", -24 * MICRO)
    taken = client.post(f"{address}accept-stage/", {"stage": "growth"})
    assert taken.status_code == 200
    assert (taken.json()["stage"], taken.json()["stage_evidence"]["stage"]) == ("growth", "growth")
    assert client_for(cast.auditor).post(f"{address}accept-stage/").status_code == 403


@pytest.mark.parametrize(("store", "is_open"), [("Binjiang", True), ("Nanshan", False), (None, False)])
def test_figures_of_a_part_that_is_closed_to_the_reader_are_left_out_everywhere(
    named: PolicyVersion,
    flows: dict[str, Metric],
    cast: Cast,
    client_for: ClientFor,
    today: datetime.date,
    monkeypatch: pytest.MonkeyPatch,
    store: str | None,
    is_open: bool,
) -> None:
    with tenancy.acting_for(cast.organisation):
        slice = {"store": store} if store else {}
        people.BusinessUnit.objects.filter(pk=named.policy.unit_id).update(slice=slice)
        for key, value in (("cfo", "1.37"), ("cfi", "-2.37"), ("cff", "0.37")):
            measure(flows[key], today, [value] * 12, slice)
    guard = sights.Guard(("store",), ((("store", "Binjiang"),),))
    sight = kpis.Sight(guards={flows["cfo"].pk: (guard,)})
    monkeypatch.setattr(kpis, "sight_of", lambda _actor, _on=None: sight)
    client, address = client_for(cast.hr), f"/api/v1/weight-policies/{named.pk}/"

    def read() -> str:
        places = [reverse(f"scoring:{name}", args=[named.pk]) for name in ("policy", "policy_edit")]
        pages = [client.get(place).content.decode() for place in places]
        for page in pages:
            assert "propose: Growth" in page
            assert ("16.44" in page, "Outside your branch" in page) == (is_open, not is_open)
            assert "4.44" in page, "the others are narrowed for nobody"
        answers = [
            client.get(address).content.decode(),
            client.get("/api/v1/weight-policies/").content.decode(),
        ]
        return "".join(answers)

    assert ("16440000" in read()) == is_open
    client.post(f"{address}accept-stage/", {"stage": "growth"})
    with tenancy.acting_for(cast.organisation):
        named.refresh_from_db()
        assert named.stage_evidence is not None
    assert ("16440000" in read_kept(client, address)) == is_open


def read_kept(client: Client, address: str) -> str:
    """What was accepted, by the API and on the list of it."""
    one = client.get(address).json()["stage_evidence"]
    [listed] = client.get("/api/v1/weight-policies/").json()["results"]
    assert one == listed["stage_evidence"]
    assert one["stage"] == "growth"
    return str(one)


def test_whoever_signs_a_cash_flow_sees_the_policies_whose_stage_it_proposes(
    named: PolicyVersion, cast: Cast, actor: Actor, today: datetime.date
) -> None:
    with tenancy.acting_for(cast.organisation):
        policies, _scored = queries.metric_uses(actor(cast.hr), ["cfi"], today)
    assert (policies.kind, policies.number) == ("policies", 1)

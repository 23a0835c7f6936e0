"""Market rules on the pages of a policy and a scorecard, in its form and through the API."""

import datetime
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from performance.foundation import tenancy
from performance.kpis.models import Metric
from performance.people import models as people
from performance.scoring import actions, queries
from performance.scoring.models import PolicyVersion, Score
from tests.conftest import Cast
from tests.scoring.conftest import Actor, in_force
from tests.scoring.market import MICRO, Revise, measure, soft_demand

pytestmark = pytest.mark.django_db
ClientFor = Callable[[people.Person], Client]


def in_chinese(client: Client, address: str) -> str:
    client.cookies["django_language"] = "zh-hans"
    return client.get(address, headers={"accept-language": "zh-hans"}).content.decode()


def test_the_page_says_each_rule_in_plain_words_with_its_state(
    revise: Revise, demand: Metric, cast: Cast, today: datetime.date, client_for: ClientFor
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = revise(soft_demand())
    address = reverse("scoring:policy", args=[version.pk])
    client = client_for(cast.hr)
    page = client.get(address).content.decode()
    assert "is below 95 for 2 months" in page
    assert "It begins at 95 and counts fully at 90" in page
    assert "No data" in page
    with tenancy.acting_for(cast.organisation):
        measure(demand, today, ["97", "94", "92.5"])
    page = client.get(address).content.decode()
    assert "Partly, 20%" in page
    assert "× 1.10" in page
    assert "now × 1.02" in page
    assert "As the closed months say now" in page
    with tenancy.acting_for(cast.organisation):
        measure(demand, today, ["90", "90"])
    assert 'class="chip chip-accent"' in client.get(address).content.decode()
    assert "需求走弱" in in_chinese(client, address)


def test_a_scorecard_shows_the_multiplier_and_what_the_market_said(
    revise: Revise,
    demand: Metric,
    cast: Cast,
    actor: Actor,
    today: datetime.date,
    measured: dict[Any, Any],
    client_for: ClientFor,
) -> None:
    with tenancy.acting_for(cast.organisation):
        measure(demand, today, ["97", "90", "89.2"])
        in_force(revise(soft_demand()), cast, actor, on=today)
        actions.rescore_people(person_ids=[cast.employee.pk], at=timezone.now())
        score = Score.objects.get(person=cast.employee)
        [signal] = queries.scorecard(score).signals
        assert signal.beyond_since is not None
        line = next(one for one in queries.scorecard(score).lines if one.key == "turnover")
        assert line.market_ppm == 1_100_000
    client = client_for(cast.employee)
    mine = reverse("scoring:my_scorecard")
    page = client.get(mine).content.decode()
    assert "Demand index 89.2, below 95 since" in page
    assert "× 1.10" in page
    evidence = client.get(reverse("scoring:evidence", args=[score.pk, "turnover"])).content.decode()
    assert "Soft demand" in evidence
    assert "需求指数" in in_chinese(client, mine)


def form_of(version: PolicyVersion, **rule: str) -> dict[str, str]:
    """What the editor sends of two components and one market rule."""
    sent = {
        "period": str(version.period_id),
        "stage": "mature",
        "missing": "leave_out",
        "step_cap": "",
        "reason": "Demand is soft",
        "c-TOTAL_FORMS": "2",
        "c-INITIAL_FORMS": "0",
        "m-TOTAL_FORMS": "1",
        "m-INITIAL_FORMS": "0",
    }
    for place, (name, base) in enumerate((("OKR", "60"), ("Pulse", "40"))):
        row = {"name_en": name, "base": base, "category": "okr", "source": "okr:", "slice": "own_unit"}
        sent |= {f"c-{place}-{field}": value for field, value in row.items()}
    given = {
        "name_en": "Soft demand",
        "metric": "demand",
        "slice": "{}",
        "measure": "level",
        "side": "below",
        "starts": "95",
        "full": "90",
        "months": "2",
        "until_months": "2",
        "effect_pulse": "1.15",
    }
    return sent | {f"m-0-{field}": value for field, value in (given | rule).items()}


def test_the_editor_writes_a_rule_and_shows_it_again(
    draft: PolicyVersion, demand: Metric, cast: Cast, client_for: ClientFor
) -> None:
    address = reverse("scoring:policy_edit", args=[draft.pk])
    client = client_for(cast.hr)
    assert client.post(address, form_of(draft)).status_code == 302
    with tenancy.acting_for(cast.organisation):
        assert queries.rules_of(draft) == [soft_demand(name_zh="", effects={"pulse": 1_150_000})]
    page = client.get(address).content.decode()
    assert 'name="m-0-effect_pulse" value="1.15"' in page
    assert client.post(address, form_of(draft) | {"m-0-DELETE": "on"}).status_code == 302
    with tenancy.acting_for(cast.organisation):
        assert queries.rules_of(draft) == []


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"full": "95"}, "so that there is no cliff"),
        ({"full": "99"}, "beyond where it begins"),
        ({"effect_pulse": ""}, "which weights this rule moves"),
        ({"effect_pulse": "2.5"}, "less than or equal to 2"),
        ({"starts": ""}, "Give a value of the metric"),
        ({"metric": ""}, "which metric this rule reads"),
        ({"metric": "unsigned"}, "not one of the available choices"),
    ],
)
def test_the_editor_names_what_is_wrong_with_a_rule(
    draft: PolicyVersion, demand: Metric, cast: Cast, client_for: ClientFor, rule: dict[str, str], words: str
) -> None:
    answer = client_for(cast.hr).post(reverse("scoring:policy_edit", args=[draft.pk]), form_of(draft, **rule))
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_rule_is_added_to_the_form_and_weighed_before_it_is_saved(
    draft: PolicyVersion, demand: Metric, cast: Cast, today: datetime.date, client_for: ClientFor
) -> None:
    client = client_for(cast.hr)
    address = reverse("scoring:policy_edit", args=[draft.pk])
    page = client.post(address, form_of(draft) | {"do": "add_rule"})
    assert page.status_code == 200
    assert 'name="m-1-effect_okr"' in page.content.decode()
    preview = reverse("scoring:policy_preview", args=[draft.pk])
    sent = form_of(draft, effect_pulse="1.5")
    assert "40.0%" in client.post(preview, sent).content.decode()
    with tenancy.acting_for(cast.organisation):
        measure(demand, today, ["90", "90"])
    # 0.40 × 1.5 beside 0.60: half.
    assert "50.0%" in client.post(preview, sent).content.decode()


def test_whoever_is_scored_neither_reads_nor_writes_the_rules_of_a_draft(
    revise: Revise, cast: Cast, client_for: ClientFor
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = revise(soft_demand())
        people.RoleGrant.objects.create(person=cast.employee, role="business_owner")
    client = client_for(cast.employee)
    assert client.post(reverse("scoring:policy_edit", args=[version.pk]), form_of(version)).status_code == 403
    body = json.dumps({"market_rules": []})
    answer = client.put(f"/api/v1/weight-policies/{version.pk}/", body, content_type="application/json")
    assert answer.status_code == 403
    with tenancy.acting_for(cast.organisation):
        assert queries.rules_of(version) == [soft_demand()]


def test_the_api_reads_and_writes_rules(
    revise: Revise, demand: Metric, cast: Cast, today: datetime.date, client_for: ClientFor
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = revise(soft_demand())
        measure(demand, today, ["90", "90"])
    client, address = client_for(cast.hr), f"/api/v1/weight-policies/{version.pk}/"
    read = client.get(address).json()
    [rule] = read["market_rules"]
    assert (rule["starts_micro"], rule["effects"]["turnover"]) == (95 * MICRO, 1_100_000)
    assert read["plan"]["market"][0]["share_ppm"] == MICRO

    component = {"name_en": "OKR", "category": "okr", "source_kind": "okr", "base_ppm": MICRO}
    body = {"period": read["period"], "stage": "mature", "components": [component | {"key": "okr"}]}

    def put(**more: Any) -> Any:
        sent = json.dumps(body | more)
        return client.put(address, sent, content_type="application/json")

    assert put().status_code == 422
    wrong = put(market_rules=[rule | {"effects": {"okr": 900_000}, "full_micro": 95 * MICRO}])
    assert (wrong.status_code, wrong.json()["title"]) == (422, "no_ramp")
    right = put(market_rules=[rule | {"effects": {"okr": 900_000}}])
    assert right.json()["market_rules"] == [rule | {"effects": {"okr": 900_000}}]
    assert put().json()["market_rules"] == right.json()["market_rules"]
    assert put(market_rules=[]).json()["market_rules"] == []


def test_whoever_is_scored_takes_no_signal_away_by_page_or_api(
    revise: Revise, demand: Metric, cast: Cast, client_for: ClientFor
) -> None:
    with tenancy.acting_for(cast.organisation):
        revise(soft_demand())
        people.RoleGrant.objects.create(person=cast.employee, role="finance_owner")
        Metric.objects.filter(pk=demand.pk).update(finance_owner=cast.employee)
    client, given = client_for(cast.employee), {"reason": "It looks bad"}
    page = client.post(reverse("kpis:retire", args=[demand.pk]), given, follow=True)
    assert "You are scored by what rests on this" in page.content.decode()
    body = json.dumps(given)
    answer = client.post(f"/api/v1/metrics/{demand.pk}/retire/", body, content_type="application/json")
    assert (answer.status_code, answer.json()["title"]) == (422, "is_scored")
    with tenancy.acting_for(cast.organisation):
        demand.refresh_from_db()
        assert demand.retired_at is None

"""Objective weights blended in: from what units scored to the plan, refused where they say too little, replayed."""

import copy
import datetime
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from performance.engine import objective, weights
from performance.foundation import tenancy
from performance.kpis import queries as kpis
from performance.kpis.models import Metric, MetricValue
from performance.kpis.queries import months, sights
from performance.people import models as people
from performance.scoring import actions, evidence, queries
from performance.scoring.models import PolicyVersion
from tests.conftest import Cast
from tests.scoring.conftest import MICRO, Actor, component, in_force, redrafted, three_components

ClientFor = Callable[[people.Person], Client]
BLEND = evidence.Weighing(blend_method="critic", blend_ppm=150_000)


def _components() -> list[evidence.ComponentDraft]:
    okr, turnover, _pulse = three_components()
    demand = component(
        "demand",
        20,
        source_kind="kpi",
        source_ref="demand",
        curve={"kind": "linear", "direction": "higher", "floor": "0", "target": "100"},
    )
    return [okr, turnover, demand]


def _values(period: people.Period, *, state: str = "closed", alike: bool = False) -> None:
    """What each store had in the whole period: turnover from 4 up, demand going its own way. What was known before is
    superseded."""
    metrics = [Metric.objects.get(key=key) for key in ("turnover", "demand")]
    MetricValue.objects.filter(superseded_at=None).update(superseded_at=timezone.now())
    grain, at = months.grain_of(period.starts_on, period.ends_on), timezone.now()
    for number in range(17):
        slice, shift = {"store": f"S{number:02}"}, 0 if alike else number
        values = (Decimal(400 + 5 * shift) / 100, Decimal(30 + 17 * shift % 61))
        for metric, value in zip(metrics, values, strict=True):
            MetricValue.objects.create(
                metric=metric,
                version=metric.versions.get(),
                grain=grain,
                period_start=period.starts_on,
                period_end=period.ends_on,
                slice=slice,
                slice_key=kpis.slice_key(slice),
                value=value,
                coverage_ppm=MICRO,
                state=state,
                as_of=at,
            )


@pytest.fixture
def stores(
    cast: Cast,
    unit: people.BusinessUnit,
    turnover: Metric,
    demand: Metric,
    before: people.Period,
) -> list[people.BusinessUnit]:
    """Sixteen stores below the unit, each with closed values, and one outside of it."""
    with tenancy.acting_for(cast.organisation):
        made = [
            people.BusinessUnit.objects.create(
                code=f"S{number:02}",
                name_en=f"Store {number}",
                parent=unit if number < 16 else None,
                slice={"store": f"S{number:02}"},
            )
            for number in range(17)
        ]
        _values(before)
    return made


@pytest.fixture
def blended(
    draft: PolicyVersion, stores: list[people.BusinessUnit], cast: Cast, actor: Actor
) -> PolicyVersion:
    with tenancy.acting_for(cast.organisation):
        return redrafted(draft, cast, actor, components=_components(), weighing=BLEND)


def test_a_plan_blends_what_tells_the_units_of_its_branch_apart(
    blended: PolicyVersion, cast: Cast, actor: Actor, today: datetime.date
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = in_force(blended, cast, actor, on=today)
    plan = version.plan or {}
    kept = plan["objective"]
    assert (len(kept["units"]), kept["left_out"], kept["keys"]) == (16, 0, ["turnover", "demand"])
    found = objective.objective_weights(
        np.array(kept["values_micro"], dtype=np.int64),
        units=[unit["key"] for unit in kept["units"]],
        keys=kept["keys"],
        method="critic",
        seed=kept["seed"],
    )
    assert kept["weights_ppm"] == list(found.weights_ppm)
    assert kept["low_ppm"] == list(found.low_ppm)
    by_key = {item["key"]: item for item in plan["components"]}
    assert by_key["okr"]["objective_ppm"] is None
    assert by_key["okr"]["blended_ppm"] == by_key["okr"]["share_ppm"]
    again = weights.effective_weights(
        [
            weights.Component(
                item["key"],
                item["base_ppm"],
                item["min_ppm"],
                item["max_ppm"],
                tuple(weights.Factor(f["kind"], f["key"], f["stated_ppm"]) for f in item["factors"]),
            )
            for item in plan["components"]
        ],
        objective_ppm=dict(zip(kept["keys"], kept["weights_ppm"], strict=True)),
        blend_ppm=150_000,
    )
    assert [item["effective_ppm"] for item in plan["components"]] == [each.effective_ppm for each in again]


def test_what_units_scored_is_given_to_those_alone_who_see_every_unit(
    blended: PolicyVersion,
    cast: Cast,
    actor: Actor,
    today: datetime.date,
    client_for: ClientFor,
    turnover: Metric,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = in_force(blended, cast, actor, on=today)

    def given(person: people.Person) -> dict[str, Any]:
        found: dict[str, Any] = (
            client_for(person).get(f"/api/v1/weight-policies/{version.pk}/").json()["plan"]
        )
        return found["objective"]

    for person in (cast.employee, cast.business_owner, cast.administrator):
        told = given(person)
        assert not told.keys() & {"units", "values_micro"}
        assert (told["number"], told["keys"]) == (16, ["turnover", "demand"])
        assert told.keys() >= {"weights_ppm", "low_ppm", "high_ppm"}
    for person in (cast.hr, cast.auditor):
        assert len(given(person)["values_micro"]) == len(given(person)["units"]) == 16
    guard = sights.Guard(("store",), ((("store", "S01"),),))
    narrowed = kpis.Sight(guards={turnover.pk: (guard,)})
    monkeypatch.setattr(kpis, "sight_of", lambda _actor, _on=None: narrowed)
    assert "units" not in given(cast.hr), "a reader to whom parts are closed sees single units of none"


def test_a_locked_plan_comes_out_again_from_what_it_keeps_alone(
    blended: PolicyVersion, before: people.Period, cast: Cast, actor: Actor, today: datetime.date
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = in_force(blended, cast, actor, on=today)
        # What the tables say later is not asked.
        _values(before, alike=True)
        people.BusinessUnit.objects.filter(code="S01").update(slice={})
        version.refresh_from_db()
    plan: dict[str, Any] = copy.deepcopy(version.plan or {})
    assert evidence.weights_again(plan)
    plan["objective"]["values_micro"][3][0] += MICRO
    assert not evidence.weights_again(plan)


def test_every_plan_comes_out_again_also_without_a_blend(locked: PolicyVersion) -> None:
    assert evidence.weights_again(locked.plan or {})


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        ("too few", "too_few_units"),
        ("not closed", "too_few_units"),
        ("all alike", "no_variation"),
        ("no period", "no_past_period"),
    ],
)
def test_a_blend_without_enough_to_rest_on_is_not_proposed(
    blended: PolicyVersion, before: people.Period, cast: Cast, actor: Actor, spoil: str, code: str
) -> None:
    with tenancy.acting_for(cast.organisation):
        if spoil == "too few":
            people.BusinessUnit.objects.filter(code__in=["S00", "S01"]).update(slice={})
        if spoil == "not closed":
            _values(before, state="provisional")
        if spoil == "all alike":
            _values(before, alike=True)
        if spoil == "no period":
            people.Period.objects.filter(pk=before.pk).delete()
        with pytest.raises(actions.PolicyRefused) as refused:
            actions.propose_policy(version=blended, by=actor(cast.hr), at=timezone.now())
        blended.refresh_from_db()
    assert refused.value.code == code
    assert blended.is_draft


@pytest.mark.parametrize(
    ("weighing", "code"),
    [
        (evidence.Weighing(blend_method="entropy", blend_ppm=200_001), "blend_out_of_range"),
        (evidence.Weighing(blend_method="entropy"), "blend_by_half"),
        (evidence.Weighing(blend_ppm=100_000), "blend_by_half"),
        (evidence.Weighing(blend_method="guess", blend_ppm=100_000), "unknown_method"),
        (evidence.Weighing(blend_method="entropy", blend_ppm=1, blend_units=14), "units_out_of_range"),
    ],
)
def test_a_blend_beyond_its_limits_is_refused(
    draft: PolicyVersion, cast: Cast, actor: Actor, weighing: evidence.Weighing, code: str
) -> None:
    with tenancy.acting_for(cast.organisation), pytest.raises(actions.PolicyRefused) as refused:
        redrafted(draft, cast, actor, weighing=weighing)
    assert refused.value.code == code


def test_a_blend_makes_a_simulation_stale_when_the_units_say_something_else(
    blended: PolicyVersion, before: people.Period, cast: Cast
) -> None:
    with tenancy.acting_for(cast.organisation):
        first = queries.content_digest(blended, queries.plan_of(blended))
        assert queries.content_digest(blended, queries.plan_of(blended)) == first
        people.BusinessUnit.objects.filter(code="S03").update(slice={})
        assert queries.content_digest(blended, queries.plan_of(blended)) != first


def test_the_page_shows_objective_weights_with_their_interval_or_how_many_units_are_missing(
    blended: PolicyVersion, cast: Cast, actor: Actor, today: datetime.date, client_for: ClientFor
) -> None:
    client, address = client_for(cast.hr), reverse("scoring:policy", args=[blended.pk])
    page = client.get(address).content.decode()
    assert "16 units in The quarter before" in page
    assert "95% interval" in page
    assert "They make up 15% of the weight" in page
    with tenancy.acting_for(cast.organisation):
        kept = people.BusinessUnit.objects.filter(code__in=["S00", "S01"])
        kept.update(slice={})
    page = client.get(address).content.decode()
    assert "14 units have closed values of every such component; 15 are needed." in page
    with tenancy.acting_for(cast.organisation):
        for store in kept:
            store.slice = {"store": store.code}
            store.save()
        in_force(blended, cast, actor, on=today)
    assert "Computed again from the kept values: identical." in client.get(address).content.decode()


def test_the_editor_and_the_api_take_a_blend(
    blended: PolicyVersion, cast: Cast, client_for: ClientFor
) -> None:
    client = client_for(cast.hr)
    form = client.get(reverse("scoring:policy_edit", args=[blended.pk]))
    assert 'name="blend" value="15"' in form.content.decode()
    sent = {"period": str(blended.period_id), "stage": "mature", "missing": "leave_out", "step_cap": ""}
    sent |= {"c-TOTAL_FORMS": "0", "c-INITIAL_FORMS": "0", "blend_method": "entropy", "blend_units": "3"}
    answer = client.post(reverse("scoring:policy_edit", args=[blended.pk]), sent)
    assert answer.status_code == 422
    assert 'id="id_blend_error"' in answer.content.decode()
    assert 'id="id_blend_units_error"' in answer.content.decode()
    read = client.get(f"/api/v1/weight-policies/{blended.pk}/").json()
    assert (read["blend_method"], read["blend_ppm"], read["blend_units"]) == ("critic", 150_000, 15)
    assert sum(read["plan"]["objective"]["weights_ppm"]) == MICRO
    one = {"key": "okr", "name_en": "OKR", "category": "okr", "source_kind": "okr", "base_ppm": MICRO}
    body: dict[str, Any] = {"period": read["period"], "stage": "mature", "components": [one]}
    body |= {"weighing": {"blend_method": "entropy", "blend_ppm": 300_000}}
    address = f"/api/v1/weight-policies/{blended.pk}/"
    assert client.put(address, json.dumps(body), content_type="application/json").status_code == 400

"""Market rules: a certified metric moves weights by ramps; what it said at the lock stays."""

import dataclasses
import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from performance.engine import weights
from performance.foundation import duties, tenancy
from performance.kpis import actions as kpis
from performance.kpis.models import Metric, MetricValue, MetricVersion
from performance.kpis.queries import months
from performance.people import models as people
from performance.scoring import actions, evidence, queries
from performance.scoring.models import MarketEffect, MarketRule, PolicyVersion, Score
from performance.sources.models import Dataset
from tests.conftest import Cast
from tests.kpis import tables
from tests.kpis.conftest import SALES
from tests.scoring.conftest import Actor, in_force, three_components
from tests.scoring.market import Revise, measure, months_gone, soft_demand, value_of

pytestmark = pytest.mark.django_db
MICRO = 1_000_000


def factors(plan: dict[str, Any], key: str) -> dict[str, int]:
    component = next(item for item in plan["components"] if item["key"] == key)
    return {
        factor["key"]: factor["applied_ppm"] for factor in component["factors"] if factor["kind"] == "market"
    }


def test_a_plan_weighs_exactly_what_the_engine_weighs_with_these_factors() -> None:
    month = datetime.date(2026, 3, 1)
    signal = evidence.read_signal(soft_demand(months=1), [(month, 92_500_000)])
    plan = evidence.frozen_plan(
        three_components(), stage="mature", missing="leave_out", step_cap_ppm=None, signals=[signal]
    )
    alone = weights.effective_weights(
        [
            weights.Component("okr", 500_000, factors=(weights.Factor("market", "soft-demand", 950_000),)),
            weights.Component(
                "turnover",
                300_000,
                factors=(
                    weights.Factor("stage", "mature", 1_400_000),
                    weights.Factor("market", "soft-demand", 1_050_000),
                ),
            ),
            weights.Component("pulse", 200_000),
        ]
    )
    assert [item["effective_ppm"] for item in plan["components"]] == [one.effective_ppm for one in alone]
    assert factors(plan, "turnover") == {"soft-demand": 1_050_000}
    assert factors(plan, "pulse") == {}


@pytest.mark.parametrize(
    ("value", "share"),
    [("96", 0), ("95", 0), ("94", 200_000), ("92.5", 500_000), ("90", MICRO), ("80", MICRO)],
)
def test_a_rule_grows_in_a_straight_line_from_its_start_to_its_full(
    revise: Revise, demand: Metric, cast: Cast, today: datetime.date, value: str, share: int
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = revise(soft_demand())
        measure(demand, today, ["97", value, value])
        [signal] = queries.signals_of(version)
        assert signal.share_ppm == share
        expected = 1_000_000 + share // 10
        assert factors(queries.plan_of(version), "turnover") == {"soft-demand": expected}


def test_it_takes_hold_and_ends_after_its_months(
    revise: Revise, demand: Metric, cast: Cast, today: datetime.date
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = revise(soft_demand())
        for values, share in (
            (["97", "90"], 0),
            (["90", "90"], MICRO),
            (["90", "90", "97"], MICRO),
            (["90", "90", "97", "97"], 0),
            (["90", "90", "97", "90"], MICRO),
        ):
            kept = MetricValue.objects.filter(metric=demand, superseded_at=None)
            kept.update(superseded_at=timezone.now())
            measure(demand, today, values)
            assert queries.signals_of(version)[0].share_ppm == share, values


def test_a_change_is_read_over_its_months(
    revise: Revise, demand: Metric, cast: Cast, today: datetime.date
) -> None:
    with tenancy.acting_for(cast.organisation):
        rising = soft_demand(
            measure="change", side="above", starts_micro=0, full_micro=MICRO, span=3, months=1, until_months=1
        )
        version = revise(rising)
        measure(demand, today, ["1.5", "1.6", None, "2.0"])
        [signal] = queries.signals_of(version)
        assert (signal.share_ppm, signal.value_micro) == (500_000, 500_000)


def test_without_data_a_signal_is_quiet_and_every_factor_one(revise: Revise, cast: Cast) -> None:
    with tenancy.acting_for(cast.organisation):
        version = revise(soft_demand())
        [signal] = queries.signals_of(version)
        assert (signal.quiet, signal.share_ppm) == ("no_values", 0)
        assert factors(queries.plan_of(version), "turnover") == {"soft-demand": MICRO}


def test_months_that_are_not_closed_are_not_read(
    revise: Revise, demand: Metric, cast: Cast, today: datetime.date
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = revise(soft_demand(months=1))
        measure(demand, today, ["97", "96"])
        value_of(demand, months_gone(today, 1)[0], "80", state="provisional")
        value_of(demand, months.first_of(today), "80")
        [signal] = queries.signals_of(version)
        assert (signal.share_ppm, signal.value_micro) == (0, 97 * MICRO)


def test_a_simulated_draft_stays_so_until_a_signal_says_something_else(
    revise: Revise, demand: Metric, cast: Cast, today: datetime.date
) -> None:
    def digest(at: datetime.datetime) -> str:
        return queries.content_digest(version, queries.plan_of(version, at=at))

    with tenancy.acting_for(cast.organisation):
        measure(demand, today, ["96", "93", "93"])
        version = revise(soft_demand())
        then = timezone.now()
        simulated = digest(then)
        assert digest(then + datetime.timedelta(minutes=5)) == simulated
        value_of(demand, months_gone(today, 1)[0], "91")
        assert digest(then + datetime.timedelta(minutes=6)) != simulated


def test_what_is_too_old_is_quiet(revise: Revise, demand: Metric, cast: Cast, today: datetime.date) -> None:
    with tenancy.acting_for(cast.organisation):
        version = revise(soft_demand())
        measure(demand, today, ["80", "80", None, None, None, None])
        assert queries.signals_of(version)[0].quiet == "not_fresh"


def test_data_later_than_its_dataset_promises_is_quiet(
    revise: Revise, demand: Metric, cast: Cast, actor: Actor, today: datetime.date
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = revise(soft_demand())
        measure(demand, today, ["80", "80"])
        assert queries.signals_of(version)[0].is_full
        late = timezone.now() - datetime.timedelta(hours=72)
        rows = [(1, "2026-01-05", "Hangzhou", "Binjiang", 1, 1, "10.00")]
        dataset = tables.make_dataset("sales", SALES, rows)
        Dataset.objects.filter(pk=dataset.pk).update(refresh_hours=24, loaded_at=late)
        tables.certify(cast, actor, "bought", tables.base(dataset, "sum", "price"))
        assert queries.signals_of(version)[0].quiet == "not_fresh"


def test_the_lock_keeps_what_a_signal_said_whatever_the_data_say_later(
    revise: Revise, demand: Metric, cast: Cast, actor: Actor, today: datetime.date, measured: dict[Any, Any]
) -> None:
    with tenancy.acting_for(cast.organisation):
        measure(demand, today, ["90", "90"])
        version = in_force(revise(soft_demand()), cast, actor, on=today)
        actions.rescore_people(person_ids=[cast.employee.pk], at=timezone.now())
        before = Score.objects.get(person=cast.employee)
        plan = version.plan
        assert plan is not None
        [kept] = plan["market"]
        assert (kept["share_ppm"], kept["value_micro"], kept["metric_version"]) == (MICRO, 90 * MICRO, 1)
        assert [value for _month, value in kept["read"]] == [90 * MICRO, 90 * MICRO]
        assert factors(plan, "okr") == {"soft-demand": 900_000}

        measure(demand, today, ["99", "99"])
        version.refresh_from_db()
        assert version.plan == plan
        assert queries.signals_of(version)[0].is_full
        assert factors(queries.plan_of(version, stage="growth"), "okr") == {"soft-demand": 900_000}
        actions.rescore_people(person_ids=[cast.employee.pk], at=timezone.now())
        assert Score.objects.get(person=cast.employee) == before
        assert queries.replay_score(before).is_identical


def test_the_next_version_copies_rules_and_reads_them_again(
    revise: Revise, demand: Metric, cast: Cast, actor: Actor, today: datetime.date
) -> None:
    with tenancy.acting_for(cast.organisation):
        measure(demand, today, ["90", "90"])
        version = in_force(revise(soft_demand()), cast, actor, on=today)
        measure(demand, today, ["99", "99"])
        following = actions.draft_next_version(
            policy=version.policy, period=version.period, by=actor(cast.hr), at=timezone.now()
        )
        assert queries.rules_of(following) == [soft_demand()]
        assert queries.signals_of(following)[0].share_ppm == 0


def test_rules_of_a_locked_version_never_change(
    revise: Revise, cast: Cast, actor: Actor, today: datetime.date
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = in_force(revise(soft_demand()), cast, actor, on=today)
        rules = MarketRule.objects.filter(version=version)
        effects = MarketEffect.objects.filter(rule__version=version)
        changes: list[Callable[[], Any]] = [
            lambda: rules.update(full_micro=1),
            lambda: effects.update(full_ppm=1_200_000),
            lambda: effects.delete(),
        ]
        for change in changes:
            with pytest.raises(IntegrityError, match="only a draft is edited"), transaction.atomic():
                change()


def test_an_edit_without_rules_keeps_them_and_a_discarded_draft_takes_them_along(
    revise: Revise, draft: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        revise(soft_demand())
        given: dict[str, Any] = {
            "period": draft.period,
            "stage": "growth",
            "missing": "zero",
            "step_cap_ppm": None,
        }
        by: dict[str, Any] = {"by": actor(cast.hr), "at": timezone.now()}
        actions.revise_draft(version=draft, components=three_components(), **given, **by)
        assert queries.rules_of(draft) == [soft_demand()]
        without = [one for one in three_components() if one.key != "turnover"]
        without[0] = dataclasses.replace(without[0], base_ppm=800_000)
        with pytest.raises(actions.PolicyRefused) as refused:
            actions.revise_draft(version=draft, components=without, **given, **by)
        assert refused.value.code == "unknown_component"
        actions.discard_draft(version=draft, **by)
        assert not MarketRule.objects.exists()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"full_micro": 95 * MICRO}, "no_ramp"),
        ({"full_micro": 96 * MICRO}, "ramp_reversed"),
        ({"effects": {}}, "no_effects"),
        ({"effects": {"okr": 2_000_001}}, "factor_out_of_range"),
        ({"effects": {"sales": 1_100_000}}, "unknown_component"),
        ({"months": 0}, "months_out_of_range"),
        ({"until_months": 13}, "months_out_of_range"),
        ({"slice": "own_unit"}, "slice_not_flat"),
        ({"metric_key": ""}, "signal_unnamed"),
        ({"name_en": " "}, "rule_unnamed"),
        ({"starts_micro": 10**19}, "number_too_long"),
    ],
)
def test_a_rule_that_moves_nothing_as_it_is_is_refused(
    revise: Revise, cast: Cast, fields: dict[str, Any], code: str
) -> None:
    with tenancy.acting_for(cast.organisation):
        with pytest.raises(actions.PolicyRefused) as refused:
            revise(soft_demand(**fields))
        assert refused.value.code == code


def test_only_a_certified_metric_moves_weights(
    revise: Revise, demand: Metric, cast: Cast, actor: Actor, today: datetime.date
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = revise(soft_demand())
        MetricVersion.objects.filter(metric=demand).update(state="deprecated")
        with pytest.raises(actions.PolicyRefused) as refused:
            actions.propose_policy(version=version, by=actor(cast.hr), at=timezone.now())
        assert refused.value.code == "signal_not_certified"
        assert queries.signals_of(version)[0].quiet == "no_values"


def test_whoever_is_scored_moves_no_number_of_a_signal_from_the_draft_on(
    revise: Revise, demand: Metric, cast: Cast, actor: Actor, today: datetime.date
) -> None:
    with tenancy.acting_for(cast.organisation):
        people.RoleGrant.objects.create(person=cast.employee, role="finance_owner")
        assert not queries.is_scored_by(cast.employee.pk, {"demand"})
        version = revise(soft_demand())

        def target(by: people.Person) -> None:
            row = (datetime.date(2026, 1, 1), dict[str, str](), Decimal(5))
            kpis.set_targets(metric=demand, kind="target", rows=[row], by=actor(by), at=timezone.now())

        for _stage in range(2):
            assert queries.is_scored_by(cast.employee.pk, {"demand"})
            assert not queries.is_scored_by(cast.finance_owner.pk, {"demand"})
            with pytest.raises(duties.ScoredRefused):
                target(cast.employee)
            policies, scored = queries.metric_uses(actor(cast.hr), ["demand"], today)
            assert (policies.number, scored.number) == (1, 3)
            if version.is_draft:
                version = in_force(version, cast, actor, on=today)
        target(cast.finance_owner)


def test_nobody_who_is_scored_answers_for_a_signal(
    revise: Revise, demand: Metric, cast: Cast, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = revise(soft_demand())
        Metric.objects.filter(pk=demand.pk).update(business_owner=cast.manager)
        with pytest.raises(actions.PolicyRefused) as refused:
            actions.propose_policy(version=version, by=actor(cast.hr), at=timezone.now())
        assert refused.value.code == "owner_is_scored"


def test_many_rules_take_as_many_queries_as_one(
    demand: Metric, turnover: Metric, cast: Cast, today: datetime.date
) -> None:
    rules = [soft_demand(), soft_demand(key="again"), soft_demand(key="other", metric_key="turnover")]
    with tenancy.acting_for(cast.organisation):
        measure(demand, today, ["90", "90"])
        measure(turnover, today, ["90", "90"])
        numbers = []
        for given in (rules[:1], rules, []):
            with CaptureQueriesContext(connection) as counted:
                assert all(signal.is_full for signal in queries.read_signals(given))
            numbers.append(len(counted))
    assert numbers[0] == numbers[1]
    assert numbers[2] == 0


def test_a_new_version_says_in_the_chart_which_signal_began(
    revise: Revise,
    demand: Metric,
    cast: Cast,
    actor: Actor,
    today: datetime.date,
    measured: dict[Any, Any],
) -> None:
    with tenancy.acting_for(cast.organisation):
        draft = revise(soft_demand())
        starts_on, day = draft.period.starts_on, datetime.timedelta(days=1)
        first = in_force(draft, cast, actor, at=timezone.now() - (today - starts_on) - day)
        measure(demand, today, ["90", "90"])
        following = actions.draft_next_version(
            policy=first.policy, period=first.period, by=actor(cast.hr), at=timezone.now()
        )
        following.reason = "Demand is soft"
        following.save(update_fields=["reason"])
        in_force(following, cast, actor, on=max(today, starts_on + day))
        actions.rescore_people(person_ids=[cast.employee.pk], at=timezone.now())
        steps = queries.weight_steps(cast.employee.pk, today)
        assert steps is not None
        assert [event["text"] for event in steps.chart["events"]] == ["Soft demand"]

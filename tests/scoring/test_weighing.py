"""How a policy holds its weights and lets them vary: smoothing, and the penalty for what is weak."""

import dataclasses
import datetime
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from performance.foundation import tenancy
from performance.foundation.models import AuditRow
from performance.people import models as people
from performance.scoring import actions, evidence, queries
from performance.scoring.models import PolicyVersion
from tests.conftest import Cast
from tests.scoring.conftest import MICRO, Actor, component, in_force, redrafted, three_components
from tests.scoring.test_policy_pages import _policy, _rows

ClientFor = Callable[[people.Person], Client]
HALF = evidence.Weighing(smoothing_ppm=500_000)


def plan(**given: Any) -> dict[str, Any]:
    options: dict[str, Any] = {"stage": "mature", "missing": "leave_out", "step_cap_ppm": None}
    return evidence.frozen_plan([component("okr", 60), component("pulse", 40)], **options | given)


def weights(of: dict[str, Any]) -> dict[str, int]:
    return {item["key"]: item["effective_ppm"] for item in of["components"]}


def test_smoothing_keeps_its_share_of_last_periods_weight() -> None:
    before = {"okr": 800_000, "pulse": 200_000}
    assert weights(plan(previous_ppm=before, weighing=HALF)) == {"okr": 700_000, "pulse": 300_000}
    assert weights(plan(previous_ppm=before)) == {"okr": 600_000, "pulse": 400_000}


def test_nothing_is_smoothed_where_nothing_was_before() -> None:
    drafts = [component("okr", 60, multipliers={"mature": 2_000_000}), component("pulse", 40)]
    options: dict[str, Any] = {"stage": "mature", "missing": "leave_out", "step_cap_ppm": None}
    assert (
        evidence.frozen_plan(drafts, **options, weighing=HALF)["components"]
        == (evidence.frozen_plan(drafts, **options)["components"])
    )


@pytest.mark.parametrize(
    ("weighing", "code", "place"),
    [
        (evidence.Weighing(smoothing_ppm=950_000), "smoothing_out_of_range", "smoothing"),
        (evidence.Weighing(alpha_quarters=5), "incentive_refused", "alpha"),
        (evidence.Weighing(alpha_quarters=-1), "alpha_out_of_range", "alpha"),
    ],
)
def test_weights_that_could_stand_still_or_reward_what_is_strong_are_refused(
    draft: PolicyVersion, cast: Cast, actor: Actor, weighing: evidence.Weighing, code: str, place: str
) -> None:
    with tenancy.acting_for(cast.organisation), pytest.raises(actions.PolicyRefused) as refused:
        redrafted(draft, cast, actor, weighing=weighing)
    assert (refused.value.code, refused.value.field) == (code, place)


def test_the_next_version_goes_on_as_the_last_one_did(
    draft: PolicyVersion, cast: Cast, actor: Actor, today: datetime.date
) -> None:
    weighing = evidence.Weighing(smoothing_ppm=250_000, alpha_quarters=2)
    with tenancy.acting_for(cast.organisation):
        version = in_force(redrafted(draft, cast, actor, weighing=weighing), cast, actor, on=today)
        following = actions.draft_next_version(
            policy=version.policy, period=version.period, by=actor(cast.hr), at=timezone.now()
        )
        assert queries.weighing_of(following) == weighing
        # An edit that says nothing of it leaves it as it is.
        assert queries.weighing_of(redrafted(following, cast, actor)) == weighing
        assert AuditRow.objects.filter(action="scoring.draft_policy", changes__smoothing_ppm=250_000).exists()


@pytest.fixture
def penalised(draft: PolicyVersion, cast: Cast, actor: Actor, today: datetime.date) -> PolicyVersion:
    """The three components with α = ½."""
    with tenancy.acting_for(cast.organisation):
        version = redrafted(
            draft,
            cast,
            actor,
            components=[dataclasses.replace(each, multipliers={}) for each in three_components()],
            weighing=evidence.Weighing(alpha_quarters=2),
        )
        return in_force(version, cast, actor, on=today)


def test_a_penalised_score_replays_and_says_what_the_penalty_did(
    penalised: PolicyVersion,
    measured: dict[Any, Any],
    cast: Cast,
    quarter: people.Period,
    client_for: ClientFor,
) -> None:
    # 90 points of goals and 10 of turnover; the pulse has said nothing.
    measured[cast.employee.pk, "okr"] = 90 * MICRO
    measured[cast.employee.pk, "turnover"] = 4_100_000
    measured[cast.employee.pk, "pulse"] = None
    with tenancy.acting_for(cast.organisation):
        actions.compute_scores(period=quarter, person_ids=[cast.employee.pk], run=None, at=timezone.now())
        score = queries.current_score(cast.employee.pk, quarter)
        assert score is not None
        assert queries.replay_score(score).is_identical
        card = queries.scorecard(score)
    # 62.5 % of 90 and 37.5 % of 10 are 60; with 1 : √9 for what is weak, (5·90 + 9·10) / 14.
    assert score.constant_micro == 60 * MICRO
    assert score.score_micro == 38_571_429
    assert card.penalty is not None
    assert card.penalty.without_micro == 60 * MICRO
    assert card.penalty.effect_micro == 38_571_429 - 60 * MICRO
    turnover = next(line for line in card.lines if line.key == "turnover")
    assert (turnover.spread_ppm, turnover.effective_ppm) == (375_000, 642_857)
    client = client_for(cast.employee)
    page = client.get(reverse("scoring:my_scorecard")).content.decode()
    assert "as what is weak weighs more: without this 60.0" in page
    drawer = client.get(reverse("scoring:evidence", args=[score.pk, "turnover"])).content.decode()
    assert "Weighs more, as its result is weaker than the others" in drawer
    answer = client.get(f"/api/v1/scores/{score.pk}/").json()["penalty"]
    assert answer == {"alpha_quarters": 2, "without_micro": 60 * MICRO, "effect_micro": -21_428_571}


def test_a_draft_with_a_penalty_is_simulated_with_it(
    next_draft: PolicyVersion, cast: Cast, actor: Actor, before: people.Period
) -> None:
    with tenancy.acting_for(cast.organisation):
        plain = queries.content_digest(next_draft, queries.plan_of(next_draft))
        version = redrafted(next_draft, cast, actor, weighing=evidence.Weighing(alpha_quarters=0))
        [simulation] = actions.simulate_policy(version=version, by=actor(cast.hr), at=timezone.now())
        assert simulation.plan["alpha_quarters"] == 0
        assert simulation.digest != plain


def test_without_a_penalty_a_score_says_nothing_of_one(score: Any, cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.employee)
    assert "as what is weak weighs more" not in client.get(reverse("scoring:my_scorecard")).content.decode()
    assert client.get(f"/api/v1/scores/{score.pk}/").json()["penalty"] is None


def test_the_editor_holds_weights_and_says_what_its_guardrails_did(
    cast: Cast, quarter: people.Period, unit: people.BusinessUnit, client_for: ClientFor
) -> None:
    rows = _rows(
        {"name_en": "OKR", "base": "60"},
        {"name_en": "Pulse", "source": "feedback:", "base": "40", "stage_growth": "2", "highest": "45"},
    )
    sent = _policy(quarter, unit) | rows | {"step_cap": "", "smoothing": "30", "alpha": "2"}
    client = client_for(cast.hr)
    preview = client.post(reverse("scoring:policy_preview_new"), sent).content.decode()
    assert "Pulse is held at its maximum of 45%; without guardrails it would be 57.1%." in preview
    assert client.post(reverse("scoring:policy_new"), sent).status_code == 302
    with tenancy.acting_for(cast.organisation):
        version = PolicyVersion.objects.get()
    assert (version.smoothing_ppm, version.alpha_quarters) == (300_000, 2)
    page = client.get(reverse("scoring:policy", args=[version.pk])).content.decode()
    assert "A weight is 30% last period’s and 70% this one’s." in page
    assert "make 56.6 instead of 60.0" in page
    form = client.get(reverse("scoring:policy_edit", args=[version.pk])).content.decode()
    assert 'name="smoothing" value="30"' in form


@pytest.mark.parametrize(
    ("sent", "words", "place"),
    [
        ({"smoothing": "95"}, "less than or equal to 90", "id_smoothing_error"),
        ({"alpha": "5"}, "not one of the available choices", "id_alpha_error"),
        ({"c-1-lowest": "50", "c-1-highest": "45"}, "must not exceed the maximum", "id_c-1-highest_error"),
    ],
)
def test_what_is_wrong_with_guardrails_stands_beside_the_field(
    cast: Cast,
    quarter: people.Period,
    unit: people.BusinessUnit,
    client_for: ClientFor,
    sent: dict[str, str],
    words: str,
    place: str,
) -> None:
    rows = _rows({"name_en": "OKR", "base": "60"}, {"name_en": "Pulse", "source": "feedback:", "base": "40"})
    answer = client_for(cast.hr).post(reverse("scoring:policy_new"), _policy(quarter, unit) | rows | sent)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert f'id="{place}"' in answer.content.decode()
    with tenancy.acting_for(cast.organisation):
        assert not PolicyVersion.objects.exists()


def test_the_api_reads_and_writes_how_weights_are_held(
    draft: PolicyVersion, cast: Cast, client_for: ClientFor
) -> None:
    client, address = client_for(cast.hr), f"/api/v1/weight-policies/{draft.pk}/"
    read = client.get(address).json()
    one = {"key": "okr", "name_en": "OKR", "category": "okr", "source_kind": "okr", "base_ppm": MICRO}
    body = {"period": read["period"], "stage": "mature", "components": [one]}

    def put(**more: Any) -> Any:
        return client.put(address, json.dumps(body | more), content_type="application/json")

    right = put(weighing={"smoothing_ppm": 200_000, "alpha_quarters": 3})
    assert (right.json()["smoothing_ppm"], right.json()["plan"]["alpha_quarters"]) == (200_000, 3)
    assert put(weighing={"alpha_quarters": 5}).status_code == 400
    assert put().json()["smoothing_ppm"] == 200_000
    assert put(weighing={}).json()["smoothing_ppm"] == 0

"""Whoever is scored makes no weights of their own, and nothing counts that nobody has signed."""

import datetime
import json
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from performance.foundation import tenancy
from performance.kpis.models import Metric
from performance.people import models as people
from performance.scoring import actions, queries
from performance.scoring.models import PolicyVersion
from tests.conftest import Cast, make_person
from tests.scoring.conftest import Actor, component, in_force


@pytest.fixture
def owner_below(unit: people.BusinessUnit, cast: Cast) -> people.Person:
    """An owner who works in the unit that is weighed."""
    with tenancy.acting_for(cast.organisation):
        return make_person("P300", "Olga Owner", "finance_owner", unit=unit)


def test_the_scored_draft_revise_propose_and_lock_no_weights_of_their_own(
    draft: PolicyVersion,
    owner_below: people.Person,
    cast: Cast,
    quarter: people.Period,
    today: datetime.date,
    actor: Actor,
    now: datetime.datetime,
) -> None:
    with tenancy.acting_for(cast.organisation):
        by = actor(owner_below)
        content = {
            "period": quarter,
            "stage": "mature",
            "missing": "leave_out",
            "step_cap_ppm": None,
            "components": [component("okr", 100)],
        }
        below = people.BusinessUnit.objects.create(code="S010", name_en="Store 010", parent=draft.policy.unit)
        people.Person.objects.filter(pk=owner_below.pk).update(unit=below)
        _refused(
            lambda: actions.draft_policy(name_en="Mine", name_zh="", unit=below, by=by, at=now, **content)
        )
        _refused(lambda: actions.revise_draft(version=draft, by=by, at=now, **content))
        _refused(lambda: actions.propose_policy(version=draft, by=by, at=now))
        version = actions.propose_policy(version=draft, by=actor(cast.hr), at=now)
        actions.approve_policy(version=version, side="business", by=actor(cast.business_owner), at=now)
        actions.approve_policy(version=version, side="finance", by=actor(cast.finance_owner), at=now)
        _refused(lambda: actions.lock_policy(version=version, effective_on=today, by=by, at=now))
        version = actions.lock_policy(version=version, effective_on=today, by=actor(cast.hr), at=now)
        _refused(lambda: actions.draft_next_version(policy=version.policy, period=quarter, by=by, at=now))
        assert PolicyVersion.objects.count() == 1


def _refused(step: Any, code: str = "is_scored") -> None:
    with pytest.raises(actions.PolicyRefused) as refused:
        step()
    assert refused.value.code == code


def test_pages_and_api_offer_the_scored_no_step_of_their_own_policy(
    draft: PolicyVersion, owner_below: people.Person, cast: Cast, client_for: Any
) -> None:
    client = client_for(owner_below)
    page = client.get(reverse("scoring:policy", args=[draft.pk])).content.decode()
    assert "Send for approval" not in page
    assert client.get(reverse("scoring:policy_edit", args=[draft.pk])).status_code == 403
    assert client.post(reverse("scoring:policy_propose", args=[draft.pk])).status_code == 403
    assert client.post(reverse("scoring:policy_discard", args=[draft.pk])).status_code == 403
    address = f"/api/v1/weight-policies/{draft.pk}/propose/"
    answer = client.post(address, json.dumps({}), content_type="application/json")
    assert answer.status_code == 403


def test_hr_writes_the_weights_of_the_whole_organisation_though_they_weigh_hr_too(
    cast: Cast, unit: people.BusinessUnit, quarter: people.Period, actor: Actor, now: datetime.datetime
) -> None:
    given = {
        "name_en": "Everybody",
        "name_zh": "全员",
        "unit": None,
        "period": quarter,
        "stage": "mature",
        "missing": "leave_out",
        "step_cap_ppm": None,
        "components": [component("okr", 100)],
        "at": now,
    }
    with tenancy.acting_for(cast.organisation):
        _refused(lambda: actions.draft_policy(by=actor(cast.business_owner), **given))
        version = actions.draft_policy(by=actor(cast.hr), **given)
        assert queries.is_in_scope(version, cast.hr.pk)
        # Nobody is left who is not scored by it.
        _refused(lambda: actions.propose_policy(version=version, by=actor(cast.hr), at=now), "no_approver")


def test_a_metric_that_nobody_signed_is_not_weighed(
    draft: PolicyVersion, turnover: Metric, cast: Cast, actor: Actor, client_for: Any
) -> None:
    with tenancy.acting_for(cast.organisation):
        turnover.versions.update(state="deprecated")
        step = lambda: actions.propose_policy(version=draft, by=actor(cast.hr), at=timezone.now())  # noqa: E731
        _refused(step, "metric_not_certified")
    answer = client_for(cast.hr).post(reverse("scoring:policy_propose", args=[draft.pk]))
    assert answer.status_code == 422
    assert "Inventory capital turnover: Only a metric that both sides" in answer.content.decode()


def test_a_metric_that_was_retired_since_holds_the_lock(
    approved: PolicyVersion, turnover: Metric, cast: Cast, today: datetime.date, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        Metric.objects.filter(pk=turnover.pk).update(retired_at=timezone.now())
        _refused(
            lambda: actions.lock_policy(
                version=approved, effective_on=today, by=actor(cast.hr), at=timezone.now()
            ),
            "metric_not_certified",
        )


def test_a_policy_without_metrics_needs_none(
    draft: PolicyVersion, turnover: Metric, cast: Cast, today: datetime.date, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        turnover.versions.update(state="deprecated")
        version = actions.revise_draft(
            version=draft,
            period=draft.period,
            stage="mature",
            missing="leave_out",
            step_cap_ppm=None,
            components=[component("okr", 100)],
            by=actor(cast.hr),
            at=timezone.now(),
        )
        assert in_force(version, cast, actor, on=today).state == "locked"

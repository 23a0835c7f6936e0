"""What moved a score since the last closed period."""

import datetime
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags

from performance.foundation import tenancy
from performance.foundation.components import formats
from performance.people import models as people
from performance.scoring import actions, evidence, queries, tasks
from performance.scoring.models import PolicyVersion, Score
from tests.conftest import Cast
from tests.scoring import collectors
from tests.scoring.conftest import MICRO, Actor, component, in_force


@pytest.fixture
def later(
    locked: PolicyVersion, measured: dict[Any, Any], cast: Cast, quarter: people.Period, actor: Actor
) -> Score:
    """The employee's score of the next period: five points more for goals, which weigh more than before."""
    now = timezone.now()
    with tenancy.acting_for(cast.organisation):
        people.Period.objects.filter(pk=quarter.pk).update(state="closing")
        quarter.refresh_from_db()
        run = actions.freeze_scores(period=quarter, by=actor(cast.hr), at=now)
        tasks.carry_out_run.apply([str(run.pk)])
        after = people.Period.objects.create(
            name_en="Next",
            starts_on=quarter.ends_on + datetime.timedelta(days=1),
            ends_on=quarter.ends_on + datetime.timedelta(days=90),
            state="active",
        )
        version = actions.draft_next_version(policy=locked.policy, period=after, by=actor(cast.hr), at=now)
        version = actions.revise_draft(
            version=version,
            period=after,
            stage="mature",
            missing="leave_out",
            step_cap_ppm=None,
            components=[component("okr", 80), component("pulse", 20, source_kind="feedback")],
            reason="Goals count more",
            by=actor(cast.hr),
            at=now,
        )
        in_force(version, cast, actor)
        collectors.VALUES[cast.employee.pk, "okr"] = 87 * MICRO
        collectors.VALUES[cast.employee.pk, "pulse"] = 80 * MICRO
        actions.compute_scores(period=after, person_ids=[cast.employee.pk], run=None, at=now)
        found = queries.current_score(cast.employee.pk, after)
    assert found is not None
    return found


def test_a_change_splits_exactly_into_performance_and_weights(
    later: Score, cast: Cast, quarter: people.Period
) -> None:
    with tenancy.acting_for(cast.organisation):
        before = queries.current_score(cast.employee.pk, quarter)
        change = queries.change_since(later)
    assert before is not None
    assert before.score_micro is not None
    assert later.score_micro is not None
    assert change is not None
    assert change.change_micro == later.score_micro - before.score_micro
    assert change.performance_micro + change.weight_micro == change.change_micro
    assert change.from_performance + change.from_weights == change.points
    was = {line["key"]: line["effective_ppm"] for line in evidence.explanation_of(before)["components"]}
    assert change.effects["okr"].performance_micro == 5 * (was["okr"] + 800_000) // 2
    assert change.effects["turnover"].performance_micro == 0


def test_the_first_period_has_nothing_to_be_compared_with(
    later: Score, cast: Cast, quarter: people.Period
) -> None:
    with tenancy.acting_for(cast.organisation):
        before = queries.current_score(cast.employee.pk, quarter)
        assert before is not None
        assert queries.change_since(before) is None


def test_page_and_api_tell_the_change(later: Score, cast: Cast, client_for: Any) -> None:
    client: Client = client_for(cast.employee)
    page = client.get("/performance/", {"period": str(later.period_id)}).content.decode()
    with tenancy.acting_for(cast.organisation):
        change = queries.change_since(later)
    assert change is not None
    card = page.split('id="card-change"')[1].split("</section>")[0]
    assert f"What changed since {change.period.name_en}" in card
    told = client.get(f"/api/v1/scores/{later.pk}/").json()["change"]
    assert told["performance_micro"] + told["weight_micro"] == told["change_micro"] == change.change_micro
    by_key = {each["key"]: each for each in told["components"]}
    assert sum(each["performance_micro"] for each in told["components"]) == told["performance_micro"]
    assert sum(each["weight_micro"] for each in told["components"]) == told["weight_micro"]
    assert (by_key["okr"]["value_before_micro"], by_key["okr"]["value_now_micro"]) == (82 * MICRO, 87 * MICRO)
    assert by_key["turnover"]["weight_now_ppm"] is None


def test_the_table_of_a_change_sums_down_and_across_as_it_is_written(
    later: Score, cast: Cast, client_for: Any
) -> None:
    with tenancy.acting_for(cast.organisation):
        change = queries.change_since(later)
    assert change is not None
    assert [each.key for each in change.moved] == ["okr", "pulse", "turnover"]
    assert sum(each.performance for each in change.moved) == change.from_performance
    assert sum(each.weights for each in change.moved) == change.from_weights
    assert sum(each.points for each in change.moved) == change.points
    for each in change.moved:
        assert abs(each.performance - Decimal(each.effect.performance_micro) / MICRO) < Decimal("0.2")
        assert abs(each.weights - Decimal(each.effect.weight_micro) / MICRO) < Decimal("0.2")
    gone = change.moved[-1]
    assert (gone.has_left, gone.performance, gone.line.name_en) == (True, 0, "Inventory capital turnover")
    page = client_for(cast.employee).get("/performance/", {"period": str(later.period_id)})
    card = page.content.decode().split('id="card-change"')[1].split("</section>")[0]
    words = " ".join(strip_tags(card.split("</tbody>")[0]).split())
    assert "Inventory capital turnover Counts no more" in words
    assert formats.signed(gone.weights, 1) in words


def test_the_change_costs_as_many_queries_with_more_components(
    later: Score, cast: Cast, quarter: people.Period
) -> None:
    with tenancy.acting_for(cast.organisation), CaptureQueriesContext(connection) as captured:
        queries.change_since(later)
    # The score before, and the plans of both with their policies.
    assert len(captured) == 2


def test_the_course_is_told_by_month_once_several_are_known(
    later: Score, cast: Cast, quarter: people.Period, client_for: Any
) -> None:
    def computed(after: datetime.date, hours: int = 12) -> datetime.datetime:
        return datetime.datetime.combine(after, datetime.time(hours), tzinfo=timezone.get_current_timezone())

    with tenancy.acting_for(cast.organisation):
        frozen = queries.current_score(cast.employee.pk, quarter)
        assert frozen is not None
        assert queries.scorecard(frozen).is_by_month is False
        period = later.period
        for day, micro, of in (
            (quarter.starts_on, 50 * MICRO, quarter),
            (quarter.starts_on + datetime.timedelta(days=3), 51 * MICRO, quarter),
            # Computed once the period is over: it counts for the last month of it.
            (period.starts_on + datetime.timedelta(days=2), 60 * MICRO, quarter),
            (period.starts_on + datetime.timedelta(days=1), 70 * MICRO, period),
        ):
            kept = Score.objects.get(pk=later.pk)
            kept.pk, kept.period, kept.score_micro = None, of, micro
            kept.computed_at = computed(day)
            kept.id = uuid.uuid4()
            kept._state.adding = True
            kept.save(force_insert=True)
        points = {point.on: point.score_micro for point in queries.by_month(cast.employee.pk, period)}
    first = quarter.starts_on.replace(day=1)
    assert points[first] in (51 * MICRO, frozen.score_micro)
    assert points[quarter.ends_on.replace(day=1)] == 60 * MICRO
    assert points[period.starts_on.replace(day=1)] == 70 * MICRO
    page = client_for(cast.employee).get("/performance/", {"period": str(later.period_id)}).content.decode()
    assert "By month" in page
    assert "Score by month:" in page

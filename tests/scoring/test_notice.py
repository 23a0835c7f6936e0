"""New weights are told before they take hold, and say what they change for whom."""

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
from performance.inbox.models import WorkItem
from performance.people import models as people
from performance.scoring import actions, queries, tasks
from performance.scoring.models import PolicyVersion, WeightNotice
from tests.conftest import Cast
from tests.scoring.approvals import A_DAY, approve, noon, open_items
from tests.scoring.conftest import Actor, redrafted, three_components
from tests.scoring.market import Revise, measure, soft_demand

ClientFor = Callable[[people.Person], Client]


def test_what_both_sides_approved_is_told_before_it_locks(
    coming: PolicyVersion, cast: Cast, actor: Actor, now: datetime.datetime, client_for: ClientFor
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = approve(coming, cast, actor, now)
        assert version.told_from == now
        assert not open_items(actions.LOCKING).exists()
        assert actions.announce_policy(version=version, at=now) == 3
        item = open_items(actions.ANNOUNCEMENT).get(person=cast.employee)
        assert "OKR attainment 46.4% → 40.0%" in item.detail_en
        assert "OKR 达成 46.4% → 40.0%" in item.detail_zh
    page = client_for(cast.employee).get(item.url).content.decode()
    assert "What changes for you" in page
    assert "I have read it" in page
    mine = client_for(cast.employee).get(f"/api/v1/weight-policies/{coming.pk}/mine/").json()
    lines = {line["key"]: (line["before_ppm"], line["after_ppm"]) for line in mine["lines"]}
    assert lines["okr"][1] == 400_000
    assert sum(after for _before, after in lines.values()) == 1_000_000
    assert client_for(cast.hr).get(f"/api/v1/weight-policies/{coming.pk}/mine/").status_code == 404


def test_a_draft_tells_nobody(coming: PolicyVersion, cast: Cast, client_for: ClientFor) -> None:
    assert client_for(cast.employee).get(reverse("scoring:policy", args=[coming.pk])).status_code == 404
    with tenancy.remembering(cast.organisation.pk):
        tasks.catch_up.apply()
    with tenancy.acting_for(cast.organisation):
        assert not WorkItem.objects.filter(subject_id=coming.pk).exists()


def test_notice_is_kept_from_proposal_to_lock(coming: PolicyVersion, cast: Cast, actor: Actor) -> None:
    first = coming.period.starts_on
    with tenancy.acting_for(cast.organisation):
        actions.set_notice(days=10, by=actor(cast.hr), at=timezone.now())
        with pytest.raises(actions.PolicyRefused) as refused:
            actions.propose_policy(version=coming, by=actor(cast.hr), at=noon(first - 9 * A_DAY))
        assert refused.value.code == "notice_too_short"
        version = actions.propose_policy(version=coming, by=actor(cast.hr), at=noon(first - 11 * A_DAY))
        actions.approve_policy(
            version=version, side="business", by=actor(cast.business_owner), at=noon(first - 11 * A_DAY)
        )
        with pytest.raises(actions.PolicyRefused) as refused:
            actions.approve_policy(
                version=version, side="finance", by=actor(cast.finance_owner), at=noon(first - 9 * A_DAY)
            )
        assert refused.value.code == "notice_too_short"
        version = actions.approve_policy(
            version=version, side="finance", by=actor(cast.finance_owner), at=noon(first - 10 * A_DAY)
        )
        # Told ten days before: the lock itself may come on the very day.
        assert actions.lock_at_first_day(version=version, at=noon(first))


def test_a_longer_notice_holds_up_nothing_that_people_hear_of_already(
    coming: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    first = coming.period.starts_on
    with tenancy.acting_for(cast.organisation):
        version = approve(coming, cast, actor, noon(first - 3 * A_DAY))
        actions.set_notice(days=30, by=actor(cast.hr), at=noon(first - 2 * A_DAY))
        assert queries.notice_of(version, first, first) == (first - 3 * A_DAY, 0)
        assert queries.notice_of(version, first - A_DAY, first - 2 * A_DAY) == (first + 28 * A_DAY, 30)
        assert actions.lock_at_first_day(version=version, at=noon(first))


def test_a_lock_by_hand_gives_notice_of_a_day_that_nobody_was_told_of(
    approved: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    day = approved.period.starts_on + 10 * A_DAY
    with tenancy.acting_for(cast.organisation):
        actions.set_notice(days=5, by=actor(cast.hr), at=noon(day))

        def lock(on: datetime.date) -> PolicyVersion:
            return actions.lock_policy(version=approved, effective_on=on, by=actor(cast.hr), at=noon(day))

        with pytest.raises(actions.PolicyRefused) as refused:
            lock(day + 4 * A_DAY)
        assert refused.value.code == "notice_too_short"
        assert lock(day + 5 * A_DAY).effective_on == day + 5 * A_DAY


def test_what_is_sent_back_is_told_no_more(
    coming: PolicyVersion, cast: Cast, actor: Actor, now: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = approve(coming, cast, actor, now)
        actions.announce_policy(version=version, at=now)
        version = actions.return_policy(version=version, reason="Too much", by=actor(cast.hr), at=now)
        assert (version.told_from, version.told, version.announced_at) == (None, None, None)
        assert not open_items(actions.ANNOUNCEMENT).filter(subject_id=version.pk).exists()


def test_an_announcement_under_way_stops_where_the_version_was_sent_back(
    coming: PolicyVersion, cast: Cast, actor: Actor, now: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = approve(coming, cast, actor, now)
        assert actions.announce_policy(version=version, at=now, limit=1) == 1
        actions.return_policy(version=version, reason="Too much", by=actor(cast.hr), at=now)
        assert actions.announce_policy(version=version, at=now) == 0
        assert not open_items(actions.ANNOUNCEMENT).filter(subject_id=version.pk).exists()
        version.refresh_from_db()
        assert version.announced_at is None


def test_weights_that_a_signal_moved_since_are_told_again(
    revise: Revise, demand: Any, quarter: people.Period, cast: Cast, actor: Actor
) -> None:
    day = quarter.starts_on + 5 * A_DAY
    at, later = noon(day), noon(day + A_DAY)
    with tenancy.acting_for(cast.organisation):
        version = revise(soft_demand())
        version = redrafted(version, cast, actor, components=three_components(), starts_on=day + 10 * A_DAY)
        version = approve(version, cast, actor, at)
        assert actions.announce_policy(version=version, at=at) == 3
        assert actions.announce_policy(version=version, at=at) == 0
        measure(demand, day, ["90", "90"])
        version = actions.lock_policy(version=version, by=actor(cast.hr), at=later)
        assert version.announced_at is None
        assert actions.announce_policy(version=version, at=later) == 3
        assert actions.announce_policy(version=version, at=later) == 0
        assert open_items(actions.ANNOUNCEMENT).filter(subject_id=version.pk).count() == 3


def test_weights_that_came_out_as_told_are_told_once(
    coming: PolicyVersion, cast: Cast, actor: Actor, now: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = approve(coming, cast, actor, now)
        actions.announce_policy(version=version, at=now)
        version = actions.lock_policy(version=version, by=actor(cast.hr), at=now + A_DAY)
        assert version.announced_at == now
        assert actions.announce_policy(version=version, at=now + A_DAY) == 0


def test_a_turn_within_the_period_governs_from_its_day(
    approved: PolicyVersion, quarter: people.Period, cast: Cast, actor: Actor
) -> None:
    first = quarter.starts_on
    turn = first + 30 * A_DAY
    with tenancy.acting_for(cast.organisation):
        actions.lock_policy(version=approved, by=actor(cast.hr), at=noon(first))
        version = actions.draft_next_version(
            policy=approved.policy, period=quarter, by=actor(cast.hr), at=noon(first)
        )
        version = redrafted(version, cast, actor, components=three_components(), starts_on=turn)
        version = approve(version, cast, actor, noon(first + 10 * A_DAY))
        weights = {item["key"]: item["effective_ppm"] for item in queries.plan_of(version)["components"]}
        assert version.told == {"effective_on": turn.isoformat(), "weights": weights, "notice": 0}
        assert actions.lock_at_first_day(version=version, at=noon(turn))
        [group] = queries.groups(quarter, [cast.employee.pk])
    assert [(segment.number, segment.starts_on) for segment in group.segments] == [
        (1, first.isoformat()),
        (2, turn.isoformat()),
    ]


def test_a_turn_lies_within_its_period(draft: PolicyVersion, cast: Cast, actor: Actor) -> None:
    day = draft.period.ends_on + A_DAY
    with tenancy.acting_for(cast.organisation), pytest.raises(actions.PolicyRefused) as refused:
        redrafted(draft, cast, actor, starts_on=day)
    assert (refused.value.code, refused.value.field) == ("outside_period", "starts_on")


def test_hr_alone_sets_the_notice_by_page_and_api(cast: Cast, client_for: ClientFor) -> None:
    address = reverse("scoring:policy_notice")
    client = client_for(cast.hr)
    assert client.post(address, {"days": "10"}).status_code == 302
    assert 'name="days" value="10"' in client.get(reverse("scoring:policies")).content.decode()
    wrong = client.post(address, {"days": "400"})
    assert wrong.status_code == 422
    assert 'id="id_days_error"' in wrong.content.decode()
    for person in (cast.business_owner, cast.administrator, cast.auditor, cast.employee):
        assert client_for(person).post(address, {"days": "1"}).status_code == 403
        sent = client_for(person).put(
            "/api/v1/weight-notice/", json.dumps({"days": 1}), content_type="application/json"
        )
        assert sent.status_code == 403
    body = json.dumps({"days": 3})
    assert client.put("/api/v1/weight-notice/", body, content_type="application/json").json() == {"days": 3}
    assert client_for(cast.employee).get("/api/v1/weight-notice/").json() == {"days": 3}
    with tenancy.acting_for(cast.organisation):
        assert WeightNotice.objects.get().days == 3
        assert AuditRow.objects.filter(action="scoring.set_notice").count() == 2


def test_the_editor_takes_a_turn_and_names_a_day_outside_the_period(
    draft: PolicyVersion, cast: Cast, client_for: ClientFor
) -> None:
    client, edit = client_for(cast.hr), reverse("scoring:policy_edit", args=[draft.pk])
    sent = {"period": str(draft.period_id), "stage": "mature", "missing": "leave_out", "step_cap": ""}
    sent |= {"c-TOTAL_FORMS": "1", "c-INITIAL_FORMS": "0", "c-0-name_en": "OKR", "c-0-base": "100"}
    sent |= {"c-0-category": "okr", "c-0-source": "okr:", "c-0-slice": "own_unit"}
    answer = client.post(edit, sent | {"starts_on": (draft.period.ends_on + A_DAY).isoformat()})
    assert answer.status_code == 422
    assert 'id="id_starts_on_error"' in answer.content.decode()
    day = draft.period.ends_on
    assert client.post(edit, sent | {"starts_on": day.isoformat()}).status_code == 302
    with tenancy.acting_for(cast.organisation):
        draft.refresh_from_db()
    assert draft.starts_on == day
    assert f'value="{day.isoformat()}"' in client.get(edit).content.decode()


def test_the_difference_is_to_what_governs_the_day_before(
    locked: PolicyVersion, cast: Cast, today: datetime.date
) -> None:
    with tenancy.acting_for(cast.organisation):
        plan = queries.plan_of(locked)
        found = queries.differences(locked, plan, [locked.policy.unit_id, None], today)
    assert found[locked.policy.unit_id].before is None
    assert [line.before_ppm for line in found[locked.policy.unit_id].lines] == [None, None, None]


def test_whom_nothing_weighs_on_that_day_the_difference_is_to_their_last_weights(
    next_draft: PolicyVersion,
    scored_before: PolicyVersion,
    cast: Cast,
    today: datetime.date,
) -> None:
    with tenancy.acting_for(cast.organisation):
        unit_id = next_draft.policy.unit_id
        # The second day in the period: on its first one nothing weighs anybody in it.
        next_draft.starts_on = next_draft.period.starts_on + A_DAY
        plan = queries.plan_of(next_draft)
        found = queries.differences(next_draft, plan, [unit_id], max(today, next_draft.starts_on))
    assert found[unit_id].before == scored_before
    weighed = {item["key"]: item["effective_ppm"] for item in scored_before.planned}
    assert {line.key: line.before_ppm for line in found[unit_id].lines} == weighed

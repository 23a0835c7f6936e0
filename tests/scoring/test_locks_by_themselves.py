"""Approved weights lock by themselves on their first day, or are left to a person who names another one."""

import datetime
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from performance.foundation import stale, tenancy
from performance.foundation.models import AuditRow
from performance.people import models as people
from performance.scoring import actions, queries, tasks
from performance.scoring.models import PolicyVersion
from tests.conftest import Cast
from tests.scoring.approvals import A_DAY, approve, noon, open_items
from tests.scoring.conftest import Actor, redrafted, three_components

ClientFor = Callable[[people.Person], Client]


def test_an_approved_version_locks_by_itself_on_its_first_day_and_only_once(
    coming: PolicyVersion, cast: Cast, actor: Actor, now: datetime.datetime, client_for: ClientFor
) -> None:
    first = coming.period.starts_on
    with tenancy.acting_for(cast.organisation):
        version = approve(coming, cast, actor, now)
        assert not actions.lock_at_first_day(version=version, at=noon(first - A_DAY))
        assert list(queries.due_versions(first - A_DAY)) == []
        assert list(queries.due_versions(first)) == [version]
        # A worker that was away for three days still locks it from the day that was approved and told.
        stale.claim("score", limit=100, at=now)
        assert actions.lock_at_first_day(version=version, at=noon(first + 3 * A_DAY))
        assert not actions.lock_at_first_day(version=version, at=noon(first + 3 * A_DAY))
        version.refresh_from_db()
        assert (version.state, version.effective_on, version.locked_by) == ("locked", first, None)
        assert AuditRow.objects.filter(action="scoring.lock_policy", subject_id=version.pk).count() == 1
    page = client_for(cast.hr).get(reverse("scoring:policy", args=[version.pk])).content.decode()
    assert "It locked by itself on its first day" in page


def test_a_lock_held_up_for_longer_is_left_to_a_person_who_names_a_day_and_tells_it_anew(
    coming: PolicyVersion, cast: Cast, actor: Actor, now: datetime.datetime
) -> None:
    first, late = coming.period.starts_on, coming.period.starts_on + 4 * A_DAY
    with tenancy.acting_for(cast.organisation):
        version = approve(coming, cast, actor, now)
        assert actions.announce_policy(version=version, at=now) == 3
        assert not actions.lock_at_first_day(version=version, at=noon(late))
        assert not actions.lock_at_first_day(version=version, at=noon(late + A_DAY))
        version.refresh_from_db()
        assert (version.state, version.told_from) == ("approved", None)
        assert list(queries.due_versions(late)) == []
        assert not open_items(actions.ANNOUNCEMENT).filter(subject_id=version.pk).exists()
        item = open_items(actions.LOCKING).get()
        assert (item.person_id, item.assigned_at) == (cast.hr.pk, noon(late))
        assert "Name another day" in item.detail_en
        assert AuditRow.objects.filter(action="scoring.miss_first_day").count() == 1
        with pytest.raises(actions.PolicyRefused) as refused:
            actions.lock_policy(version=version, effective_on=first, by=actor(cast.hr), at=noon(late))
        assert refused.value.code == "not_prospective"
        version = actions.lock_policy(
            version=version, effective_on=late, by=actor(cast.hr), at=noon(late) + datetime.timedelta(hours=1)
        )
        assert version.effective_on == late
        assert actions.announce_policy(version=version, at=noon(late) + datetime.timedelta(hours=1)) == 3


def test_the_sweep_locks_what_is_due(
    draft: PolicyVersion,
    quarter: people.Period,
    today: datetime.date,
    cast: Cast,
    actor: Actor,
    now: datetime.datetime,
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = redrafted(draft, cast, actor, components=three_components(), starts_on=today)
        approve(version, cast, actor, now)
    with tenancy.remembering(cast.organisation.pk):
        tasks.catch_up.apply()
        tasks.catch_up.apply()
    with tenancy.acting_for(cast.organisation):
        version.refresh_from_db()
        assert (version.state, version.effective_on) == ("locked", today)
        assert version.announced_at is not None
        assert AuditRow.objects.filter(action="scoring.lock_policy").count() == 1


def test_what_cannot_lock_by_itself_is_put_before_its_proposer_with_the_reason(
    draft: PolicyVersion, today: datetime.date, cast: Cast, actor: Actor, now: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = redrafted(draft, cast, actor, components=three_components(), starts_on=today)
        approve(version, cast, actor, now)
        people.Person.objects.filter(pk=cast.finance_owner.pk).update(unit=version.policy.unit)
    with tenancy.remembering(cast.organisation.pk):
        tasks.lock_due_policies.apply()
        tasks.lock_due_policies.apply()
    with tenancy.acting_for(cast.organisation):
        version.refresh_from_db()
        assert version.state == "approved"
        [item] = open_items(actions.LOCKING)
        assert item.person_id == cast.hr.pk
        assert "An approver has come to be scored" in item.detail_en
        assert "An approver" not in item.detail_zh
        assert item.assigned_by_id is None


def test_what_did_not_lock_on_its_first_day_asks_a_person_for_another_one(
    draft: PolicyVersion,
    today: datetime.date,
    cast: Cast,
    actor: Actor,
    now: datetime.datetime,
    client_for: ClientFor,
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = redrafted(draft, cast, actor, components=three_components(), starts_on=today)
        approve(version, cast, actor, now)
    client, address = client_for(cast.hr), reverse("scoring:policy", args=[version.pk])
    assert 'name="effective_on"' not in client.get(address).content.decode()
    with tenancy.acting_for(cast.organisation):
        PolicyVersion.objects.filter(pk=version.pk).update(starts_on=today - A_DAY)
    assert 'name="effective_on"' in client.get(address).content.decode()


def test_a_version_that_breaks_at_its_lock_holds_up_no_other(
    draft: PolicyVersion,
    today: datetime.date,
    cast: Cast,
    actor: Actor,
    now: datetime.datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = redrafted(draft, cast, actor, components=three_components(), starts_on=today)
        approve(version, cast, actor, now)
    lock, asked = actions.lock_at_first_day, []

    def breaking(*, version: PolicyVersion, at: datetime.datetime) -> bool:
        asked.append(version.pk)
        if len(asked) == 1:
            raise RuntimeError("broken")
        return lock(version=version, at=at)

    monkeypatch.setattr(actions, "lock_at_first_day", breaking)
    monkeypatch.setattr(queries, "due_versions", lambda _today: [version, version])
    with tenancy.remembering(cast.organisation.pk):
        tasks.lock_due_policies.apply()
    with tenancy.acting_for(cast.organisation):
        version.refresh_from_db()
    assert (version.state, len(asked)) == ("locked", 2)


def test_approved_in_mid_period_without_a_day_it_waits_for_a_person(
    proposal: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    later = noon(proposal.period.starts_on + 3 * A_DAY)
    with tenancy.acting_for(cast.organisation):
        actions.approve_policy(version=proposal, side="business", by=actor(cast.business_owner), at=later)
        version = actions.approve_policy(
            version=proposal, side="finance", by=actor(cast.finance_owner), at=later
        )
        assert version.told_from is None
        assert open_items(actions.LOCKING).get().person_id == cast.hr.pk
        assert list(queries.due_versions(queries.day_of(later))) == []

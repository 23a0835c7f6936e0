"""What somebody might try to get new weights past those who should hear of them and approve them."""

import datetime

import pytest
from django.utils import timezone

from performance.foundation import tenancy
from performance.people import models as people
from performance.scoring import actions
from performance.scoring.models import PolicyVersion
from tests.conftest import Cast
from tests.scoring.approvals import A_DAY, approve, noon
from tests.scoring.conftest import Actor, redrafted, three_components


def test_a_notice_set_to_none_after_approval_does_not_let_weights_take_hold_earlier_than_was_told(
    draft: PolicyVersion, quarter: people.Period, cast: Cast, actor: Actor
) -> None:
    first = quarter.starts_on
    turn, today = first + 40 * A_DAY, noon(first + 10 * A_DAY)
    with tenancy.acting_for(cast.organisation):
        actions.set_notice(days=14, by=actor(cast.hr), at=noon(first))
        version = redrafted(draft, cast, actor, components=three_components(), starts_on=turn)
        version = approve(version, cast, actor, noon(first + 9 * A_DAY))
        actions.set_notice(days=0, by=actor(cast.hr), at=today)

        def lock(on: datetime.date) -> PolicyVersion:
            return actions.lock_policy(version=version, effective_on=on, by=actor(cast.hr), at=today)

        with pytest.raises(actions.PolicyRefused) as refused:
            lock(first + 10 * A_DAY)
        assert refused.value.code == "notice_too_short"
        assert "14 days" in str(refused.value)
        assert lock(first + 24 * A_DAY).effective_on == first + 24 * A_DAY


def test_whoever_gave_the_reason_of_a_proposal_does_not_approve_it_when_another_proposes_it_again(
    draft: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    at = timezone.now()
    with tenancy.acting_for(cast.organisation):
        cast.administrator.grants.create(role="finance_owner")
        reason = "Weights as finance sees them"
        version = actions.propose_policy(version=draft, by=actor(cast.finance_owner), at=at, reason=reason)
        version = actions.return_policy(
            version=version, reason="A detail", by=actor(cast.finance_owner), at=at
        )
        version = actions.propose_policy(version=version, by=actor(cast.hr), at=at)
        assert version.reason == reason
        with pytest.raises(actions.PolicyRefused) as refused:
            actions.approve_policy(version=version, side="finance", by=actor(cast.finance_owner), at=at)
        assert refused.value.code == "own_proposal"


def test_weights_that_were_refused_on_their_first_day_do_not_lock_backwards_once_somebody_lifts_the_reason(
    draft: PolicyVersion, quarter: people.Period, cast: Cast, actor: Actor
) -> None:
    """Whoever could make an approver scored for a while would wait for the results before choosing the weights."""
    day = quarter.starts_on + 10 * A_DAY
    with tenancy.acting_for(cast.organisation):
        version = redrafted(draft, cast, actor, components=three_components(), starts_on=day)
        version = approve(version, cast, actor, noon(day - A_DAY))
        people.Person.objects.filter(pk=cast.finance_owner.pk).update(unit=version.policy.unit)
        assert not actions.lock_at_first_day(version=version, at=noon(day))
        people.Person.objects.filter(pk=cast.finance_owner.pk).update(unit=None)
        assert not actions.lock_at_first_day(version=version, at=noon(day + A_DAY))
        version.refresh_from_db()
        assert (version.state, version.told_from) == ("approved", None)
        later = day + 31 * A_DAY
        version = actions.lock_policy(
            version=version, effective_on=later, by=actor(cast.hr), at=noon(day + 30 * A_DAY)
        )
        assert version.effective_on == later


def test_weights_that_were_refused_in_the_morning_of_their_first_day_lock_in_its_evening(
    draft: PolicyVersion, quarter: people.Period, cast: Cast, actor: Actor
) -> None:
    day = quarter.starts_on + 10 * A_DAY
    with tenancy.acting_for(cast.organisation):
        version = redrafted(draft, cast, actor, components=three_components(), starts_on=day)
        version = approve(version, cast, actor, noon(day - A_DAY))
        people.Person.objects.filter(pk=cast.finance_owner.pk).update(unit=version.policy.unit)
        assert not actions.lock_at_first_day(version=version, at=noon(day))
        people.Person.objects.filter(pk=cast.finance_owner.pk).update(unit=None)
        assert actions.lock_at_first_day(version=version, at=noon(day) + datetime.timedelta(hours=6))

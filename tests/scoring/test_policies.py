"""The life of a policy, and who may take part in it."""

import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from performance.foundation import stale, tenancy
from performance.foundation.models import AuditRow
from performance.inbox.models import WorkItem
from performance.kpis.models import Metric
from performance.people import models as people
from performance.scoring import actions, evidence, queries
from performance.scoring.models import (
    PolicyApproval,
    PolicyComponent,
    PolicyVersion,
    VersionState,
)
from tests.conftest import Cast, make_person
from tests.scoring.conftest import Actor, component, in_force, three_components


def test_effective_weights_sum_to_exactly_one_hundred_percent(locked: PolicyVersion) -> None:
    assert sum(item["effective_ppm"] for item in locked.planned) == 1_000_000


def test_the_step_cap_holds_a_weight_near_its_base(locked: PolicyVersion) -> None:
    turnover = next(item for item in locked.planned if item["key"] == "turnover")
    assert turnover["share_ppm"] > 350_000
    assert turnover["effective_ppm"] == 350_000
    assert turnover["guardrails"] == ["step_up"]


def test_a_draft_refuses_weights_that_do_not_sum_to_one_hundred(
    draft: PolicyVersion, cast: Cast, actor: Actor, now: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation), pytest.raises(actions.PolicyRefused) as refused:
        actions.revise_draft(
            version=draft,
            period=draft.period,
            stage="mature",
            missing="leave_out",
            step_cap_ppm=None,
            components=[component("okr", 60), component("pulse", 30)],
            by=actor(cast.hr),
            at=now,
        )
    assert refused.value.code == "base_not_whole"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"min_ppm": 600_000}, "base_outside_bounds"),
        ({"multipliers": {"growth": 3_000_000}}, "factor_out_of_range"),
        ({"curve": {"kind": "linear", "floor": "5", "target": "4"}}, "floor_not_before_target"),
        ({"curve": {"kind": "linear", "floor": "5"}}, "missing_field"),
    ],
)
def test_troubles_name_what_is_wrong(fields: dict[str, Any], code: str) -> None:
    found = evidence.troubles([component("okr", 50, **fields), component("pulse", 50)])
    assert [trouble.code for trouble in found] == [code]


def test_a_component_nothing_measures_is_refused() -> None:
    found = evidence.troubles([component("okr", 50), component("rating", 50, source_kind="manager")])
    assert [(trouble.code, trouble.key) for trouble in found] == [("source_unknown", "rating")]


def test_the_start_up_check_names_sources_that_are_not_there(settings: Any) -> None:
    settings.SCORE_SOURCES = {
        "okr": "okr.evidence.attainment",
        "kpi": "performance.kpis.evidence.metric_values",
    }
    assert evidence.check_sources() == []
    settings.SCORE_SOURCES = {"okr": "okr.evidence.nowhere", "kpi": "performance.kpis.evidence.OWN_UNIT"}
    assert [message.id for message in evidence.check_sources()] == ["scoring.E001", "scoring.E002"]


def test_a_proposal_asks_one_owner_of_each_side(proposal: PolicyVersion, cast: Cast) -> None:
    with tenancy.acting_for(cast.organisation):
        asked = WorkItem.objects.filter(kind=actions.APPROVAL, subject_id=proposal.pk, done_at=None)
        assert set(asked.values_list("person_id", flat=True)) == {
            cast.business_owner.pk,
            cast.finance_owner.pk,
        }


def test_both_sides_approve_before_the_lock(
    proposal: PolicyVersion, cast: Cast, today: datetime.date, actor: Actor, now: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = actions.approve_policy(
            version=proposal, side="business", by=actor(cast.business_owner), at=now
        )
        assert version.state == VersionState.PROPOSED
        with pytest.raises(actions.PolicyRefused) as refused:
            actions.lock_policy(version=version, effective_on=today, by=actor(cast.hr), at=now)
        assert refused.value.code == "not_approved"
        version = actions.approve_policy(
            version=proposal, side="finance", by=actor(cast.finance_owner), at=now
        )
        assert version.state == VersionState.APPROVED
        open_items = WorkItem.objects.filter(kind=actions.APPROVAL, done_at=None)
        assert not open_items.exists()


def test_the_proposer_cannot_approve(
    draft: PolicyVersion, cast: Cast, actor: Actor, now: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = actions.propose_policy(version=draft, by=actor(cast.hr), at=now)
        people.RoleGrant.objects.create(person=cast.hr, role="business_owner")
        with pytest.raises(actions.PolicyRefused) as refused:
            actions.approve_policy(version=version, side="business", by=actor(cast.hr), at=now)
    assert refused.value.code == "own_proposal"


def test_whoever_is_scored_cannot_approve(
    proposal: PolicyVersion, cast: Cast, actor: Actor, now: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        people.RoleGrant.objects.create(person=cast.manager, role="business_owner")
        with pytest.raises(actions.PolicyRefused) as refused:
            actions.approve_policy(version=proposal, side="business", by=actor(cast.manager), at=now)
    assert refused.value.code == "is_scored"


def test_an_approver_who_comes_under_the_policy_holds_the_lock(
    approved: PolicyVersion, cast: Cast, today: datetime.date, actor: Actor, now: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        people.Person.objects.filter(pk=cast.finance_owner.pk).update(unit=approved.policy.unit)
        with pytest.raises(actions.PolicyRefused) as refused:
            actions.lock_policy(version=approved, effective_on=today, by=actor(cast.hr), at=now)
    assert refused.value.code == "is_scored"


def test_one_person_cannot_approve_for_both_sides(
    proposal: PolicyVersion, cast: Cast, actor: Actor, now: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        people.RoleGrant.objects.create(person=cast.business_owner, role="finance_owner")
        actions.approve_policy(version=proposal, side="business", by=actor(cast.business_owner), at=now)
        with pytest.raises(actions.PolicyRefused) as refused:
            actions.approve_policy(version=proposal, side="finance", by=actor(cast.business_owner), at=now)
    assert refused.value.code == "same_person"


def test_an_owner_approves_only_for_their_own_side(
    proposal: PolicyVersion, cast: Cast, actor: Actor, now: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation), pytest.raises(actions.PolicyRefused) as refused:
        actions.approve_policy(version=proposal, side="finance", by=actor(cast.business_owner), at=now)
    assert refused.value.code == "not_an_owner"


def test_the_database_refuses_approval_by_the_proposer(
    proposal: PolicyVersion, cast: Cast, now: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation), pytest.raises(IntegrityError), transaction.atomic():
        PolicyApproval.objects.create(version=proposal, side="business", person=cast.hr, at=now)


def test_the_database_refuses_one_person_on_both_sides(
    proposal: PolicyVersion, cast: Cast, now: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        PolicyApproval.objects.create(version=proposal, side="business", person=cast.business_owner, at=now)
        with pytest.raises(IntegrityError), transaction.atomic():
            PolicyApproval.objects.create(
                version=proposal, side="finance", person=cast.business_owner, at=now
            )


def test_the_database_refuses_a_lock_without_both_approvals(proposal: PolicyVersion, cast: Cast) -> None:
    with tenancy.acting_for(cast.organisation), pytest.raises(IntegrityError), transaction.atomic():
        PolicyVersion.objects.filter(pk=proposal.pk).update(state="approved")


@pytest.mark.parametrize("change", [{"missing": "zero"}, {"plan": {"components": []}}, {"state": "draft"}])
def test_the_database_refuses_to_change_a_locked_version(
    locked: PolicyVersion, cast: Cast, change: dict[str, Any]
) -> None:
    with tenancy.acting_for(cast.organisation), pytest.raises(IntegrityError), transaction.atomic():
        PolicyVersion.objects.filter(pk=locked.pk).update(**change)


def test_the_database_refuses_to_edit_components_of_a_proposal(proposal: PolicyVersion, cast: Cast) -> None:
    with tenancy.acting_for(cast.organisation):
        with pytest.raises(IntegrityError), transaction.atomic():
            PolicyComponent.objects.filter(version=proposal).update(base_ppm=1)
        with pytest.raises(IntegrityError), transaction.atomic():
            PolicyComponent.objects.filter(version=proposal, key="pulse").delete()


def test_a_returned_proposal_loses_its_approvals(
    proposal: PolicyVersion, cast: Cast, actor: Actor, now: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        actions.approve_policy(version=proposal, side="business", by=actor(cast.business_owner), at=now)
        version = actions.return_policy(
            version=proposal, reason="Turnover weighs too much", by=actor(cast.finance_owner), at=now
        )
        assert version.is_draft
        assert not PolicyApproval.objects.filter(version=version).exists()
        assert AuditRow.objects.filter(
            action="scoring.return_policy", why="Turnover weighs too much"
        ).exists()


def test_weights_are_never_locked_backwards(
    approved: PolicyVersion, cast: Cast, today: datetime.date, actor: Actor, now: datetime.datetime
) -> None:
    yesterday = today - datetime.timedelta(days=1)
    with tenancy.acting_for(cast.organisation), pytest.raises(actions.PolicyRefused) as refused:
        actions.lock_policy(version=approved, effective_on=yesterday, by=actor(cast.hr), at=now)
    assert refused.value.code == "not_prospective"


def test_before_the_period_the_lock_needs_no_day(approved: PolicyVersion, cast: Cast, actor: Actor) -> None:
    eve = datetime.datetime.combine(
        approved.period.starts_on - datetime.timedelta(days=3), datetime.time(12), datetime.UTC
    )
    with tenancy.acting_for(cast.organisation):
        version = actions.lock_policy(version=approved, by=actor(cast.hr), at=eve)
    assert version.effective_on == version.period.starts_on


def test_within_the_period_the_lock_asks_for_a_day(approved: PolicyVersion, cast: Cast, actor: Actor) -> None:
    later = datetime.datetime.combine(
        approved.period.starts_on + datetime.timedelta(days=3), datetime.time(12), datetime.UTC
    )
    with tenancy.acting_for(cast.organisation), pytest.raises(actions.PolicyRefused) as refused:
        actions.lock_policy(version=approved, by=actor(cast.hr), at=later)
    assert refused.value.code == "period_started"


def test_the_lock_marks_everybody_concerned_and_announces_to_them(
    locked: PolicyVersion, cast: Cast, now: datetime.datetime
) -> None:
    scored = {cast.employee.pk, cast.colleague.pk, cast.manager.pk}
    with tenancy.acting_for(cast.organisation):
        assert stale.waiting("score") == 3
        assert actions.announce_policy(version=locked, at=now, limit=2) == 2
        assert actions.announce_policy(version=locked, at=now, limit=2) == 1
        assert actions.announce_policy(version=locked, at=now, limit=2) == 0
        told = WorkItem.objects.filter(kind=actions.ANNOUNCEMENT, subject_id=locked.pk)
        assert set(told.values_list("person_id", flat=True)) == scored
        locked.refresh_from_db()
        assert locked.announced_at is not None


def test_what_a_new_version_replaces_need_not_be_read_any_more(
    locked: PolicyVersion, cast: Cast, actor: Actor, now: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        actions.announce_policy(version=locked, at=now)
        later = actions.draft_next_version(
            policy=locked.policy, period=locked.period, by=actor(cast.hr), at=now
        )
        later.reason = "Once more"
        later.save()
        later = in_force(later, cast, actor, on=locked.effective_on, at=now)
        actions.announce_policy(version=later, at=now)
        waiting = WorkItem.objects.filter(kind=actions.ANNOUNCEMENT, done_at=None)
        assert set(waiting.values_list("subject_id", flat=True)) == {later.pk}


def test_a_change_of_rules_needs_a_reason(
    locked: PolicyVersion, cast: Cast, actor: Actor, now: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = actions.draft_next_version(
            policy=locked.policy, period=locked.period, by=actor(cast.hr), at=now
        )
        assert version.number == 2
        assert [draft.key for draft in queries.drafts_of(version)] == ["okr", "turnover", "pulse"]
        with pytest.raises(actions.PolicyRefused) as refused:
            actions.propose_policy(version=version, by=actor(cast.hr), at=now)
        assert refused.value.code == "reason_missing"


def test_only_one_version_is_in_the_making(
    proposal: PolicyVersion, cast: Cast, actor: Actor, now: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation), pytest.raises(actions.PolicyRefused) as refused:
        actions.draft_next_version(policy=proposal.policy, period=proposal.period, by=actor(cast.hr), at=now)
    assert refused.value.code == "conflict"


def test_the_nearest_unit_with_a_policy_governs(
    locked: PolicyVersion, cast: Cast, quarter: people.Period
) -> None:
    with tenancy.acting_for(cast.organisation):
        below = people.BusinessUnit.objects.create(
            code="S010", name_en="Store 010", parent=locked.policy.unit
        )
        beside = people.BusinessUnit.objects.create(code="HQ", name_en="Head office")
        clerk = make_person("P100", "Clara Clerk", unit=below)
        make_person("P101", "Otto Office", unit=beside)
        scored = set(queries.scored_people(quarter).values_list("pk", flat=True))
    assert scored == {cast.employee.pk, cast.colleague.pk, cast.manager.pk, clerk.pk}


def test_a_discarded_first_draft_leaves_nothing(
    draft: PolicyVersion, cast: Cast, actor: Actor, now: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        actions.discard_draft(version=draft, by=actor(cast.hr), at=now)
        assert not PolicyVersion.objects.exists()


def test_whoever_wrote_the_weights_does_not_approve_them_when_somebody_else_proposes(
    draft: PolicyVersion, cast: Cast, actor: Actor, now: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        people.RoleGrant.objects.create(person=cast.administrator, role="business_owner")
        version = actions.revise_draft(
            version=draft,
            period=draft.period,
            stage="mature",
            missing="leave_out",
            step_cap_ppm=50_000,
            components=queries.drafts_of(draft),
            by=actor(cast.business_owner),
            at=now,
        )
        version = actions.propose_policy(version=version, by=actor(cast.hr), at=now, reason="As written")
        with pytest.raises(actions.PolicyRefused) as refused:
            actions.approve_policy(version=version, side="business", by=actor(cast.business_owner), at=now)
        assert refused.value.code == "own_proposal"
        actions.approve_policy(version=version, side="business", by=actor(cast.administrator), at=now)


def test_a_whole_organisation_policy_without_outsiders_finds_no_approver(
    turnover: Metric, cast: Cast, quarter: people.Period, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = actions.draft_policy(
            name_en="Everybody",
            name_zh="全员",
            unit=None,
            period=quarter,
            stage="mature",
            missing="leave_out",
            step_cap_ppm=None,
            components=three_components(),
            by=actor(cast.hr),
            at=timezone.now(),
        )
        with pytest.raises(actions.PolicyRefused) as refused:
            actions.propose_policy(version=version, by=actor(cast.hr), at=timezone.now())
    assert refused.value.code == "no_approver"


def test_an_approved_version_whose_weights_do_not_fit_any_more_is_refused_in_words(
    locked: PolicyVersion, cast: Cast, today: datetime.date, actor: Actor, now: datetime.datetime
) -> None:
    """As one that was approved when the step cap counted otherwise."""
    with tenancy.acting_for(cast.organisation):
        version = actions.draft_next_version(
            policy=locked.policy, period=locked.period, by=actor(cast.hr), at=now
        )
        PolicyComponent.objects.filter(version=version, key="okr").delete()
        version = actions.propose_policy(version=version, reason="Without goals", by=actor(cast.hr), at=now)
        actions.approve_policy(version=version, side="business", by=actor(cast.business_owner), at=now)
        actions.approve_policy(version=version, side="finance", by=actor(cast.finance_owner), at=now)
        with pytest.raises(actions.PolicyRefused) as refused:
            actions.lock_policy(version=version, effective_on=today, by=actor(cast.hr), at=now)
    assert refused.value.code == "infeasible_step"

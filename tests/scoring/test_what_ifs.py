"""What-ifs of policy owners: nothing is changed, and what is kept is asked for."""

import dataclasses
import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from performance.foundation import tenancy
from performance.foundation.models import AuditRow
from performance.people import models as people
from performance.people.actions.erasing import NEVER, Forgotten
from performance.scoring import actions, evidence, queries, tasks
from performance.scoring.models import PolicyVersion, PolicyWhatIf, SimulatedScore, Simulation
from tests.conftest import Cast
from tests.scoring.conftest import Actor
from tests.scoring.supposing import goals_and_pulse, tried


def test_a_what_if_reckons_kept_scores_and_leaves_the_policy_as_it_is(
    next_draft: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        what_if = tried(next_draft, actor, cast.hr, goals_and_pulse(next_draft, 40, 60))
        assert what_if.supposed == {
            "components": {"okr": {"base_ppm": 400_000}, "pulse": {"base_ppm": 600_000}}
        }
        [simulation] = queries.simulations_of_what_if(what_if)
        assert (simulation.is_done, simulation.compared) == (True, 3)
        # 82 × 0.4 + 80 × 0.6
        row = SimulatedScore.objects.get(simulation=simulation, person=cast.employee)
        assert row.after_micro == 80_800_000
        assert [each.base_ppm for each in queries.drafts_of(next_draft)] == [700_000, 300_000]
        assert not queries.is_simulated(next_draft, queries.day_of(timezone.now()))
        assert AuditRow.objects.get(action="scoring.try_what_if").changes == {"supposed": what_if.supposed}


def test_stage_penalty_and_curve_can_be_supposed(
    scored_before: PolicyVersion, before: people.Period, cast: Cast, actor: Actor
) -> None:
    """Also of weights that are in force, which stay locked."""
    with tenancy.acting_for(cast.organisation):
        content = queries.content_of(scored_before)
        okr, turnover, pulse = content.components
        steeper = dataclasses.replace(turnover, curve={**turnover.curve, "target": "4.62"})
        supposed = evidence.Content("growth", 2, (okr, steeper, pulse))
        what_if = tried(scored_before, actor, cast.hr, supposed)
        assert what_if.supposed == {
            "stage": "growth",
            "alpha_quarters": 2,
            "components": {"turnover": {"curve": dict(steeper.curve)}},
        }
        [simulation] = queries.simulations_of_what_if(what_if)
        assert simulation.plan["stage"] == "growth"
        assert simulation.plan["alpha_quarters"] == 2
        row = SimulatedScore.objects.get(simulation=simulation, person=cast.employee)
        assert row.change_micro is not None
        assert row.change_micro > 0
        words = queries.supposed_words(what_if)
        assert [(each.kind, each.component and each.component.key) for each in words] == [
            ("words", None),
            ("alpha", None),
            ("curve", "turnover"),
        ]


def test_nothing_supposed_and_weights_that_do_not_add_up_are_refused(
    next_draft: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        for supposed, code in (
            (queries.content_of(next_draft), "nothing_supposed"),
            (goals_and_pulse(next_draft, 60, 60), "base_not_whole"),
        ):
            with pytest.raises(actions.PolicyRefused) as refused:
                actions.try_what_if(
                    version=next_draft, supposed=supposed, by=actor(cast.hr), at=timezone.now()
                )
            assert refused.value.code == code
        assert not PolicyWhatIf.objects.exists()


@pytest.mark.parametrize("who", ["employee", "manager", "auditor"])
def test_only_who_makes_policies_supposes(
    next_draft: PolicyVersion, cast: Cast, actor: Actor, who: str
) -> None:
    with tenancy.acting_for(cast.organisation), pytest.raises(PermissionDenied):
        actions.try_what_if(
            version=next_draft,
            supposed=goals_and_pulse(next_draft, 40, 60),
            by=actor(getattr(cast, who)),
            at=timezone.now(),
        )


def test_what_is_not_kept_is_seen_by_its_asker_alone_and_goes_with_the_next_one_or_after_a_day(
    next_draft: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        first = tried(next_draft, actor, cast.hr, goals_and_pulse(next_draft, 40, 60))
        assert not queries.what_ifs_visible_to(actor(cast.business_owner)).exists()
        second = tried(next_draft, actor, cast.hr, goals_and_pulse(next_draft, 50, 50))
        assert [each.pk for each in queries.what_ifs_visible_to(actor(cast.hr))] == [second.pk]
        kept = actions.keep_what_if(
            what_if=second, name=" Half and half ", by=actor(cast.hr), at=timezone.now()
        )
        third = tried(next_draft, actor, cast.hr, goals_and_pulse(next_draft, 60, 40))
        assert actions.clear_old_what_ifs(at=timezone.now() + datetime.timedelta(hours=25)) == 1
        assert list(PolicyWhatIf.objects.all()) == [kept]
        assert not PolicyWhatIf.objects.filter(pk__in=[first.pk, third.pk]).exists()
        while actions.clear_forgotten():
            pass
        assert {each.what_if_id for each in Simulation.objects.all()} == {kept.pk}
        for reader in (cast.business_owner, cast.finance_owner, cast.auditor):
            assert queries.what_ifs_visible_to(actor(reader)).get().name == "Half and half"
        assert not queries.what_ifs_visible_to(actor(cast.employee)).exists()


def test_a_name_is_kept_once_and_forgetting_is_for_the_asker_and_those_who_keep_house(
    next_draft: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    at = timezone.now()
    with tenancy.acting_for(cast.organisation):
        mine = tried(next_draft, actor, cast.business_owner, goals_and_pulse(next_draft, 40, 60))
        actions.keep_what_if(what_if=mine, name="Mine", by=actor(cast.business_owner), at=at)
        other = tried(next_draft, actor, cast.finance_owner, goals_and_pulse(next_draft, 60, 40))
        with pytest.raises(actions.PolicyRefused) as refused:
            actions.keep_what_if(what_if=other, name="Mine", by=actor(cast.finance_owner), at=at)
        assert refused.value.field == "name"
        with pytest.raises(PermissionDenied):
            actions.forget_what_if(what_if=mine, by=actor(cast.finance_owner), at=at)
        actions.forget_what_if(what_if=mine, by=actor(cast.hr), at=at)
        assert list(PolicyWhatIf.objects.all()) == [other]
        assert AuditRow.objects.get(action="scoring.forget_what_if").changes["name"] == "Mine"


def test_a_what_if_of_a_draft_is_written_into_it_and_one_of_weights_in_force_into_the_next_version(
    next_draft: PolicyVersion, cast: Cast, actor: Actor, quarter: people.Period
) -> None:
    at = timezone.now()
    with tenancy.acting_for(cast.organisation):
        what_if = tried(next_draft, actor, cast.hr, goals_and_pulse(next_draft, 40, 60, alpha_quarters=3))
        version = actions.draft_from_what_if(what_if=what_if, period=None, by=actor(cast.hr), at=at)
        assert version.pk == next_draft.pk
        assert [each.base_ppm for each in queries.drafts_of(version)] == [400_000, 600_000]
        assert version.alpha_quarters == 3
        # The draft says it now, so its own simulation is asked for anew, and nobody has approved anything.
        assert version.is_draft
        before = queries.policy_at_work(version)
        assert before is not None
        was = queries.content_of(before)
        stated = dataclasses.replace(was, stage="growth")
        old = tried(before, actor, cast.hr, stated)
        with pytest.raises(actions.PolicyRefused) as refused:
            actions.draft_from_what_if(what_if=old, period=quarter, by=actor(cast.hr), at=at)
        assert refused.value.code == "conflict"
        actions.discard_draft(version=version, by=actor(cast.hr), at=at)
        following = actions.draft_from_what_if(what_if=old, period=quarter, by=actor(cast.hr), at=at)
        assert (following.number, following.stage, following.is_draft) == (2, "growth", True)
        before.refresh_from_db()
        assert before.stage == "mature"


def test_many_people_are_left_to_a_worker(
    next_draft: PolicyVersion, cast: Cast, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("performance.scoring.actions.what_ifs.AT_ONCE", 2)
    with tenancy.acting_for(cast.organisation):
        what_if = actions.try_what_if(
            version=next_draft,
            supposed=goals_and_pulse(next_draft, 40, 60),
            by=actor(cast.hr),
            at=timezone.now(),
        )
        [left] = actions.carry_out_at_once(what_if, at=timezone.now())
        assert left.is_open
    with tenancy.remembering(cast.organisation.pk):
        tasks.carry_out_simulation.run(str(left.pk))
    with tenancy.acting_for(cast.organisation):
        left.refresh_from_db()
        assert (left.is_done, left.done) == (True, 3)


def test_erasing_somebody_forgets_their_what_ifs_and_takes_them_out_of_simulations(
    next_draft: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    gone = Forgotten(cast.employee.pk, cast.employee.number, NEVER, "Former colleague", "前同事")
    with tenancy.acting_for(cast.organisation):
        theirs = tried(next_draft, actor, cast.hr, goals_and_pulse(next_draft, 40, 60))
        [simulation] = queries.simulations_of_what_if(theirs)
        rows = {row.person_id: row for row in SimulatedScore.objects.filter(simulation=simulation)}
        left = sum(row.change_micro for person, row in rows.items() if person != cast.employee.pk)
        actions.forget_person(gone)
        simulation.refresh_from_db()
        assert not SimulatedScore.objects.filter(person=cast.employee).exists()
        assert (simulation.compared, simulation.total, sum(simulation.bins)) == (2, 2, 2)
        assert simulation.change_micro == left
        actions.forget_person(dataclasses.replace(gone, person_id=cast.hr.pk))
        assert not PolicyWhatIf.objects.exists()
        assert not Simulation.objects.exclude(state="forgotten").exists()

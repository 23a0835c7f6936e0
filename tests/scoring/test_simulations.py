"""A draft tried on kept scores: what it reckons, what it says is missing, and that nobody's death or double changes it."""

import dataclasses
import datetime
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from performance.foundation import tenancy
from performance.foundation.models import AuditRow
from performance.people import models as people
from performance.scoring import actions, evidence, queries, tasks
from performance.scoring.models import WHOLE, CurrentScore, PolicyVersion, SimulatedScore, Simulation
from tests.conftest import Cast
from tests.scoring.conftest import MICRO, Actor, component, redrafted, three_components

NEW = component("cash", 100, source_kind="kpi", source_ref="cash", category="finance")


def _simulated(version: PolicyVersion, cast: Cast, actor: Actor) -> Simulation:
    """Asked for and carried out. Inside `acting_for`."""
    [simulation] = actions.simulate_policy(version=version, by=actor(cast.hr), at=timezone.now())
    assert actions.take_simulation(simulation_id=simulation.pk, at=timezone.now())
    while actions.advance_simulation(simulation_id=simulation.pk, at=timezone.now()):
        pass
    simulation.refresh_from_db()
    assert simulation.is_done
    return simulation


def _results(simulation: Simulation) -> dict[Any, tuple[Any, ...]]:
    rows = SimulatedScore.objects.filter(simulation=simulation)
    return {row[0]: row[1:] for row in rows.values_list("person_id", "before_micro", "after_micro", "absent")}


def test_kept_evidence_is_reckoned_with_the_drafts_weights(
    next_draft: PolicyVersion, before: people.Period, cast: Cast, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        simulation = _simulated(next_draft, cast, actor)
        kept = CurrentScore.objects.get(person=cast.employee, period=before).score
        results = _results(simulation)
        # 82 × 0.7 + 80 × 0.3, and for the manager, who has no pulse, the goals alone.
        assert results[cast.employee.pk] == (kept.score_micro, 81_400_000, [])
        assert results[cast.manager.pk][1] == 90 * MICRO
        assert (simulation.total, simulation.done, simulation.compared) == (3, 3, 3)
        assert (simulation.unscored, simulation.incomparable, simulation.provisional) == (0, 0, 3)
        assert sum(simulation.bins) == 3
        changes = [after - was for was, after, _absent in results.values()]
        assert simulation.change_micro == sum(changes)
        assert simulation.within + simulation.beyond <= 3
        entry = AuditRow.objects.get(action="scoring.simulate_policy")
        assert entry.changes == {"periods": 1}


def test_bands_are_those_of_the_draft_before_and_after(
    next_draft: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        simulation = _simulated(next_draft, cast, actor)
        was, after, _absent = _results(simulation)[cast.employee.pk]
        bound = max(was, after)
        assert was != after
        bands = (evidence.Band("Low"), evidence.Band("High", "", bound))
        simulation = _simulated(redrafted(next_draft, cast, actor, bands=bands), cast, actor)
        row = SimulatedScore.objects.get(simulation=simulation, person=cast.employee)
        assert (row.before_band, row.after_band) == ((0, 1) if after > was else (1, 0))
        assert simulation.band_up + simulation.band_down >= 1


@pytest.mark.parametrize("missing", ["leave_out", "zero"])
def test_a_component_that_nobody_measured_then_is_left_out_and_said(
    next_draft: PolicyVersion, cast: Cast, actor: Actor, missing: str
) -> None:
    with tenancy.acting_for(cast.organisation):
        okr = dataclasses.replace(three_components()[0], base_ppm=400_000)
        cash = dataclasses.replace(NEW, base_ppm=600_000)
        version = redrafted(next_draft, cast, actor, missing=missing, components=[okr, cash])
        simulation = _simulated(version, cast, actor)
        assert simulation.absent == {"cash": 3}
        assert _results(simulation)[cast.employee.pk][1:] == (82 * MICRO, ["cash"])


def test_what_had_no_data_then_is_treated_as_the_draft_says(
    next_draft: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        simulation = _simulated(redrafted(next_draft, cast, actor, missing="zero"), cast, actor)
        assert _results(simulation)[cast.manager.pk][1] == 63 * MICRO


def test_evidence_is_found_by_what_measured_it_not_by_its_key(
    next_draft: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        okr, _turnover, pulse = three_components()
        renamed = dataclasses.replace(okr, key="goals", base_ppm=WHOLE)
        simulation = _simulated(redrafted(next_draft, cast, actor, components=[renamed]), cast, actor)
        assert simulation.absent == {}
        assert _results(simulation)[cast.employee.pk][1] == 82 * MICRO
        # The same key, but it means something else now.
        other = dataclasses.replace(pulse, key="okr", base_ppm=WHOLE, slice={})
        simulation = _simulated(redrafted(next_draft, cast, actor, components=[other]), cast, actor)
        assert simulation.absent == {"okr": 3}


def test_who_cannot_be_compared_is_counted(
    next_draft: PolicyVersion, unit: people.BusinessUnit, cast: Cast, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        people.Person.objects.create(number="N1", name_en="Nina New", unit=unit)
        simulation = _simulated(redrafted(next_draft, cast, actor, components=[NEW]), cast, actor)
        assert (simulation.compared, simulation.incomparable, simulation.unscored) == (0, 3, 1)
        assert set(
            SimulatedScore.objects.filter(simulation=simulation).values_list("change_micro", "after_micro")
        ) == {(None, None)}


def test_tenure_counts_full_years_at_the_periods_end(
    next_draft: PolicyVersion, before: people.Period, cast: Cast, actor: Actor
) -> None:
    end = before.ends_on
    with tenancy.acting_for(cast.organisation):
        hired = {
            cast.employee: end.replace(year=end.year - 1) + datetime.timedelta(days=1),
            cast.colleague: end.replace(year=end.year - 1),
            cast.manager: end.replace(year=end.year - 3),
        }
        for person, day in hired.items():
            people.Person.objects.filter(pk=person.pk).update(hired_on=day)
        simulation = _simulated(next_draft, cast, actor)
        found = dict(SimulatedScore.objects.filter(simulation=simulation).values_list("person_id", "tenure"))
        assert [found[person.pk] for person in hired] == ["under_1", "1_to_3", "over_3"]


def test_a_worker_that_died_in_the_middle_leaves_what_another_one_finishes(
    next_draft: PolicyVersion, cast: Cast, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenancy.acting_for(cast.organisation):
        calm = _results(_simulated(next_draft, cast, actor))
        [simulation] = actions.simulate_policy(version=next_draft, by=actor(cast.hr), at=timezone.now())
        assert actions.take_simulation(simulation_id=simulation.pk, at=timezone.now())
        assert actions.advance_simulation(simulation_id=simulation.pk, at=timezone.now(), batch=1)
        assert not actions.take_simulation(simulation_id=simulation.pk, at=timezone.now()), "it is held"
    with tenancy.remembering(cast.organisation.pk):
        with monkeypatch.context() as patched:
            patched.setattr(actions, "advance_simulation", _lost)
            tasks.catch_up.apply()
        assert _state(cast, simulation) == ("running", 1)
        with tenancy.acting_for(cast.organisation):
            # The hold runs out.
            Simulation.objects.filter(pk=simulation.pk).update(held_until=timezone.now())
        tasks.catch_up.apply()
    assert _state(cast, simulation) == ("done", 3)
    with tenancy.acting_for(cast.organisation):
        simulation.refresh_from_db()
        assert _results(simulation) == calm
        assert (simulation.compared, sum(simulation.bins)) == (3, 3)


def test_a_simulation_delivered_twice_is_carried_out_once(
    next_draft: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        [simulation] = actions.simulate_policy(version=next_draft, by=actor(cast.hr), at=timezone.now())
    with tenancy.remembering(cast.organisation.pk):
        for _delivery in range(3):
            tasks.carry_out_simulation.apply([str(simulation.pk)])
    assert _state(cast, simulation) == ("done", 3)
    with tenancy.acting_for(cast.organisation):
        simulation.refresh_from_db()
        assert simulation.compared == SimulatedScore.objects.count() == 3


def test_what_breaks_is_told_and_can_be_asked_for_anew(
    next_draft: PolicyVersion, cast: Cast, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenancy.acting_for(cast.organisation):
        [simulation] = actions.simulate_policy(version=next_draft, by=actor(cast.hr), at=timezone.now())
    with tenancy.remembering(cast.organisation.pk), monkeypatch.context() as patched:
        patched.setattr(actions, "advance_simulation", _broken)
        assert tasks.carry_out_simulation.apply([str(simulation.pk)]).failed()
    assert _state(cast, simulation)[0] == "failed"
    with tenancy.acting_for(cast.organisation):
        assert _simulated(next_draft, cast, actor).pk != simulation.pk


def test_asked_again_it_goes_on_while_the_draft_says_the_same_and_begins_anew_when_not(
    next_draft: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        hr = actor(cast.hr)
        [first] = actions.simulate_policy(version=next_draft, by=hr, at=timezone.now())
        assert actions.take_simulation(simulation_id=first.pk, at=timezone.now())
        assert actions.advance_simulation(simulation_id=first.pk, at=timezone.now(), batch=1)
        [again] = actions.simulate_policy(version=next_draft, by=hr, at=timezone.now())
        assert (again.pk, again.done) == (first.pk, 1)
        version = redrafted(next_draft, cast, actor, missing="zero")
        [anew] = actions.simulate_policy(version=version, by=hr, at=timezone.now())
        assert anew.pk != first.pk
        assert not actions.advance_simulation(simulation_id=first.pk, at=timezone.now()), "it is gone"
        tasks.clear_forgotten_simulations.run()
        assert not SimulatedScore.objects.exists()
        assert list(Simulation.objects.values_list("pk", flat=True)) == [anew.pk]


def test_a_draft_for_another_period_or_of_another_unit_is_another_one(
    next_draft: PolicyVersion, before: people.Period, cast: Cast, actor: Actor
) -> None:
    """The weights are the same; who is scored by them, and from where they count, is not."""
    with tenancy.acting_for(cast.organisation):
        simulation = _simulated(next_draft, cast, actor)
        version = PolicyVersion.objects.select_related("policy").get(pk=next_draft.pk)
        assert queries.digest_now(version) == simulation.digest
        version.policy.unit = None
        of_everybody = queries.digest_now(version)
        version.period = before
        assert len({simulation.digest, of_everybody, queries.digest_now(version)}) == 3


def test_a_discarded_draft_takes_its_simulations_with_it(
    next_draft: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        _simulated(next_draft, cast, actor)
        actions.discard_draft(version=next_draft, by=actor(cast.hr), at=timezone.now())
        assert Simulation.objects.get().version is None, "nobody finds it any more"
        tasks.clear_forgotten_simulations.run()
        assert not Simulation.objects.exists()
        assert not SimulatedScore.objects.exists()


def test_what_is_forgotten_goes_in_batches_and_takes_up_where_a_worker_died(
    next_draft: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        _simulated(next_draft, cast, actor)
        number = SimulatedScore.objects.count()
        actions.discard_draft(version=next_draft, by=actor(cast.hr), at=timezone.now())
        assert actions.clear_forgotten(batch=1)
        assert SimulatedScore.objects.count() == number - 1
        tasks.catch_up.run()
        assert not SimulatedScore.objects.exists()
        assert not Simulation.objects.exists()
        assert not actions.clear_forgotten()


def test_only_a_draft_is_simulated_by_whom_it_does_not_score_and_only_where_there_are_scores(
    next_draft: PolicyVersion, cast: Cast, actor: Actor, unit: people.BusinessUnit
) -> None:
    with tenancy.acting_for(cast.organisation):
        _refused(next_draft, actor(cast.employee), "is_scored")
        people.Person.objects.filter(unit=unit).update(unit=None)
        _refused(next_draft, actor(cast.hr), "nothing_to_simulate")


def _refused(version: PolicyVersion, by: Any, code: str) -> None:
    with pytest.raises(actions.PolicyRefused) as refused:
        actions.simulate_policy(version=version, by=by, at=timezone.now())
    assert refused.value.code == code


def _lost(**_given: Any) -> bool:
    raise OperationalError("server closed the connection unexpectedly")


def _broken(**_given: Any) -> bool:
    raise ValueError("secret of the machinery")


def _state(cast: Cast, simulation: Simulation) -> tuple[str, int]:
    with tenancy.acting_for(cast.organisation):
        return Simulation.objects.values_list("state", "done").get(pk=simulation.pk)

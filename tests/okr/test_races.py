"""Two people, or two windows of one, at the same moment: one clear outcome, nothing lost, nothing doubled."""

from __future__ import annotations

import dataclasses
import threading
from decimal import Decimal

import pytest
from django.db import connection

from okr import actions
from okr.models import Alignment, CheckIn, KeyResult, KeyResultEntry, Objective
from okr.models.objectives import State
from okr.rules import monday_of
from performance.foundation import tenancy
from performance.foundation.models import AuditRow
from performance.people import models as people
from tests import races
from tests.okr.conftest import content, four_kinds

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def running(cast, quarter, actor, now):
    """The employee's objective in force, committed, with its first key result."""
    with tenancy.acting_for(cast.organisation):
        objective = actions.propose_objective(
            period=quarter, content=four_kinds(), by=actor(cast.employee), at=now
        )
        actions.agree_objective(objective=objective, version_number=1, by=actor(cast.manager), at=now)
        key_result = KeyResult.objects.filter(objective=objective, kind="increase").get()
    return objective, key_result


def _reporting(cast, quarter, actor, now, key_result, value):
    def report():
        return actions.submit_check_in(
            period=quarter,
            week_starts_on=monday_of(now.date()),
            readings=[actions.Reading(key_result_id=key_result.pk, value=value, confidence=4)],
            by=actor(cast.employee),
            at=now,
        )

    return report


def test_two_check_ins_of_one_week_at_once_are_one_and_its_correction(cast, quarter, actor, now, running):
    objective, key_result = running
    near, far = key_result.start + 1, key_result.target
    first, second = races.second_waits_for_first(
        cast.organisation,
        _reporting(cast, quarter, actor, now, key_result, near),
        _reporting(cast, quarter, actor, now, key_result, far),
    )
    with tenancy.acting_for(cast.organisation):
        assert (first.number, second.number) == (1, 2)
        assert second.corrects_id == first.pk
        entries = KeyResultEntry.objects.filter(key_result=key_result).order_by("check_in__number")
        assert [entry.value for entry in entries] == [near, far]
        key_result.refresh_from_db()
        objective.refresh_from_db()
        assert key_result.current == far
        rolled = sum(
            each.weight_ppm * each.progress_micro
            for each in objective.key_results.exclude(progress_micro=None)
        )
        known = sum(each.weight_ppm for each in objective.key_results.exclude(progress_micro=None))
        assert objective.progress_micro == round(Decimal(rolled) / known)


def test_the_same_check_in_sent_twice_at_once_is_one(cast, quarter, actor, now, running):
    _objective, key_result = running
    report = _reporting(cast, quarter, actor, now, key_result, key_result.target)
    first, second = races.second_waits_for_first(cast.organisation, report, report)
    assert first == second
    with tenancy.acting_for(cast.organisation):
        assert CheckIn.objects.count() == 1
        assert KeyResultEntry.objects.filter(key_result=key_result).count() == 1


def test_two_links_that_close_a_circle_from_both_sides_leave_one(cast, quarter, actor, now, running):
    mine, _key_result = running
    with tenancy.acting_for(cast.organisation):
        other = actions.propose_objective(
            period=quarter,
            content=dataclasses.replace(four_kinds(), title="The manager's own"),
            by=actor(cast.manager),
            at=now,
        )
        employee, manager = actor(cast.employee), actor(cast.manager)

    def link(child: Objective, parent: Objective, by):
        return lambda: actions.align_objectives(child=child, parent=parent, share_ppm=300_000, by=by, at=now)

    first, second = races.second_waits_for_first(
        cast.organisation, link(mine, other, employee), link(other, mine, manager)
    )
    assert isinstance(first, Alignment)
    assert isinstance(second, actions.ObjectiveRefused)
    assert second.code == "cycle"
    with tenancy.acting_for(cast.organisation):
        assert list(Alignment.objects.values_list("child_id", "parent_id")) == [(mine.pk, other.pk)]


def test_shares_given_away_at_once_never_pass_the_whole(cast, quarter, actor, now, running):
    mine, _key_result = running
    with tenancy.acting_for(cast.organisation):
        parent = actions.propose_objective(
            period=quarter,
            content=dataclasses.replace(four_kinds(), title="The manager's own"),
            by=actor(cast.manager),
            at=now,
        )
        theirs = actions.propose_objective(
            period=quarter,
            content=dataclasses.replace(four_kinds(), title="A colleague's"),
            by=actor(cast.colleague),
            at=now,
        )
        side, boss = actor(cast.manager), actor(cast.boss)

    def give(child: Objective, by):
        return lambda: actions.align_objectives(child=child, parent=parent, share_ppm=600_000, by=by, at=now)

    _first, second = races.second_waits_for_first(cast.organisation, give(mine, side), give(theirs, boss))
    assert isinstance(second, actions.ObjectiveRefused)
    assert second.code == "share"
    with tenancy.acting_for(cast.organisation):
        assert Alignment.objects.get().child_id == mine.pk


def test_two_agreements_at_once_bring_the_objective_into_force_once(cast, quarter, actor, now):
    with tenancy.acting_for(cast.organisation):
        objective = actions.propose_objective(
            period=quarter, content=four_kinds(), owner=cast.employee, by=actor(cast.boss), at=now
        )
        employee, manager = actor(cast.employee), actor(cast.manager)

    def sign(by):
        return lambda: actions.agree_objective(objective=objective, version_number=1, by=by, at=now)

    first, second = races.second_waits_for_first(cast.organisation, sign(employee), sign(manager))
    assert not isinstance(first, Exception)
    assert not isinstance(second, Exception)
    with tenancy.acting_for(cast.organisation):
        objective.refresh_from_db()
        assert (objective.state, objective.version_number) == (State.ACTIVE, 1)
        assert objective.versions.get().agreements.count() == 2


def _parent_of_the_manager(cast, quarter, actor, now):
    objective = actions.propose_objective(
        period=quarter, content=content("Full shelves"), by=actor(cast.manager), at=now
    )
    return actions.agree_objective(objective=objective, version_number=1, by=actor(cast.boss), at=now)


def test_a_check_in_that_waited_for_a_link_counts_towards_what_was_linked(cast, quarter, actor, now, running):
    mine, key_result = running
    with tenancy.acting_for(cast.organisation):
        parent = _parent_of_the_manager(cast, quarter, actor, now)
        top = _parent_of_the_manager(cast, quarter, actor, now)
        manager, boss = actor(cast.manager), actor(cast.boss)
        link = actions.align_objectives(child=parent, parent=top, share_ppm=1_000_000, by=boss, at=now)
        assert link.accepted_at is not None

    def align():
        return actions.align_objectives(child=mine, parent=parent, share_ppm=500_000, by=manager, at=now)

    _link, reported = races.second_waits_for_first(
        cast.organisation, align, _reporting(cast, quarter, actor, now, key_result, key_result.target)
    )
    assert isinstance(reported, CheckIn)
    with tenancy.acting_for(cast.organisation):
        assert set(
            Objective.objects.filter(pk__in=[mine.pk, parent.pk, top.pk]).values_list(
                "progress_micro", flat=True
            )
        ) == {100_000_000}


def test_an_agreement_takes_its_locks_in_the_order_of_everybody(cast, quarter, actor, now):
    """It waits for what the objective contributes to before it holds the objective: a check-in, which locks from the
    lowest id up, would otherwise wait for it in a circle."""
    with tenancy.acting_for(cast.organisation):
        parent = _parent_of_the_manager(cast, quarter, actor, now)
        child = actions.propose_objective(
            period=quarter, content=four_kinds(), by=actor(cast.employee), at=now
        )
        assert parent.pk < child.pk
        manager = actor(cast.manager)
        actions.align_objectives(child=child, parent=parent, share_ppm=500_000, by=manager, at=now)
    outcome: list[object] = []

    def agree():
        try:
            with tenancy.acting_for(cast.organisation):
                outcome.append(actions.agree_objective(objective=child, version_number=1, by=manager, at=now))
        except Exception as error:  # noqa: BLE001
            outcome.append(error)
        finally:
            connection.close()

    agreeing = threading.Thread(target=agree)
    with tenancy.acting_for(cast.organisation):
        Objective.objects.select_for_update(no_key=True).get(pk=parent.pk)
        agreeing.start()
        assert races.until_somebody_waits(agreeing)
        Objective.objects.select_for_update(no_key=True, nowait=True).get(pk=child.pk)
    agreeing.join(races.PATIENCE_SECONDS)
    assert isinstance(outcome[0], Objective), outcome
    assert outcome[0].state == State.ACTIVE


@pytest.mark.parametrize("decide", ["suggest", "accept", "reject"])
def test_who_talks_a_text_over_waits_for_the_period_before_locking_it(
    cast, quarter, actor, now, running, decide
):
    mine, _key_result = running
    with tenancy.acting_for(cast.organisation):
        by = actor(cast.manager)
        edit = actions.suggest_edit(
            objective=mine, field="title", new="Never", by=actor(cast.employee), at=now
        )
    act = {
        "suggest": lambda: actions.suggest_edit(objective=mine, field="description", new="So", by=by, at=now),
        "accept": lambda: actions.accept_edit(edit=edit, by=by, at=now),
        "reject": lambda: actions.reject_edit(edit=edit, by=by, at=now),
    }[decide]
    outcome: list[object] = []

    def talk():
        try:
            with tenancy.acting_for(cast.organisation):
                outcome.append(act())
        except Exception as error:  # noqa: BLE001
            outcome.append(error)
        finally:
            connection.close()

    talking = threading.Thread(target=talk)
    with tenancy.acting_for(cast.organisation):
        people.Period.objects.select_for_update().get(pk=quarter.pk)
        talking.start()
        assert races.until_somebody_waits(talking)
        Objective.objects.select_for_update(no_key=True, nowait=True).get(pk=mine.pk)
    talking.join(races.PATIENCE_SECONDS)
    assert not isinstance(outcome[0], Exception), outcome


def test_a_link_that_two_remove_at_once_is_removed_once(cast, quarter, actor, now, running):
    mine, _key_result = running
    with tenancy.acting_for(cast.organisation):
        parent = actions.propose_objective(
            period=quarter, content=content("Full shelves"), by=actor(cast.manager), at=now
        )
        actions.agree_objective(objective=parent, version_number=1, by=actor(cast.boss), at=now)
        by = actor(cast.employee)
        link = actions.align_objectives(
            child=mine, parent=parent, by=by, at=now, kind="supports", share_ppm=0
        )

    def part():
        found = Alignment.objects.select_related("child__period", "parent__period").get(pk=link.pk)
        return actions.part_objectives(link=found, by=by, at=now)

    outcomes = races.second_waits_for_first(cast.organisation, part, part)
    assert outcomes == [None, None]
    with tenancy.acting_for(cast.organisation):
        assert not Alignment.objects.exists()
        assert AuditRow.objects.filter(action="okr.part_objectives").count() == 1
